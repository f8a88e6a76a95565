"""
Ready-made health checks: each function takes what is to be checked, and gives a check for ``HealthChecker.add``.

No driver is imported here; the objects that are given bring theirs.
"""

from __future__ import annotations

import base64
import functools
import inspect
import os
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Check = Callable[[], Any | Awaitable[Any]]

_POSTGRES: Final = (
    "SELECT count(*), count(*) FILTER (WHERE state = 'active') FROM pg_stat_activity WHERE datname = current_database()"
)


def database(source: Any, *, statement: str = "SELECT 1") -> Check:
    """
    Check a database: connect and ask.

    The details are ``connection_time_ms``, and ``total_connections`` and ``active_connections`` of PostgreSQL.

    Args:
        source: a SQLAlchemy engine, plain or async, a pool of psycopg, or a function that gives a DB-API connection,
            such as ``functools.partial(psycopg.connect, dsn)``.
        statement: what is asked.
    """
    if hasattr(source, "sync_engine"):
        return functools.partial(_ask_async_engine, source, statement)
    if hasattr(source, "dialect") and hasattr(source, "connect"):
        return functools.partial(_ask_engine, source, statement)
    return functools.partial(_ask_connection, source, statement)


def _ask_engine(engine: Any, statement: str) -> dict[str, Any]:
    began = time.perf_counter()
    with engine.connect() as connection:
        connection.exec_driver_sql(statement).fetchall()
        details = {"connection_time_ms": _ms_since(began)}
        if engine.dialect.name == "postgresql":
            _add_counts(details, connection.exec_driver_sql(_POSTGRES).fetchone())
    return details


async def _ask_async_engine(engine: Any, statement: str) -> dict[str, Any]:
    began = time.perf_counter()
    async with engine.connect() as connection:
        await connection.exec_driver_sql(statement)
        details = {"connection_time_ms": _ms_since(began)}
        if engine.dialect.name == "postgresql":
            _add_counts(details, (await connection.exec_driver_sql(_POSTGRES)).fetchone())
    return details


def _ask_connection(source: Any, statement: str) -> dict[str, Any]:
    began = time.perf_counter()
    if hasattr(source, "connection"):
        with source.connection() as connection:
            return _ask_dbapi(connection, statement, began)
    connection = source()
    try:
        return _ask_dbapi(connection, statement, began)
    finally:
        connection.close()


def _ask_dbapi(connection: Any, statement: str, began: float) -> dict[str, Any]:
    cursor = connection.cursor()
    cursor.execute(statement)
    cursor.fetchall()
    details = {"connection_time_ms": _ms_since(began)}
    if type(connection).__module__.startswith("psycopg"):
        cursor.execute(_POSTGRES)
        _add_counts(details, cursor.fetchone())
    cursor.close()
    return details


def _add_counts(details: dict[str, Any], row: Any) -> None:
    details["total_connections"], details["active_connections"] = row[0], row[1]


def redis(client: Any) -> Check:
    """
    Check Redis by a client of redis-py, plain or async.

    The details are ``ping_time_ms``, ``used_memory_bytes``, ``used_memory`` for people, and ``connected_clients``.
    """
    if inspect.iscoroutinefunction(getattr(client, "execute_command", None)):
        return functools.partial(_ask_redis_async, client)
    return functools.partial(_ask_redis, client)


def _ask_redis(client: Any) -> dict[str, Any]:
    began = time.perf_counter()
    client.ping()
    return _redis_details(_ms_since(began), client.info())


async def _ask_redis_async(client: Any) -> dict[str, Any]:
    began = time.perf_counter()
    await client.ping()
    return _redis_details(_ms_since(began), await client.info())


def _redis_details(ping_ms: float, found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "ping_time_ms": ping_ms,
        "used_memory_bytes": found.get("used_memory"),
        "used_memory": found.get("used_memory_human"),
        "connected_clients": found.get("connected_clients"),
    }


def vector_store(client: Any) -> Check:
    """Check a vector store by a client such as Chroma's, plain or async; the detail is how many ``collections``."""

    async def ask_async() -> dict[str, Any]:
        return {"collections": _number(await _collections(client))}

    def ask() -> dict[str, Any]:
        return {"collections": _number(_collections(client))}

    asked = getattr(client, "count_collections", None) or client.list_collections
    return ask_async if inspect.iscoroutinefunction(asked) else ask


def _collections(client: Any) -> Any:
    count = getattr(client, "count_collections", None)
    return count() if count is not None else client.list_collections()


def _number(found: Any) -> int:
    return found if isinstance(found, int) else len(found)


def http_service(url: str, *, timeout_s: float = 5.0, headers: Mapping[str, str] | None = None) -> Check:
    """Check a service by a GET: degraded unless it answers 200, unhealthy where it does not answer."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        raise ValueError(f"The address to check begins with {parts.scheme or 'nothing'}:; expected http: or https:.")
    sent = dict(headers or {})
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        sent["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

    def ask() -> dict[str, Any]:
        # Imported by the first check: an HTTP client is much to load for a program that checks nothing.
        from urllib.error import HTTPError
        from urllib.request import Request, urlopen

        began = time.perf_counter()
        try:
            with urlopen(Request(bare, headers=sent), timeout=timeout_s) as response:  # noqa: S310 - only http(s), see above
                status = response.status
        except HTTPError as error:
            status = error.code
            error.close()
        found = {"status_code": status, "response_time_ms": _ms_since(began)}
        return found if status == 200 else {**found, "status": "degraded", "error": f"It answered {status}."}

    return ask


def memory(*, degraded_above_percent: float = 90.0) -> Check:
    """Check the machine's memory; degraded above the given share in use."""

    def ask() -> dict[str, Any]:
        import psutil

        found = psutil.virtual_memory()
        return _judged(
            {"percent": found.percent, "available_bytes": found.available, "total_bytes": found.total},
            "percent", degraded_above_percent, "of the memory is in use",
        )  # fmt: skip

    return ask


def disk(path: str = "/", *, degraded_above_percent: float = 90.0) -> Check:
    """Check the file system that *path* is on; degraded above the given share in use."""

    def ask() -> dict[str, Any]:
        import psutil

        found = psutil.disk_usage(path)
        return _judged(
            {"percent": found.percent, "free_bytes": found.free, "total_bytes": found.total},
            "percent", degraded_above_percent, f"of the file system of {path} is in use",
        )  # fmt: skip

    return ask


def cpu(*, degraded_above_percent: float = 90.0) -> Check:
    """Check the CPUs; degraded above the given share in use since the check before."""
    # Imported now, so that there is a time before the first check to measure from.
    from sightline.sdk.cpu import CpuShare

    share = CpuShare()
    return lambda: _judged(
        {"percent": share.percent(), "cpus": os.cpu_count()}, "percent", degraded_above_percent, "of the CPUs is in use"
    )


def load(*, degraded_above_per_cpu: float = 2.0) -> Check:
    """Check the load average of one minute; degraded above the given number of processes for each CPU."""

    def ask() -> dict[str, Any]:
        one, five, fifteen = os.getloadavg()
        found = {"load1": one, "load5": five, "load15": fifteen, "per_cpu": round(one / (os.cpu_count() or 1), 2)}
        return _judged(found, "per_cpu", degraded_above_per_cpu, "processes a CPU run or wait", unit="")

    return ask


def _judged(found: dict[str, Any], key: str, limit: float, what: str, unit: str = " %") -> dict[str, Any]:
    if found[key] <= limit:
        return found
    return {**found, "status": "degraded", "error": f"{found[key]:g}{unit} {what}; the limit is {limit:g}{unit}."}


def _ms_since(began: float) -> float:
    return round((time.perf_counter() - began) * 1000, 3)
