"""Settings: where a value comes from, and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sightline.base.config_file import Given
from sightline.base.errors import SettingInvalid
from sightline.base.settings import SETTINGS, load


def test_the_call_wins_over_environment_file_and_default():
    """Precedence is call, environment, file, default, and each value knows its source."""
    environ = {"SIGHTLINE_SERVICE": "env", "SIGHTLINE_PORT": "99", "SIGHTLINE_HOST": ""}

    file = {"service": Given("file", "x"), "port": Given(1, "x"), "version": Given("3", "sightline.yaml line 3")}

    found = load({"service": "call"}, environ, file)

    shown = {name: (found[name].value, found[name].source) for name in ("service", "port", "version", "host")}
    assert shown == {
        "service": ("call", "call"),
        "port": (99, "SIGHTLINE_PORT"),
        "version": ("3", "sightline.yaml line 3"),
        "host": ("127.0.0.1", "default"),
    }


@pytest.mark.parametrize(
    ("text", "expected"), [("512MiB", 512 << 20), ("2g", 2 << 30), ("1.5 M", 3 << 19), ("1048576", 1 << 20)]
)
def test_bytes_may_have_units(text, expected):
    """Sizes are read with and without units."""
    assert load({}, {"SIGHTLINE_SPOOL_BYTES": text})["spool_bytes"].value == expected


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("SIGHTLINE_PORT", "http", r"port \(from SIGHTLINE_PORT\) is 'http'; expected a whole number."),
        ("SIGHTLINE_PORT", "-1", r"port \(from SIGHTLINE_PORT\) is '-1'; the smallest value allowed is 0."),
        ("SIGHTLINE_PORT", "65536", r"port \(from SIGHTLINE_PORT\) is '65536'; the largest value allowed is 65535."),
        ("SMTP_PORT", "99999", r"smtp_port \(from SMTP_PORT\) is '99999'; the largest value allowed is 65535."),
        ("SIGHTLINE_DISABLED", "maybe", r"disabled \(from SIGHTLINE_DISABLED\) is 'maybe'; expected true or false."),
        ("SIGHTLINE_SPOOL_BYTES", "many", r"expected a number of bytes, such as 512MiB."),
        ("OTEL_TRACES_SAMPLER", "jaeger", r"sampler .*expected one of always_on, always_off, traceidratio"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(variable, text, message):
    """The error names the setting, its source, the value and what is expected."""
    with pytest.raises(SettingInvalid, match=message):
        load({}, {variable: text})


def test_values_have_their_types():
    """Paths, names and numbers come as such."""
    found = load({}, {"SIGHTLINE_HOME": "~/x", "SIGHTLINE_REDACT": "a, b,,c", "OTEL_TRACES_SAMPLER_ARG": "0.25"})

    assert found["home"].value == Path.home() / "x"
    assert found["redact"].value == ("a", "b", "c")
    assert found["sampler_arg"].value == 0.25


def test_names_and_variables_are_unique():
    """No two settings share a name or a variable."""
    names = [setting.name for setting in SETTINGS]
    variables = [variable for setting in SETTINGS for variable in setting.variables]

    assert len(set(names)) == len(names)
    assert len(set(variables)) == len(variables)


def test_production_measures_the_machine_less_often():
    """The defaults of production are its own, wherever the environment was named; a value that is set wins."""
    assert load({"environment": "production"}, {})["system_interval_s"].value == 60
    assert load({}, {"SIGHTLINE_ENVIRONMENT": "production"})["alert_check_interval_s"].value == 120
    assert load({}, {})["system_interval_s"].value == 30
    assert load({"environment": "production", "system_interval_s": 5}, {})["system_interval_s"].value == 5


def test_an_old_path_of_metrics_is_a_directory_of_the_store(tmp_path):
    """METRICS_DB_PATH, which is a path, names the embedded store; a file that is there is refused."""
    (tmp_path / "metrics.db").write_bytes(b"SQLite format 3")

    assert load({}, {"METRICS_DB_PATH": str(tmp_path / "new")})["store"].value == f"chdb://{tmp_path}/new"
    with pytest.raises(
        SettingInvalid, match=r"store \(from METRICS_DB_PATH\) is .*metrics.db'; expected .*it is a file"
    ):
        load({}, {"METRICS_DB_PATH": str(tmp_path / "metrics.db")})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"port": True}, "port .* is True; expected a whole number"),
        ({"service": ["a"]}, r"service .* is \['a'\]; expected text"),
        ({"profile_hz": float("inf")}, "profile_hz .* is inf"),
        ({"smtp_password": ["hunter2"]}, r"smtp_password \(from call\) is '\*\*\*'; expected text"),
        ({"retention": {"INFO": -1}}, r"retention \(from call\) of INFO is -1; expected a number of days, at least 0."),
        ({"retention": {"LOUD": 1}}, "retention .* has 'LOUD'; expected one of DEBUG"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(call, message):
    """Values that are no text are checked as well, and secrets are not repeated."""
    with pytest.raises(SettingInvalid, match=message):
        load(call, {}, {})
