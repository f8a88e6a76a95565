"""
ClickHouse's HTTP interface over the embedded engine: what a remote store is tested against where there is no server.

A program of its own, ``python -m tests.support.clickhouse_http DIRECTORY``: the engine takes one directory a process.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
from chdb.state.sqlitelike import Connection, connect

NOT_SETTINGS = {
    "query", "database", "default_format", "query_id", "session_id", "session_timeout", "session_check", "compress",
    "decompress", "buffer_size", "wait_end_of_query", "quota_key", "role", "user", "password", "stacktrace",
    "client_protocol_version", "http_response_headers",
}  # fmt: skip
"""Parameters of a request that are the transport's own; all others are settings, or ``param_…``."""

INSERT = re.compile(rb"\s*INSERT\s+INTO\b.*?\bFORMAT\s+(\w+)\s*?(?:\n|$|(?=[\x00-\x20]))", re.IGNORECASE | re.DOTALL)
INPUT = re.compile(r"\binput\('((?:[^'\\]|\\.|'')*)'\)", re.DOTALL)
FORMAT = re.compile(r"\bFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)


class Handler(BaseHTTPRequestHandler):
    """Answers one request as ClickHouse does."""

    protocol_version = "HTTP/1.1"
    address: ClassVar[str]

    def do_GET(self) -> None:
        """Answer ``/ping``, or a query that reads."""
        if urlsplit(self.path).path == "/ping":
            self._send(200, b"Ok.\n", {})
        else:
            self._answer({"readonly": "2"})

    def do_POST(self) -> None:
        """Answer a query or an insert."""
        self._answer({})

    def _answer(self, settings: dict[str, str]) -> None:
        found = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query, True).items()}
        body = self._body()
        settings |= {k: v for k, v in found.items() if k not in NOT_SETTINGS and not k.startswith("param_")}
        connection = connect(self.address)
        try:
            self._prepare(connection, found, settings)
            answer, kind = self._run(connection, found, body)
        except Exception as error:
            message = str(error)
            code = re.search(r"Code: (\d+)", message)
            told = {"X-ClickHouse-Exception-Code": code[1] if code else "1002"}
            self._send(404 if code and code[1] in {"60", "81"} else 500, message.encode(), told)
        else:
            self._send(200, answer, {"X-ClickHouse-Format": kind, "X-ClickHouse-Timezone": "UTC"})
        finally:
            connection.close()

    def _prepare(self, connection: Connection, found: dict[str, str], settings: dict[str, str]) -> None:
        connection.query(f"USE `{found.get('database') or 'default'}`", "Null")
        readonly = settings.pop("readonly", None)
        quoted = [f"{name} = {_quoted(value)}" for name, value in settings.items()]
        if quoted:
            connection.query(f"SET {', '.join(quoted)}", "Null")
        if readonly:
            connection.query(f"SET readonly = {int(readonly)}", "Null")

    def _run(self, connection: Connection, found: dict[str, str], body: bytes) -> tuple[bytes, str]:
        whole = "\n".join(part for part in (found.get("query", ""),) if part).encode()
        whole = whole + b"\n" + body if whole else body
        if insert := INSERT.match(whole):
            self._insert(connection, whole[: insert.end()].decode(), insert[1].decode(), whole[insert.end() :])
            return b"", "Null"
        sql = whole.decode()
        kind = FORMAT.search(sql)
        wanted = self.headers.get("X-ClickHouse-Format") or found.get("default_format") or "TabSeparated"
        wanted = kind[1] if kind else wanted
        parameters = {name[6:]: value for name, value in found.items() if name.startswith("param_")}
        answer = connection.query(FORMAT.sub("", sql), wanted, params=parameters or None)
        return (bytes(answer.bytes()) if len(answer) else b""), wanted

    @staticmethod
    def _insert(connection: Connection, sql: str, kind: str, rows: bytes) -> None:
        descriptor = os.memfd_create("rows")
        try:
            with os.fdopen(os.dup(descriptor), "wb") as file:
                file.write(rows)
            path, bare = f"/proc/self/fd/{descriptor}", FORMAT.sub("", sql.strip())
            if source := INPUT.search(bare):
                place = f"file('{path}', {kind}, '{source[1]}')"
                connection.query(bare[: source.start()] + place + bare[source.end() :], "Null")
            else:
                # A streaming insert of the engine would tell of no error behind its parser, as a server does.
                connection.query(f"{bare} FROM INFILE '{path}' FORMAT {kind}", "Null")
        finally:
            os.close(descriptor)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b"".join(iter(self._chunk, b""))
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return _decompressed(body, self.headers.get("Content-Encoding", ""))

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().split(b";")[0], 16)
        chunk = self.rfile.read(size)
        self.rfile.readline()
        return chunk

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        if "gzip" in self.headers.get("Accept-Encoding", "") and len(body) > 1000:
            body, headers = gzip.compress(body, 1), {**headers, "Content-Encoding": "gzip"}
        self.send_response(status)
        told = {"X-ClickHouse-Query-Id": "0", "X-ClickHouse-Summary": json.dumps({"read_rows": "0"}), **headers}
        for name, value in {**told, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _quoted(value: str) -> str:
    return (
        value if re.fullmatch(r"-?\d+(\.\d+)?", value) else "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    )


def _decompressed(body: bytes, encoding: str) -> bytes:
    if encoding == "gzip":
        return gzip.decompress(body)
    if encoding == "deflate":
        return zlib.decompress(body)
    if encoding in {"zstd", "lz4"}:
        return pa.CompressedInputStream(pa.BufferReader(body), encoding).read()
    assert not encoding, f"Content-Encoding {encoding!r} is not known here"
    return body


class ClickHouseHttp:
    """A server in a process of its own, with its rows below *directory*. A context manager."""

    def __init__(self, directory: Path, environment: dict[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.clickhouse_http", str(directory)],
            cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})},
        )  # fmt: skip
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def url(self, database: str = "sightline") -> str:
        """Give the address of a store on it."""
        return f"clickhouse://127.0.0.1:{self.port}/{database}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)
        assert self._process.stdout is not None
        self._process.stdout.close()


def main() -> None:
    """Serve on a free port, which is printed."""
    Handler.address = f"{sys.argv[1]}?max_server_memory_usage={1 << 30}&background_pool_size=1"
    anchor = connect(Handler.address)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    try:
        server.serve_forever()
    finally:
        anchor.close()


if __name__ == "__main__":
    main()
