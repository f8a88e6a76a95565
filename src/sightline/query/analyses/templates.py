"""
What lines of a log have in common: masks what varies by its look, then finds what varies by its variety.

The masks are one regular expression, which the engine applies to every line. What is left are distinct texts, few of
them, which are cut at spaces and parted as IPLoM parts lines: by the place that has the fewest words, until all places
that still differ have many. A place with a few words is as many messages ("VM started", "VM paused"); one with more is
a variable.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

from sightline.query.search.patterns import MAX_PATTERN_LENGTH

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

WILD: Final = "<*>"
"""Stands for what varies."""

MASKS: Final = "|".join((  # noqa: FLY002 - one a line
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",  # UUID
    r"https?://[^\s\"'<>,;)\]]+",
    r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b",  # address of mail
    r"\"[^\"\s]{0,200}\"",
    r"\B'[^'\s]{0,200}'\B",  # \B: no apostrophe within a word
    r"(?:/[\w.@+-]*[\w@+-])*/[\w.@+-]*\d[\w./@+-]*",  # path with a number
    r"[+-]?\b\w*\d\w*(?:[-+.:,/_]+\w*\d\w*)*%?",  # number, time, version, IP address, id with a digit, with a unit
    r"\b[0-9a-fA-F]{16,}\b",
))  # fmt: skip
"""What is masked: RE2, so that the engine and Python mask alike."""

FEW: Final = 4
"""Most words of a place that are told apart as messages of their own. Measured with benchmarks/patterns.py."""

SHARED: Final = 0.7
"""Share of a template that its lines have in common at least; a masked place counts half. Measured likewise."""

_WORDS: Final = 3
"""Words of a template that its search names beside the pattern: the index finds them."""

_WORD: Final = re.compile(r"[0-9A-Za-z\x80-\U0010ffff]{3,}")
_CUT: Final = re.compile(r"[0-9A-Za-z\x80-\U0010ffff]*$")
_HELD: Final = re.compile(r"^[0-9A-Za-z\x80-\U0010ffff]*")

Tokens: TypeAlias = tuple[str, ...]


def group(masked: Iterable[str]) -> list[tuple[str, list[str]]]:
    """
    Find the templates of masked texts.

    Returns:
        Each template with the texts that belong to it; every text belongs to one. The order of the texts is of no
        account.
    """
    by_length: dict[int, dict[Tokens, list[str]]] = {}
    for text in dict.fromkeys(masked):
        tokens = tuple(text.split())
        by_length.setdefault(len(tokens), {}).setdefault(tokens, []).append(text)
    found: list[tuple[str, list[str]]] = []
    for _, texts in sorted(by_length.items()):
        for members in _parted(sorted(texts)):
            template = " ".join(_joined({each[place] for each in members}) for place in range(len(members[0])))
            found.append((template, [text for each in members for text in texts[each]]))
    return found


def search_of(template: str, *, whole: bool = True) -> str:
    """
    Write a search that finds the lines of a template.

    Args:
        template: as :func:`group` gives it.
        whole: lines end where the template ends; otherwise it was made of their beginnings.
    """
    if not template:
        return r'~"^\s*(\n|$)"'
    pattern, complete = _pattern(template)
    if whole and complete:
        pattern += r"\s*(\n|$)"
    return " ".join([*(f'"{word}"' for word in _whole_words(template, whole=whole)), f'~"{pattern}"'])


def _parted(members: list[Tokens]) -> Iterator[list[Tokens]]:
    """Part texts of one length until the places in which those of a part differ are variables."""
    rest = [members]
    while rest:
        part = rest.pop()
        words = [set(place) for place in zip(*part, strict=True)]
        place = _place_to_part(words)
        if place is None:
            yield part
            continue
        parts: dict[str, list[Tokens]] = {}
        for tokens in part:
            parts.setdefault(tokens[place], []).append(tokens)
        rest.extend(reversed(parts.values()))


def _place_to_part(words: list[set[str]]) -> int | None:
    """Choose the place that has the fewest words, of those that are no variable; None where all are."""
    varied = [(len(found), place) for place, found in enumerate(words) if len(found) > 1]
    shared = sum(0.5 if WILD in found else 1.0 for found in words if len(found) == 1)
    if shared >= SHARED * len(words):
        varied = [(few, place) for few, place in varied if few <= FEW and not _is_masked(words[place])]
    return min(varied)[1] if varied else None


def _is_masked(words: Collection[str]) -> bool:
    return any(WILD in word for word in words)


def _joined(words: set[str]) -> str:
    """Write one word for many: what they begin and end with, up to a sign, around the wild part."""
    if len(words) == 1:
        return next(iter(words))
    first, last = min(words), max(words)
    shortest = min(map(len, words))
    at = next((at for at in range(shortest) if first[at] != last[at]), shortest)
    start = _CUT.sub("", first[:at].split("<", 1)[0])
    backwards = {word[::-1][: shortest - len(start)] for word in words}
    first, last = min(backwards), max(backwards)
    at = next((at for at in range(len(first)) if at >= len(last) or first[at] != last[at]), len(first))
    end = _HELD.sub("", first[:at][::-1].rsplit(">", 1)[-1])
    return f"{start}{WILD}{end}"


def _pattern(template: str) -> tuple[str, bool]:
    """Write a template as RE2, and whether it is all of it: patterns have a longest length."""
    pattern, gap = r"^\s*", ""
    for token in template.split(" "):
        piece = gap + r"\S+".join(map(_quoted, token.split(WILD)))
        if len(pattern) + len(piece) > MAX_PATTERN_LENGTH - 16:
            return pattern, False
        pattern, gap = pattern + piece, r"\s+"
    return pattern, True


def _quoted(text: str) -> str:
    return "".join(each if each.isalnum() or ord(each) > 127 else f"\\x{ord(each):02x}" for each in text)


def _whole_words(template: str, *, whole: bool) -> list[str]:
    """Choose long words that stand alone in every line: not those that a wild part or the cut end may prolong."""
    text = template.replace(WILD, "\0")
    ends = len(text) if whole else len(text) - 1
    found = dict.fromkeys(
        match[0]
        for match in _WORD.finditer(text)
        if text[match.start() - 1 : match.start()] != "\0" and text[match.end() : match.end() + 1] != "\0"
        and match.end() <= ends
    )  # fmt: skip
    return sorted(found, key=len, reverse=True)[:_WORDS]
