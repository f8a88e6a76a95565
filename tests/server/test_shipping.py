"""Shipping: what one machine's applications record reaches a server with another home, once."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest
from tests.support.segments import SegmentFile, log_line
from tests.support.server import ServerProcess, eventually

import sightline
from sightline.base.errors import SettingInvalid
from sightline.spool.format import FORMAT, Header, encode_header
from sightline.spool.writer import list_segments

PROGRAM = """
import sys, sightline
sightline.configure(service="shipped", home=sys.argv[1], server=sys.argv[2])
log = sightline.get_logger(sys.argv[3])
for n in range(int(sys.argv[4])):
    log.info("shipped", n=n)
print("recorded", flush=True)
sys.stdin.read()
"""


def start(home: Path, url: str, name: str, count: int) -> subprocess.Popen[str]:
    """Start an application that records *count* logs, and wait until it has."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(home), url, name, str(count)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "recorded\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    """Let an application end by itself."""
    process.communicate()
    assert process.returncode == 0


def stored(server: ServerProcess, name: str) -> tuple[int, int]:
    """Count the logs of a logger, and the different ones."""
    query = "SELECT count(), uniqExact(LogAttributes['n']) FROM otel_logs WHERE ScopeName = {name:String}"
    answer = server.http.post("/api/v1/sql", json={"query": query, "parameters": {"name": name}})
    answer.raise_for_status()
    count, different = answer.json()["rows"][0]
    return int(count), int(different)


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_records_reach_a_server_with_another_home(server, tmp_path):
    """Everything arrives once."""
    process = start(tmp_path, server.url, "ship.plain", 5000)

    eventually(lambda: stored(server, "ship.plain") == (5000, 5000))

    end(process)
    assert stored(server, "ship.plain") == (5000, 5000)


def test_what_a_killed_shipper_left_is_sent_by_the_next(server, tmp_path):
    """Killed in the middle of sending, the next process sends the rest, and nothing twice."""
    process = start(tmp_path, server.url, "ship.killed", 60_000)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    late = start(tmp_path, server.url, "ship.late", 1)

    eventually(lambda: stored(server, "ship.killed") == (60_000, 60_000), timeout_s=30)
    end(late)


def test_records_wait_while_the_server_is_away(tmp_path):
    """Without a server records wait in the spool, the end of the process is quick, and a later start delivers."""
    port = free_port()
    process = start(tmp_path / "app", f"http://127.0.0.1:{port}", "ship.away", 100)
    began = time.monotonic()
    end(process)
    ended_s = time.monotonic() - began
    assert ended_s < 2.0
    assert list_segments(tmp_path / "app" / "spool")

    with ServerProcess(tmp_path / "server", environment={"SIGHTLINE_PORT": "0"}) as late_server:
        process = start(tmp_path / "app", late_server.url, "ship.second", 1)
        eventually(lambda: stored(late_server, "ship.away") == (100, 100))
        end(process)


def test_one_process_of_many_ships(server, tmp_path):
    """Four processes in one spool: one lock, everything once."""
    processes = [start(tmp_path, server.url, "ship.many", 500) for _ in range(4)]

    eventually(lambda: stored(server, "ship.many")[0] == 2000)

    for process in processes:
        end(process)
    assert stored(server, "ship.many") == (2000, 500)


SEGMENT = "1795202514076-aaaaaaaaaaaaaaaa-000000.jsonl"


def send(server: ServerProcess, *parts: bytes):
    """Post ranges."""
    return server.http.post(
        "/api/v1/lines", content=zlib.compress(b"".join(parts)), headers={"Content-Encoding": "deflate"}
    )


def a_range(*rows: bytes, start: int = 10, segment: str = SEGMENT, instance: str = "a" * 16, more: int = 0) -> bytes:
    """Make a range: its address, the segment's header, and lines. *more* bytes are said and not there."""
    content = b"".join(rows)
    address = {"kind": "range", "segment": segment, "start": start, "end": start + len(content) + more}
    header = encode_header(Header(FORMAT, 1, instance, 1, {"service.name": "shipped"}))
    return json.dumps(address).encode() + b"\n" + header + content


def test_a_range_sent_twice_is_stored_once(server):
    """The same segment and offsets are the same range."""
    body = a_range(log_line("once", logger="ship.twice", attributes={"n": 1}), start=500)

    answers = [send(server, body) for _ in range(3)]

    assert [answer.json() for answer in answers] == [{"stored": 1, "quarantined": 0}] * 3
    assert stored(server, "ship.twice") == (1, 1)


def test_bad_lines_are_set_aside_and_the_others_stored(server):
    """A line that is no record costs only itself."""
    body = a_range(log_line("good", logger="ship.bad", attributes={"n": 1}), b"{broken\n", start=900)

    answer = send(server, body)

    assert answer.json() == {"stored": 1, "quarantined": 1}
    assert stored(server, "ship.bad") == (1, 1)


def test_many_ranges_in_one_body_are_stored_and_once(server):
    """Ranges of many segments travel together, and the same body again adds nothing."""
    bodies = [
        a_range(
            log_line("one of many", logger="ship.batch", instance=f"{n:016x}", attributes={"n": n}),
            segment=f"1795202514076-{n:016x}-000000.jsonl", instance=f"{n:016x}",
        )
        for n in range(40)
    ]  # fmt: skip

    answers = [send(server, *bodies) for _ in range(2)]

    assert [answer.json() for answer in answers] == [{"stored": 40, "quarantined": 0}] * 2
    assert stored(server, "ship.batch") == (40, 40)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The body is empty"),
        (b"no address\n", "no address of a range at byte 0"),
        (b'{"kind":"range","segment":"s","start":1,"end":2}\nno header', "has no header line"),
        (a_range(b"{}\n", instance="b" * 16), "is of instance bbbbbbbbbbbbbbbb"),
        (a_range(b"{}\n", segment="../x"), "the segment '../x' is not"),
        (a_range(b"{}\n", more=5000), "says 5003 bytes of whole lines; the body has 3"),
        (a_range(b"{}\n") + b"{}", "no address of a range at byte"),
        (a_range(b"{}\n\0\0\0\0\0\0\n"), "holds NUL bytes"),
    ],
)
def test_what_is_no_range_is_refused_with_the_reason(server, body, message):
    """A body that is not what its addresses say is a problem that says so."""
    answer = send(server, body)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert message in answer.json()["detail"]


def test_what_cannot_be_decompressed_is_refused(server):
    """A body that is not compressed as it says is a problem that says so."""
    answer = server.http.post("/api/v1/lines", content=b"not deflate", headers={"Content-Encoding": "deflate"})

    assert answer.status_code == 400
    assert "cannot be decompressed" in answer.json()["detail"]


def test_many_small_segments_travel_together(server, tmp_path):
    """Three hundred segments of dead processes are delivered in a few requests."""
    for n in range(300):
        left = SegmentFile(tmp_path / "spool", instance=f"{n:016x}")
        left.write(log_line("small", logger="ship.small", instance=f"{n:016x}", attributes={"n": n}))
        left.end()
    process = start(tmp_path, server.url, "ship.starter", 1)

    eventually(lambda: stored(server, "ship.small") == (300, 300))

    eventually(lambda: len(list_segments(tmp_path / "spool")) == 1)
    end(process)


def test_trouble_is_in_the_process_file(tmp_path):
    """A process that cannot send says so where ``sightline doctor`` looks."""
    port = free_port()
    process = start(tmp_path, f"http://127.0.0.1:{port}", "ship.trouble", 1)

    def told() -> str:
        found = [json.loads(path.read_bytes()) for path in (tmp_path / "processes").glob("[0-9]*.json")]
        return found[0]["sending"][0].get("trouble", "") if found and found[0]["sending"] else ""

    assert "refused" in eventually(told)
    end(process)


@pytest.mark.parametrize("address", ["localhost:4318", "ftp://x", "http://"])
def test_an_address_that_is_none_is_refused_at_the_start(address):
    """A wrong ``server`` setting is told by name and value."""
    with pytest.raises(SettingInvalid, match="server is .*expected auto or an address"):
        sightline.configure(server=address, home=os.devnull)
