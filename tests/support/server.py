"""A real server in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx

START_S = 30.0
"""Seconds that a server may take to answer; far more than it needs, for busy machines."""


class ServerProcess:
    """
    ``sightline serve`` on *home* and a free port. A context manager: on the way out it is stopped if it still runs.

    Attributes:
        url: where it answers.
        listening: where it takes each protocol with a port of its own, by its name.
        process: its process.
    """

    def __init__(self, home: Path, *, environment: dict[str, str] | None = None, port: str = "0") -> None:
        self.home = home
        self._log = home.with_name(f"{home.name}.server.log")
        quiet = {"SIGHTLINE_GRPC_PORT": "off", "PYDANTIC_DISABLE_PLUGINS": "__all__"}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SIGHTLINE_", "OTEL_"))}
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sightline", "serve", "--json", "--port", port, "--home", str(home)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**kept, **quiet, **(environment or {})},
            )
        assert self.process.stdout is not None
        line = (
            self.process.stdout.readline()
        )  # one line when it answers, or the end of the file when it could not start
        if not line:
            self.process.wait(START_S)
            self.process.stdout.close()
            raise RuntimeError(f"The server did not start (exit {self.process.returncode}): {self.log()}")
        told = json.loads(line)
        self.url: str = told["url"]
        self.listening: dict[str, str] = told["listening"]
        self.http = httpx.Client(base_url=self.url, timeout=30.0, trust_env=False)

    def log(self) -> str:
        """Give what the server wrote to stderr."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def get(self, path: str, **parameters: Any) -> Any:
        """Ask and have the answer's JSON; anything but 2xx is an error."""
        response = self.http.get(path, params=parameters)
        response.raise_for_status()
        return response.json()

    def stop(self) -> int:
        """Stop it as a service manager does, and give its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it as the OOM killer does."""
        self._end(signal.SIGKILL)

    def _end(self, number: int) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(30)
        self.http.close()
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()
        else:
            self._end(signal.SIGTERM)


def eventually(look: Callable[[], Any], *, timeout_s: float = 15.0) -> Any:
    """Call *look* until it gives something true, and give that; fail with its last answer when none came in time."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"nothing true in {timeout_s} s, last: {found!r}"
        time.sleep(0.03)
