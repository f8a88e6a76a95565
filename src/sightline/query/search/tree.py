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
class Compare:
    """
    A field against a value.

    Attributes:
        field: the field's name as written.
        operator: ``=``, ``>``, ``>=``, ``<`` or ``<=``.
        value: what it is compared with.
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


Node: TypeAlias = "Everything | Text | Compare | Present | Not | And | Or"


def walk(node: Node, visit: Callable[[Node], None]) -> None:
    """Visit a node and all below it."""
    visit(node)
    if isinstance(node, Not):
        walk(node.node, visit)
    elif isinstance(node, And | Or):
        for child in node.nodes:
            walk(child, visit)
