"""Which sums of requests make up a range: the widest that have room in it, and at its ends ever narrower ones."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sightline.query.counts import EDGES, minutes_within
from sightline.query.timerange import IN_RANGE, NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sightline.query.timerange import TimeRange

WIDTHS_S: Final = (21600, 3600, 1800, 300, 60)
"""Seconds that rows of ``request_sums`` stand for, the widest first; each is a multiple of all that follow."""

ENDPOINTS: Final = "endpoint"
SERVICES: Final = "service"
"""Whose requests a row of ``request_sums`` has: an endpoint's, or all of a service's."""

QUANTILES: Final = "quantilesDD"
"""The engine's sketch of latencies, as the sums keep it: exact to one per cent of the value."""

SHARES: Final = "(0.01, 0.5, 0.95, 0.99)"
"""The sketch's accuracy, and the percentiles that are asked for."""

STATE: Final = f"{QUANTILES}State{SHARES}"
MERGE: Final = f"{QUANTILES}Merge{SHARES}"


def whole(range_: TimeRange, widths_s: Sequence[int] = WIDTHS_S) -> list[tuple[int, int, int]]:
    """
    Cut a range into pieces of whole widths, without a gap, as wide ones as have room.

    Args:
        range_: what to cut.
        widths_s: those to take, the widest first.

    Returns:
        The width of each piece, its first second and the second after its last; none for a range that has no room.
    """
    pieces: list[tuple[int, int, int]] = []
    first_s = end_s = 0
    for width_s in widths_s:
        width_ns = width_s * NS_PER_S
        begins_s, ends_s = -(-range_.start_ns // width_ns) * width_s, range_.end_ns // width_ns * width_s
        if begins_s >= ends_s:
            continue
        around = [(begins_s, first_s), (end_s, ends_s)] if pieces else [(begins_s, ends_s)]
        pieces += [(width_s, begin, end) for begin, end in around if begin < end]
        first_s, end_s = begins_s, ends_s
    return pieces


def summed(of: str, range_: TimeRange, widths_s: Sequence[int] = WIDTHS_S) -> str:
    """Write the condition on the rows of ``request_sums`` that make up a range; empty where no width has room in it."""
    pieces = " OR ".join(
        f"(Seconds = {width_s} AND Time >= toDateTime({first_s}) AND Time < toDateTime({end_s}))"
        for width_s, first_s, end_s in whole(range_, widths_s)
    )
    return f"SumOf = '{of}' AND ({pieces})" if pieces else ""


_ROUTE: Final = "SpanAttributes['http.route']"
_KEYS: Final = {
    "Endpoint": f"if({_ROUTE} != '', {_ROUTE}, SpanName)",
    "Method": "SpanAttributes['http.request.method']",
}
_FIGURES: Final = {
    "Requests": "count()",
    "Failed": "countIf(StatusCode = 'Error' OR toUInt16OrZero(SpanAttributes['http.response.status_code']) >= 400)",
    "Nanoseconds": "sum(Duration)",
    "Longest": "max(Duration)",
    "RequestBytes": "sum(toUInt64OrZero(SpanAttributes['http.request.body.size']))",
    "ResponseBytes": "sum(toUInt64OrZero(SpanAttributes['http.response.body.size']))",
    "Latency": f"{STATE}(Duration)",
}
"""What the sums have of an endpoint, as it is made of spans."""


def endpoint_sums(range_: TimeRange, only: str = "") -> tuple[str, dict[str, Any]]:
    """
    Write the statement whose rows have the requests of a range by ``ServiceName``, ``Method`` and ``Endpoint``.

    An endpoint has many rows; who asks sums ``Requests``, ``Failed``, ``Nanoseconds``, ``RequestBytes`` and
    ``ResponseBytes`` up, takes the greatest ``Longest`` and merges ``Latency``. Any range is counted exactly.

    Args:
        range_: when; its parameters are bound by the caller.
        only: more conditions, on ``ServiceName``, with ``AND`` before them; or empty.

    Returns:
        The statement, and further parameters of it.
    """
    sums = summed(ENDPOINTS, range_)
    written = ", ".join(f"{how} AS {name}" for name, how in {**_KEYS, **_FIGURES}.items())
    spans = (
        f"SELECT ServiceName, {written} FROM otel_traces WHERE {EDGES if sums else IN_RANGE} AND SpanKind = 'Server' "
        f"{only} GROUP BY ServiceName, Endpoint, Method"
    )
    if not sums:
        return spans, {}
    return (
        f"SELECT ServiceName, if(Route != '', Route, SpanName) AS Endpoint, Method, {', '.join(_FIGURES)} "
        f"FROM request_sums WHERE {sums} {only} UNION ALL {spans}"
    ), minutes_within(range_)
