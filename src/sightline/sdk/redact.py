"""
Takes the values of secret fields out, by the fields' names, before anything is written.

A name counts as secret by its words, so that case, separators and prefixes do not matter: ``X-Api-Key``,
``userPassword`` and ``http.request.header.authorization`` do, ``tokens_in`` and ``author`` do not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from sightline.wire.lines import describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REDACTED: Final = "[REDACTED]"

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

_SCALARS: Final = frozenset({str, int, float, bool, type(None)})
_BETWEEN_WORDS: Final = re.compile(r"[^0-9A-Za-z]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Redactor:
    """Knows which names are secret and cleans mappings of fields."""

    def __init__(self, more: Iterable[str] = ()) -> None:
        self._secret = tuple(_words(name) for name in (*SECRET_WORDS, *more))
        self._harmless: set[str] = set()
        self._known: dict[str, bool] = {}

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
        if self._harmless.issuperset(fields) and _SCALARS.issuperset(map(type, fields.values())):
            return fields
        return self._clean_mapping(fields, 0)

    def _clean_mapping(self, fields: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        cleaned = {}
        for key, value in list(fields.items()):
            name = key if isinstance(key, str) else describe(key)
            if value.__class__ in _SCALARS:
                cleaned[name] = REDACTED if self.is_secret(name) and value is not None else value
            elif self.is_secret(name):
                cleaned[name] = REDACTED
            else:
                cleaned[name] = self._clean_value(value, depth + 1)
        return cleaned

    def _clean_value(self, value: Any, depth: int) -> Any:
        if value.__class__ in _SCALARS:
            return value
        if depth > _DEEPEST:
            return "…"
        if isinstance(value, dict):
            return self._clean_mapping(value, depth)
        if isinstance(value, list | tuple | set | frozenset):
            return [self._clean_value(item, depth + 1) for item in list(value)]
        if isinstance(value, str | int | float | bytes | bytearray):
            return value
        return self._clean_object(value, depth)

    def _clean_object(self, value: Any, depth: int) -> Any:
        """Clean a dataclass, a struct or another object with named fields; others become text."""
        try:
            plain = msgspec.to_builtins(value, enc_hook=describe, str_keys=True)
        except Exception:
            return describe(value)
        return self._clean_value(plain, depth + 1) if isinstance(plain, dict | list) else plain

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
    return tuple(word.lower() for word in _BETWEEN_WORDS.split(name[:256]) if word)


redactor = Redactor()
"""The redactor of this process; ``configure`` adds the user's names."""


def clean(fields: dict[str, Any]) -> dict[str, Any]:
    """Take the secrets out of *fields*; see ``Redactor.clean``."""
    return redactor.clean(fields)


def use(more: Iterable[str]) -> None:
    """Redact these names too, from now on."""
    global redactor  # noqa: PLW0603 - one redactor a process, looked up at each call
    redactor = Redactor(more)
