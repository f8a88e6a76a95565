"""Patterns: the messages behind millions of lines, how often each came, and which are new or rising."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from sightline.base.errors import QueryTooExpensive
from sightline.model import severity
from sightline.query.analyses import templates
from sightline.query.logs import Histogram, count_logs
from sightline.query.sampling import among, one_in
from sightline.query.search import LOGS, compile_search
from sightline.query.timerange import IN_RANGE, NS_PER_S, TimeRange, rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sightline.store.connect import Store
    from sightline.store.result import Result

Trend = Literal["new", "rising", "steady", "falling", "unknown"]

MAX_LINES: Final = 100_000
"""Lines that are read, spread evenly over the time: of more, counts are estimated step by step from how many match."""

MAX_TEXTS: Final = 10_000
"""Distinct masked texts that are grouped, the commonest; lines of the others are counted as *ungrouped*."""

MAX_PATTERNS: Final = 1_000
"""Most patterns of an answer."""

MAX_BUCKETS: Final = 200
"""Most steps of a pattern's counts over time."""

LINE_BYTES: Final = 400
"""What is read of a line: its first line's beginning. A message says what it is there; tracebacks follow."""

_FEWER: Final = 10
"""Where so many lines take too much memory, one of so many of them is read."""

_EXAMPLES: Final = 3
_EXAMPLE_LENGTH: Final = 1_000
"""Characters of an example that are given."""

_Z: Final = 3.3
"""A count that chance alone changes so much once in a thousand patterns is a change."""


class LogPattern(msgspec.Struct):
    """
    Lines that are one message.

    Attributes:
        template: the message; ``<*>`` stands for what varies.
        search: a search that finds its lines.
        count: how many there are; an estimate where only a share was read, as are the other counts.
        share: of all lines that match.
        before: how many there were in the time before, as long as this one.
        trend: what *count* says against *before*; ``unknown`` where nothing at all was logged before.
        first_seen: of the lines that were read.
        last_seen: likewise.
        counts: step by step.
        levels: how many there are of each level.
        services: how many there are of each service.
        examples: lines of it, at most three.
    """

    template: str
    search: str
    count: int
    share: float
    before: int
    trend: Trend
    first_seen: str
    last_seen: str
    counts: list[int]
    levels: dict[str, int]
    services: dict[str, int]
    examples: list[str]


class LogPatterns(msgspec.Struct):
    """
    Patterns, the commonest first.

    Attributes:
        patterns: those that were asked for.
        found: how many there are in all.
        lines: how many lines match.
        ungrouped: lines too varied to be grouped.
        one_in: one line of so many was read.
        step_seconds: the length of a step.
        times: where the steps begin.
        elapsed_ms: how long the store worked.
    """

    patterns: list[LogPattern]
    found: int
    lines: int
    ungrouped: int
    one_in: int
    step_seconds: int
    times: list[str]
    elapsed_ms: float


@dataclass(slots=True)
class _Tally:
    """What lines of one pattern add up to; times in nanoseconds, step 0 is the time before."""

    first_ns: int = 2**63
    last_ns: int = 0
    longest: int = 0
    steps: dict[int, int] = field(default_factory=dict)
    levels: dict[str, int] = field(default_factory=dict)
    services: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)

    def add(self, row: tuple[Any, ...]) -> None:
        _, _, first_ns, last_ns, longest, steps, numbers, services, examples = row
        if last_ns:
            self.first_ns, self.last_ns = min(self.first_ns, first_ns), max(self.last_ns, last_ns)
        self.longest = max(self.longest, longest)
        _add(self.steps, zip(*steps, strict=True))
        _add(self.levels, ((severity.name_of(number), count) for number, count in zip(*numbers, strict=True)))
        _add(self.services, zip(*services, strict=True))
        self.examples = (self.examples + examples)[:_EXAMPLES]

    @property
    def count(self) -> int:
        return sum(self.steps.values()) - self.before

    @property
    def before(self) -> int:
        return self.steps.get(0, 0)


def find_patterns(
    store: Store,
    query: str,
    range_: TimeRange,
    *,
    limit: int = 100,
    buckets: int = 30,
    trend: Trend | None = None,
    max_lines: int = MAX_LINES,
) -> LogPatterns:
    """
    Find the patterns of the logs that match.

    Args:
        store: where.
        query: the search.
        range_: when; the time before, as long, is what they are compared with.
        limit: most patterns.
        buckets: most steps of the counts over time.
        trend: give only those.
        max_lines: most lines to read, of both times.

    Raises:
        QueryInvalid: if the search cannot be read.
        QueryTooExpensive: if it takes too long.
    """
    buckets = min(buckets, MAX_BUCKETS)
    read = _read(store, query, range_, buckets, max_lines)
    weights = _weights(read)
    found = [_pattern(*each, read, weights) for each in _tallied(read.texts.rows)]
    chosen = [each for each in found if trend in {None, each.trend}]
    return LogPatterns(
        patterns=chosen[: min(limit, MAX_PATTERNS)],
        found=len(chosen),
        lines=read.now.total,
        ungrouped=0 if read.complete else max(0, read.now.total - sum(each.count for each in found)),
        one_in=read.one_in,
        step_seconds=read.now.step_seconds,
        times=[bucket.time for bucket in read.now.buckets],
        elapsed_ms=round(read.now.elapsed_ms + read.texts.elapsed_ms, 3),
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """How many lines match now, from the step *first* on, and before; and the masked texts of those that were read."""

    now: Histogram
    first: int
    before: int
    one_in: int
    texts: Result

    @property
    def complete(self) -> bool:
        """Tell whether there are no more texts than are grouped."""
        return len(self.texts.rows) < MAX_TEXTS


def _weights(read: _Read) -> dict[int, float]:
    """Say for how many lines one that was read stands, step by step, the time before first: its number is 0."""
    lines = {0: read.before} | {read.first + place: bucket.count for place, bucket in enumerate(read.now.buckets)}
    if read.one_in == 1 or not read.complete:
        return dict.fromkeys(lines, float(read.one_in))
    found: Counter[int] = Counter()
    for row in read.texts.rows:
        _add(found, zip(*row[5], strict=True))
    return {step: max(1.0, count / found[step]) if found[step] else 1.0 for step, count in lines.items()}


def _read(store: Store, query: str, range_: TimeRange, buckets: int, max_lines: int) -> _Read:
    """Let the engine count the lines, then mask them and count what is left, *max_lines* of them at most."""
    start_ns = max(0, 2 * range_.start_ns - range_.end_ns)
    now = count_logs(store, query, range_, buckets=buckets)
    before = count_logs(store, query, TimeRange(start_ns, range_.start_ns), buckets=1).total
    condition = compile_search(query, LOGS)
    parameters: dict[str, object] = {
        **condition.parameters, "start": start_ns, "end": range_.end_ns, "now": range_.start_ns,
        "step": now.step_seconds, "masks": templates.MASKS, "bytes": LINE_BYTES, "texts": MAX_TEXTS,
        "most": _FEWER * max_lines, "shown": _EXAMPLE_LENGTH, "examples": _EXAMPLES,
    }  # fmt: skip
    one = one_in(now.total + before, max_lines)
    try:
        texts = store.query(_masked(f"{condition.sql} AND {among(one)}"), parameters)
    except QueryTooExpensive:  # hardly two lines alike: what is distinct does not fit into the engine's memory
        one *= _FEWER
        texts = store.query(_masked(f"{condition.sql} AND {among(one)}"), parameters)
    return _Read(now, range_.start_ns // (now.step_seconds * NS_PER_S), before, one, texts)


def _masked(condition: str) -> str:
    """
    Select masked texts, and what their lines add up to.

    Lines are gathered and sorted first: the engine reads the masks anew for each block, and there are as many blocks as
    lines stand far from each other. Sorted, they come in blocks of 65,000.
    """
    line = r"substring(substringIndex(trimLeft(Body, ' \t\r\n'), '\n', 1), 1, {bytes:UInt32})"
    current = "Timestamp >= fromUnixTimestamp64Nano({now:Int64})"
    lines = (
        f"SELECT {line} AS line, if({current}, intDiv(toUnixTimestamp(TimestampTime), {{step:UInt32}}), 0) AS step, "
        "SeverityNumber AS number, ServiceName AS service, count() AS n, "
        "toUnixTimestamp64Nano(min(Timestamp)) AS first, toUnixTimestamp64Nano(max(Timestamp)) AS last, "
        f"any(substringUTF8(Body, 1, {{shown:UInt32}})) AS example "
        f"FROM otel_logs WHERE {IN_RANGE} AND {condition} GROUP BY line, step, number, service "
        "ORDER BY first LIMIT {most:UInt32}"
    )
    return (
        f"SELECT replaceRegexpAll(line, {{masks:String}}, '{templates.WILD}') AS text, sum(n) AS lines, "
        "minIf(first, step > 0), maxIf(last, step > 0), max(length(line)), "
        "sumMap([step], [n]), sumMapIf([number], [n], step > 0), sumMapIf([service], [n], step > 0), "
        f"groupUniqArrayIf({{examples:UInt8}})(example, step > 0) FROM ({lines}) "
        "GROUP BY text ORDER BY lines DESC, text LIMIT {texts:UInt32}"
    )


def _tallied(rows: list[tuple[Any, ...]]) -> list[tuple[str, _Tally]]:
    """Group masked texts to templates, and add up their lines; the commonest first, none that only was before."""
    by_text = {row[0]: row for row in rows}
    found: list[tuple[str, _Tally]] = []
    for template, members in templates.group(by_text):
        tally = _Tally()
        for member in members:
            tally.add(by_text[member])
        if tally.count:
            found.append((template, tally))
    return sorted(found, key=lambda each: (-each[1].count, each[0]))


def _pattern(template: str, tally: _Tally, read: _Read, weights: dict[int, float]) -> LogPattern:
    whole = tally.longest < LINE_BYTES
    before, *counts = (round(tally.steps.get(step, 0) * weight) for step, weight in weights.items())
    count = sum(counts)
    weight = count / tally.count
    return LogPattern(
        template=template if whole else f"{template} …",
        search=templates.search_of(template, whole=whole),
        count=count,
        share=min(1.0, count / max(1, read.now.total)),
        before=before,
        trend=_trend(tally.count, tally.before) if read.before else "unknown",
        first_seen=rfc3339(tally.first_ns),
        last_seen=rfc3339(tally.last_ns),
        counts=counts,
        levels=_times(tally.levels, weight),
        services=_times(tally.services, weight),
        examples=tally.examples,
    )


def _times(counts: dict[str, int], weight: float) -> dict[str, int]:
    return {name: round(count * weight) for name, count in sorted(counts.items(), key=lambda each: -each[1])}


def _trend(count: int, before: int) -> Trend:
    if not before:
        return "new"
    changed = (count - before) / math.sqrt(count + before)
    if changed >= _Z and count >= 2 * before:
        return "rising"
    if changed <= -_Z and before >= 2 * count:
        return "falling"
    return "steady"


def _add(counts: dict[Any, int], more: Iterable[tuple[Any, int]]) -> None:
    for key, count in more:
        counts[key] = counts.get(key, 0) + count
