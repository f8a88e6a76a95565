"""
Finds what stands behind the names of secrets in free text, however it is written.

``password=x``, ``"apiKey": {…}``, ``user[token]=x``, ``--secret x``, ``('X-Api-Key', 'x')``, ``<password>x</password>``
and ``Cookie: a=1; b=2``, in quotes, escaped quotes and HTML's quotes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sightline.model.redacted import REDACTED

if TYPE_CHECKING:
    from collections.abc import Callable

_QUOTE: Final = r"""(?:\\*["']|&quot;|&\#3[49];|\\+u002[27])"""

_ASSIGNED: Final = re.compile(
    rf"""(?<![\w.\-])[.\-]*+
    ((?:(?:api|credit|card|private|social|security)[ +]){{0,2}}\w[\w.\-]*+)  # the name; a few are two words or three
    {_QUOTE}?\]{{0,2}}\s{{0,3}}(?:=>|[=:])\s{{0,3}}""",
    re.VERBOSE | re.IGNORECASE,
)
_FLAG: Final = re.compile(rf"""(?<![\w\-])--([A-Za-z][\w.\-]{{1,100}}+)(?:\s{{1,3}}+|{_QUOTE},\s{{0,3}}+)(?![-=:\s])""")
_PAIR: Final = re.compile(
    rf"""(?:\(|[\[,]\s{{0,3}}\[)[bruf]{{0,2}}{_QUOTE}([\w.\- ]{{2,100}}+){_QUOTE},\s{{0,3}}(?=[bruf]{{0,2}}{_QUOTE})"""
)
"""A pair of name and value: a tuple, or a list within a list, for a list of two words may be a list of names."""

_TAG: Final = re.compile(r"<((?:[\w.\-]{1,100}+:)?[\w.\-]{2,100}+)(?:\s[^<>]{0,500})?>(?!</)")
_BEHIND_TAG: Final = re.compile(r"<!\[CDATA\[.*?(?:\]\]>|\Z)|[^<]+", re.DOTALL)

_VALUE: Final = re.compile(
    r"""(\\++["']).*?(?:(?<!\\)\1|\Z)               # in quotes that are escaped, as in JSON within a string
    | (&quot;|&\#3[49];|\\++u002[27]).*?(?:(?<!\\)\2|\Z)  # in quotes as HTML and JSON write them within texts
    | [bruf]{0,2}"(?:[^"\\]|\\.)*"?                 # in double quotes
    | [bruf]{0,2}'(?:[^'\\]|\\.)*'?                 # in single quotes
    | (?:(?i:bearer|basic|digest|token)\s+)?[^\s,;&"']*[^\s,;&"'<>()\[\]{}]""",
    re.VERBOSE | re.DOTALL,
)
_REST_OF_LINE: Final = re.compile(r"[^\r\n\"']*[^\s\"']")
_CREDENTIALS: Final = re.compile(
    r"""(?:[\w-]+[ \t]+)?                                                          # a scheme
    (?:[\w-]+=(?:"[^"]*"|[^\s,"']+)(?:,[ \t]*[\w-]+=(?:"[^"]*"|[^\s,"']+))*        # with parameters
    | [^\s,;"']+)""",
    re.VERBOSE,
)
"""The value of the header ``Authorization``, of any scheme."""

_OPENED: Final = re.compile(rf"[bruf]{{0,2}}{_QUOTE}")
_BRACKETS: Final = re.compile(r"(?<!\\)\\*+[\"']|[()\[\]{}]")
_OPENING: Final = frozenset("([{")
_NOTHING: Final = frozenset({"", "none", "null", "true", "false", "undefined", "***", "[]", "{}", "()"})


class NamedSecrets:
    """Takes values out of free text by the names that they stand behind."""

    def __init__(self, is_secret: Callable[[str], bool]) -> None:
        self._is_secret = is_secret

    def take_out(self, text: str) -> str:
        """Give *text* with a mark in the place of each such value."""
        found = text
        if "=" in found or ":" in found:
            found = self._behind(_ASSIGNED, found, _assigned_until)
        if "--" in found:
            found = self._behind(_FLAG, found, _value_until)
        if "," in found and ("(" in found or "[" in found):
            found = self._behind(_PAIR, found, _value_until)
        if "</" in found:
            found = self._behind(_TAG, found, lambda text, match: _until(_BEHIND_TAG, text, match.end()))
        return found

    def _behind(self, names: re.Pattern[str], text: str, until: Callable[[str, re.Match[str]], int]) -> str:
        parts: list[str] = []
        done = 0
        for match in names.finditer(text):
            if match.start() < done or not self._is_secret(_name(text, match)):
                continue
            end = until(text, match)
            value = text[match.end() : end]
            if value.startswith(REDACTED) or value.strip("\\\"'").lower() in _NOTHING:
                continue
            parts += (text[done : match.end()], _blank(value))
            done = end
        parts.append(text[done:])
        return "".join(parts)


def _name(text: str, match: re.Match[str]) -> str:
    r"""Give the name that was found, without the letter of an escape such as ``\n`` in front of it."""
    name, start = match[1], match.start(1)
    return name[1:] if name[0] in "nrt" and start > 0 and text[start - 1] == "\\" else name


def _assigned_until(text: str, match: re.Match[str]) -> int:
    """Tell where the value ends behind ``name=`` or ``name:``; a header's is the rest of its line."""
    name, at = match[1].lower(), match.end()
    if ":" in text[match.end(1) : at] and text[at : at + 1] not in _OPENING and not _OPENED.match(text, at):
        if name.endswith("cookie"):
            return _until(_REST_OF_LINE, text, at)
        if name.endswith("authorization"):
            return _until(_CREDENTIALS, text, at)
    return _value_until(text, match)


def _value_until(text: str, match: re.Match[str]) -> int:
    at = match.end()
    return _closed(text, at) if text[at : at + 1] in _OPENING else _until(_VALUE, text, at)


def _until(value: re.Pattern[str], text: str, at: int) -> int:
    found = value.match(text, at)
    return at if found is None else found.end()


def _closed(text: str, start: int) -> int:
    """Tell where the bracket that opens at *start* is closed; at the end of the text where it is not."""
    depth = 0
    quote = ""
    for match in _BRACKETS.finditer(text, start):
        mark = match[0]
        if quote:
            quote = "" if mark == quote else quote
        elif mark[-1] in "\"'":
            quote = mark
        else:
            depth += 1 if mark in _OPENING else -1
            if depth == 0:
                return match.end()
    return len(text)


def _blank(value: str) -> str:
    """Put the mark in the place of a value, within the value's quotes."""
    quote = _OPENED.match(value)
    if quote is None:
        return REDACTED
    mark = quote[0].lstrip("bruf")
    closed = mark if len(value) >= len(quote[0]) + len(mark) and value.endswith(mark) else ""
    return f"{quote[0]}{REDACTED}{closed}"
