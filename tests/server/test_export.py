"""Export: what is recorded reaches an OTLP receiver, ours and another, and survives its absence."""

import gzip
import http.server
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.support.program import environment
from tests.support.server import eventually

import sightline
from sightline.base.errors import SettingInvalid
from sightline.base.settings import load
from sightline.sdk.export import destination
from sightline.spool.writer import list_segments

PROGRAM = """
import sys, sightline
from prometheus_client import Counter, Histogram
sightline.configure(metrics_interval_s=0.3)
name = sys.argv[1]
orders, latency = Counter(f"{name}_orders", "Orders.", ["kind"]), Histogram(f"{name}_latency", "L.", buckets=[0.1, 1])
orders.labels("new").inc(3)
for value in (0.05, 0.5, 0.5, 5):
    latency.observe(value)
for n in range(int(sys.argv[2])):
    with sightline.span(f"{name}.outer", n=n) as outer:
        outer.add_event("seen", {"k": "v"})
        try:
            with sightline.span(f"{name}.inner"):
                raise ValueError("boom")
        except ValueError:
            sightline.get_logger(name).warning("logged", n=n)
print("recorded", flush=True)
sys.stdin.read()
"""

BROKEN_COLLECTOR = """
from prometheus_client import REGISTRY
from prometheus_client.core import SummaryMetricFamily
class Broken:
    def collect(self):
        yield SummaryMetricFamily("broken", "It counts nothing.", count_value=float("nan"), sum_value=1.0)
REGISTRY.register(Broken())
"""


def start(home: Path, url: str, name: str, count: int, program: str = PROGRAM, **more: str) -> subprocess.Popen[str]:
    """Start an application that exports, and wait until it has recorded."""
    settings = {"SIGHTLINE_EXPORT": "otlp", "OTEL_SERVICE_NAME": name, "OTEL_EXPORTER_OTLP_ENDPOINT": url, **more}
    process = subprocess.Popen(
        [sys.executable, "-c", program, name, str(count)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**environment(home, **settings), "SIGHTLINE_RAISE": "0"},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "recorded\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    """Let an application end by itself."""
    process.communicate()
    assert process.returncode == 0


def rows(server, sql: str, name: str):
    """Ask for the records of a service."""
    answer = server.http.post("/api/v1/sql", json={"query": sql, "parameters": {"name": name}})
    answer.raise_for_status()
    return answer.json()["rows"]


def counted(server, table: str, name: str) -> int:
    """Count the records of a service."""
    return int(rows(server, f"SELECT count() FROM {table} WHERE ServiceName = {{name:String}}", name)[0][0])


class Receiver:
    """An OTLP receiver that answers as it is told to, and keeps what it took."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        """Statuses of the next answers; 200 when there is none left."""
        self.taken: list[tuple[str, dict[str, str], dict]] = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                status = receiver.answers.pop(0) if receiver.answers else 200
                if status == 200:
                    headers = {key.lower(): value for key, value in self.headers.items()}
                    receiver.taken.append((self.path, headers, json.loads(body)))
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def spans(self) -> list[dict]:
        """Give the spans that were taken."""
        return [
            span
            for path, _, body in self.taken
            if path.endswith("/traces")
            for resource in body["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver():
    """Run a receiver."""
    running = Receiver()
    yield running
    running.close()


def test_everything_reaches_an_otlp_receiver(server, tmp_path):
    """Our own server with another home has the same spans, logs and metrics as if it had read the lines."""
    process = start(tmp_path, server.url, "exportplain", 20)

    eventually(lambda: counted(server, "otel_traces", "exportplain") == 40)
    eventually(lambda: counted(server, "otel_logs", "exportplain") == 20)
    end(process)
    spans = rows(
        server,
        "SELECT SpanName, StatusCode, any(StatusMessage), any(Events.Name), count() FROM otel_traces "
        "WHERE ServiceName = {name:String} GROUP BY 1, 2 ORDER BY 1",
        "exportplain",
    )
    assert [[*row[:4], int(row[4])] for row in spans] == [
        ["exportplain.inner", "Error", "ValueError: boom", ["exception"], 20],
        ["exportplain.outer", "Unset", "", ["seen"], 20],
    ]
    found = rows(
        server,
        "SELECT MetricName, Labels['le'], max(Value) FROM metric_samples JOIN "
        "(SELECT DISTINCT SeriesId, MetricName, Labels FROM metric_series "
        "WHERE ServiceName = {name:String} AND MetricName LIKE 'exportplain%') AS s USING SeriesId "
        "GROUP BY 1, 2 ORDER BY 1, 2",
        "exportplain",
    )
    assert {(name, le): float(value) for name, le, value in found} == {
        ("exportplain_latency_bucket", "+Inf"): 4.0,
        ("exportplain_latency_bucket", "0.1"): 1.0,
        ("exportplain_latency_bucket", "1.0"): 3.0,
        ("exportplain_latency_count", ""): 4.0,
        ("exportplain_latency_sum", ""): 6.05,
        ("exportplain_orders_total", ""): 3.0,
    }


def test_both_ways_have_everything(server, receiver, tmp_path):
    """With ``both``, a Sightline server and another receiver each get all."""
    process = start(tmp_path, receiver.url, "exportboth", 10, SIGHTLINE_EXPORT="both", SIGHTLINE_SERVER=server.url)

    eventually(lambda: counted(server, "otel_traces", "exportboth") == 20)
    eventually(lambda: len(receiver.spans()) == 20)
    end(process)
    assert len({span["spanId"] for span in receiver.spans()}) == 20


def test_a_receiver_that_is_busy_gets_everything_later(receiver, tmp_path):
    """429 and 503 mean to come again; nothing is lost, and nothing doubled."""
    receiver.answers = [503, 429]
    process = start(tmp_path, receiver.url, "exportbusy", 5)

    eventually(lambda: len(receiver.spans()) == 10)
    end(process)
    assert len({span["spanId"] for span in receiver.spans()}) == 10


def test_what_a_receiver_never_takes_is_set_aside(receiver, tmp_path):
    """A 400 is not sent again; the range lies in ``refused``, and what comes after goes on."""
    receiver.answers = [400]
    end(start(tmp_path, receiver.url, "exportrefused", 5))
    end(start(tmp_path, receiver.url, "exportafter", 5))

    eventually(lambda: list((tmp_path / "refused").glob("otlp-*.jsonl")) or None)
    assert b"exportrefused.outer" in next((tmp_path / "refused").glob("otlp-*.jsonl")).read_bytes()


def test_a_metric_that_is_none_holds_up_nothing(receiver, tmp_path):
    """A collector that says ``nan`` where a count belongs is left out; spans and all other metrics arrive."""
    process = start(tmp_path, receiver.url, "exportbroken", 5, BROKEN_COLLECTOR + PROGRAM)

    eventually(lambda: len(receiver.spans()) == 10)
    eventually(lambda: "exportbroken_orders_total" in json.dumps(receiver.taken))
    end(process)
    assert "It counts nothing." not in json.dumps(receiver.taken)


def test_what_waited_is_sent_by_the_next_process(receiver, tmp_path):
    """Recorded with no receiver, delivered by a later process, and then gone from the disk."""
    end(start(tmp_path, "http://127.0.0.1:9", "exportlate", 50))
    assert list_segments(tmp_path / "export")

    process = start(tmp_path, receiver.url, "exportlater", 1)

    eventually(lambda: len(receiver.spans()) == 102)
    eventually(lambda: len(list_segments(tmp_path / "export")) == 1)
    end(process)


def test_headers_and_addresses_of_each_signal_are_used(receiver, tmp_path):
    """A signal's own address is used as it is, the one for all gets the signal's path."""
    process = start(
        tmp_path, f"{receiver.url}/base", "exportheaders", 2,
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"{receiver.url}/mine/traces?x=1",
        OTEL_EXPORTER_OTLP_HEADERS="api-key=a%20secret,x-other=2", OTEL_EXPORTER_OTLP_COMPRESSION="none",
    )  # fmt: skip

    eventually(lambda: {path for path, _, _ in receiver.taken} >= {"/mine/traces?x=1", "/base/v1/logs"})
    end(process)
    assert receiver.taken[0][1]["api-key"] == "a secret"
    assert "content-encoding" not in receiver.taken[0][1]


@pytest.mark.parametrize(("given", "seconds"), [("10000", 10.0), ("2500", 2.5), ("10", 10.0)])
def test_a_timeout_is_in_milliseconds_unless_it_cannot_be(given, seconds):
    """The specification's unit, and that of OpenTelemetry's exporter for Python where the number is small."""
    settings = load(environ={"OTEL_EXPORTER_OTLP_TIMEOUT": given})

    assert destination(settings, "traces").timeout_s == seconds


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"otlp_endpoint": "localhost:4318"}, "otlp_endpoint is 'localhost:4318'; expected an address"),
        ({"otlp_logs_endpoint": "ftp://x"}, "otlp_logs_endpoint is 'ftp://x'"),
        ({"otlp_headers": "secret"}, "otlp_headers has a part without a name or a value; expected key=value"),
        ({"export": "grpc"}, "expected one of off, otlp, both"),
    ],
)
def test_a_wrong_setting_is_refused_at_the_start(wrong, message, tmp_path):
    """Told by name, and without what may be secret."""
    with pytest.raises(SettingInvalid, match=message) as refused:
        sightline.configure(home=tmp_path, **{"export": "otlp", **wrong})

    assert "'secret'" not in str(refused.value)
