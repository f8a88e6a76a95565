"""What the records of a search have: names of fields, their values, and how often each occurs."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from sightline.base.errors import QueryInvalid
from sightline.query.binding import binder
from sightline.query.search import SIGNALS, Signal, compile_search
from sightline.query.timerange import IN_RANGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sightline.query.timerange import TimeRange
    from sightline.store.connect import Store

SAMPLE: Final = 2_000
"""Records that are looked at, the newest ones: enough to rank values. Rare ones are each read with what is around."""

MAX_FIELDS: Final = 20
"""Most fields of one question."""

MAX_VALUES: Final = 100
"""Most values of one field."""

MAX_VALUE_LENGTH: Final = 256
"""Characters of a value that are given; longer ones are texts, by which nobody narrows a search."""

_OFFERED_ATTRIBUTES: Final = 8
"""Attributes that are counted where no fields are named: those that most records have."""


class FieldName(msgspec.Struct):
    """A field of records, and how many of those that were looked at have it."""

    name: str
    count: int


class FieldNames(msgspec.Struct):
    """Names of fields; *sampled* says that only the newest records were looked at."""

    fields: list[FieldName]
    records: int
    sampled: bool
    elapsed_ms: float


class ValueCount(msgspec.Struct):
    """A value, and how many of the records that were looked at have it."""

    value: str
    count: int


class Facet(msgspec.Struct):
    """The commonest values of one field; *missing* records have none."""

    field: str
    values: list[ValueCount]
    missing: int


class Facets(msgspec.Struct):
    """The values of several fields; *sampled* says that only the newest records were looked at."""

    facets: list[Facet]
    records: int
    sampled: bool
    elapsed_ms: float


def signal_named(name: str) -> Signal:
    """
    Find what can be searched.

    Raises:
        QueryInvalid: if *name* is none of it.
    """
    if name not in SIGNALS:
        raise QueryInvalid(f"There is no signal {name[:64]!r}; expected one of {', '.join(SIGNALS)}.")
    return SIGNALS[name]


def field_names(store: Store, signal: Signal, query: str, range_: TimeRange, *, prefix: str = "") -> FieldNames:
    """
    Name the attributes that the records of a search have, the commonest first, behind the fields of the signal.

    Raises:
        QueryInvalid: if the search cannot be read.
    """
    condition = compile_search(query, signal)
    maps = [column for column in (signal.attributes, signal.data, "ResourceAttributes") if column]
    keys = ", ".join(f"mapKeys({column})" for column in maps)
    # Every record has the empty name, which tells how many were looked at.
    found = store.query(
        "SELECT name, count() AS records FROM ("
        f"SELECT arrayJoin(arrayDistinct(arrayPushFront(arrayConcat({keys}), ''))) AS name "
        f"FROM ({_sample(signal, condition.sql)})) "
        "WHERE name = '' OR startsWith(lower(name), lower({prefix:String})) GROUP BY name "
        "ORDER BY name != '', records DESC, name LIMIT {limit:UInt32}",
        {**condition.parameters, **range_.parameters, "sample": SAMPLE, "prefix": prefix, "limit": MAX_VALUES + 1},
    )
    records = int(found.rows[0][1]) if found.rows else 0
    own = [FieldName(name, records) for name in signal.fields if name.startswith(prefix.lower())]
    # An attribute whose name means a field is not found by it, so it is not offered under it.
    names = [FieldName(str(name), int(count)) for name, count in found.rows[1:] if name.lower() not in signal.fields]
    return FieldNames(own + names, records, records >= SAMPLE, found.elapsed_ms)


def count_values(
    store: Store,
    signal: Signal,
    query: str,
    range_: TimeRange,
    *,
    fields: Sequence[str] = (),
    prefix: str = "",
    limit: int = 10,
) -> Facets:
    """
    Count the values of fields among the records of a search.

    Args:
        store: where.
        signal: which records.
        query: the search.
        range_: when.
        fields: names as a search has them; none for those that most records have.
        prefix: give only values that begin so, in any case.
        limit: most values of each field.

    Raises:
        QueryInvalid: if the search cannot be read, or too many fields are named.
    """
    if len(fields) > MAX_FIELDS:
        raise QueryInvalid(f"{len(fields)} fields are named, at most {MAX_FIELDS} are counted at once.")
    names = list(dict.fromkeys(fields)) or _offered(store, signal, query, range_)
    condition = compile_search(query, signal)
    parameters = {**condition.parameters, **range_.parameters, "sample": SAMPLE}
    bind = binder(parameters)
    pairs = ", ".join(f"({index}, {signal.field(name).value(bind)})" for index, name in enumerate(names))
    pairs += f", ({len(names)}, '')"  # of a field that no record has: tells how many were looked at
    parameters |= {"prefix": prefix, "limit": min(limit, MAX_VALUES) + 1, "longest": MAX_VALUE_LENGTH}
    found = store.query(
        "SELECT pair.1 AS number, substringUTF8(pair.2, 1, {longest:UInt32}) AS text, count() AS records FROM "
        f"(SELECT arrayJoin([{pairs}]) AS pair FROM ({_sample(signal, condition.sql)})) "
        "WHERE text = '' OR startsWith(lower(text), lower({prefix:String})) GROUP BY number, text "
        "ORDER BY number, text = '' DESC, records DESC, text LIMIT {limit:UInt32} BY number",
        parameters,
    )
    facets = [Facet(name, [], 0) for name in (*names, "")]
    for number, text, count in found.rows:
        if text == "":
            facets[number].missing = int(count)
        elif len(facets[number].values) < limit:
            facets[number].values.append(ValueCount(str(text), int(count)))
    records = facets.pop().missing
    return Facets(facets, records, records >= SAMPLE, found.elapsed_ms)


def _offered(store: Store, signal: Signal, query: str, range_: TimeRange) -> list[str]:
    """Choose the fields that say most: the signal's own, and attributes that many records have."""
    found = field_names(store, signal, query, range_).fields[len(signal.fields) :]
    return [*signal.facets, *(name.name for name in found[:_OFFERED_ATTRIBUTES])]


def _sample(signal: Signal, condition: str) -> str:
    return (
        f"SELECT * FROM {signal.table} WHERE {IN_RANGE} AND {condition} ORDER BY Timestamp DESC LIMIT {{sample:UInt32}}"
    )
