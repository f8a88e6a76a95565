"""Servers that clients in tests talk to: a web server that notes what it is sent, PostgreSQL and Redis on sockets."""

from __future__ import annotations

import contextlib
import http.server
import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Answering(http.server.BaseHTTPRequestHandler):
    """Answers everything, ``/bad`` with 500, and notes the traces that come in."""

    seen: list[str | None]

    def do_GET(self) -> None:
        """Answer."""
        self.seen.append(self.headers["traceparent"])
        self.send_response(500 if self.path.startswith("/bad") else 204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@contextlib.contextmanager
def web_server() -> Iterator[tuple[int, list[str | None]]]:
    """Run a web server; gives its port and the ``traceparent`` of each request."""
    seen: list[str | None] = []
    kind = type("Answering", (_Answering,), {"seen": seen})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_port, seen
        finally:
            server.shutdown()
            thread.join()


def postgres_programs() -> Path | None:
    """Find the directory of PostgreSQL's programs, which Debian keeps off the path."""
    found = shutil.which("initdb")
    known = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return known[-1] if known else None


@contextlib.contextmanager
def postgres(programs: Path) -> Iterator[str]:
    """Run a PostgreSQL on a socket of its own; gives what to connect to."""
    directory = tempfile.mkdtemp(prefix="sightline-postgres-")
    # It does not run as root.
    owner = {"user": "postgres"} if os.geteuid() == 0 else {}
    if owner:
        shutil.chown(directory, "postgres")
    subprocess.run([programs / "initdb", "-D", f"{directory}/data", "-A", "trust", "-U", "shop", "--no-sync"],
                   check=True, capture_output=True, cwd=directory, **owner)  # fmt: skip
    server = subprocess.Popen(
        [programs / "postgres", "-D", f"{directory}/data", "-k", directory, "-h", "", "-F"],
        stderr=subprocess.PIPE, text=True, cwd=directory, **owner,
    )  # fmt: skip
    assert server.stderr is not None
    try:
        for line in server.stderr:
            if "ready to accept connections" in line:
                break
        yield f"host={directory} user=shop dbname=postgres"
    finally:
        server.terminate()
        server.communicate()
        shutil.rmtree(directory)


@contextlib.contextmanager
def redis_server(directory: Path) -> Iterator[str]:
    """Run a Redis on a socket, with the password ``hunter2``; gives its address."""
    # A path of a socket has at most 107 characters, which directories of tests may pass.
    with tempfile.TemporaryDirectory(prefix="sightline-redis-") as short:
        server = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", f"{short}/s", "--requirepass", "hunter2", "--save", ""],
            cwd=directory, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert server.stdout is not None
        try:
            for line in server.stdout:
                if "ready to accept connections" in line.lower():
                    break
            yield f"unix://:hunter2@{short}/s"
        finally:
            server.terminate()
            server.communicate()
