"""By how much counters rose, step by step, in whatever order their samples are read."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from bisect import bisect_left
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from sightline.base.errors import QueryTooExpensive

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sightline.store.connect import Store
    from sightline.store.result import Result

SAMPLES_AT_ONCE: Final = 2_000_000
"""Samples that one statement holds, some 50 bytes each while they are cut into runs. Of more, series come in turns."""

SERIES_AT_ONCE: Final = 2_000
"""Most series of one statement, for it names them all."""

APART_S: Final = 15
"""How far samples of a series are usually apart, in seconds."""

QUESTION_MS: Final = 30_000.0
"""Longest that all statements of a question may take together, as long as a single one."""

Points = dict[int, float | None]
"""Values by the Unix seconds at which their steps begin; None is no number."""

Lines = dict[tuple[str, ...], Points]
"""Points by the values of the labels that keep series apart."""


def risen(store: Store, series: str, asked: Mapping[str, Any], *, labels: int, lines: int) -> tuple[Lines, float]:
    """
    Sum up, line by line, by how much counters rose in each step.

    Args:
        store: where.
        series: the statement that chooses series: SeriesId, key, temporality.
        asked: its parameters, and ``first``, ``end``, ``step`` and ``lookback`` in seconds.
        labels: how many of a key's labels tell lines apart.
        lines: enough of them; where there are more, there is one more at least, which need not be whole.

    Returns:
        Rises by key and step, and the engine's milliseconds.

    Raises:
        QueryTooExpensive: if it takes too long.
    """
    chosen = store.query(f"{series} ORDER BY SeriesId", asked)
    found: Lines = {}
    elapsed_ms = chosen.elapsed_ms
    if len({tuple(key[:labels]) for _, key, _ in chosen.rows}) > lines:
        chosen.rows.sort(key=itemgetter(1))
    for rows in _turns(chosen.rows, asked["end"] - asked["first"] + asked["lookback"]):
        for delta in (False, True):
            if some := [row for row in rows if (row[2] == "delta") is delta]:
                elapsed_ms += _add(store, found, some, asked, delta=delta)
        if len({key[:labels] for key in found}) > lines:
            break
        if elapsed_ms > QUESTION_MS:
            raise QueryTooExpensive(
                f"The question took longer than {QUESTION_MS / 1000:g} s. Ask of a shorter time or of fewer series."
            )
    return found, elapsed_ms


def _turns(rows: Sequence[Any], seconds: int) -> Iterator[Sequence[Any]]:
    """Cut series into as many as one statement holds; neighbours by their numbers lie in the same blocks on disk."""
    size = max(1, min(SERIES_AT_ONCE, SAMPLES_AT_ONCE * APART_S // seconds))
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def _add(store: Store, found: Lines, series: Sequence[Any], asked: Mapping[str, Any], *, delta: bool) -> float:
    """Add what these series rose to what was found, and give the engine's milliseconds."""
    numbers: dict[tuple[str, ...], int] = {}
    lines = [numbers.setdefault(tuple(key), len(numbers)) for _, key, _ in series]

    def ask(sql: str) -> Result:
        # In the statement there is room for them: a server's parameters stand in an address.
        ids = [row[0] for row in series]
        return store.query(sql.replace("{ids}", str(ids)).replace("{lines}", str(lines)), asked)

    answer = ask(_summed() if delta else _risen(_AS_READ))
    elapsed_ms = answer.elapsed_ms
    if any(mixed for *_, mixed in answer.rows):
        answer = ask(_risen(_IN_ORDER))
        elapsed_ms += answer.elapsed_ms
    keys = list(numbers)
    for line, (ats, values, *_), _ in answer.rows:
        begin = bisect_left(ats, asked["first"])
        if rises := dict(zip(ats[begin:], values[begin:], strict=True)):
            found[keys[line]] = both(found[keys[line]], rises) if keys[line] in found else rises
    return elapsed_ms


def both(some: Points, others: Points) -> Points:
    """Add what two lines rose, step by step."""
    added = dict(some)
    for at, value in others.items():
        was = added.get(at, 0.0)
        added[at] = None if value is None or was is None else was + value
    return added


# NaN says that a series ended, or that there was nothing to measure; one would be the outcome of every sum.
_CHOSEN: Final = (
    "SeriesId IN {ids} AND Timestamp < toDateTime64({end:Int64}, 3) "
    "AND Timestamp >= toDateTime64({first:Int64} - {lookback:Int64}, 3) AND NOT isNaN(Value)"
)

_LINE: Final = "transform(SeriesId, {ids}, {lines}, 0) AS line"

_TIME: Final = "toUnixTimestamp64Milli(Timestamp) * 4096"
"""Milliseconds, with room for the number of a part: parts are told apart without an array more."""

_AS_READ: Final = (
    f"SELECT SeriesId, groupArray(Value) AS vs, groupArray({_TIME} + _part_index % 4096) AS ts "
    f"FROM metric_samples WHERE {_CHOSEN} GROUP BY SeriesId"
)
"""Samples in the order in which parts are read: each part has a series' samples by time, and none twice."""

_IN_ORDER: Final = (
    "SELECT SeriesId, arraySort((value, time) -> time, v, t) AS vs, arraySort(t) AS ts FROM ("
    f"SELECT SeriesId, groupArray(Value) AS v, groupArray({_TIME}) AS t "
    f"FROM metric_samples FINAL WHERE {_CHOSEN} GROUP BY SeriesId)"
)
"""Samples by their times; of those that have the same time, the last that came."""


def _risen(samples: str) -> str:
    """
    Select, for each line, by how much its series rose in each step, and whether samples were mixed.

    Samples are cut into runs: of one step, one part and rising times. Whatever order they came in, the runs of a series
    can be put in order, unless two of them overlap in time: these are mixed, or have a sample twice.
    """
    place = "intDiv(t, {step:UInt32} * 4096000) * 4096 + bitAnd(t, 4095)"
    cuts = (
        f"SELECT SeriesId, vs, ts, arrayMap((other, later) -> other != 0 OR later <= 0, "
        f"arrayDifference(arrayMap(t -> {place}, ts)), arrayDifference(ts)) AS cuts FROM ({samples})"
    )
    # A counter that is lower than before was started anew: all that it shows was counted since.
    grown = "arraySum((is, more) -> if(more < 0, is, more), v, arrayDifference(v))"
    runs = (
        "SELECT SeriesId, arraySort(arrayMap("
        f"(t, v) -> (intDiv(t[1], 4096) AS began, intDiv(t[-1], 4096) AS ended, v[1], v[-1], {grown}), "
        "arraySplit((t, cut) -> cut, ts, cuts), arraySplit((v, cut) -> cut, vs, cuts))) AS runs, "
        f"arrayPushFront(arrayPopBack(runs), (0, 0, runs[1].3, runs[1].3, 0.)) AS before FROM ({cuts})"
    )
    return (
        f"SELECT {_LINE}, sumMap(arrayMap(run -> intDiv(run.1, {{step:UInt32}} * 1000) * {{step:UInt32}}, runs), "
        "arrayMap((run, was) -> run.5 + if(run.3 < was.4, run.3, run.3 - was.4), runs, before), "
        # A step that nothing was added to is left out of such a sum, but for what is counted beside.
        "arrayMap(run -> 1, runs)), max(arrayExists((run, was) -> run.1 <= was.2, runs, before)) "
        f"FROM ({runs}) GROUP BY line"
    )


def _summed() -> str:
    """Select the same of series that tell only what was added."""
    return (
        "SELECT line, sumMap([at], [total], [1]), 0 FROM ("
        f"SELECT {_LINE}, intDiv(toUnixTimestamp(Timestamp), {{step:UInt32}}) * {{step:UInt32}} AS at, "
        f"sum(Value) AS total FROM metric_samples FINAL WHERE {_CHOSEN} GROUP BY line, at) GROUP BY line"
    )
