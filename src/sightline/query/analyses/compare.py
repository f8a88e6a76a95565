"""What tells some records from the others: the attributes of slow requests, of failures, of one release."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.query.binding import binder
from sightline.query.sampling import one_in
from sightline.query.search import Signal, compile_search, parse
from sightline.query.search.tree import Compare, Node, Present, walk
from sightline.query.timerange import IN_RANGE, TimeRange

if TYPE_CHECKING:
    from sightline.store.connect import Store

SAMPLE: Final = 500
"""Selected records that are looked at, the newest ones: rare ones are each read with all that stands around them."""

OTHERS: Final = 2_000
"""Other records that are looked at, spread evenly over the time of the selected ones."""

_BESIDE: Final = 8
"""Other records that are read side by side: fewer would be more places to read, more would be of few requests."""

MAX_DIFFERENCES: Final = 100
"""Most differences that are given."""

PER_FIELD: Final = 5
"""Most values of one field among them: a field with a thousand values is one finding, not a thousand."""

_CANDIDATES: Final = 2_000
"""Pairs of field and value that are ranked, those whose shares differ most."""

MAX_VALUE_LENGTH: Final = 256
"""Characters of a value that are given."""

_Z: Final = 3.3
"""Differences that chance alone makes once in a thousand pairs are left out: a comparison looks at that many."""

_FEWEST: Final = 5
"""Records that must have a value for it to count: ids, which are all different, tell nothing."""


class Difference(msgspec.Struct):
    """
    A field's value that one side has more often.

    Attributes:
        field: its name, as a search has it.
        value: the value.
        selected: how many of the selected records have it.
        selected_share: their share of those that were looked at.
        others: how many of the other records have it.
        others_share: their share.
        score: 0 to 1, how well it tells the sides apart; ranked by this.
    """

    field: str
    value: str
    selected: int
    selected_share: float
    others: int
    others_share: float
    score: float


class Comparison(msgspec.Struct):
    """
    Differences, the most telling first.

    Attributes:
        selected: how many of the selected records were looked at.
        others: how many of the others were.
        sampled: there are more of them; the newest were looked at, and some of the others of the same time.
        differences: what tells them apart.
        elapsed_ms: how long it took.
    """

    selected: int
    others: int
    sampled: bool
    differences: list[Difference]
    elapsed_ms: float


def compare(
    store: Store, signal: Signal, selection: str, range_: TimeRange, *, among: str = "", limit: int = 20
) -> Comparison:
    """
    Find what the selected records have more, or less, often than the others.

    Fields that the selection itself names are left out: that failures have failed is no finding.

    Args:
        store: where.
        signal: which records.
        selection: the search that selects, such as ``status:error`` or ``duration:>500ms``.
        range_: when.
        among: a search that both sides must match.
        limit: most differences.

    Raises:
        QueryInvalid: if a search cannot be read.
    """
    chosen, base = compile_search(selection, signal, "c"), compile_search(among, signal, "b")
    parameters: dict[str, object] = {**chosen.parameters, **base.parameters, **range_.parameters, "sample": SAMPLE}
    sides = _sides(store, f"{signal.table} WHERE {IN_RANGE} AND ({base.sql})", f"({chosen.sql})", parameters)
    if not sides.selected or not sides.others:
        return Comparison(sides.selected, sides.others, sides.sampled, [], round(sides.elapsed_ms, 3))
    parameters |= {"selected": sides.selected, "others": sides.others, "longest": MAX_VALUE_LENGTH, "few": _CANDIDATES}
    pairs = _pairs(signal, parameters)
    found = store.query(
        "SELECT pair.1 AS field, substringUTF8(pair.2, 1, {longest:UInt32}) AS value, "
        "countIf(side = 1) AS chosen, countIf(side = 0) AS rest FROM (SELECT side, arrayJoin(pairs) AS pair FROM "
        f"(SELECT 1 AS side, {pairs} AS pairs {sides.of_selected} "
        f"UNION ALL SELECT 0 AS side, {pairs} AS pairs {sides.of_others})) WHERE value != '' "
        "GROUP BY field, value "
        "ORDER BY abs(chosen / {selected:Float64} - rest / {others:Float64}) DESC, field, value LIMIT {few:UInt32}",
        parameters,
    )
    named = _named(selection)
    differences = [_difference(row, sides) for row in found.rows if row[0].lower() not in named]
    ranked = sorted((each for each in differences if each.score), key=lambda each: -each.score)
    kept = _thinned(ranked, min(limit, MAX_DIFFERENCES))
    took_ms = round(sides.elapsed_ms + found.elapsed_ms, 3)
    return Comparison(sides.selected, sides.others, sides.sampled, kept, took_ms)


@dataclass(frozen=True, slots=True)
class _Sides:
    """Which records are compared, as the ends of two statements, and how many they are."""

    of_selected: str
    of_others: str
    selected: int
    others: int
    sampled: bool
    elapsed_ms: float


def _sides(store: Store, source: str, chosen: str, parameters: dict[str, object]) -> _Sides:
    """
    Choose the newest of the selected records, and from their time some of the others.

    Others that are merely the newest, too, would be of the last few requests, and what these have is chance.
    """
    newest = store.query(
        "SELECT count(), min(toUnixTimestamp64Nano(Timestamp)) FROM "
        f"(SELECT Timestamp FROM {source} AND {chosen} ORDER BY Timestamp DESC LIMIT {{sample:UInt32}})",
        parameters,
    )
    selected, oldest_ns = newest.rows[0]
    if selected == SAMPLE:
        parameters["start"] = oldest_ns
    rest = f"FROM {source} AND NOT {chosen}"
    count = store.query(f"SELECT count() {rest}", parameters)
    one = one_in(count.scalar(), OTHERS)
    took_ms = newest.elapsed_ms + count.elapsed_ms
    others = count.scalar()
    if one > 1:
        rest += f" AND (intDiv(_part_offset, {_BESIDE}) + cityHash64(_part)) % {one} = 0"
        found = store.query(f"SELECT count() {rest}", parameters)
        others, took_ms = found.scalar(), took_ms + found.elapsed_ms
    sampled = selected == SAMPLE or one > 1
    return _Sides(f"FROM {source} AND {chosen}", rest, selected, others, sampled, took_ms)


def _difference(row: tuple[Any, ...], sides: _Sides) -> Difference:
    field, value, chosen, rest = row
    selected, others = sides.selected, sides.others
    share, other = chosen / selected, rest / others
    together = (chosen + rest) / (selected + others)
    spread = math.sqrt(together * (1 - together) * (1 / selected + 1 / others))
    certain = chosen + rest >= _FEWEST and spread > 0 and abs(share - other) / spread >= _Z
    return Difference(field, value, chosen, share, rest, other, round(abs(share - other), 6) if certain else 0.0)


def _thinned(ranked: list[Difference], limit: int) -> list[Difference]:
    """
    Keep a few values of each field, and of fields that come to the same only the first.

    Attributes often repeat each other (a host's name, its address, its id): one of them is enough.
    """
    kept: list[Difference] = []
    seen: dict[str, int] = {}
    figures: set[tuple[int, int]] = set()
    for each in ranked:
        key = (each.selected, each.others)
        if seen.get(each.field, 0) >= PER_FIELD or (key in figures and each.field not in seen):
            continue
        seen[each.field] = seen.get(each.field, 0) + 1
        figures.add(key)
        kept.append(each)
        if len(kept) == limit:
            break
    return kept


def _pairs(signal: Signal, parameters: dict[str, object]) -> str:
    """Write an array of all names and values of a record: the signal's own fields, attributes, resource."""
    bind = binder(parameters)
    own = ", ".join(f"({bind(name, 'String')}, {signal.field(name).value(bind)})" for name in signal.facets)
    maps = [column for column in (signal.attributes, signal.data, "ResourceAttributes") if column]
    parts = ", ".join(
        f"arrayMap((k, v) -> (toString(k), toString(v)), mapKeys({column}), mapValues({column}))" for column in maps
    )
    return f"arrayDistinct(arrayConcat([{own}], {parts}))"


def _named(selection: str) -> set[str]:
    names: set[str] = set()

    def visit(node: Node) -> None:
        if isinstance(node, Compare | Present):
            name = node.field.lower()
            names.add(name)
            names.add(name.removeprefix("attributes.").removeprefix("resource."))

    walk(parse(selection), visit)
    return names
