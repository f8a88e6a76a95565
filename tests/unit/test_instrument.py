"""One call for applications and libraries, and ``sightline run`` for what is not changed at all."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import sqlalchemy
from fastapi import FastAPI
from tests.support.peers import web_server
from tests.support.program import environment, run_python
from tests.support.spool import read_spool

import sightline
from sightline.base.errors import SightlineError
from sightline.sdk import bootstrap
from sightline.sdk.imports import when_imported


def test_an_application_of_another_kind_is_refused():
    """The message says what is taken, and how others are wrapped."""
    with pytest.raises(
        SightlineError, match=r"builtins.object cannot be instrumented.*fastapi, starlette, flask.*Wrap"
    ):
        sightline.instrument(object())


def test_a_subclass_counts_as_its_framework():
    """An application of a class of one's own is instrumented as its base is."""

    class Shop(FastAPI):
        """A user's own."""

    app = Shop()
    assert sightline.instrument(app) is app
    assert app.build_middleware_stack.by_sightline


NAMED = """
import sightline
from sightline.sdk.presence import presence
sightline.configure()
for name in ("celery", "sqlalchemy", "flask"):
    sightline.instrument(name)
import celery, flask, httpx, sqlalchemy
flask.Flask("shop")
print(sorted((entry.name, entry.by) for entry in presence.known()))
"""


def test_one_library_is_instrumented_by_its_name(tmp_path):
    """Ours, OpenTelemetry's, and a framework with the applications that are made later; no other is."""
    known = [("celery", "sightline"), ("flask", "sightline"), ("sqlalchemy", "opentelemetry")]

    assert run_python(NAMED, tmp_path) == f"{known}\n"


def test_a_name_that_is_none_is_refused():
    """The message says which there are, and what could be installed."""
    with pytest.raises(SightlineError, match=r"no instrumentation of 'nothing'.*celery.*pip install opentelemetry-"):
        sightline.instrument("nothing")


LIBRARIES = """
import httpx, sightline, sqlalchemy
from sightline.sdk.presence import presence
sightline.configure()
sightline.instrument()
engine = sqlalchemy.create_engine("sqlite://")
with sightline.span("work"), engine.connect() as connection:
    connection.execute(sqlalchemy.text("SELECT 1"))
    httpx.get("http://127.0.0.1:{PORT}/items", trust_env=False)
engine.dispose()
print({entry.name: (entry.by, entry.version) for entry in presence.known()}["sqlalchemy"])
"""


def test_libraries_record_through_opentelemetrys_instrumentations(tmp_path):
    """SQL statements and HTTP calls are spans of ours, below the current one, and the trace is sent on."""
    with web_server() as (port, seen):
        printed = run_python(LIBRARIES.replace("{PORT}", str(port)), tmp_path)

    found = read_spool(tmp_path)
    [work] = found.spans("work")
    spans = {span["scope"].rpartition(".")[2]: span for span in found.spans() if span is not work}
    assert {"sqlalchemy", "httpx"} <= {*spans}
    assert {span["trace"] for span in found.spans()} == {work["trace"]}
    assert spans["httpx"]["span_kind"] == spans["sqlalchemy"]["span_kind"] == "Client"
    assert seen == [f"00-{work['trace']}-{spans['httpx']['span']}-01"]
    assert printed.strip() == str(("opentelemetry", sqlalchemy.__version__))


def test_libraries_are_not_imported_by_instrumenting(tmp_path):
    """What is installed and not used costs nothing."""
    run_python(
        "import sys, sightline; sightline.configure(); sightline.instrument();"
        "assert not {'sqlalchemy', 'httpx', 'requests', 'flask', 'fastapi'} & {*sys.modules}",
        tmp_path,
    )


def test_instrumentations_can_be_left_out(tmp_path):
    """OpenTelemetry's own variable names those that are not wanted, and the reason is told."""
    printed = run_python(
        "import sightline; sightline.configure(); sightline.instrument(); import sqlalchemy\n"
        "from sightline.sdk.presence import presence\n"
        "print([e.reason for e in presence.known() if e.name == 'sqlalchemy'])",
        tmp_path,
        OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="sqlalchemy, flask",
    )

    assert "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS" in printed


def test_a_call_waits_for_an_import(tmp_path):
    """It is made once, after the module is whole; what it raises does not reach the import."""
    source = """
import sys
from sightline.sdk.imports import when_imported
calls = []
when_imported("colorsys", lambda: calls.append(sys.modules["colorsys"].rgb_to_hsv))
assert "colorsys" not in sys.modules and not calls
import colorsys
assert calls == [colorsys.rgb_to_hsv]
assert type(colorsys.__spec__.loader).__name__ == "SourceFileLoader"
when_imported("colorsys", lambda: calls.append(1))
assert len(calls) == 2
"""
    run_python(source, tmp_path)


def test_a_failing_call_does_not_reach_the_import(monkeypatch):
    """It is noted, as everything is that fails inside."""
    monkeypatch.setenv("SIGHTLINE_RAISE", "0")
    when_imported("json", lambda: 1 / 0)


def run(arguments, home, directory, **more):
    """Run a program by ``sightline run``."""
    return subprocess.run(
        [sys.executable, "-m", "sightline", "run", *arguments],
        capture_output=True, text=True, check=False, timeout=60, cwd=directory, env=environment(home, **more),
    )  # fmt: skip


PROGRAM = """
import logging, sys
logging.getLogger("job").warning("argument %s", sys.argv[1])
print("mark:", __import__("os").environ.get("MARKED"))
sys.exit(7)
"""


@pytest.mark.parametrize("how", [["job.py"], ["python", "job.py"], ["python", "-m", "job"]])
def test_any_program_records_without_a_change(tmp_path, how):
    """A script or module runs with its arguments and exit code, and its logs are in the spool under its name."""
    (tmp_path / "job.py").write_text(PROGRAM)
    done = run([*how, "seven"], tmp_path / "home", tmp_path)

    assert done.returncode == 7, done.stderr
    found = read_spool(tmp_path / "home")
    assert [log["body"] for log in found.logs()] == ["argument seven"]
    assert found.headers[0]["resource"]["service.name"] == "job"


def test_a_sitecustomize_that_was_there_is_imported_too(tmp_path):
    """Ours gives its place to the one that the program would have had."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("import os; os.environ['MARKED'] = 'yes'")
    (tmp_path / "job.py").write_text(PROGRAM)
    done = run(["job.py", "x"], tmp_path / "home", tmp_path, PYTHONPATH=str(tmp_path / "site"))

    assert "mark: yes" in done.stdout


def test_a_wrong_setting_does_not_stop_the_program(tmp_path):
    """It is said on stderr, and the program runs without being recorded."""
    (tmp_path / "job.py").write_text(PROGRAM)
    done = run(["job.py", "x"], tmp_path / "home", tmp_path, SIGHTLINE_LEVEL="LOUD")

    assert done.returncode == 7
    assert "nothing is recorded: level" in done.stderr


def test_a_command_that_is_not_there_is_said(tmp_path):
    """The message names it, and says where it was looked for."""
    with pytest.raises(SightlineError, match="'no-such-command' was not found"):
        bootstrap.run(["no-such-command"])


@pytest.mark.parametrize(
    ("arguments", "name"),
    [("uvicorn shop.web:app --port 1", "shop"), ("gunicorn -w 2 shop:make()", "shop"),
     ("python -m shop.web x", "shop.web"),
     ("python3.12 -u tools/job.py x", "job"), ("worker.py", "worker"), ("celery -A shop worker", "celery"),
     ("flask --app web run", "flask"), ("python -m uvicorn shop.web:app", "shop")],
)  # fmt: skip
def test_the_service_is_named_after_what_runs(arguments, name):
    """Package, module or script; servers and interpreters are not what one looks for."""
    assert bootstrap.service_name(arguments.split()) == name


def test_a_name_that_was_given_stays():
    """Where the environment names the service, ours is not needed."""
    for given in (
        {"SIGHTLINE_SERVICE": "a"},
        {"OTEL_SERVICE_NAME": "a"},
        {"OTEL_RESOURCE_ATTRIBUTES": "service.name=a"},
    ):
        made = bootstrap.environment(given, ["job.py"])
        assert made.get("SIGHTLINE_SERVICE", "a") == "a"


def test_the_files_name_who_started_the_process(tmp_path):
    """``doctor`` tells programs under ``sightline run`` from those that configure themselves."""
    (tmp_path / "job.py").write_text(
        "import os, pathlib; [path] = (pathlib.Path(os.environ['SIGHTLINE_HOME']) / 'processes').glob('[0-9]*.json');"
        "print(path.read_text())"
    )
    done = run(["job.py"], tmp_path / "home", tmp_path)

    assert json.loads(done.stdout)["started_by"] == "sightline run"
