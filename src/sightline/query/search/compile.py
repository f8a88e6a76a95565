"""A search tree to a condition for the engine. Text of the user becomes bound parameters, never SQL."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sightline.query.search.parser import parse
from sightline.query.search.tree import And, Compare, Everything, Node, Not, Or, Pattern, Present, Text

if TYPE_CHECKING:
    from sightline.query.search.fields import Signal

_TOKEN: Final = re.compile(rb"[0-9A-Za-z\x80-\xff]+")
"""What the index takes for a word: the engine's ``splitByNonAlpha``, which works on bytes."""

_BOUNDARY: Final = r"[^0-9A-Za-z\x{80}-\x{10FFFF}]"


@dataclass(frozen=True, slots=True)
class Condition:
    """
    A condition for ``WHERE``.

    Attributes:
        sql: without any text of the user.
        parameters: what its placeholders ``{p0:String}`` stand for.
    """

    sql: str
    parameters: dict[str, object]


def compile_search(text: str, signal: Signal, name: str = "p") -> Condition:
    """
    Turn a search text into a condition.

    Args:
        text: the search.
        signal: where it is asked.
        name: first letters of the parameters' names; two conditions in one statement need different ones.

    Raises:
        QueryInvalid: with the offset of what is wrong.
    """
    compiler = _Compiler(signal, name)
    return Condition(compiler.write(parse(text)), compiler.parameters)


def words(text: str) -> list[str]:
    """Split text into the words that the index knows, in lower case, each one once."""
    found = (token.decode(errors="replace") for token in _TOKEN.findall(ascii_lower(text).encode()))
    return list(dict.fromkeys(found))


def ascii_lower(text: str) -> str:
    """Lower the letters A to Z and no others, as the engine does."""
    return "".join(chr(ord(letter) + 32) if "A" <= letter <= "Z" else letter for letter in text)


@dataclass(slots=True)
class _Compiler:
    signal: Signal
    name: str
    parameters: dict[str, object] = field(default_factory=dict)

    def write(self, node: Node) -> str:  # noqa: PLR0911 - one a kind of node
        match node:
            case Everything():
                return "1"
            case Text():
                return self._text(node)
            case Pattern():
                return f"match({self.signal.text}, {self._bind(node.pattern, 'String')})"
            case Compare():
                return self.signal.field(node.field).sql(node, self._bind)
            case Present():
                return self.signal.field(node.field).present(self._bind)
            case Not():
                return f"NOT ({self.write(node.node)})"
            case And():
                return f"({' AND '.join(map(self.write, node.nodes))})"
            case Or():
                return f"({' OR '.join(map(self.write, node.nodes))})"

    def _bind(self, value: object, kind: str) -> str:
        name = f"{self.name}{len(self.parameters)}"
        self.parameters[name] = value
        return f"{{{name}:{kind}}}"

    def _text(self, text: Text) -> str:
        column = self.signal.text
        if text.prefix or text.suffix:
            return self._wild(text)
        found = words(text.text)
        if [ascii_lower(text.text)] == found:
            return f"hasAllTokens({self.signal.words}, {self._bind(found, 'Array(String)')})"
        stands = f"positionCaseInsensitive({column}, {self._bind(text.text, 'String')}) > 0"
        if not found:
            return stands
        return f"(hasAllTokens({self.signal.words}, {self._bind(found, 'Array(String)')}) AND {stands})"

    def _wild(self, text: Text) -> str:
        column = self.signal.text
        if text.prefix and text.suffix:
            return f"positionCaseInsensitive({column}, {self._bind(text.text, 'String')}) > 0"
        return f"match({column}, {self._bind(wild_pattern(text), 'String')})"


def wild_pattern(text: Text) -> str:
    """Write ``pay*`` and ``*id`` as a regular expression of the engine (RE2)."""
    inner = "".join(_quoted(character) for character in text.text)
    return f"(?i)(?:^|{_BOUNDARY}){inner}" if text.prefix else f"(?i){inner}(?:{_BOUNDARY}|$)"


def _quoted(character: str) -> str:
    if character.isalnum() or ord(character) > 127:
        return character
    return f"\\x{{{ord(character):x}}}"
