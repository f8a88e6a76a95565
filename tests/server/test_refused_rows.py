"""Rows that the store will never take are set aside with the reason; those that came with them are stored."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.server import ServerProcess, eventually

FORBID = """
import sys
from sightline.store.connect import Store

store = Store.open(f"chdb://{sys.argv[1]}/store")
store.query("ALTER TABLE otel_logs ADD CONSTRAINT tasteful CHECK NOT hasToken(Body, 'poison')", readonly=False)
store.close()
"""
BODIES = [f"body {number}" for number in range(40)]
POISONED = [*BODIES[:17], "poison password=hunter22", *BODIES[17:]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server whose store has a taste: no log record may have ``poison`` in its body."""
    place = tmp_path_factory.mktemp("refused")
    home = place / "home"
    home.mkdir()
    subprocess.run([sys.executable, "-c", FORBID, home], check=True)
    (place / "logs").mkdir()
    environment = {
        "SIGHTLINE_SYSLOG_PORT": "0", "SIGHTLINE_LOG_FILES": str(place / "logs" / "*.log"),
        "SIGHTLINE_FLUENTD_PORT": "0",
    }  # fmt: skip
    with ServerProcess(home, environment=environment) as running:
        yield running


def found(server: ServerProcess, prefix: str) -> list[str]:
    """Give the bodies that are stored and begin so, without the prefix, in their order."""
    sql = "SELECT substring(Body, length({p:String}) + 1) FROM otel_logs WHERE startsWith(Body, {p:String}) ORDER BY 1"
    answer = server.http.post("/api/v1/sql", json={"query": sql, "parameters": {"p": prefix}})
    return [row[0] for row in answer.raise_for_status().json()["rows"]]


def aside(server: ServerProcess, protocol: str) -> list[dict[str, Any]]:
    """Give what was set aside of a protocol."""
    files = (server.home / "quarantine").glob("*.jsonl")
    lines = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    return [line for line in lines if line["segment"].startswith(f"{protocol}:")]


def otlp(bodies: list[str]) -> dict[str, Any]:
    """Write a request of log records."""
    records = [{"timeUnixNano": str(time.time_ns()), "body": {"stringValue": body}} for body in bodies]
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}


def test_otlp_tells_what_was_refused(server: ServerProcess):
    """The answer is a partial success with the count and the reason; the row is set aside without its secret."""
    answer = server.http.post("/v1/logs", json=otlp([f"o {body}" for body in POISONED]))

    partial = answer.raise_for_status().json()["partialSuccess"]
    assert (partial["rejectedLogRecords"], "tasteful" in partial["errorMessage"]) == ("1", True)
    assert found(server, "o ") == sorted(BODIES)
    [line] = [line for line in aside(server, "otlp") if "o poison" in line["line"]]
    assert "Constraint `tasteful`" in line["reason"]
    assert "hunter22" not in json.dumps(line) + answer.text + server.log()


def test_a_request_of_nothing_else_is_refused(server: ServerProcess):
    """Nothing of it is stored, and trying again is not worth it."""
    answer = server.http.post("/v1/logs", json=otlp(["poison"]))

    assert answer.status_code == 400


def test_ndjson_tells_what_was_refused(server: ServerProcess):
    """The answer counts it among the rejected."""
    content = "\n".join(json.dumps({"message": f"n {body}"}) for body in POISONED)
    answer = server.http.post("/api/v1/logs/ndjson", content=content).raise_for_status().json()

    assert (answer["rejected"], "tasteful" in answer["reason"]) == (1, True)
    assert found(server, "n ") == sorted(BODIES)


def test_elasticsearch_with_an_identity(server: ServerProcess):
    """Documents with ids of their own, whose request is stored once however often it comes, are sifted as well."""
    content = "".join(
        f'{{"create":{{"_id":"{number}"}}}}\n{json.dumps({"message": f"e {body}"})}\n'
        for number, body in enumerate(POISONED)
    )
    for _ in range(2):
        server.http.post("/_bulk", content=content, headers={"content-type": "application/json"}).raise_for_status()

    assert found(server, "e ") == sorted(BODIES)


def test_syslog_goes_on(server: ServerProcess):
    """What came with it and behind it is stored, though nobody would send it again."""
    host, _, port = server.listening["syslog"].rpartition(":")
    with socket.create_connection((host, int(port)), 30) as connection:
        for body in POISONED:
            connection.sendall(f"<14>1 - - app - - - s {body}\n".encode())
        eventually(lambda: len(found(server, "s ")) == len(BODIES))
        connection.sendall(b"<14>1 - - app - - - s last\n")
        eventually(lambda: "last" in found(server, "s "))

    assert len(aside(server, "syslog")) == 1


def test_a_followed_file_goes_on(server: ServerProcess):
    """It is read on behind what is refused, and what is refused is not tried for ever."""
    path = server.home.parent / "logs" / "app.log"
    path.write_text("".join(f"{json.dumps({'message': f'f {body}'})}\n" for body in ["poison", *POISONED]))
    eventually(lambda: len(found(server, "f ")) == len(BODIES))
    with Path(path).open("a") as file:
        file.write(json.dumps({"message": "f last"}) + "\n")
    eventually(lambda: "last" in found(server, "f "))

    assert len(aside(server, "logfile")) == 2
    assert server.get("/health")["checks"]["spool"]["quarantined_lines"] >= 2
