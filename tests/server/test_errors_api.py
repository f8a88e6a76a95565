"""Issues over HTTP and on the command line: a real program's errors, decisions that outlive the server."""

import json
import os
import subprocess
import sys

import jsonschema
import pytest
from tests.support.program import run_python
from tests.support.server import ServerProcess, eventually

PROGRAM = """
import sightline
from sightline.errors import track_error
sightline.configure(service="till", version="1.4.0")
def pay(order):
    raise ConnectionError(f"the bank does not answer for order {order}")
for order in range(3):
    with sightline.context(user_id=f"u-{order % 2}"), sightline.span("POST /pay"):
        try:
            pay(order)
        except ConnectionError as error:
            track_error(error, "external_service", "high")
sightline.shutdown()
"""


@pytest.fixture
def home(tmp_path):
    """Let a program record three errors that are one issue."""
    home = tmp_path / "home"
    run_python(PROGRAM, home)
    return home


def issues_of(server, **asked):
    """Give the issues, once there are any."""
    return eventually(lambda: server.get("/api/v1/errors", **asked)["issues"])


def command(home, *words):
    """Run ``sightline errors``."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SIGHTLINE_")}
    return subprocess.run(
        [sys.executable, "-m", "sightline", "errors", *words, "--home", str(home)],
        capture_output=True, text=True, check=False, timeout=60, env=environment,
    )  # fmt: skip


def test_errors_of_a_program_are_one_issue_that_can_be_resolved_and_comes_back(home):
    """A decision outlives the server; the same error in a later run opens the issue again."""
    with ServerProcess(home) as server:
        (issue,) = issues_of(server)
        path = f"/api/v1/errors/{issue['fingerprint']}"
        made = server.http.post(f"{path}/status", json={"status": "resolved", "by": "ada"}).json()
        detail = server.get(path)
        described = server.get("/openapi.json")["paths"]

    assert (issue["count"], issue["users"], issue["last_release"]) == (3, 2, "1.4.0")
    assert (issue["type"], issue["category"], issue["severity"]) == ("ConnectionError", "external_service", "high")
    assert (made["status"], detail["issue"]["status"], detail["history"]) == ("resolved", "resolved", [made])
    assert "in pay" in detail["stacktrace"]
    assert len(detail["traces"]) == 3
    shape = described["/api/v1/errors/{fingerprint}"]["get"]["responses"]["200"]["content"]["application/json"]
    jsonschema.validate(detail, shape["schema"])

    with ServerProcess(home) as server:
        assert server.get("/api/v1/errors", status="open")["issues"] == []
        run_python(PROGRAM, home)
        (again,) = issues_of(server, status="open")

    assert (again["status"], again["count"]) == ("regressed", 6)


def test_the_command_lists_shows_and_decides(home):
    """It speaks with the server, or with the store where none runs."""
    with ServerProcess(home) as server:
        (issue,) = issues_of(server)
        name = issue["fingerprint"]

        listed, shown = command(home), command(home, "show", name)
        ignored = command(home, "ignore", name, "--by", "ada")

        assert (listed.returncode, name in listed.stdout, "ConnectionError" in listed.stdout) == (0, True, True)
        assert "in pay" in shown.stdout
        assert (ignored.returncode, ignored.stdout) == (0, f"{name} is ignored.\n")
        assert server.get(f"/api/v1/errors/{name}")["history"][0]["by"] == "ada"

    reopened = command(home, "reopen", name, "--json")
    assert json.loads(reopened.stdout)["status"] == "unresolved"
    assert [json.loads(line)["status"] for line in command(home, "--json").stdout.splitlines()] == ["unresolved"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("show",), "Name an issue"),
        (("close", "x"), "There is no action 'close'"),
        (("show", "0000"), "There is no such issue"),
        (("resolve", "0000"), "There is no such issue"),
    ],
)
def test_a_wrong_command_says_what_is_wrong(server, words, message):
    """What is missing or unknown is named."""
    found = command(server.home, *words)

    assert found.returncode in {1, 2}
    assert message in found.stderr


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"status": "resolved"}', 404),
        (b'{"status": "regressed"}', 400),
        (b'{"status": "resolved", "who": "ada"}', 400),
        (b'{"status": "resolved", "by": "' + b"a" * 201 + b'"}', 400),
        (b'{"status": "resolved", "by": "' + b"a" * 70_000 + b'"}', 413),
        (b"[" * 1000, 400),
    ],
)
def test_a_decision_that_cannot_be_read_is_refused(server, body, status):
    """Bodies are of one shape and bounded; issues that are not there are not decided about."""
    found = server.http.post("/api/v1/errors/0000/status", content=body, headers={"content-type": "application/json"})

    assert (found.status_code, found.headers["content-type"]) == (status, "application/problem+json")


def test_a_decision_must_be_json(server):
    """A form, which any page may send, is refused."""
    found = server.http.post("/api/v1/errors/0000/status", data={"status": "resolved"})

    assert found.status_code == 415
