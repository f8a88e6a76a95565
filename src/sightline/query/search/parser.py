"""
Tokens to a tree, by recursive descent.

    any      = all { "OR" all }
    all      = not { [ "AND" ] not }
    not      = { "-" | "!" | "NOT" } term
    term     = "(" any ")" | field ( value | list ) | word | phrase | pattern
    list     = "(" value { [ "OR" ] value } ")"
    value    = [ ">" | ">=" | "<" | "<=" | "=" ] ( word | phrase | "*" ) | pattern | range
    pattern  = "~" ( word | phrase )
    range    = ( "[" | "{" ) bound "TO" bound ( "]" | "}" )
    bound    = word | phrase | "*"
"""

from __future__ import annotations

from typing import Final

from sightline.base.errors import QueryInvalid
from sightline.query.search.lexer import Kind, Token, tokens
from sightline.query.search.patterns import checked
from sightline.query.search.tree import And, Compare, Everything, Node, Not, Or, Pattern, Present, Text

MAX_DEPTH: Final = 32
"""Deepest nesting of parentheses and negations; people stop at three, the engine's own parser at a thousand."""

MAX_TERMS: Final = 128
"""Most terms of one search. Each is a condition that the engine evaluates for every row."""

_TERMS: Final = frozenset({Kind.WORD, Kind.PHRASE, Kind.PATTERN, Kind.FIELD})
_VALUES: Final = frozenset({Kind.WORD, Kind.PHRASE, Kind.PATTERN, Kind.RANGE})
_STARTS: Final = _TERMS | {Kind.NOT, Kind.OPEN}


def parse(text: str) -> Node:
    """
    Read a search text.

    Raises:
        QueryInvalid: with the offset of what is wrong.
    """
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = tokens(text)
        self._token = next(self._tokens)
        self._depth = 0
        self._terms = 0

    def parse(self) -> Node:
        if self._at(Kind.END):
            return Everything()
        node = self._any()
        if not self._at(Kind.END):
            raise self._unexpected("a word, a phrase or a field")
        return node

    def _any(self) -> Node:
        nodes = [self._all()]
        while self._at(Kind.OR):
            self._advance()
            nodes.append(self._all())
        return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))

    def _all(self) -> Node:
        nodes = [self._not()]
        while self._at(Kind.AND) or self._token.kind in _STARTS:
            if self._at(Kind.AND):
                self._advance()
            nodes.append(self._not())
        return nodes[0] if len(nodes) == 1 else And(tuple(nodes))

    def _not(self) -> Node:
        negated = False
        while self._at(Kind.NOT):
            self._advance()
            negated = not negated
        node = self._term()
        return Not(node) if negated else node

    def _term(self) -> Node:
        token = self._token
        if token.kind is Kind.OPEN:
            return self._group(token)
        if token.kind not in _TERMS:
            raise self._unexpected("a word, a phrase or a field")
        self._count(token)
        self._advance()
        if token.kind is Kind.FIELD:
            return self._field(token)
        if token.kind is Kind.PATTERN:
            return Pattern(checked(token.text, token.position), token.position)
        return _word(token) if token.kind is Kind.WORD else _phrase(token)

    def _count(self, token: Token) -> None:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise QueryInvalid(
                f"The search has more than {MAX_TERMS} terms. Use SQL for longer questions.", token.position
            )

    def _group(self, opening: Token) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise QueryInvalid(f"Parentheses are nested deeper than {MAX_DEPTH}.", opening.position)
        self._advance()
        node = self._any()
        if self._at(Kind.END):
            raise QueryInvalid("The parenthesis that opens here is not closed.", opening.position)
        if not self._at(Kind.CLOSE):
            raise self._unexpected(")")
        self._advance()
        self._depth -= 1
        return node

    def _field(self, field: Token) -> Node:
        if not field.text:
            raise QueryInvalid("The field has no name.", field.position)
        if self._at(Kind.OPEN) and self._token.joined:
            return self._list(field)
        return self._value(field)

    def _list(self, field: Token) -> Node:
        opening = self._token
        self._advance()
        nodes: list[Node] = []
        while not self._at(Kind.CLOSE):
            if nodes and self._at(Kind.OR):
                self._advance()
            if self._at(Kind.END):
                raise QueryInvalid("The parenthesis that opens here is not closed.", opening.position)
            if nodes:
                self._count(self._token)
            nodes.append(self._value(field))
        if not nodes:
            raise QueryInvalid(f"The list of {field.text} is empty; write {field.text}:(one OR other).", field.position)
        self._advance()
        return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))

    def _value(self, field: Token) -> Node:
        operator = "="
        if self._at(Kind.OPERATOR):
            operator = self._token.text
            self._advance()
        value = self._token
        if not value.joined or value.kind not in _VALUES:
            raise QueryInvalid(
                f"The field {field.text} has no value; write {field.text}:value or {field.text}:*.", value.position
            )
        self._advance()
        if value.kind in {Kind.PATTERN, Kind.RANGE} and operator != "=":
            raise QueryInvalid(f"{operator} needs a value to compare with, not {value.kind.value}.", value.position)
        if value.kind is Kind.PATTERN:
            return Compare(field.text, "~", checked(value.text, value.position), position=value.position)
        if value.kind is Kind.RANGE:
            return _range(field, value)
        if value.kind is Kind.PHRASE:
            return Compare(field.text, operator, value.text, position=value.position)
        if value.text == "*":
            if operator != "=":
                raise QueryInvalid(f"{operator} needs a value to compare with, not *.", value.position)
            return Present(field.text, field.position)
        return _compared(field, operator, value)

    def _at(self, kind: Kind) -> bool:
        return self._token.kind is kind

    def _advance(self) -> None:
        self._token = next(self._tokens)

    def _unexpected(self, expected: str) -> QueryInvalid:
        found = self._token
        name = "the end" if found.kind is Kind.END else repr(found.text)
        return QueryInvalid(f"Expected {expected}, found {name}.", found.position)


def _compared(field: Token, operator: str, value: Token) -> Node:
    """Turn a word into a comparison; a ``*`` at its end stands for any rest."""
    if value.text.startswith("*"):
        raise QueryInvalid(f"A * stands at the end of a value; {field.text}:~ takes a pattern.", value.position)
    prefix = value.text.endswith("*")
    if prefix and operator != "=":
        raise QueryInvalid(f"{operator} needs a whole value, without *.", value.position)
    return Compare(field.text, operator, value.text[: -1 if prefix else None], prefix=prefix, position=value.position)


def _range(field: Token, token: Token) -> Node:
    """Turn a range into two comparisons; a ``*`` leaves its end open."""
    low, high = token.bounds
    if _is_number(low) and _is_number(high) and float(low.text) > float(high.text):
        raise QueryInvalid(f"A range begins with its lower end; write {high.text} TO {low.text}.", low.position)
    operators = (">=" if token.text[0] == "[" else ">", "<=" if token.text[1] == "]" else "<")
    nodes: list[Node] = [
        Compare(field.text, operator, bound.text, position=bound.position)
        for operator, bound in zip(operators, (low, high), strict=True)
        if bound.kind is Kind.PHRASE or bound.text != "*"
    ]
    if not nodes:
        return Present(field.text, field.position)
    return nodes[0] if len(nodes) == 1 else And(tuple(nodes))


def _is_number(bound: Token) -> bool:
    try:
        float(bound.text)
    except ValueError:
        return False
    return bound.kind is not Kind.PHRASE


def _word(token: Token) -> Node:
    text = token.text
    if not text.strip("*"):
        return Everything()
    prefix, suffix = text.endswith("*"), text.startswith("*")
    inner = text[1 if suffix else 0 : -1 if prefix else None]
    if "*" in inner:
        at = token.position + text.index("*", 1)
        raise QueryInvalid('A * stands at the start or the end of a word. Put the word in quotes to find a "*".', at)
    return Text(inner, prefix=prefix, suffix=suffix, position=token.position)


def _phrase(token: Token) -> Node:
    return Text(token.text, position=token.position) if token.text else Everything()
