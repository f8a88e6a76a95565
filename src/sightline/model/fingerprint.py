"""
One name for all occurrences of the same error, whoever tells it: this process, a foreign SDK or a browser.

It is made of the exceptions' types, the functions of the application that they went through, and the text of the line
that raised. It holds still while lines move, the message carries other ids, and frameworks or event loops around
change; see docs/howto/errors.md.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LONGEST_CHAIN: Final = 10
"""Exceptions of a chain that count, from the outermost on."""

MOST_MEMBERS: Final = 25
"""Members of an exception group that count."""

_DEEPEST: Final = 5
"""Exception groups within each other that are looked into."""

_LONGEST_MESSAGE: Final = 300
"""Characters of a message that count where nothing but the message tells an error."""

_COMPREHENSIONS: Final = re.compile(r"\.<locals>\.<(?:list|dict|set)comp>|\.<locals>\.<genexpr>")
"""From Python 3.12 on most comprehensions have no frame of their own."""

_VARYING: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), word)
    for pattern, word in (
        (r"'[^'\n]*'|\"[^\"\n]*\"|`[^`\n]*`", "<text>"),
        (r"\b[a-z][a-z0-9+.-]*://\S+", "<url>"),
        (r"\b[\w.+-]+@[\w-]+\.[\w.-]+", "<email>"),
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<id>"),
        (r"\b0x[0-9a-f]+\b", "<id>"),
        (r"(?<![\w.])(?:/[\w.@%+-]+){2,}/?", "<path>"),
        (r"(?:(?<!\w)[-+])?\b(?=[a-z_-]*\d)[\w-]{8,}\b", "<id>"),
        (r"(?:(?<!\w)[-+])?\d+(?:[.,:]\d+)*", "<id>"),
    )
)


class Raised(NamedTuple):
    """
    One exception of a chain, as far as it counts.

    Attributes:
        kind: its type with the module, such as ``builtins.KeyError``.
        relation: to the one before it in the chain: ``""`` for the outermost, ``cause`` or ``context``.
        places: the application's functions that it went through, outermost first; see ``place``.
        line: text of the application's innermost line; empty if not known.
        message: counts only where there are no places.
        members: of an exception group: the chain of each.
    """

    kind: str
    relation: str = ""
    places: Sequence[str] = ()
    line: str = ""
    message: str = ""
    members: Sequence[Iterable[Raised]] = ()


def fingerprint(chain: Iterable[Raised]) -> str:
    """Give the fingerprint of a chain of exceptions, the outermost first: 16 hex digits."""
    return digest(_tell(chain, 0))


def digest(parts: Iterable[str]) -> str:
    """Give one name to several texts: 16 hex digits."""
    return hashlib.sha256("\n".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def place(module: str, function: str) -> str:
    """Name a function of the application."""
    return f"{module}.{_COMPREHENSIONS.sub('', function)}"


def message_template(message: str) -> str:
    """Replace what varies from one occurrence to the next: ids, numbers, addresses, paths, quoted text."""
    template = message[:_LONGEST_MESSAGE].partition("\n")[0]
    for pattern, word in _VARYING:
        template = pattern.sub(word, template)
    return " ".join(template.split())


def _tell(chain: Iterable[Raised], depth: int) -> Iterator[str]:
    for one in chain:
        yield f"{one.relation}:{one.kind}"
        if one.places:
            yield from dict.fromkeys(one.places)  # each once, however deep a recursion went
            yield " ".join(one.line.split())
        else:
            yield message_template(one.message)
        if one.members and depth < _DEEPEST:
            # Neither the order nor the number of tasks that failed in the same way makes another error.
            yield from sorted({"|".join(_tell(member, depth + 1)) for member in one.members[:MOST_MEMBERS]})
