"""A server in a process of its own, for the benchmarks that need one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Self

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Server:
    """``sightline serve`` on *home* and free ports, unless told otherwise; ready when made, stopped on the way out."""

    def __init__(self, home: Path, environment: Mapping[str, str] | None = None) -> None:
        command = [sys.executable, "-m", "sightline", "serve", "--json", "--home", str(home)]
        # Plug-ins of packages that only peers need would count as the server's memory.
        plain = {"PYDANTIC_DISABLE_PLUGINS": "__all__", "SIGHTLINE_PORT": "0", "SIGHTLINE_GRPC_PORT": "0"}
        environment = {**os.environ, **plain, **(environment or {})}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"The server did not start (exit {self.process.wait()}).")
        told = json.loads(line)
        self.url: str = told["url"]
        self.listening: dict[str, str] = told["listening"]
        self.http = httpx.Client(base_url=self.url, timeout=60.0, trust_env=False)

    def rows(self, sql: str, **parameters: Any) -> list[list[Any]]:
        """Ask in SQL."""
        answer = self.http.post("/api/v1/sql", json={"query": sql, "parameters": parameters})
        if answer.is_error:
            raise SystemExit(f"The server refused {sql!r}: {answer.text}")
        rows: list[list[Any]] = answer.json()["rows"]
        return rows

    def behind(self) -> tuple[int, int]:
        """Tell how many segments the spool has, and how many bytes of them are not stored."""
        spool = self.http.get("/health").json()["checks"]["spool"]
        return spool["segments"], spool["behind_bytes"]

    def end(self, number: int = signal.SIGTERM) -> None:
        """End it by a signal."""
        self.process.send_signal(number)
        self.process.wait(60)
        self.http.close()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.end()
