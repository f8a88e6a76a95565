"""Records as Parquet, one day a file: read as they lie, written as they come, so that memory stays the same."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from sightline.base.errors import QueryInvalid
from sightline.query.search import EVENTS, LOGS, TRACES, compile_search
from sightline.query.timerange import IN_RANGE, NS_PER_S, TimeRange, rfc3339
from sightline.query.told import Told

if TYPE_CHECKING:
    from collections.abc import Generator

    from sightline.query.search import Signal
    from sightline.store.connect import Store

Kind = Literal["logs", "traces", "events", "profiles", "metrics", "histograms"]

DAY_NS: Final = 86_400 * NS_PER_S

LONGEST_S: Final = 3600.0
"""Longest that the export of one range may take, whoever reads it included."""

ALL: Final = 1 << 62
"""More rows and bytes than there are: nothing is cut off."""

_SERIES: Final = """
ANY LEFT JOIN (
    SELECT SeriesId, any(MetricName) AS MetricName, max(MetricType) AS MetricType, any(Unit) AS Unit,
        any(ServiceName) AS ServiceName, any(Labels) AS Labels, any(ResourceAttributes) AS ResourceAttributes
    FROM metric_series GROUP BY SeriesId
) AS series USING SeriesId
"""
_NAMES: Final = "MetricName, MetricType, Unit, ServiceName, Labels, ResourceAttributes"


@dataclass(frozen=True, slots=True)
class Source:
    """
    Where the records of a kind are.

    Attributes:
        table: that keeps them.
        columns: what is selected.
        signal: how they are searched; None where the search language does not know them.
        final: several rows may be of one record until they are merged.
        more: what is joined.
        order: of the rows, as the table has them, so that nothing is sorted.
    """

    table: str
    columns: str
    signal: Signal | None
    order: str
    final: str = ""
    more: str = ""


SOURCES: Final[dict[Kind, Source]] = {
    "logs": Source("otel_logs", "* EXCEPT (TimestampTime)", LOGS, "Timestamp"),
    "traces": Source("otel_traces", "*", TRACES, "Timestamp"),
    "events": Source("events", "*", EVENTS, "EventName, Timestamp"),
    "profiles": Source("profiles", "*", None, "ServiceName, Timestamp"),
    "metrics": Source(
        "metric_samples", f"Timestamp, {_NAMES}, Value", None, "SeriesId, Timestamp", final="FINAL", more=_SERIES
    ),
    "histograms": Source(
        "metric_histograms", f"{_NAMES}, * EXCEPT ({_NAMES})", None, "SeriesId, Timestamp", final="FINAL", more=_SERIES
    ),
}


class ExportDay(msgspec.Struct):
    """One day's part of an export: from *start*, included, to *end*, not included."""

    day: str
    start: str
    end: str
    rows: int


class ExportPlan(msgspec.Struct):
    """The days that have records, and how many; of metrics, samples that came twice are counted twice."""

    kind: str
    days: list[ExportDay]
    rows: int


def plan(store: Store, kind: Kind, query: str, range_: TimeRange) -> ExportPlan:
    """
    Find the days, in UTC, that an export has.

    Raises:
        QueryInvalid: if the search cannot be read, or the kind has none.
    """
    source = SOURCES[kind]
    where, parameters = _where(source, query, range_)
    found = store.query(
        f"SELECT toUnixTimestamp64Nano(toDateTime64(toDate(Timestamp), 9, 'UTC')) AS day, count() FROM {source.table} "
        f"WHERE {where} GROUP BY day ORDER BY day",
        parameters,
        seconds=LONGEST_S,
    )
    days = [
        ExportDay(
            rfc3339(day_ns)[:10],
            rfc3339(max(day_ns, range_.start_ns)),
            rfc3339(min(day_ns + DAY_NS, range_.end_ns)),
            rows,
        )
        for day_ns, rows in found.rows
    ]
    return ExportPlan(kind, days, sum(day.rows for day in days))


def everything() -> Told:
    """Make the limits of an export: none."""
    return Told(ALL, most_bytes=ALL)


def parquet(store: Store, kind: Kind, query: str, range_: TimeRange, told: Told) -> Generator[bytes]:
    """
    Give one Parquet file, piece by piece; whoever stops reading closes the iterator.

    Raises:
        QueryInvalid: if the search cannot be read, or the kind has none.
        QueryTooExpensive: if it takes too long.
    """
    source = SOURCES[kind]
    where, parameters = _where(source, query, range_)
    sql = (
        f"SELECT {source.columns} FROM {source.table} AS record {source.final} {source.more} WHERE {where} "
        f"ORDER BY {source.order}"
    )
    from sightline.query.sql_arrow import write_parquet  # the command line's help needs no Arrow

    pieces = store.stream(sql, "ArrowStream", parameters, rows=told.limit, seconds=LONGEST_S)
    return write_parquet(lambda: store.query_arrow(f"{sql} LIMIT 0", parameters).schema, pieces, told)


def _where(source: Source, query: str, range_: TimeRange) -> tuple[str, dict[str, object]]:
    if source.signal is None:
        if query.strip():
            raise QueryInvalid("Only logs, traces and events can be searched; leave the search away.")
        return IN_RANGE, dict(range_.parameters)
    condition = compile_search(query, source.signal)
    return f"{IN_RANGE} AND {condition.sql}", {**condition.parameters, **range_.parameters}
