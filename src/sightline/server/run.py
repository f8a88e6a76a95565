"""Runs the server in this process, from taking the home's lock to letting go of it."""

from __future__ import annotations

import gc
import ipaddress
import logging
import signal
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from sightline.base.errors import SettingInvalid, StoreUnavailable
from sightline.base.interrupts import Held
from sightline.server.app import VERSION, create_app, open_services
from sightline.server.lock import HomeLock
from sightline.server.ports import take

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType

    from sightline.server.live import Live

GRACE_S: Final = 5
"""Seconds that requests get to end when the server stops."""

_log = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """uvicorn, that says when it is ready and ends streams when it is asked to stop."""

    def __init__(self, config: uvicorn.Config, live: Live, ready: Callable[[], None], interrupt: Held) -> None:
        super().__init__(config)
        self._live = live
        self._ready = ready
        self._interrupt = interrupt
        self._answers = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and not self.should_exit:
            freeze_heap()
            self._ready()
            self._answers = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own raises the signal again when it is done, which would end the process before the store is closed.
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        self.should_exit = self._interrupt.asked
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        if sig == signal.SIGINT and not self._answers:
            self._interrupt.asked = True
        self._live.close()


def run(
    settings: Mapping[str, Any],
    on_ready: Callable[[str, Mapping[str, str]], None],
    *,
    spare: frozenset[str] = frozenset(),
) -> None:
    """
    Serve until the process is told to stop.

    Args:
        settings: every setting's value by its name; ``home`` is absolute.
        on_ready: called once the server answers, with its address, and the other ones by protocol.
        spare: settings of ports that nobody chose. Where others use them, the server answers on a free port, and goes
            on without a protocol that has its own.

    Raises:
        SettingInvalid: if the address is not loopback, which needs authentication.
        StoreLocked: if another server runs on the same home.
        StoreUnavailable: if a port is taken, or home or store cannot be used.
        KeyboardInterrupt: if Ctrl-C came before it answered; what was opened is closed.
    """
    host = settings["host"]
    check_host(host)
    with Held() as interrupt, ExitStack() as stack:
        lock = stack.enter_context(HomeLock(settings["home"]))
        listener = stack.enter_context(_take(settings, spare))
        url = _url(host, listener.getsockname()[1])
        services = stack.enter_context(open_services(settings, url))
        services.spare = spare
        interrupt.check()

        def ready() -> None:
            lock.announce(url, VERSION)
            try:
                on_ready(url, services.listening)
            except OSError as error:  # nobody reads what it says
                services.failure = error
                server.should_exit = True

        app = create_app(services)
        config = uvicorn.Config(
            app,
            http="httptools",
            loop="uvloop",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
            timeout_keep_alive=30,
        )
        server = _Server(config, services.live, ready, interrupt)
        server.run(sockets=[listener])
        if services.failure is not None:
            raise services.failure


def freeze_heap() -> None:
    """Leave what exists by now out of garbage collections: to look through it stops every thread for 80 ms."""
    gc.collect()
    gc.freeze()


def _take(settings: Mapping[str, Any], spare: frozenset[str]) -> socket.socket:
    try:
        return take(settings, "port")
    except StoreUnavailable as error:
        if "port" not in spare:
            raise
        _log.warning("%s A free port is taken instead, for an application started this server.", error)
    return take({**settings, "port": 0}, "port")


def check_host(host: str) -> None:
    """
    Refuse any address that others can reach.

    Raises:
        SettingInvalid: if *host* is not loopback.
    """
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise SettingInvalid(
            f"host is {host!r}; this version has no authentication and serves loopback only. Use 127.0.0.1 or ::1, and "
            "reach it from elsewhere through a tunnel or a proxy that authenticates."
        )


def _url(host: str, port: int) -> str:
    return f"http://[{host.strip('[]')}]:{port}" if ":" in host else f"http://{host}:{port}"
