"""
The fields that a search may name, for each signal: how the engine reads them and how a record gives them.

A new field is one more line in a table; a new kind of field one more class here, with ``sql`` and ``matches``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from sightline.base.errors import QueryInvalid
from sightline.model import severity
from sightline.query.search.patterns import found_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sightline.query.search.tree import Compare

Record = dict[str, Any]
"""A log or span as the API gives it."""


class Field(Protocol):
    """One field, or all fields of one kind. *bind* takes a value and its type in the engine and gives a placeholder."""

    def sql(self, compare: Compare, bind: Callable[[object, str], str]) -> str:
        """Write the comparison as a condition."""
        ...

    def present(self, bind: Callable[[object, str], str]) -> str:
        """Write the condition that a record has the field."""
        ...

    def value(self, bind: Callable[[object, str], str]) -> str:
        """Write the value as text, as a search names it; empty where a record has none."""
        ...

    def read(self, record: Record) -> str | float | None:
        """Take the field's value out of a record; None or empty where it has none."""
        ...

    def matches(self, compare: Compare, record: Record) -> bool:
        """Compare in Python, with the engine's result."""
        ...


@dataclass(frozen=True, slots=True)
class TextField:
    """A column of text, compared as it stands; ids are written in lower case."""

    column: str
    key: str
    lower: bool = False

    def sql(self, compare: Compare, bind: Callable[[object, str], str]) -> str:  # noqa: D102 - said by Field
        return text_condition(self.column, self._value(compare), compare, bind)

    def present(self, bind: Callable[[object, str], str]) -> str:  # noqa: ARG002, D102
        return f"{self.column} != ''"

    def value(self, bind: Callable[[object, str], str]) -> str:  # noqa: ARG002, D102
        return self.column

    def read(self, record: Record) -> str | None:  # noqa: D102
        value = record.get(self.key)
        return None if value is None else str(value)

    def matches(self, compare: Compare, record: Record) -> bool:  # noqa: D102
        return text_matches(self.read(record) or "", self._value(compare), compare)

    def _value(self, compare: Compare) -> str:
        return compare.value.lower() if self.lower and compare.operator != "~" else compare.value


@dataclass(frozen=True, slots=True)
class ChoiceField:
    """A column with few values, named in any case."""

    column: str
    key: str
    choices: tuple[str, ...]

    def sql(self, compare: Compare, bind: Callable[[object, str], str]) -> str:  # noqa: D102
        return f"{self.column} = {bind(self._chosen(compare), 'String')}"

    def present(self, bind: Callable[[object, str], str]) -> str:  # noqa: ARG002, D102
        return f"{self.column} != ''"

    def value(self, bind: Callable[[object, str], str]) -> str:  # noqa: ARG002, D102
        return f"lower({self.column})"

    def read(self, record: Record) -> str | None:  # noqa: D102
        return record.get(self.key)

    def matches(self, compare: Compare, record: Record) -> bool:  # noqa: D102
        return self.read(record) == self._chosen(compare)

    def _chosen(self, compare: Compare) -> str:
        if compare.operator == "=" and not compare.prefix:
            for choice in self.choices:
                if choice.lower() == compare.value.lower():
                    return choice
        raise QueryInvalid(
            f"{compare.field} is one of {', '.join(c.lower() for c in self.choices)}; found {_shown(compare)}.",
            compare.position,
        )


@dataclass(frozen=True, slots=True)
class LevelField:
    """The severity of a log, by name or OpenTelemetry's number; a name covers its four numbers."""

    def sql(self, compare: Compare, bind: Callable[[object, str], str]) -> str:  # noqa: D102
        low, high = self._bounds(compare)
        column = "if(SeverityNumber = 0, 9, SeverityNumber)" if low <= 9 <= high else "SeverityNumber"
        return f"{column} BETWEEN {bind(low, 'UInt8')} AND {bind(high, 'UInt8')}"

    def present(self, bind: Callable[[object, str], str]) -> str:  # noqa: ARG002, D102
        return "1"

    def value(self, bind: Callable[[object, str], str]) -> str:  # noqa: D102
        names = bind([severity.name_of(number).lower() for number in range(25)], "Array(String)")
        return f"{names}[least(SeverityNumber, 24) + 1]"

    def read(self, record: Record) -> float:  # noqa: D102
        return record.get("severity") or 9

    def matches(self, compare: Compare, record: Record) -> bool:  # noqa: D102
        low, high = self._bounds(compare)
        return low <= self.read(record) <= high

    def _bounds(self, compare: Compare) -> tuple[int, int]:
        first, last = self._numbers(compare)
        return {
            "=": (first, last),
            ">=": (first, 255),
            ">": (last + 1, 255),
            "<=": (1, last),
            "<": (1, max(0, first - 1)),
        }[compare.operator]

    def _numbers(self, compare: Compare) -> tuple[int, int]:
        name = compare.value.upper()
        name = severity.ALIASES.get(name, name)
        exact = not compare.prefix and compare.operator != "~"
        if exact and name in severity.NUMBERS:
            return severity.NUMBERS[name], severity.NUMBERS[name] + 3
        if exact and re.fullmatch(r"[0-9]{1,2}", name) and 1 <= int(name) <= 24:
            return int(name), int(name)
        names = ", ".join(known.lower() for known in severity.NUMBERS)
        raise QueryInvalid(
            f"{compare.field} is one of {names}, or a number from 1 to 24; found {_shown(compare)}.", compare.position
        )


_DURATION_NS: Final = {"ns": 1, "us": 1e3, "µs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9}
_DURATION: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(ns|us|µs|ms|s|m|h)")


@dataclass(frozen=True, slots=True)
class DurationField:
    """How long a span took, with its unit: ``500ms``, ``1.5s``."""

    def sql(self, compare: Compare, bind: Callable[[object, str], str]) -> str:  # noqa: D102
        return f"Duration {compare.operator} {bind(self._ns(compare), 'UInt64')}"

    def present(self, bind: Callable[[object, str], str]) -> str:  # noqa: ARG002, D102
        return "1"

    def value(self, bind: Callable[[object, str], str]) -> str:  # noqa: ARG002, D102
        return "toString(Duration)"

    def read(self, record: Record) -> float:  # noqa: D102
        return round((record.get("duration_ms") or 0) * 1e6)

    def matches(self, compare: Compare, record: Record) -> bool:  # noqa: D102
        return ordered(self.read(record), compare.operator, self._ns(compare))

    def _ns(self, compare: Compare) -> int:
        found = _DURATION.fullmatch(compare.value)
        if not found or compare.prefix or compare.operator == "~":
            raise QueryInvalid(
                f"{compare.field} is a number with its unit, such as 500ms, 1.5s or 2m; found {_shown(compare)}.",
                compare.position,
            )
        return int(float(found[1]) * _DURATION_NS[found[2]])


@dataclass(frozen=True, slots=True)
class AttributeField:
    """One attribute, of the record, of its resource, or of either."""

    columns: tuple[str, ...]
    keys: tuple[str, ...]
    name: str

    def sql(self, compare: Compare, bind: Callable[[object, str], str]) -> str:  # noqa: D102
        name, compare = self._measured(compare)
        columns = self._read(bind, name)
        if compare.operator == "~":
            pattern = bind(compare.value, "String")
            conditions = [f"match({column}, {pattern})" for column in columns]
        elif compare.operator == "=":
            value = bind(compare.value, "String")
            conditions = [equals(column, value, prefix=compare.prefix) for column in columns]
        else:
            limit = bind(number(compare), "Float64")
            conditions = [f"ifNull(toFloat64OrNull({column}) {compare.operator} {limit}, 0)" for column in columns]
        return conditions[0] if len(conditions) == 1 else f"({' OR '.join(conditions)})"

    def present(self, bind: Callable[[object, str], str]) -> str:  # noqa: D102
        conditions = [f"{column} != ''" for column in self._read(bind, self.name)]
        return conditions[0] if len(conditions) == 1 else f"({' OR '.join(conditions)})"

    def value(self, bind: Callable[[object, str], str]) -> str:  # noqa: D102
        first, *others = self._read(bind, self.name)
        for other in others:
            first = f"if({first} != '', {first}, {other})"
        return first

    def read(self, record: Record) -> str | None:  # noqa: D102
        holders = [record[key] for key in self.keys if self.name in (record.get(key) or {})]
        return str(holders[0][self.name]) if holders else None

    def matches(self, compare: Compare, record: Record) -> bool:  # noqa: D102
        name, compare = self._measured(compare)
        values = [str((record.get(key) or {}).get(name, "")) for key in self.keys]
        if compare.operator not in {"=", "~"}:
            limit = number(compare)
            return any(
                ordered(found, compare.operator, limit) for value in values if (found := _number(value)) is not None
            )
        return any(text_matches(value, compare.value, compare) for value in values)

    def _measured(self, compare: Compare) -> tuple[str, Compare]:
        """Take ``duration:>1.5s`` for ``duration_ms:>1500``: names of attributes end in the unit that they count."""
        found = _DURATION.fullmatch(compare.value)
        if not found or compare.operator in {"=", "~"}:
            return self.name, compare
        name = self.name if self.name.endswith(("_ms", "_s", "_seconds")) else f"{self.name}_ms"
        size = float(found[1]) * _DURATION_NS[found[2]] / _DURATION_NS["ms" if name.endswith("_ms") else "s"]
        return name, replace(compare, value=f"{size:.12g}")

    def _read(self, bind: Callable[[object, str], str], name: str) -> list[str]:
        bound = bind(name, "String")
        return [f"{column}[{bound}]" for column in self.columns]


RESOURCE_NAMES: Final = (
    "cloud.", "container.", "deployment.", "device.", "faas.", "host.", "k8s.", "os.", "process.", "service.",
    "telemetry.",
)  # fmt: skip
"""
How the names begin that OpenTelemetry gives to resources. Only these are looked for in both places: reading the
resources too makes a search more than twice as long.
"""


@dataclass(frozen=True, slots=True)
class Signal:
    """
    One kind of record that can be searched.

    Attributes:
        table: where the records are.
        text: column in which phrases are found.
        words: what words are looked for in: the column whose index lowers letters itself, or the column in lower case.
        text_key: the record's key for it.
        fields: named fields.
        facets: those of them with few values, by which people narrow a search.
        attributes: column of the record's attributes.
        data: column of what an event is about, looked at before its attributes; empty where there is none.
    """

    table: str
    text: str
    words: str
    text_key: str
    fields: Mapping[str, Field]
    facets: tuple[str, ...]
    attributes: str
    data: str = ""

    def field(self, name: str) -> Field:
        """Find a field by its name; what is no field of its own is an attribute."""
        if found := self.fields.get(name.lower()):
            return found
        for prefix, column, key in (
            ("resource.", "ResourceAttributes", "resource"),
            ("attributes.", self.attributes, "attributes"),
            ("data.", self.data, "data"),
        ):
            if column and name.startswith(prefix) and len(name) > len(prefix):
                return AttributeField((column,), (key,), name.removeprefix(prefix))
        if name.startswith(RESOURCE_NAMES):
            return AttributeField((self.attributes, "ResourceAttributes"), ("attributes", "resource"), name)
        if self.data:
            return AttributeField((self.data, self.attributes), ("data", "attributes"), name)
        return AttributeField((self.attributes,), ("attributes",), name)


_SERVICE: Final = TextField("ServiceName", "service")
_BODY: Final = TextField("Body", "body")
_TRACE: Final = TextField("TraceId", "trace_id", lower=True)
_SPAN: Final = TextField("SpanId", "span_id", lower=True)

LOGS: Final = Signal(
    table="otel_logs",
    facets=("level", "service", "logger"),
    text="Body",
    words="Body",
    text_key="body",
    attributes="LogAttributes",
    fields={
        "level": LevelField(),
        "severity": LevelField(),
        "service": _SERVICE,
        "logger": TextField("ScopeName", "logger"),
        "message": _BODY,
        "body": _BODY,
        "trace": _TRACE,
        "trace_id": _TRACE,
        "span": _SPAN,
        "span_id": _SPAN,
    },
)
"""Logs: words are found in the body."""

TRACES: Final = Signal(
    table="otel_traces",
    facets=("service", "name", "kind", "status", "scope"),
    text="SpanName",
    words="lower(SpanName)",
    text_key="name",
    attributes="SpanAttributes",
    fields={
        "name": TextField("SpanName", "name"),
        "service": _SERVICE,
        "kind": ChoiceField("SpanKind", "kind", ("Internal", "Server", "Client", "Producer", "Consumer")),
        "status": ChoiceField("StatusCode", "status", ("Unset", "Ok", "Error")),
        "duration": DurationField(),
        "scope": TextField("ScopeName", "scope"),
        "trace": _TRACE,
        "trace_id": _TRACE,
        "span": _SPAN,
        "span_id": _SPAN,
        "parent": TextField("ParentSpanId", "parent_id", lower=True),
    },
)
"""Spans: words are found in the name."""


EVENTS: Final = Signal(
    table="events",
    facets=("name", "service"),
    text="EventName",
    words="lower(EventName)",
    text_key="name",
    attributes="Attributes",
    data="Data",
    fields={
        "name": TextField("EventName", "name"),
        "event": TextField("EventName", "name"),
        "service": _SERVICE,
        "trace": _TRACE,
        "trace_id": _TRACE,
        "span": _SPAN,
        "span_id": _SPAN,
    },
)
"""Events: words are found in the name, attributes in the event's data and in its context."""


SIGNALS: Final = {"logs": LOGS, "traces": TRACES, "events": EVENTS}
"""What can be searched, by its name."""


def text_condition(column: str, value: str, compare: Compare, bind: Callable[[object, str], str]) -> str:
    """Write text against text: equal, beginning with, or in the order of its bytes."""
    bound = bind(value, "String")
    if compare.operator == "~":
        return f"match({column}, {bound})"
    if compare.operator == "=":
        return equals(column, bound, prefix=compare.prefix)
    return f"{column} {compare.operator} {bound}"


def equals(column: str, bound: str, *, prefix: bool) -> str:
    """Write that text is equal to a bound value, or begins with it."""
    return f"startsWith({column}, {bound})" if prefix else f"{column} = {bound}"


def text_matches(found: str, value: str, compare: Compare) -> bool:
    """Compare as ``text_condition`` does."""
    if compare.operator == "~":
        return found_in(compare.value, found)
    if compare.prefix:
        return found.startswith(value)
    return ordered(found.encode(), compare.operator, value.encode())


def ordered(left: Any, operator: str, right: Any) -> bool:
    """Compare two values by an operator of the language."""
    if operator == "=":
        return bool(left == right)
    if operator in {">", ">="}:
        return bool(left > right or (operator == ">=" and left == right))
    return bool(left < right or (operator == "<=" and left == right))


def number(compare: Compare) -> float:
    """
    Read the value of a comparison of sizes.

    Raises:
        QueryInvalid: if it is no number.
    """
    found = _number(compare.value)
    if found is None:
        raise QueryInvalid(
            f"{compare.field}:{compare.operator} compares with a number; found {_shown(compare)}.", compare.position
        )
    return found


_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


def _number(text: str) -> float | None:
    return float(text) if len(text) <= 64 and _NUMBER.fullmatch(text) else None


def _shown(compare: Compare) -> str:
    operator = "" if compare.operator == "=" else compare.operator
    return repr(f"{operator}{compare.value[:64]}{'*' if compare.prefix else ''}")
