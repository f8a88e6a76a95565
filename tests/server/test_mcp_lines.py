"""What assistants ask over standard input and output, by the protocol's own client."""

import asyncio
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import mcp
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters
from tests.support.server import ServerProcess


def started(home: Path) -> StdioServerParameters:
    """Say how an assistant starts the command."""
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "sightline", "mcp", "--home", str(home)],
        env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def call(home: Path, mode: str, name: str, **arguments: Any) -> mcp.types.CallToolResult:
    """Start the command, call one tool, and end it."""

    async def called() -> mcp.types.CallToolResult:
        async with Client(started(home), mode=mode) as client:
            assert {tool.name for tool in (await client.list_tools()).tools} >= {"search", "sql"}
            return await client.call_tool(name, arguments)

    return asyncio.run(called())


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_server_that_runs_is_asked(server: ServerProcess, mode):
    """The command finds the server of its home."""
    result = call(server.home, mode, "sql", query="SELECT 40 + 2 AS sum")

    assert not result.is_error
    assert json.loads(result.content[0].text)["rows"] == [[42]]


def test_the_store_is_read_where_no_server_runs(tmp_path):
    """Without a server the store itself is opened for the question, and let go."""
    (tmp_path / "spool").mkdir()
    result = call(tmp_path, "auto", "sql", query="SELECT count() FROM otel_logs")

    assert json.loads(result.content[0].text)["rows"] == [[0]]


def test_where_nothing_was_recorded_the_assistant_is_told(tmp_path):
    """An empty home is an error of the tool that says what to do."""
    result = call(tmp_path / "nothing", "auto", "search")

    assert result.is_error
    assert "Call sightline.configure() in an application" in result.content[0].text


def test_lines_that_are_no_messages_are_answered_and_the_next_ones_too(tmp_path):
    """Nothing that is written to it ends the command but the end of its input; nothing else is on its output."""
    lines = [b"{", b"[]", b"[" * 3000, b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}',
             b'{"jsonrpc":"2.0","id":7,"method":"ping"}', b'{"jsonrpc":"2.0","id":8,"method":"nothing"}']  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "sightline", "mcp", "--home", str(tmp_path)],
        input=b"\n".join(lines) + b"\n", capture_output=True, timeout=60, check=True,
    )  # fmt: skip

    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(answer["error"]["code"] for answer in answers if "error" in answer) == [
        -32700,
        -32700,
        -32601,
        -32600,
    ]
    assert {"jsonrpc": "2.0", "id": 7, "result": {}} in answers


@contextmanager
def slow_server() -> Iterator[tuple[str, queue.Queue[threading.Event]]]:
    """Run a server that answers a question when its event is set; each comes in the queue."""
    asked: queue.Queue[threading.Event] = queue.Queue()

    class Slow(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answered = threading.Event()
            asked.put(answered)
            answered.wait(30)
            content = b'{"columns":[],"rows":[[42]],"truncated":false}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_the_question_after_a_cancelled_one_waits_for_its_end():
    """One is asked at a time, also where nobody wants the answer any more: the store can be opened once."""
    call = {"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "sql", "arguments": {"query": "SELECT 42"}}}
    cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
    with slow_server() as (url, asked), subprocess.Popen(
        [sys.executable, "-m", "sightline", "mcp", "--server", url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
    ) as running:  # fmt: skip
        running.stdin.write(json.dumps({**call, "id": 1}).encode() + b"\n")
        first = asked.get(timeout=30)
        running.stdin.write(json.dumps(cancel).encode() + b"\n" + json.dumps({**call, "id": 2}).encode() + b"\n")
        with pytest.raises(queue.Empty):
            asked.get(timeout=0.5).set()
        first.set()
        asked.get(timeout=30).set()
        running.stdin.close()
        [answer] = map(json.loads, running.stdout.read().splitlines())

    assert (answer["id"], json.loads(answer["result"]["content"][0]["text"])["rows"]) == (2, [[42]])
