"""
Takes secrets out before anything is written: the values of fields by their names, and what looks like a secret in text.

A name counts as secret by its words, so that case, separators and prefixes do not matter: ``X-Api-Key``,
``userPassword`` and ``http.request.header.authorization`` do, ``tokens_in`` and ``author`` do not. What a secret looks
like in text is in ``model/secrets.py``. docs/explain/redaction.md says what is caught and what is not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import msgspec

from sightline.model.secrets import REDACTED, SHORTEST, Scrubber
from sightline.wire.lines import describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SECRET_WORDS: Final = (
    "password", "passwords", "passwd", "pwd", "passphrase", "api_key", "apikey", "api_keys", "token", "secret",
    "secrets", "authorization", "credit_card", "creditcard", "card_number", "cvv", "ssn", "social_security",
    "private_key", "privatekey", "cookie", "cookies", "credential", "credentials",
)  # fmt: skip
"""Words that make a name secret, alone or among others; ``_`` stands between words."""

_HARMLESS_AFTER_TOKEN: Final = frozenset(
    {"count", "counts", "type", "limit", "usage", "total", "budget", "length", "expiry", "expires", "id", "rate"}
)
"""Words which, after *token*, say that the field tells about tokens and holds none."""

_DEEPEST: Final = 12
"""Levels of nesting that are searched; what lies deeper is replaced as a whole."""

_REMEMBERED: Final = 20_000
"""Names whose verdict is kept. A host that invents names without end must not fill its memory with them."""

_REMEMBERED_TEXTS: Final = 4096
"""Texts without a secret that are kept to be known again; most texts of a program come again and again."""

_REMEMBERED_LENGTH: Final = 256
"""Characters of a text that is kept: all of them together take a megabyte at most."""

_LONGEST_JSON: Final = 64 * 1024
"""Characters of a text that is read as JSON to look for secrets by the names of its fields."""

_PLAIN: Final = frozenset({int, float, bool, type(None)})
_BETWEEN_WORDS: Final = re.compile(r"[^0-9A-Za-z]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Redactor:
    """Knows which names are secret and cleans mappings of fields."""

    def __init__(self, more: Iterable[str] = (), *, personal: bool = False) -> None:
        """
        Know our names and the user's.

        Args:
            more: the user's names.
            personal: whether e-mail addresses and phone numbers in text count as secrets.
        """
        more = tuple(more)
        self._secret = tuple(_words(name) for name in (*SECRET_WORDS, *more))
        self._harmless: set[str] = set()
        self._known: dict[str, bool] = {}
        self._scrubber = Scrubber(self.is_secret, more, personal=personal)
        self._clean_texts: set[str] = set()

    def is_secret(self, name: str) -> bool:
        """Tell whether a field of this name holds a secret."""
        verdict = self._known.get(name)
        if verdict is None:
            verdict = self._judge(_words(name))
            if len(self._known) < _REMEMBERED:
                self._known[name] = verdict
                if not verdict:
                    self._harmless.add(name)
        return verdict

    def clean(self, fields: dict[str, Any]) -> dict[str, Any]:
        """
        Take the secrets out of *fields*.

        Returns:
            *fields* itself where there is nothing to take out, else a copy. Nothing is changed in place.
        """
        if self._harmless.issuperset(fields):
            known = self._clean_texts
            for value in fields.values():
                kind = value.__class__
                if kind is str:
                    if len(value) >= SHORTEST and value not in known and self.text(value) is not value:
                        break
                elif kind not in _PLAIN:
                    break
            else:
                return fields
        return self._clean_mapping(fields, 0)

    def text(self, text: str) -> str:
        """Take the secrets out of free text; gives *text* itself where there is none."""
        if len(text) < SHORTEST or text in self._clean_texts:
            return text
        found = self._json(text) if text[0] in "{[" and len(text) <= _LONGEST_JSON else None
        if found is None:
            found = self._scrubber.scrub(text)
        if found is text and len(text) <= _REMEMBERED_LENGTH:
            self.trust(text)
        return found

    def trust(self, text: str) -> None:
        """Know that *text* holds no secret: it was made by us, such as an id."""
        if len(self._clean_texts) >= _REMEMBERED_TEXTS:
            self._clean_texts.clear()
        self._clean_texts.add(text)

    def _json(self, text: str) -> str | None:
        """Clean a text that is JSON by the names of its fields; None where it is none, or has no such field."""
        if not self._scrubber.names_a_secret(text):
            return None
        try:
            value = msgspec.json.decode(text)
            cleaned = self._clean_value(value, 1)
            return None if cleaned == value else msgspec.json.encode(cleaned).decode()
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return None

    def _clean_mapping(self, fields: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        cleaned = {}
        for key, value in list(fields.items()):
            name = key if isinstance(key, str) else describe(key)
            if self.is_secret(name):
                cleaned[name] = REDACTED if value is not None else None
            else:
                cleaned[name] = self._clean_value(value, depth + 1)
        return cleaned

    def _clean_value(self, value: Any, depth: int) -> Any:
        if value.__class__ in _PLAIN:
            return value
        try:
            if isinstance(value, str):
                return self.text(value)
            if isinstance(value, bytes | bytearray):
                plain = bytes(value).decode("utf-8", "backslashreplace")
                found = self.text(plain)
                return value if found is plain else found
            return self._clean_container(value, depth)
        except Exception:
            # A mapping or a list whose own methods fail.
            return self.text(describe(value))

    def _clean_container(self, value: Any, depth: int) -> Any:
        if depth > _DEEPEST:
            return "…"
        if isinstance(value, dict):
            return self._clean_mapping(value, depth)
        if isinstance(value, list | tuple | set | frozenset):
            return [self._clean_value(item, depth + 1) for item in list(value)]
        return value if isinstance(value, int | float) else self._clean_object(value, depth)

    def _clean_object(self, value: Any, depth: int) -> Any:
        """Clean a dataclass, a struct or another object with named fields; others become text."""
        try:
            plain = msgspec.to_builtins(value, enc_hook=describe, str_keys=True)
        except Exception:
            plain = describe(value)
        return self._clean_value(plain, depth + 1) if isinstance(plain, dict | list | str) else plain

    def _judge(self, words: tuple[str, ...]) -> bool:
        for secret in self._secret:
            size = len(secret)
            for at in range(len(words) - size + 1):
                if words[at : at + size] == secret:
                    after = words[at + size] if at + size < len(words) else ""
                    if not (secret == ("token",) and after in _HARMLESS_AFTER_TOKEN):
                        return True
        return False


def _words(name: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _BETWEEN_WORDS.split(unquote(name[:256])) if word)
