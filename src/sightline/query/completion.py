"""What may be written next in a search: names of fields, and values that the records have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from sightline.base.errors import QueryInvalid
from sightline.query.facets import MAX_VALUES, count_values, field_names
from sightline.query.search import Signal, compile_search
from sightline.query.search.complete import place_of, write_name, write_value

if TYPE_CHECKING:
    from sightline.query.search.complete import Place
    from sightline.query.timerange import TimeRange
    from sightline.store.connect import Store


class Suggestion(msgspec.Struct):
    """
    Text that may stand from ``start`` on.

    Attributes:
        text: as it is written in a search, with quotes where it needs them.
        kind: ``field`` or ``value``.
        count: how many of the newest records of the search have it.
    """

    text: str
    kind: str
    count: int


class Completion(msgspec.Struct):
    """Suggestions, the commonest first; each takes the place of the text from *start* to *end*."""

    start: int
    end: int
    suggestions: list[Suggestion]
    elapsed_ms: float


def complete(
    store: Store, signal: Signal, text: str, position: int, range_: TimeRange, *, limit: int = 20
) -> Completion:
    """
    Suggest what may be written at a place of a search text, which need not be a whole search yet.

    Args:
        store: where.
        signal: what is searched.
        text: the search text so far.
        position: offset of the cursor in it.
        range_: when.
        limit: most suggestions.
    """
    position = max(0, min(position, len(text)))
    place = place_of(text, position)
    rest = _readable(place.rest, signal)
    limit = min(limit, MAX_VALUES)
    if place.field:
        return _values(store, signal, place, rest, range_, position, limit)
    found = field_names(store, signal, rest, range_, prefix=place.prefix)
    names = [Suggestion(write_name(name.name), "field", name.count) for name in found.fields]
    return Completion(place.start, position, names[:limit], found.elapsed_ms)


def _values(
    store: Store, signal: Signal, place: Place, rest: str, range_: TimeRange, position: int, limit: int
) -> Completion:
    found = count_values(store, signal, rest, range_, fields=[place.field], prefix=place.prefix, limit=limit)
    values = [Suggestion(write_value(value.value), "value", value.count) for value in found.facets[0].values]
    return Completion(place.start, position, values, found.elapsed_ms)


def _readable(rest: str, signal: Signal) -> str:
    """Give what stands before, if it is a search by itself; behind an ``OR`` it narrows nothing."""
    try:
        compile_search(rest, signal)
    except QueryInvalid:
        return ""
    return rest
