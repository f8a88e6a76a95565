"""Two traces beside each other: what one does more often, longer, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sightline.query.traces import Trace

MAX_DEPTH: Final = 64
"""Deepest path of names that is told apart; what lies deeper counts for the span at this depth."""


class PathFigures(msgspec.Struct):
    """What the spans of one path come to in one trace; *self_ms* is the time that none of their children took."""

    count: int
    errors: int
    duration_ms: float
    self_ms: float


class PathChange(msgspec.Struct):
    """
    Spans of the same path of names in both traces.

    Attributes:
        path: services and names from the root down, ``shop: GET /``.
        before: figures of the first trace; null where it has none such.
        after: figures of the second trace; null where it has none such.
        change_ms: how much more of its own time the path takes in the second.
    """

    path: list[str]
    before: PathFigures | None
    after: PathFigures | None
    change_ms: float


class TraceComparison(msgspec.Struct):
    """Two traces by path, the largest change of their own time first."""

    before: str
    after: str
    before_ms: float
    after_ms: float
    paths: list[PathChange]


def compare_traces(before: Trace, after: Trace) -> TraceComparison:
    """Compare two traces: spans with the same names from the root down stand for each other."""
    first, second = _paths(before), _paths(after)
    changes = [
        PathChange(list(path), first.get(path), second.get(path), _own(second.get(path)) - _own(first.get(path)))
        for path in {**first, **second}
    ]
    changes.sort(key=lambda change: (-abs(change.change_ms), change.path))
    return TraceComparison(before.trace_id, after.trace_id, before.duration_ms, after.duration_ms, changes)


def _own(figures: PathFigures | None) -> float:
    return figures.self_ms if figures else 0.0


def _paths(trace: Trace) -> Mapping[tuple[str, ...], PathFigures]:
    spans = {span.span_id: span for span in trace.spans}
    below: dict[str, float] = {}
    for span in trace.spans:
        below[span.parent_id] = below.get(span.parent_id, 0.0) + span.duration_ms
    names: dict[str, tuple[str, ...]] = {}
    found: dict[tuple[str, ...], PathFigures] = {}
    for span in trace.spans:
        chain = []
        at = span
        while at.span_id not in names:
            chain.append(at)
            names[at.span_id] = ()  # a circle of parents ends here
            if at.parent_id not in spans:
                break
            at = spans[at.parent_id]
        for each in reversed(chain):
            above = names.get(each.parent_id, ()) if each.parent_id in spans else ()
            names[each.span_id] = (*above, f"{each.service}: {each.name}")[:MAX_DEPTH]
        figures = found.setdefault(names[span.span_id], PathFigures(0, 0, 0.0, 0.0))
        figures.count += 1
        figures.errors += span.status == "Error"
        figures.duration_ms += span.duration_ms
        figures.self_ms += max(0.0, span.duration_ms - below.get(span.span_id, 0.0))
    return found
