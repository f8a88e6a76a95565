"""Where the time of a trace went: the chain of spans without which it would have ended sooner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from sightline.query.traces import SpanRecord, Trace

MAX_STEPS: Final = 10_000
"""Most steps of a path; a trace of very many short spans in a row has more, which are left out at its beginning."""


class Step(msgspec.Struct):
    """
    A stretch of time in which one span, and none below it, kept the trace from ending.

    Attributes:
        span_id: the span.
        name: its name.
        service: its service.
        offset_ms: when the stretch began, since the start of the trace.
        duration_ms: how long it was.
    """

    span_id: str
    name: str
    service: str
    offset_ms: float
    duration_ms: float


class Share(msgspec.Struct):
    """What one kind of span, of the same service and name, has of the critical path."""

    service: str
    name: str
    duration_ms: float
    share: float


class CriticalPath(msgspec.Struct):
    """The steps in their order, and what they come to by service and name, the largest first."""

    trace_id: str
    duration_ms: float
    steps: list[Step]
    shares: list[Share]


def critical_path(trace: Trace) -> CriticalPath:
    """
    Walk back from the end of the root span: at each moment the child that ended last is what was waited for.

    Children that run beside each other count only as far as they end later than all others; a span that goes on after
    its parent has ended (a background task) is no part of the path.
    """
    root = _root(trace.spans)
    children = _children(trace.spans)
    steps: list[Step] = []
    # A span, and from and until when it is looked at; a stack, for traces may be deeper than Python's.
    waiting = [(root, root.offset_ms, _end(root))]
    while waiting and len(steps) < MAX_STEPS:
        span, since, until = waiting.pop()
        follow = []
        # Taken out, for spans that are each other's parents would be walked for ever.
        for child in children.pop(span.span_id, ()):
            end = min(_end(child), until)
            if child.offset_ms >= until or end <= since:
                continue
            _add(steps, span, end, until)
            until = max(child.offset_ms, since)
            follow.append((child, until, end))
        _add(steps, span, since, until)
        waiting += follow
    steps.sort(key=lambda step: step.offset_ms)
    return CriticalPath(trace.trace_id, root.duration_ms, steps, _shares(steps))


def _add(steps: list[Step], span: SpanRecord, start_ms: float, end_ms: float) -> None:
    if end_ms > start_ms:
        steps.append(Step(span.span_id, span.name, span.service, start_ms, end_ms - start_ms))


def _shares(steps: list[Step]) -> list[Share]:
    total = sum(step.duration_ms for step in steps) or 1.0
    found: dict[tuple[str, str], float] = {}
    for step in steps:
        key = (step.service, step.name)
        found[key] = found.get(key, 0.0) + step.duration_ms
    shares = [Share(service, name, ms, ms / total) for (service, name), ms in found.items()]
    return sorted(shares, key=lambda share: -share.duration_ms)


def _root(spans: list[SpanRecord]) -> SpanRecord:
    """Choose the span that the trace is about: the longest of those without a parent here."""
    ids = {span.span_id for span in spans}
    roots = [span for span in spans if span.parent_id not in ids or span.parent_id == span.span_id]
    return max(roots or spans, key=lambda span: span.duration_ms)


def _children(spans: list[SpanRecord]) -> dict[str, list[SpanRecord]]:
    """Give each span's children, the one that ended last first."""
    children: dict[str, list[SpanRecord]] = {}
    for span in spans:
        if span.parent_id and span.parent_id != span.span_id:
            children.setdefault(span.parent_id, []).append(span)
    for found in children.values():
        found.sort(key=lambda span: (-_end(span), -span.offset_ms))
    return children


def _end(span: SpanRecord) -> float:
    return span.offset_ms + span.duration_ms
