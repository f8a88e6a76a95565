"""A search tree on one record, for the live tail: the same answer that the engine would give."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sightline.query.search.compile import ascii_lower, words
from sightline.query.search.parser import parse
from sightline.query.search.patterns import found_in
from sightline.query.search.tree import And, Compare, Everything, Node, Not, Or, Pattern, Present, Text, walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from sightline.query.search.fields import Record, Signal

_BOUNDARY: Final = r"[^0-9A-Za-z\x80-\U0010ffff]"


def matcher(text: str, signal: Signal) -> Callable[[Record], bool]:
    """
    Turn a search text into a function of a record.

    Raises:
        QueryInvalid: with the offset of what is wrong, before any record is seen.
    """
    tree = parse(text)
    found = _Matcher(signal)
    walk(tree, found.prepare)
    return lambda record: found.matches(tree, record)


class _Matcher:
    def __init__(self, signal: Signal) -> None:
        self._signal = signal
        self._tests: dict[Text, Callable[[str], bool]] = {}

    def prepare(self, node: Node) -> None:
        if isinstance(node, Text):
            self._tests[node] = _text_test(node)
        elif isinstance(node, Compare):
            self._signal.field(node.field).matches(node, {})  # raises for a value that the field cannot have

    def matches(self, node: Node, record: Record) -> bool:  # noqa: PLR0911 - one a kind of node
        match node:
            case Everything():
                return True
            case Text():
                return self._tests[node](str(record.get(self._signal.text_key) or ""))
            case Pattern():
                return found_in(node.pattern, str(record.get(self._signal.text_key) or ""))
            case Compare():
                return self._signal.field(node.field).matches(node, record)
            case Present():
                return bool(self._signal.field(node.field).read(record))
            case Not():
                return not self.matches(node.node, record)
            case And():
                return all(self.matches(child, record) for child in node.nodes)
            case Or():
                return any(self.matches(child, record) for child in node.nodes)


def _text_test(text: Text) -> Callable[[str], bool]:
    if text.prefix and text.suffix:
        return lambda found: ascii_lower(text.text) in ascii_lower(found)
    if text.prefix or text.suffix:
        start = "" if text.suffix else f"(?:^|{_BOUNDARY})"
        end = "" if text.prefix else rf"(?:{_BOUNDARY}|\Z)"
        pattern = re.compile(start + re.escape(text.text) + end, re.IGNORECASE)
        return lambda found: pattern.search(found) is not None
    wanted, stands = set(words(text.text)), ascii_lower(text.text)
    return lambda found: wanted <= set(words(found)) and stands in ascii_lower(found)
