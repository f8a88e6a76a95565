"""What a process logged before and after one log."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from sightline.base.errors import QueryInvalid
from sightline.query.logs import COLUMNS, TIE, LogRecord, log_record
from sightline.query.timerange import MAX_TIME_NS, NS_PER_S

if TYPE_CHECKING:
    from sightline.store.connect import Store

MAX_LINES: Final = 200
"""Most logs before, and after."""

REACH_NS: Final = 24 * 3600 * NS_PER_S
"""How far before and after is looked: a day, so that a quiet process costs no search through everything."""

_ID: Final = re.compile(r"([0-9a-f]{1,16})-([0-9a-f]{16})")

_SAME: Final = {
    "process": "ServiceName = {service:String} "
    "AND ResourceAttributes['service.instance.id'] = {instance:String} "
    "AND ResourceAttributes['host.name'] = {host:String}",
    "service": "ServiceName = {service:String}",
    "everything": "1",
}


class LogContext(msgspec.Struct):
    """A log, with those before it and after it, all in their order."""

    before: list[LogRecord]
    record: LogRecord
    after: list[LogRecord]
    elapsed_ms: float


def log_context(
    store: Store, log_id: str, *, before: int = 10, after: int = 10, of: str = "process"
) -> LogContext | None:
    """
    Give the logs around one.

    Args:
        store: where.
        log_id: the ``id`` of a log.
        before: how many before it, at most ``MAX_LINES``.
        after: how many after it.
        of: whose logs: those of the same ``process``, of the same ``service``, or ``everything``.

    Raises:
        QueryInvalid: if *log_id* is no id.
    """
    time_ns, tie = _parsed(log_id)
    found = store.query(
        f"SELECT {COLUMNS} FROM otel_logs WHERE Timestamp = fromUnixTimestamp64Nano({{time:Int64}}) "
        f"AND {TIE} = {{tie:UInt64}} LIMIT 1",
        {"time": time_ns, "tie": tie},
    )
    if not found.rows:
        return None
    record = log_record(found.rows[0])
    parameters = {
        "time": time_ns,
        "tie": tie,
        "service": record.service,
        "instance": record.resource.get("service.instance.id", ""),
        "host": record.resource.get("host.name", ""),
    }
    earlier = _beside(store, {**parameters, "reach": time_ns - REACH_NS, "limit": before}, of, "<=", "DESC")
    later = _beside(store, {**parameters, "reach": time_ns + REACH_NS, "limit": after}, of, ">=", "ASC")
    return LogContext(earlier[::-1], record, later, found.elapsed_ms)


def _beside(store: Store, parameters: dict[str, object], of: str, operator: str, order: str) -> list[LogRecord]:
    """Read on one side; records of the same nanosecond are told apart by their hash."""
    inward, outward = ("<", ">=") if operator == "<=" else (">", "<=")
    at = "fromUnixTimestamp64Nano({time:Int64})"
    found = store.query(
        f"SELECT {COLUMNS} FROM otel_logs WHERE Timestamp {operator} {at} "
        f"AND Timestamp {outward} fromUnixTimestamp64Nano({{reach:Int64}}) AND {_SAME[of]} "
        f"AND (Timestamp != {at} OR {TIE} {inward} {{tie:UInt64}}) "
        f"ORDER BY Timestamp {order}, tie {order} LIMIT {{limit:UInt32}}",
        parameters,
    )
    return [log_record(row) for row in found.rows]


def _parsed(log_id: str) -> tuple[int, int]:
    found = _ID.fullmatch(log_id)
    if not found or int(found[1], 16) > MAX_TIME_NS:
        raise QueryInvalid(f"{log_id[:64]!r} is no id of a log. Take the id of an answer of /api/v1/logs.")
    return int(found[1], 16), int(found[2], 16)
