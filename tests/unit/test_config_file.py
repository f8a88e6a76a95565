"""The configuration file: what it may say, where it is found, and what is said of a wrong one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sightline.base.errors import SettingInvalid
from sightline.base.settings import load, read_file, unread

CHATBOT = """\
monitoring:
  metrics:
    collection_interval: 45
  alerts:
    check_interval: 300
    critical:
      - {name: cpu, threshold: 90}
  retention:
    DEBUG: 3
    production: {INFO: 20}
    metrics: 90
"""
PLATFORM = """\
environment: production
metrics: {collection_interval: 30, db_path: data/metrics}
logging: {level: warning, format: json, file: logs/app.log}
alerts:
  cooldown_period: 600
  email: {enabled: off, smtp_server: mail.example, to: [a@example.com, b@example.com]}
"""


def written(directory: Path, text: str, name: str = "app.yaml") -> dict:
    """Write a file and find the settings with nothing else set."""
    (directory / name).write_text(text)
    return load({"config": str(directory / name)}, {})


def test_a_chatbot_s_file_is_read(tmp_path):
    """Sections under ``monitoring`` are read as such, with their lines; rules of alerts are left for later."""
    found = written(tmp_path, CHATBOT)

    interval, check = found["system_interval_s"], found["alert_check_interval_s"]
    assert (interval.value, interval.source) == (45, f"{tmp_path}/app.yaml line 3")
    assert (check.value, check.source) == (300, f"{tmp_path}/app.yaml line 5")
    assert found["retention"].value == {"DEBUG": 3, "production": {"INFO": 20}, "metrics": 90}
    assert unread(read_file({"config": str(tmp_path / "app.yaml")}, {})) == [
        f"monitoring.alerts.critical ({tmp_path}/app.yaml line 6)"
    ]


def test_a_platform_s_file_is_read(tmp_path):
    """Sections at the top are read, and the environment that the file names has its defaults."""
    found = {name: value.value for name, value in written(tmp_path, PLATFORM).items()}

    assert (found["level"], found["log_format"], found["log_file"]) == ("WARNING", "json", Path("logs/app.log"))
    assert (found["system_interval_s"], found["alert_check_interval_s"]) == (30, 120)
    assert (found["enable_email_alerts"], found["alert_to_emails"]) == (False, ("a@example.com", "b@example.com"))
    assert found["store"] == f"chdb://{Path.cwd()}/data/metrics"


@pytest.mark.parametrize(
    ("name", "text"),
    [("app.toml", 'service = "s"\n[logging]\nlevel = "ERROR"\n'), ("app.json", '{"service": "s",\n"level": "ERROR"}')],
)
def test_toml_and_json_say_the_same(tmp_path, name, text):
    """The other formats need no package, and tell lines, too."""
    found = written(tmp_path, text, name)

    assert (found["service"].value, found["level"].value) == ("s", "ERROR")
    assert found["level"].source.startswith(f"{tmp_path}/{name} line ")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "a.yaml",
            "loging: {level: INFO}",
            r"loging.level \(from .*a.yaml line 1\) is no setting. Did you mean logging",
        ),
        ("a.yaml", "level: 3\n", r"level \(from .* line 1\) is '3'; expected one of DEBUG"),
        ("a.yaml", "port: http\n", r"port \(from .* line 1\) is 'http'; expected a whole number"),
        ("a.yaml", "level: INFO\nlogging: {level: INFO}", "logging.level .* line 2.* is level again, as .* line 1"),
        ("a.yaml", "level: INFO\nlevel: INFO", "level stands twice in .*, again in line 2"),
        ("a.yaml", "a: [", "is no YAML: while parsing"),
        ("a.yaml", "- a", "holds no settings"),
        ("a.yaml", "level: !!python/name:os.system", "is no YAML: could not determine a constructor"),
        ("a.toml", "a = ", "is no TOML: "),
        ("a.json", "[1]", "holds no settings"),
        ("a.ini", "", "expected a file that ends in .yaml, .yml, .toml, .json"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path, name, text, message):
    """What is wrong is told with file and line, and what was meant where it can be guessed."""
    with pytest.raises(SettingInvalid, match=message):
        written(tmp_path, text, name)


def test_aliases_that_multiply_are_bounded(tmp_path):
    """A small file that stands for very many keys is refused."""
    levels = ["a: &a0 {k: 1}"] + [
        f"b{at}: &a{at} {{{', '.join(f'x{n}: *a{at - 1}' for n in range(9))}}}" for at in range(1, 8)
    ]

    with pytest.raises(SettingInvalid, match="has more than 5000 keys"):
        written(tmp_path, "\n".join(levels))


def test_yaml_is_loaded_only_where_there_is_such_a_file(tmp_path):
    """The file of the working directory is found; without one, or with TOML, PyYAML is not imported."""
    program = (
        "import sys, sightline; from sightline.sdk.recorder import recorder; sightline.configure(); "
        "print(recorder.settings['service'].value, 'yaml' in sys.modules)"
    )

    def run() -> str:
        command = [sys.executable, "-c", program]
        environ = {"SIGHTLINE_HOME": str(tmp_path / "home")}
        return subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True).stdout

    (tmp_path / "sightline.toml").write_text('service = "toml"')
    toml = run()
    (tmp_path / "sightline.yaml").write_text("service: yaml")

    assert (toml, run()) == ("toml False\n", "yaml True\n")


def test_a_missing_reader_is_named_with_its_install_line(tmp_path):
    """Without PyYAML a YAML file is refused with what to do."""
    (tmp_path / "sightline.yaml").write_text("service: yaml")
    program = "import sys; sys.modules['yaml'] = None; import sightline; sightline.configure()"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert 'is YAML, and PyYAML is missing: pip install "sightline[yaml]", or use TOML or JSON.' in done.stderr
