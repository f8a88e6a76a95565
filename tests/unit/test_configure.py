"""The one line that turns recording on."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import sightline
from sightline.base.errors import SettingInvalid
from sightline.sdk.recorder import recorder
from sightline.spool.format import decode_header
from sightline.spool.writer import list_segments
from sightline.testing import capture


@pytest.fixture(autouse=True)
def _stop():
    """Stop recording after each test."""
    yield
    sightline.shutdown()


def header(home):
    """Read the header of the only segment."""
    [(path, _)] = list_segments(home / "spool")
    return decode_header(path.read_bytes())[0]


def test_the_resource_says_who_records(tmp_path):
    """Service, version, environment, instance, host and process are in the segment's header."""
    sightline.configure(service="shop", version="2.1", environment="production", home=tmp_path)
    sightline.get_logger().info("x")

    found = header(tmp_path)
    resource = found.resource
    assert (resource["service.name"], resource["service.version"]) == ("shop", "2.1")
    assert resource["deployment.environment.name"] == resource["deployment.environment"] == "production"
    assert resource["service.instance.id"] == recorder.instance == found.instance
    assert resource["process.pid"] == str(os.getpid())


def test_the_standard_variables_are_read(tmp_path, monkeypatch):
    """OpenTelemetry's variables name the service and add attributes."""
    monkeypatch.setenv("OTEL_SERVICE_NAME", "from-env")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "team=red,deployment.environment.name=staging,x=a%20b")
    sightline.configure(home=tmp_path)
    sightline.get_logger().info("x")

    resource = header(tmp_path).resource
    assert (resource["service.name"], resource["team"], resource["x"]) == ("from-env", "red", "a b")
    assert resource["deployment.environment.name"] == "staging"


def test_the_old_name_of_the_environment_is_read_too(tmp_path, monkeypatch):
    """OpenTelemetry renamed it; deployments did not all follow."""
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=staging")
    sightline.configure(home=tmp_path)
    sightline.get_logger().info("x")

    assert header(tmp_path).resource["deployment.environment.name"] == "staging"


@pytest.mark.parametrize("variable", ["SIGHTLINE_DISABLED", "OTEL_SDK_DISABLED"])
def test_disabled_leaves_no_trace(tmp_path, monkeypatch, variable):
    """Where recording is disabled nothing is written, whatever is called."""
    monkeypatch.setenv(variable, "true")
    sightline.configure(service="shop", home=tmp_path)

    with sightline.span("x"):
        sightline.get_logger().error("x")
        sightline.event("x")

    assert not recorder.enabled
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_setting_changes_nothing(tmp_path):
    """A value that is not allowed raises, with its name and what is allowed, and recording goes on as before."""
    with capture() as captured:
        with pytest.raises(SettingInvalid, match="level.*'LOUD'; expected one of DEBUG, INFO"):
            sightline.configure(level="LOUD", home=tmp_path)
        sightline.get_logger().info("still here")

        assert [log.body for log in captured.logs] == ["still here"]


def test_an_unknown_setting_is_told():
    """A misspelt name raises and lists what there is."""
    with pytest.raises(SettingInvalid, match=r"servise \(from call\) is no setting. There are: .*service"):
        sightline.configure(servise="x")


def test_the_later_call_counts(tmp_path):
    """``configure`` may be called again; what was recorded before stays in its segment."""
    sightline.configure(service="one", home=tmp_path)
    sightline.get_logger().info("first")
    sightline.configure(service="two", home=tmp_path)
    sightline.get_logger().info("second")

    names = [
        decode_header(path.read_bytes())[0].resource["service.name"] for path, _ in list_segments(tmp_path / "spool")
    ]
    assert names == ["one", "two"]


def test_an_unwritable_home_is_told_once_and_harms_nothing(tmp_path):
    """The host goes on; stderr has one line for any number of records."""
    (tmp_path / "file").write_text("")
    program = (
        "import sightline\n"
        f"sightline.configure(service='x', home={str(tmp_path / 'file')!r})\n"
        "for _ in range(100): sightline.get_logger().info('x')\n"
        "print('alive')"
    )
    environment = {key: value for key, value in os.environ.items() if key != "SIGHTLINE_RAISE"}

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)

    assert done.stdout == "alive\n"
    assert done.stderr.count("file/spool cannot be made") == 1
    assert len(done.stderr.splitlines()) <= 2


def test_server_packages_are_not_imported(tmp_path):
    """The application's half stays light."""
    program = (
        "import sys, sightline\n"
        f"sightline.configure(service='x', home={str(tmp_path)!r})\n"
        "heavy = {'chdb', 'pyarrow', 'fastapi', 'sqlalchemy', 'clickhouse_connect', 'typer', 'numpy', 'ptars'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
