"""Answers of the store, as Python values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class Result:
    """
    The answer to a query.

    Attributes:
        columns: name and type of each column, the type as ClickHouse writes it.
        rows: one tuple a row. Numbers are numbers, times are RFC 3339 text in UTC (``DateTime64(9)`` with nine
            digits, ends in ``Z``), maps are dicts, arrays lists, NULL and NaN are None.
        elapsed_ms: how long the store worked.
        truncated: there are more rows than were asked for.
    """

    columns: list[tuple[str, str]]
    rows: list[tuple[Any, ...]]
    elapsed_ms: float
    truncated: bool = False

    def dicts(self) -> list[dict[str, Any]]:
        """Give each row as a dict by the columns' names."""
        names = [name for name, _ in self.columns]
        return [dict(zip(names, row, strict=True)) for row in self.rows]

    def scalar(self) -> Any:
        """Give the first value of the first row; None where there is no row."""
        return self.rows[0][0] if self.rows else None


class _Column(msgspec.Struct):
    name: str
    type: str


class _Statistics(msgspec.Struct):
    elapsed: float = 0.0


class _Answer(msgspec.Struct):
    meta: list[_Column]
    data: list[tuple[Any, ...]]
    statistics: _Statistics = msgspec.field(default_factory=_Statistics)


_decode = msgspec.json.Decoder(_Answer).decode

RESULT_SETTINGS = {
    "date_time_output_format": "iso",
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_validate_utf8": 1,
}
"""Settings under which the engine writes what ``decode`` reads."""


def decode(answer: bytes) -> Result:
    """Read the engine's ``JSONCompact``. A statement that answers nothing gives no columns and no rows."""
    if not answer:
        return Result([], [], 0.0)
    found = _decode(answer)
    return Result([(column.name, column.type) for column in found.meta], found.data, found.statistics.elapsed * 1000)
