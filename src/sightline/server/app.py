"""Wires the server: opens what handlers share, includes every router, closes in the right order."""

from __future__ import annotations

import logging
import pkgutil
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI

from sightline.server import api, dashboard, health, ingest, problems
from sightline.server.condition import look, look_before, sweep
from sightline.server.copies import Copies
from sightline.server.description import describe
from sightline.server.guard import Guard
from sightline.server.health import Health
from sightline.server.ingest.body import pending_bytes
from sightline.server.ingest.intake import Intake
from sightline.server.ingest.lines import LinesIngest
from sightline.server.ingest.waiting import WAITING_SHARE
from sightline.server.leaving import Leaving
from sightline.server.live import Live
from sightline.server.merge_guard import MergeGuard
from sightline.server.relief import relieving
from sightline.server.room import LINES_SHARE, Room, disks
from sightline.server.rush import Rush
from sightline.server.services import Counters, Services
from sightline.server.straight import Straight
from sightline.spool.reader import SpoolReader
from sightline.state.database import open_database
from sightline.state.issues import Issues
from sightline.state.offsets import Offsets
from sightline.store import address as addresses
from sightline.store import keep, power
from sightline.store.connect import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping
    from pathlib import Path
    from types import ModuleType

ENGINE_SHARE: Final = 0.55
"""Share of the memory budget that is the engine's; the interpreter, and requests on their way, have the rest."""

ENGINE_LEAST_BYTES: Final = 256 * 1024 * 1024
"""With less the engine cannot merge."""

INSERT_SHARE: Final = 18
"""
The memory budget is this many times what two inserts of lines unfold to. The engine needs 40 MiB and two to four times
that for ordinary lines, fifteen times for logs in which no word comes twice: one of those still fits by itself.
"""

BATCH_SHARE: Final = 64
"""The memory budget is this many times the most lines that are inserted together: larger inserts cost less a line."""

BATCH_MOST_BYTES: Final = 64 * 1024 * 1024
"""With more lines together, those that wait for the insert to end are seen too late."""

CROWD: Final = 2
"""Requests that are under way at once: one client that sends one after the other makes no rush."""

VERSION: Final = metadata.version("sightline")

_log = logging.getLogger(__name__)


@contextmanager
def open_services(settings: Mapping[str, Any], url: str, *, serves: bool = True) -> Iterator[Services]:
    """
    Open the store, the state and the spool of ``settings["home"]``; the caller holds the home's lock.

    On the way out, what is written already is stored before the store is closed.

    Args:
        settings: every setting by its name.
        url: where the server answers.
        serves: whether this is a server's process. Only that tells the engine how long to keep records and whether to
            wait for the disk: a command may run with other settings.
    """
    home: Path = settings["home"]
    address = addresses.of_home(settings["store"], home)
    place = addresses.read(address)
    directory = place.directory if isinstance(place, addresses.Embedded) else None
    sweep(home, directory)
    before = look_before(home, directory)
    with ExitStack() as stack:
        store = Store.open(
            address,
            memory_bytes=max(ENGINE_LEAST_BYTES, int(settings["memory_bytes"] * ENGINE_SHARE)),
            query_seconds=settings["query_seconds"],
        )
        stack.callback(store.close)
        stack.enter_context(relieving(store, settings["memory_bytes"]))
        room = Room(disks(home, store.directory), settings["disk_reserve_bytes"], settings["memory_bytes"])
        store.admit = lambda lines: room.check(lines=lines)
        rush = Rush(store, settings["memory_bytes"])
        if store.directory is not None:
            proof = store.prove(int(settings["disk_reserve_bytes"] * LINES_SHARE))
            merges = MergeGuard(store, store.directory, settings["disk_reserve_bytes"], proof, rush)
            merges.start()
            stack.callback(merges.stop)
        noticed = look(store, home, before)
        for sentence in noticed:
            _log.warning(sentence)
        if serves:
            keep.apply(store, settings["retention"] or {}, settings["environment"] or "")
            power.apply(store, fsync=settings["fsync"])
        state = open_database(home / "state.db", fsync=settings["fsync"])
        stack.callback(state.dispose)
        offsets, issues = Offsets(state), Issues(state)
        live, counters = Live(), Counters()
        reader = SpoolReader(home / "spool", offsets.load())
        lines = LinesIngest(
            store,
            offsets,
            reader,
            live=live,
            counters=counters,
            quarantine=home / "quarantine",
            batch_bytes=min(BATCH_MOST_BYTES, settings["memory_bytes"] // BATCH_SHARE),
            weight_limit=settings["memory_bytes"] // INSERT_SHARE,
        )
        lines.start()
        stack.callback(lines.stop)
        copies = Copies()
        stack.callback(copies.close)
        stack.callback(live.close)
        held = pending_bytes(settings["memory_bytes"])
        waiting = settings["memory_bytes"] // WAITING_SHARE
        intake = Intake(store, counters, live, held, waiting, quarantine=home / "quarantine")
        stack.callback(intake.close)
        if store.directory is not None:
            stack.enter_context(rush.watch(lambda: intake.pending.requests >= CROWD))
        yield Services(
            store=store,
            offsets=offsets,
            issues=issues,
            live=live,
            counters=counters,
            health=Health(store, lines, counters, home, noticed),
            lines=lines,
            intake=intake,
            settings=settings,
            home=home,
            url=url,
            version=VERSION,
            copies=copies,
        )


def create_app(services: Services, *, listen: bool = True) -> FastAPI:
    """
    Make the application over *services*, which the caller opens before and closes after.

    Args:
        services: what the handlers share.
        listen: take the ports of protocols that have their own, and follow log files. A command does not.
    """
    app = FastAPI(
        title="Sightline",
        version=VERSION,
        summary="Logs, metrics, traces and events of applications.",
        openapi_url=None,  # api/openapi.py gives it, with a tag
        docs_url=None,  # its page loads scripts from another host
        redoc_url=None,
        lifespan=_listening if listen else _answering,
    )
    app.state.sightline = services
    # The documentation describes an application that has no services.
    if services:
        app.add_middleware(Leaving, store=services.store)
    app.add_middleware(Guard, origins=frozenset(services.settings["browser_origins"] if services else ()))
    problems.install(app)
    _include(app)
    describe(app)
    return app


@asynccontextmanager
async def _answering(app: FastAPI) -> AsyncIterator[None]:
    """Only answer; what is under way at the end is stored."""
    services: Services = app.state.sightline
    yield
    await services.intake.drain()


@asynccontextmanager
async def _listening(app: FastAPI) -> AsyncIterator[None]:
    """Listen on the ports of protocols that have their own; what is under way at the end is stored."""
    services: Services = app.state.sightline
    async with AsyncExitStack() as listeners:
        try:
            for module in _modules(ingest):
                if hasattr(module, "listen"):
                    await listeners.enter_async_context(module.listen(services))
        except Exception as error:
            services.failure = error
            raise
        yield
    await services.intake.drain()


def _include(app: FastAPI) -> None:
    """Take the routes of every protocol and of every noun; adding one is adding its file."""
    modules = [*_modules(ingest), *_modules(api)]
    routers = [health.router, dashboard.router, *(module.router for module in modules if hasattr(module, "router"))]
    # As they are: a router that is included looks at each request much longer to find that it is not for it.
    routes = [route for router in routers for route in router.routes]
    app.router.routes += [Straight(routes), *routes]


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in sorted(pkgutil.iter_modules(package.__path__, f"{package.__name__}."), key=lambda entry: entry.name):
        yield import_module(found.name)
