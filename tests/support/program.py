"""Programs of tests in processes of their own, which get a listening socket and need not be waited for."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Self

import httpx

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_S = 60.0
"""Seconds that an answer or an end may take; far more than is needed, for busy machines."""


def environment(home: Path, **more: str) -> dict[str, str]:
    """Give the environment of a program that records to *home*."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SIGHTLINE_", "OTEL_"))}
    return {**kept, "SIGHTLINE_HOME": str(home), "PYTHONUNBUFFERED": "1", "SIGHTLINE_RAISE": "1", **more}


def run_python(source: str, home: Path, *, expect: int = 0, **more: str) -> str:
    """Run a program to its end and give what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", source],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
        env=environment(home, **more),
    )
    assert done.returncode == expect, done.stderr
    return done.stdout


class WebServer:
    """
    A web server on a free port. The socket listens before the server starts, so that requests simply wait for it.

    A context manager: on the way out the server is stopped as a service manager does it.
    """

    def __init__(self, command: list[str], directory: Path, home: Path, **more: str) -> None:
        """Start *command*, in which ``{fd}`` stands for the number of the listening socket."""
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
            port = listening.getsockname()[1]
            self._log = home.with_name(f"{home.name}.program.log")
            with self._log.open("wb") as log:
                self.process = subprocess.Popen(
                    [part.format(fd=listening.fileno()) for part in command],
                    cwd=directory,
                    env=environment(home, **more),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[listening.fileno()],
                    start_new_session=True,
                )
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S, trust_env=False)

    def log(self) -> str:
        """Give what the server printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """Stop it in order, and wait for its end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        try:
            self.stop()
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
