"""Where the cursor stands in a search text, and what may be written there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_SPLIT: Final = re.compile(r'([-!]*)("(?:[^"\\]|\\.)*"|[A-Za-z_@][A-Za-z0-9_.@/-]*):(>=|<=|[><=~]?)(.*)\Z', re.DOTALL)
_LIST: Final = re.compile(r'("(?:[^"\\]|\\.)*"|[A-Za-z_@][A-Za-z0-9_.@/-]*):\([^)]*\Z', re.DOTALL)
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_@][A-Za-z0-9_.@/-]*")
_PLAIN_VALUE: Final = re.compile(r'[^\s()"\[\]{}~<>=*\\-][^\s()"*\\]*')


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where the cursor stands.

    Attributes:
        field: the field whose value is being written; empty while a name or a word is.
        prefix: what is written of it already, without quotes.
        start: offset from which on a suggestion takes the place of what is written.
        rest: the search without that term, by whose records the suggestions are counted.
    """

    field: str
    prefix: str
    start: int
    rest: str


def place_of(text: str, position: int) -> Place:
    """Find out what is being written at *position*; never fails, whatever the text."""
    before = text[:position]
    start = _term_start(before)
    term, rest = before[start:], before[:start]
    if split := _SPLIT.match(term):
        value = split[4]
        return Place(_bare(split[2]), _bare(value), position - len(value), rest)
    if inside := _LIST.search(rest):
        return Place(_bare(inside[1]), _bare(term), start, rest[: inside.start()])
    name = term.lstrip("-!")
    return Place("", _bare(name), position - len(name), rest)


def _term_start(text: str) -> int:
    """Find where the last term begins: behind the last space or parenthesis outside of quotes."""
    start, in_quotes, escaped = 0, False, False
    for at, character in enumerate(text):
        if escaped:
            escaped = False
        elif in_quotes:
            escaped, in_quotes = character == "\\", character != '"'
        elif character == '"':
            in_quotes = True
        elif character.isspace() or character in "()":
            start = at + 1
    return start


def write_name(name: str) -> str:
    """Write a field's name as a search has it, with its colon."""
    return f"{name}:" if _PLAIN_NAME.fullmatch(name) else f"{_quoted(name)}:"


def write_value(value: str) -> str:
    """Write a value as a search has it, in quotes where it needs them."""
    return value if _PLAIN_VALUE.fullmatch(value) and value != "OR" else _quoted(value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _bare(text: str) -> str:
    if not text.startswith('"'):
        return text
    inside = text[1:-1] if len(text) > 1 and text.endswith('"') else text[1:]
    return re.sub(r"\\(.)", r"\1", inside, flags=re.DOTALL)
