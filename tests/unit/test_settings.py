"""Settings: where a value comes from, and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sightline.base.errors import SettingInvalid
from sightline.base.settings import SETTINGS, load


def test_the_call_wins_over_environment_file_and_default():
    """Precedence is call, environment, file, default, and each value knows its source."""
    environ = {"SIGHTLINE_SERVICE": "env", "SIGHTLINE_PORT": "99", "SIGHTLINE_HOST": ""}

    found = load({"service": "call"}, environ, {"service": "file", "port": 1, "version": "3"}, "sightline.yaml")

    shown = {name: (found[name].value, found[name].source) for name in ("service", "port", "version", "host")}
    assert shown == {
        "service": ("call", "call"),
        "port": (99, "SIGHTLINE_PORT"),
        "version": ("3", "sightline.yaml"),
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
