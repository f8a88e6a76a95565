"""Turns on OpenTelemetry's instrumentations of libraries; their spans are recorded by our ``TracerProvider``."""

from __future__ import annotations

import importlib.util
import os
import threading
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from typing import TYPE_CHECKING, Final

from sightline.sdk import guard
from sightline.sdk.imports import when_imported
from sightline.sdk.presence import Instrumented, presence

if TYPE_CHECKING:
    from collections.abc import Callable

GROUP: Final = "opentelemetry_instrumentor"

OURS: Final = frozenset(
    {
        "fastapi",
        "starlette",
        "flask",
        "asgi",
        "wsgi",
        "logging",
        "system_metrics",
        "openai",
        "anthropic",
        "django",
        "celery",
    }
)
"""Instrumentations that are left out, because Sightline records the same by itself."""

MODULES: Final = {
    "aiohttp-client": "aiohttp",
    "aiohttp-server": "aiohttp",
    "grpc_aio_client": "grpc",
    "grpc_aio_server": "grpc",
    "grpc_client": "grpc",
    "grpc_server": "grpc",
    "mysql": "mysql.connector",
    "mysqlclient": "MySQLdb",
    "urllib": "urllib.request",
}
"""The module that an instrumentation is for, where it is not named as the instrumentation is."""

WORTH_INSTRUMENTING: Final = {
    "aiohttp": "aiohttp-client",
    "httpx": "httpx",
    "psycopg": "psycopg",
    "redis": "redis",
    "requests": "requests",
    "sqlalchemy": "sqlalchemy",
}
"""Libraries of which it is said when they are there and their instrumentation, which is the value, is not."""

NAMES: Final = "OTEL_SEMCONV_STABILITY_OPT_IN"
"""OpenTelemetry's variable for the names of attributes, and what it is taken for where it is not set."""

STABLE: Final = "http,database"


def instrument(only: str | None = None) -> bool:
    """
    Turn on every instrumentation that is installed, or only the one of this name, each when its library is imported.

    ``OTEL_PYTHON_DISABLED_INSTRUMENTATIONS`` names those that are not wanted, or ``*``. What is turned on, and what is
    not and why, is said in the process's file, which ``sightline doctor`` shows.

    Returns:
        Whether there is any.
    """
    unwanted = {name.strip() for name in os.environ.get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "").split(",")}
    found = set()
    wanted = None if only is None else WORTH_INSTRUMENTING.get(only, only)
    for entry in entry_points(group=GROUP) if wanted is None else entry_points(group=GROUP, name=wanted):
        found.add(entry.name)
        if entry.name in OURS:
            continue
        if entry.name in unwanted or "*" in unwanted:
            reason = "it is named in OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"
            presence.note(Instrumented(entry.name, reason=reason))
            continue
        module = MODULES.get(entry.name, entry.name.replace("-", "_"))
        when_imported(module, _turning_on(entry, module))
    for name, instrumentation in WORTH_INSTRUMENTING.items() if only is None else ():
        if instrumentation not in found and importlib.util.find_spec(name) is not None:
            when_imported(name, _regretting(name))
    return bool(found)


def _turning_on(entry: EntryPoint, module: str) -> Callable[[], None]:
    return lambda: _queue(entry, module)


class _Queue:
    """What is to be turned on. One instrumentation may import the library of another, within its own import."""

    def __init__(self) -> None:
        # Guards against two threads; the one that has it may come again, and then only leaves what it brings.
        self._lock = threading.RLock()
        self._waiting: list[tuple[EntryPoint, str]] = []
        self._working = False

    def __call__(self, entry: EntryPoint, module: str) -> None:
        """Turn *entry* on, now or after the one that is being turned on."""
        with self._lock:
            self._waiting.append((entry, module))
            if self._working:
                return
            self._working = True
            try:
                while self._waiting:
                    self._try(*self._waiting.pop(0))
            finally:
                self._working = False

    def _try(self, entry: EntryPoint, module: str) -> None:
        try:
            _turn_on(entry, module)
        except Exception as error:
            guard.failed(f"instrumenting {module}", error)


_queue: Final = _Queue()


def _turn_on(entry: EntryPoint, module: str) -> None:
    doubt, fits = _doubt(entry)
    if not fits:
        presence.note(Instrumented(entry.name, version=_version(module), reason=doubt))
        return
    _use_stable_names()
    try:
        instrumentor = entry.load()()
        # Imported behind OpenTelemetry's API, which is what our provider waits for.
        from sightline.sdk.provider import provider

        instrumentor.instrument(tracer_provider=provider(), skip_dep_check=True)
    except Exception as error:
        presence.note(Instrumented(entry.name, reason=f"{type(error).__name__}: {error}"))
        raise
    presence.note(Instrumented(entry.name, "opentelemetry", _version(module), doubt))


def _use_stable_names() -> None:
    """
    Let attributes have the names that OpenTelemetry has declared stable, which ours have, unless the host says another.

    Instrumentations begin with the old ones, and read the variable once; the host's children are not to inherit it.
    """
    if NAMES in os.environ:
        return
    from opentelemetry.instrumentation._semconv import _OpenTelemetrySemanticConventionStability as Stability

    os.environ[NAMES] = STABLE
    try:
        Stability._initialize()  # noqa: SLF001 - the variable is the only public way
    finally:
        del os.environ[NAMES]


def _doubt(entry: EntryPoint) -> tuple[str, bool]:
    """
    Compare the library that is installed with what the instrumentation was made for.

    One that is newer is instrumented all the same: instrumentations give the newest version they have seen as the
    last one, and stay behind by months.

    Returns:
        What does not fit, empty where all does, and whether it is instrumented.
    """
    from opentelemetry.instrumentation.dependencies import get_dist_dependency_conflicts
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

    conflict = get_dist_dependency_conflicts(entry.dist) if entry.dist is not None else None
    if conflict is None:
        return "", True
    if not conflict.required or not conflict.found:
        return str(conflict), False
    wanted = Requirement(str(conflict.required))
    found = _version(wanted.name)
    least = SpecifierSet(",".join(str(part) for part in wanted.specifier if part.operator in {">", ">="}))
    fits = bool(found) and least.contains(found, prereleases=True)
    return (
        f"{wanted.name} {found} is not among the versions that its instrumentation was made for ({wanted.specifier})",
        fits,
    )


def _regretting(name: str) -> Callable[[], None]:
    def regret() -> None:
        presence.note(Instrumented(
            name, version=_version(name),
            reason=f'its instrumentation is not installed: pip install "sightline[{name}]"',
        ))  # fmt: skip

    return regret


def _version(module: str) -> str:
    try:
        return version(module.partition(".")[0])
    except PackageNotFoundError:
        return ""
