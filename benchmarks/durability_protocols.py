"""
Clients of every protocol send while the server is killed with SIGKILL at random and started again.

Each sends what it was not told is stored again, as real ones do. In the end everything acknowledged is to be found, and
nothing twice that the protocol can tell apart.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from durability_senders import SENDERS
from serving import Server

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from durability_senders import Client, Sender

PAUSE_S: Final = 0.02
"""Between two requests of a client: load, but no more than a busy machine takes."""

AGAIN_S: Final = 0.1
"""Before a client sends again what was not acknowledged."""

PATIENCE_S: Final = 120.0

COUNTED: Final = """
SELECT count() AS found, uniqExact(n) AS different, uniqExactIf(n, n < {acknowledged:UInt64}) AS promised FROM (@)
"""


class Worker(threading.Thread):
    """
    One client: sends numbered records one request after the other, each until it is acknowledged.

    Attributes:
        acknowledged: records that were.
        again: requests that were sent again.
        failure: what ended it before it was to stop.
    """

    def __init__(self, name: str, sender: Sender, server: Server) -> None:
        super().__init__(name=name, daemon=True)
        self.run_name = f"{name}-{os.urandom(4).hex()}"
        self.sender = sender
        self.acknowledged = 0
        self.again = 0
        self.failure: BaseException | None = None
        self._server = server
        self._client: Client | None = None
        self._enough = threading.Event()

    def run(self) -> None:
        """Send until it is enough."""
        try:
            while not self._enough.is_set():
                numbers = range(self.acknowledged, self.acknowledged + self.sender.records)
                body = self.sender.encode(self.run_name, numbers)
                while not self._send(body):
                    self.again += 1
                    time.sleep(AGAIN_S)
                self.acknowledged = numbers.stop
                time.sleep(PAUSE_S)
        except BaseException as error:
            self.failure = error
        self._leave()

    def finish(self) -> None:
        """Let it end with what is under way."""
        self._enough.set()
        self.join(PATIENCE_S)
        if self.failure is not None or self.is_alive():
            raise SystemExit(f"{self.name}: {self.failure or f'sends one request for {PATIENCE_S:.0f} s'}")

    def _send(self, body: Any) -> bool:
        """Send over the connection that is there; one that failed is left, and the next is a new one."""
        try:
            if self._client is None:
                self._client = self.sender.connect(self._server)
            if self._client.send(body):
                return True
        except OSError:
            pass
        self._leave()
        return False

    def _leave(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


class Fleet:
    """A server on ports that it has again when it is started again, and a client of each protocol that sends to it."""

    def __init__(
        self, home: Path, names: Iterable[str] = SENDERS, environment: Mapping[str, str] | None = None
    ) -> None:
        ports = {f"SIGHTLINE_{name}PORT": str(_free_port()) for name in ("", "GRPC_", "FLUENTD_")}
        self.home = home
        self._environment = {**ports, **(environment or {})}
        self.server = Server(home, self._environment)
        self.workers = [Worker(name, SENDERS[name], self.server) for name in names]

    def __enter__(self) -> Self:
        for worker in self.workers:
            worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.server.process.poll() is None:
            self.server.end()

    def kill(self) -> None:
        """Kill the server as the OOM killer does."""
        self.server.end(signal.SIGKILL)

    def start(self) -> None:
        """Start it again."""
        self.server = Server(self.home, self._environment)

    def progress(self, *, refused: bool = False) -> None:
        """Wait until each client got an answer: what it sent is stored, or refused."""
        before = self._figures()
        until = time.monotonic() + PATIENCE_S
        for worker, (acknowledged, again) in zip(self.workers, before, strict=True):
            while not (worker.again > again if refused else worker.acknowledged > acknowledged):
                if worker.failure is not None or time.monotonic() > until:
                    raise SystemExit(f"{worker.name} does not go on: {worker.failure or 'no answer'}")
                time.sleep(0.01)

    def finish(self) -> dict[str, dict[str, Any]]:
        """Let all clients end, and count what is found of each."""
        for worker in self.workers:
            worker.finish()
        return {worker.name: self._found(worker) for worker in self.workers}

    def _figures(self) -> list[tuple[int, int]]:
        return [(worker.acknowledged, worker.again) for worker in self.workers]

    def _found(self, worker: Worker) -> dict[str, Any]:
        sql = COUNTED.replace("@", worker.sender.found)
        rows = self.server.rows(sql, run=worker.run_name, acknowledged=worker.acknowledged)
        found, different, promised = map(int, rows[0])
        return {
            "acknowledged": worker.acknowledged,
            "lost": worker.acknowledged - promised,
            "duplicated": found - different,
            "sent_again": worker.again,
            "once": worker.sender.once,
        }


def failed(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Name the protocols that lost something, or stored twice what they can tell apart."""
    return [name for name, one in found.items() if one["lost"] or (one["once"] and one["duplicated"])]


@contextlib.contextmanager
def directory() -> Any:
    """Give a directory that is gone afterwards."""
    made = Path(tempfile.mkdtemp(prefix="sightline-bench-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def measure(rounds: int, seconds: float, seed: int) -> dict[str, dict[str, Any]]:
    """Kill and start the server again for some rounds while all clients send, then count."""
    chance = random.Random(seed)
    with directory() as place, Fleet(place / "home") as fleet:
        fleet.progress()
        for _ in range(rounds):
            time.sleep(chance.uniform(0.1, seconds))
            fleet.kill()
            fleet.start()
        return fleet.finish()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port
