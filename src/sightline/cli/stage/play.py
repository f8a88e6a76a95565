"""The course of a demo: start everything, let it run, stop in order, compare what was written with what is found."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Final

import httpx
import msgspec

from sightline.base.errors import SightlineError
from sightline.cli.answers import Remote
from sightline.cli.stage import probe
from sightline.cli.stage.programs import Programs, find_examples, free_port
from sightline.cli.stage.stored import count_stored
from sightline.cli.stage.tally import Tally

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from sightline.cli.stage.counts import Counts
    from sightline.cli.stage.programs import Program

SERVICES: Final = ("shop", "payments", probe.SERVICE)

READY_S: Final = 60.0
"""Longest wait for a program to answer, in seconds; the first start compiles and makes tables."""

DRAIN_S: Final = 30.0
"""Longest wait until all that was written is found, in seconds."""

_LOOK_S: Final = 0.1
"""Seconds between two looks at the spool, far below the time in which a segment is filled."""


class Outcome(msgspec.Struct):
    """
    What a demo found.

    Attributes:
        url: where the server answered.
        seconds: how long there was traffic.
        accepted: records in the segments that the applications wrote.
        stored: records that queries found at the end.
        lost: accepted and not found; negative where something was stored twice.
        first_visible_ms: from the first log's call until a search found it; None where none was found.
        p95_visible_ms: the same, 95th percentile of all probes.
    """

    url: str
    seconds: float
    accepted: Counts
    stored: Counts
    lost: int
    first_visible_ms: float | None
    p95_visible_ms: float | None


class NotReady(SightlineError):
    """A program of the demo does not answer."""


class Play:
    """One demo, in *home*."""

    def __init__(self, home: Path, port: int, rate: float) -> None:
        """
        Prepare.

        Args:
            home: directory of the spool, the store and the programs' output.
            port: of the server, where it is free.
            rate: customers a second.
        """
        self.home = home
        self.url = f"http://127.0.0.1:{free_port(port)}"
        self.shop_url = f"http://127.0.0.1:{free_port(8000)}"
        self._payments_url = f"http://127.0.0.1:{free_port(8001)}"
        self._grpc_port = str(free_port(4317))
        self._rate = rate
        self._examples = find_examples()
        self._tally = Tally(home / "spool", SERVICES)

    def run(self, stop: threading.Event, seconds: float | None, on_ready: Callable[[], None],
            on_look: Callable[[float, Counts], None]) -> Outcome:  # fmt: skip
        """
        Run until *stop* is set or *seconds* of traffic are over.

        Args:
            stop: ends it.
            seconds: how long; None is until *stop*.
            on_ready: called when everything answers.
            on_look: called about every second with the seconds passed and what was accepted so far.

        Raises:
            KeyboardInterrupt: if *stop* is set before everything answers; what was started is stopped.
        """
        with Programs() as programs:
            server = self._start(programs, "server", self._serve_arguments())
            payments = self._start(programs, "payments", self._uvicorn("shop.payments:app", self._payments_url))
            shop = self._start(programs, "shop", self._uvicorn("shop.web:app", self.shop_url))
            self._wait(stop, server, f"{self.url}/health")
            watcher = self._start(programs, "probe", ["-m", "sightline.cli.stage.probe", self.url])
            self._wait(stop, payments, f"{self._payments_url}/openapi.json")
            self._wait(stop, shop, f"{self.shop_url}/products")
            self._wait_seen(stop, watcher)
            customers = self._start(
                programs, "customers", ["-m", "shop.load", "--url", self.shop_url, "--rate", str(self._rate)]
            )
            on_ready()
            passed = self._let_run(programs, stop, seconds, on_look)
            # Those who ask first, then those who answer: every request that began is finished and recorded.
            for program in (customers, shop, payments, watcher):
                program.stop()
            accepted = self._tally.look()
            self._tally.close()
            stored = self._drain(accepted)
        visible = self._visible(watcher)
        first = visible[0] if visible else None
        return Outcome(
            self.url, passed, accepted, stored, accepted.total - stored.total, first, percentile(visible, 95)
        )

    def _start(self, programs: Programs, name: str, arguments: list[str]) -> Program:
        return programs.start(name, arguments, self.home, {
            "SIGHTLINE_HOME": str(self.home), "SIGHTLINE_METRICS_INTERVAL": "5", "SIGHTLINE_SYSTEM_INTERVAL": "5",
            "PYTHONPATH": os.pathsep.join(filter(None, (str(self._examples), os.environ.get("PYTHONPATH")))),
            "SIGHTLINE_GRPC_PORT": self._grpc_port,
            "SHOP_PAYMENTS": self._payments_url,
            "SHOP_DATABASE": f"sqlite:///{self.home}/shop.db",
        })  # fmt: skip

    def _serve_arguments(self) -> list[str]:
        return ["-m", "sightline", "serve", "--home", str(self.home), "--port", self.url.rpartition(":")[2]]

    def _uvicorn(self, application: str, url: str) -> list[str]:
        return ["-m", "uvicorn", application, "--port", url.rpartition(":")[2], "--no-access-log"]

    def _wait(self, stop: threading.Event, program: Program, url: str) -> None:
        """Wait until *program* answers at *url*, and count meanwhile."""
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            _check(stop, program)
            self._tally.look()
            try:
                if httpx.get(url, timeout=5, trust_env=False).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise NotReady(f"The demo's {program.name} does not answer at {url}; {program.output} has what it said.")

    def _wait_seen(self, stop: threading.Event, watcher: Program) -> None:
        """Wait until the first probe is through: from then on it is known that what is recorded is found."""
        deadline = time.monotonic() + READY_S
        while not watcher.output.stat().st_size and time.monotonic() < deadline:
            _check(stop, watcher)
            self._tally.look()
            time.sleep(0.05)

    def _let_run(self, programs: Programs, stop: threading.Event, seconds: float | None,
                 on_look: Callable[[float, Counts], None]) -> float:  # fmt: skip
        begun = told = time.monotonic()
        while not stop.wait(_LOOK_S):
            now = time.monotonic()
            counts = self._tally.look()
            for program in programs:
                program.check()
            if now - told >= 1:
                told = now
                on_look(now - begun, counts)
            if seconds is not None and now - begun >= seconds:
                break
        return round(time.monotonic() - begun, 3)

    def _drain(self, accepted: Counts) -> Counts:
        """Wait until as much is found as was written; more would be as wrong as less, so it looks once again."""
        deadline = time.monotonic() + DRAIN_S
        server = Remote(self.url)
        try:
            while (stored := count_stored(server, SERVICES)) != accepted and time.monotonic() < deadline:
                time.sleep(0.2)
            time.sleep(0.5)
            return count_stored(server, SERVICES) if stored == accepted else stored
        finally:
            server.close()

    def _visible(self, watcher: Program) -> list[float]:
        lines = watcher.output.read_text(errors="replace").splitlines()
        found = [json.loads(line)["visible_ms"] for line in lines if line.startswith('{"visible_ms"')]
        return [round(value, 1) for value in found if value is not None]


def _check(stop: threading.Event, program: Program) -> None:
    if stop.is_set():
        raise KeyboardInterrupt
    program.check()


def percentile(values: list[float], share: float) -> float | None:
    """Give the smallest value that *share* percent of all do not exceed; None where there are none."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * int(share) // 100) - 1)]
