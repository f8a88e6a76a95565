"""Profiles from a real process to the store of a real server, asked for in SQL."""

from tests.support.program import run_python
from tests.support.server import ServerProcess, eventually

PROGRAM = """
import time
import sightline
sightline.configure(service="profiled", profile="on", profile_hz=97)
def crunch():
    until = time.perf_counter() + 0.8
    while time.perf_counter() < until:
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
