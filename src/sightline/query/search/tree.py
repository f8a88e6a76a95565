"""What a search text means, before it is known where it will be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Everything:
    """All records: the empty search, and ``*``."""


@dataclass(frozen=True, slots=True)
class Text:
    """
    A word or a phrase that stands in the record's text.

    Attributes:
        text: what to look for, without quotes.
        prefix: words that begin so are meant as well (``pay*``).
        suffix: words that end so are meant as well (``*id``).
        position: offset in the search text.
    """

    text: str
    prefix: bool = False
    suffix: bool = False
    position: int = 0


@dataclass(frozen=True, slots=True)
class Pattern:
    """
    A regular expression that is found in the record's text.

    Attributes:
        pattern: the expression, of RE2, checked.
        position: offset in the search text.
    """

    pattern: str
    position: int = 0


@dataclass(frozen=True, slots=True)
class Compare:
    """
    A field against a value.

    Attributes:
        field: the field's name as written.
        operator: ``=``, ``>``, ``>=``, ``<``, ``<=``, or ``~`` for a pattern.
        value: what it is compared with; a pattern has been checked.
        prefix: values that begin so are meant as well (``/orders/*``).
        position: offset of the value in the search text.
    """

    field: str
    operator: str
    value: str
    prefix: bool = False
    position: int = 0


@dataclass(frozen=True, slots=True)
class Present:
    """A field that the record has (``user_id:*``)."""

    field: str
    position: int = 0


@dataclass(frozen=True, slots=True)
class Not:
    """What does not match."""

    node: Node


@dataclass(frozen=True, slots=True)
class And:
    """What matches all of these."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """What matches one of these."""

    nodes: tuple[Node, ...]


Node: TypeAlias = "Everything | Text | Pattern | Compare | Present | Not | And | Or"


def walk(node: Node, visit: Callable[[Node], None]) -> None:
    """Visit a node and all below it."""
    visit(node)
    if isinstance(node, Not):
        walk(node.node, visit)
    elif isinstance(node, And | Or):
        for child in node.nodes:
            walk(child, visit)
