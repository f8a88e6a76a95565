"""A search text, cut into tokens that know their place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from sightline.base.errors import QueryInvalid
from sightline.base.limits import MAX_QUERY_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterator


class Kind(Enum):
    """What a token is; the values are how messages call it."""

    WORD = "a word"
    PHRASE = "a phrase"
    FIELD = "a field"
    OPERATOR = "a comparison"
    PATTERN = "a pattern"
    RANGE = "a range"
    NOT = "NOT"
    AND = "AND"
    OR = "OR"
    OPEN = "("
    CLOSE = ")"
    END = "the end"


@dataclass(frozen=True, slots=True)
class Token:
    """
    A token.

    Attributes:
        kind: what it is.
        text: without quotes, escapes, colon and tilde; of a range what it begins and ends with, ``[`` or ``{``.
        position: its offset in the search text.
        joined: it follows a field's colon or comparison without a space, or stands in a field's list.
        bounds: the two ends of a range, as words or phrases.
    """

    kind: Kind
    text: str
    position: int
    joined: bool = False
    bounds: tuple[Token, ...] = ()


_SPACE: Final = re.compile(r"\s+")
_PHRASE: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_FIELD: Final = re.compile(r"([A-Za-z_@][A-Za-z0-9_.@/-]*):(?!//)")
_OPERATOR: Final = re.compile(r">=|<=|>|<|=")
_BOUND: Final = r'("(?:[^"\\]|\\.)*"|[^\s"\]}]+)'
_RANGE: Final = re.compile(rf"([\[{{])\s*{_BOUND}\s+TO\s+{_BOUND}\s*([\]}}])", re.DOTALL)
_OPEN_RANGE: Final = re.compile(rf"[\[{{]\s*{_BOUND}\s+TO(?:\s|$)", re.DOTALL)
_WORD: Final = re.compile(r'[^\s()"]+')
_KEYWORDS: Final = {"AND": Kind.AND, "OR": Kind.OR, "NOT": Kind.NOT}


def tokens(text: str) -> Iterator[Token]:
    """
    Cut *text* into tokens; the last one is ``Kind.END``.

    Raises:
        QueryInvalid: if the text is too long, is no Unicode, or a quote or a range is not closed.
    """
    if len(text) > MAX_QUERY_LENGTH:
        raise QueryInvalid(
            f"The search has {len(text)} characters, at most {MAX_QUERY_LENGTH} are read. Use SQL for more.",
            MAX_QUERY_LENGTH,
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise QueryInvalid("The search has half of a surrogate pair, which is no character.", error.start) from None
    position, in_field, in_list = 0, False, False
    while position < len(text):
        if space := _SPACE.match(text, position):
            position, in_field = space.end(), False
            continue
        token, position = _next(text, position, in_field=in_field or in_list, in_list=in_list)
        in_list = (in_list or in_field) if token.kind is Kind.OPEN else in_list and token.kind is not Kind.CLOSE
        in_field = token.kind in {Kind.FIELD, Kind.OPERATOR}
        yield token
    yield Token(Kind.END, "", len(text))


def _next(  # noqa: PLR0911 - one a kind of token
    text: str, at: int, *, in_field: bool, in_list: bool
) -> tuple[Token, int]:
    character = text[at]
    if character in "()":
        return Token(Kind(character), character, at, joined=in_field), at + 1
    if character == '"':
        return _quoted(text, at, in_field=in_field)
    followed = at + 1 < len(text) and not text[at + 1].isspace()
    if character == "~" and followed:
        return _pattern(text, at, in_field=in_field)
    if in_field:
        if found := _OPERATOR.match(text, at):
            return Token(Kind.OPERATOR, found[0], at, joined=True), found.end()
        if found := _RANGE.match(text, at):
            return _range(found), found.end()
        if _OPEN_RANGE.match(text, at):
            raise QueryInvalid("The range that opens here is not closed; write [low TO high], or * for an end.", at)
        word = _word_at(text, at)
        return Token(Kind.OR if in_list and word == "OR" else Kind.WORD, word, at, joined=True), at + len(word)
    if character in "-!" and followed:
        return Token(Kind.NOT, character, at), at + 1
    if found := _FIELD.match(text, at):
        return Token(Kind.FIELD, found[1], at), found.end()
    word = _word_at(text, at)
    return Token(_KEYWORDS.get(word, Kind.WORD), word, at), at + len(word)


def _quoted(text: str, at: int, *, in_field: bool) -> tuple[Token, int]:
    found = _closed(text, at)
    inside = _unescaped(found[1])
    if not in_field and text.startswith(":", found.end()):
        return Token(Kind.FIELD, inside, at), found.end() + 1
    return Token(Kind.PHRASE, inside, at, joined=in_field), found.end()


def _closed(text: str, at: int) -> re.Match[str]:
    found = _PHRASE.match(text, at)
    if not found:
        raise QueryInvalid("The quote that opens here is not closed.", at)
    return found


def _pattern(text: str, at: int, *, in_field: bool) -> tuple[Token, int]:
    at += 1
    if text[at] == '"':
        found = _closed(text, at)
        return Token(Kind.PATTERN, found[1].replace('\\"', '"'), at, joined=in_field), found.end()
    if text[at] in "()":
        raise QueryInvalid("A pattern with parentheses or spaces stands in quotes.", at)
    word = _word_at(text, at)
    return Token(Kind.PATTERN, word, at, joined=in_field), at + len(word)


def _range(found: re.Match[str]) -> Token:
    bounds = tuple(_bound(found[group], found.start(group)) for group in (2, 3))
    return Token(Kind.RANGE, found[1] + found[4], found.start(), joined=True, bounds=bounds)


def _bound(text: str, at: int) -> Token:
    if text.startswith('"'):
        return Token(Kind.PHRASE, _unescaped(text[1:-1]), at, joined=True)
    return Token(Kind.WORD, text, at, joined=True)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(r"\1", text)


def _word_at(text: str, at: int) -> str:
    found = _WORD.match(text, at)
    assert found, "whitespace, parentheses and quotes are taken before"
    return found[0]
