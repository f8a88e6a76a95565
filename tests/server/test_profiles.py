"""Profiles from a real process to the store of a real server, asked for in SQL."""

import time

from tests.support.pprof import OPENTELEMETRY_CPU, opentelemetry
from tests.support.program import run_python
from tests.support.server import ServerProcess, eventually

PROGRAM = """
import time
import sightline
sightline.configure(service="profiled", profile="on", profile_hz=97)
def crunch():
    until = time.process_time() + 0.5
    while time.process_time() < until:
        pass
with sightline.span("POST /orders"):
    crunch()
sightline.shutdown()
"""

ASKED = """
SELECT Stack[-1] AS function, SpanName, sum(CpuNanoseconds) AS cpu, uniqExact(TraceId)
FROM profiles WHERE ServiceName = 'profiled' GROUP BY 1, 2 ORDER BY cpu DESC LIMIT 1
"""


def test_a_profile_is_stored_with_the_span_that_was_running(tmp_path):
    """The function that burned the processor is found by its service, under its span's name."""
    home = tmp_path / "home"
    run_python(PROGRAM, home)

    with ServerProcess(home) as server:
        (found,) = eventually(lambda: server.http.post("/api/v1/sql", json={"query": ASKED}).json()["rows"])

    function, span, cpu, traces = found
    assert (function, span, int(traces)) == ("__main__:crunch", "POST /orders", 1)
    assert int(cpu) > 0.1e9


def test_opentelemetry(server):
    """A profile of OpenTelemetry is in the flame graph; what is no Protobuf of it is refused."""
    body = opentelemetry({**OPENTELEMETRY_CPU, "time_unix_nano": time.time_ns()}, service="otlp-profiled")
    kind = {"content-type": "application/x-protobuf"}
    answers = [
        server.http.post("/v1development/profiles", content=content, headers=headers)
        for content, headers in ((body, kind), (b"\xff", kind), (b"{}", {"content-type": "application/json"}))
    ]
    graph = server.get("/api/v1/profiles", service="otlp-profiled", weight="cpu")

    assert [answer.status_code for answer in answers] == [200, 400, 415]
    assert answers[0].content == b""
    assert [(node["name"], node["own"]) for node in graph["nodes"]] == [
        ("all", 0),
        ("main", 0),
        ("shop.py:pay", 30_000_000),
    ]
