"""``sightline config``."""

import json
import os
import subprocess
import sys

from sightline.base.settings import SETTINGS


def run_config(**environ: str) -> tuple[int, dict[str, dict]]:
    """Run the command and give its exit code and its rows by name."""
    done = subprocess.run(
        [sys.executable, "-m", "sightline", "config", "--json"],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **environ},
    )  # fmt: skip
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, {row["name"]: row for row in rows}


def test_every_setting_is_shown_with_where_it_came_from():
    """Each setting has a row; the environment is named where the value came from it."""
    code, rows = run_config(SIGHTLINE_SERVICE="shop", OTEL_SERVICE_NAME="other")

    assert code == 0
    assert list(rows) == [setting.name for setting in SETTINGS]
    assert (rows["service"]["value"], rows["service"]["source"]) == ("shop", "SIGHTLINE_SERVICE")
    assert (rows["port"]["value"], rows["port"]["source"]) == (4318, "default")


def test_a_wrong_value_is_shown_and_does_not_hide_the_others():
    """With a wrong value the exit code is 1, its row says why, and the other rows are there."""
    code, rows = run_config(SIGHTLINE_PORT="many", SIGHTLINE_SERVICE="shop")

    assert code == 1
    assert rows["port"]["error"] == "port (from SIGHTLINE_PORT) is 'many'; expected a whole number."
    assert rows["service"]["value"] == "shop"


def test_a_secret_is_hidden():
    """The value of a secret setting is never shown, be it right or wrong."""
    _, rows = run_config(SMTP_PASSWORD="hunter2")

    assert (rows["smtp_password"]["value"], rows["smtp_password"]["to_come"]) == ("***", True)


def test_a_file_is_shown_with_its_lines(tmp_path):
    """What comes from a configuration file has its path and line, wherever the file has a wrong value, too."""
    path = tmp_path / "app.yaml"
    path.write_text("service: shop\nlogging:\n  level: LOUD\n")

    code, rows = run_config(SIGHTLINE_CONFIG=str(path))

    assert code == 1
    assert (rows["service"]["value"], rows["service"]["source"]) == ("shop", f"{path} line 1")
    assert rows["level"]["error"].startswith(f"level (from {path} line 3) is 'LOUD'; expected one of DEBUG")


def test_a_file_that_cannot_be_read_is_told():
    """The setting of the file says what is wrong with it, and the others are shown."""
    code, rows = run_config(SIGHTLINE_CONFIG="/nowhere.toml", SIGHTLINE_SERVICE="shop")

    assert code == 1
    assert rows["config"]["error"] == "The configuration file /nowhere.toml cannot be read: No such file or directory."
    assert rows["service"]["value"] == "shop"
