"""
Takes secrets out before anything is written: the values of fields by their names, and what looks like a secret in text.

A name counts as secret by its words, so that case, separators and prefixes do not matter: ``X-Api-Key``,
``userPassword`` and ``http.request.header.authorization`` do, ``tokens_in`` and ``author`` do not. What a secret looks
like in text is in ``model/secrets.py``. docs/explain/redaction.md says what is caught and what is not.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import msgspec

from sightline.model.redacted import REDACTED
from sightline.model.secrets import SHORTEST, Scrubber, is_card
from sightline.wire.lines import describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SECRET_WORDS: Final = (
    "password", "passwords", "passwd", "pwd", "passphrase", "api_key", "api_keys", "token", "access_tokens",
    "refresh_tokens", "secret", "secrets", "authorization", "credit_card", "card_number", "cvv", "ssn",
    "social_security", "private_key", "cookie", "cookies", "credential", "credentials",
)  # fmt: skip
"""Words that make a name secret, alone or among others; where ``_`` stands, words may be parted or not."""

_ANYWHERE: Final = ("password", "passwd", "passphrase", "apikey", "privatekey", "creditcard", "secretkey")
"""What makes a name secret within another word as well, such as in ``newpassword2``."""

_AT_THE_END: Final = ("token", "secret")
"""Likewise at a word's end, as in ``accesstoken``. Words that begin so are others: ``tokenizer``, ``secretary``."""

_HARMLESS_AFTER_TOKEN: Final = frozenset(
    {"count", "counts", "type", "limit", "usage", "total", "budget", "length", "expiry", "expires", "id", "rate"}
)
"""Words which, after *token*, say that the field tells about tokens and holds none."""

_LONGEST_NAME: Final = 512
"""Characters of a name that are looked at: its beginning and its end."""

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

_CARD_LIKE: Final = re.compile(r"[2-6]\d{12}(?<![\w.].{13})\d{0,6}(?![\w.])")
"""A number in JSON that may be a card's."""

_PLAIN: Final = frozenset({int, float, bool, type(None)})
_BETWEEN_WORDS: Final = re.compile(r"[\W_]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


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
        self._secret = frozenset("".join(_words(name)) for name in (*SECRET_WORDS, *more)) - {""}
        self._longest = max(map(len, self._secret))
        self._harmless: set[str] = set()
        self._known: dict[str, bool] = {}
        self._scrubber = Scrubber(self.is_secret, more, personal=personal)
        self._clean_texts: set[str] = set()

    def is_secret(self, name: str) -> bool:
        """Tell whether a field of this name holds a secret."""
        verdict = self._known.get(name)
        if verdict is None:
            verdict = self._judge(_words(name))
            if len(self._known) < _REMEMBERED and len(name) <= _REMEMBERED_LENGTH:
                self._known[name] = verdict
                if not verdict and self.text(name) is name:
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
        """Clean a text that is JSON by the names of its fields; None where it is none, or has nothing to take out."""
        if not (self._scrubber.names_a_secret(text) or "\\u" in text or any(map(is_card, _CARD_LIKE.findall(text)))):
            return None
        try:
            value = msgspec.json.decode(text)
            cleaned = self._clean_value(_without_cards(value), 1)
            return None if cleaned == value else msgspec.json.encode(cleaned).decode()
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return None

    def _clean_mapping(self, fields: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        cleaned = {}
        for key, value in list(fields.items()):
            name = key if isinstance(key, str) else describe(key)
            if self.is_secret(name):
                cleaned[self.text(name)] = REDACTED if value is not None else None
            else:
                cleaned[self.text(name)] = self._clean_value(value, depth + 1)
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
        if isinstance(value, tuple):
            return self._clean_tuple(value, depth)
        if isinstance(value, list | set | frozenset):
            return self._clean_items(list(value), depth)
        return value if isinstance(value, int | float) else self._clean_object(value, depth)

    def _clean_tuple(self, value: tuple[Any, ...], depth: int) -> list[Any]:
        """Clean a tuple by names, too: those of a named one, or the first of a pair, such as a header."""
        names = getattr(value, "_fields", None)
        if names is not None and len(names) == len(value):
            return [*self._clean_mapping(dict(zip(names, value, strict=True)), depth).values()]
        if self._is_secret_pair(value):
            return [self._clean_value(value[0], depth + 1), REDACTED]
        return self._clean_items(list(value), depth)

    def _clean_items(self, items: list[Any], depth: int) -> list[Any]:
        """Clean a list by names, too: in one of pairs the first of each, and a command's flags."""
        pairs = all(item.__class__ is list and len(item) == 2 for item in items)
        cleaned: list[Any] = []
        flagged = False
        for item in items:
            is_flag = item.__class__ is str and item.startswith("-")
            if flagged and not is_flag and isinstance(item, str):
                cleaned.append(REDACTED)
            elif pairs and self._is_secret_pair(item):
                cleaned.append([self._clean_value(item[0], depth + 2), REDACTED])
            else:
                cleaned.append(self._clean_value(item, depth + 1))
            flagged = is_flag and "=" not in item and self.is_secret(item)
        return cleaned

    def _is_secret_pair(self, items: Sequence[Any]) -> bool:
        name = items[0] if len(items) == 2 and items[1].__class__ not in _PLAIN else None
        return isinstance(name, str | bytes) and self.is_secret(name if isinstance(name, str) else describe(name))

    def _clean_object(self, value: Any, depth: int) -> Any:
        """Clean a dataclass, a struct or another object with named fields; others become text."""
        if isinstance(value, type):
            return self.text(describe(value))
        names = _field_names(value)
        if names is not None:
            return self._clean_mapping({name: getattr(value, name, None) for name in names}, depth + 1)
        try:
            plain = msgspec.to_builtins(value, enc_hook=describe, str_keys=True)
        except Exception:
            plain = describe(value)
        return self._clean_value(plain, depth + 1) if isinstance(plain, dict | list | str) else plain

    def _judge(self, words: list[str]) -> bool:
        for at, word in enumerate(words):
            if any(secret in word for secret in _ANYWHERE) or self._begins_secret(words, at):
                return True
        return False

    def _begins_secret(self, words: list[str], at: int) -> bool:
        """Tell whether a secret's name stands at a place, however it is parted there: ``PassWord``, ``pass_word``."""
        joined = ""
        for end in range(at, len(words)):
            joined += words[end]
            if len(joined) > self._longest and end > at:
                return False
            if joined in self._secret or (end == at and joined.rstrip("0123456789").endswith(_AT_THE_END)):
                after = words[end + 1] if end + 1 < len(words) else ""
                return not (joined.endswith("token") and after in _HARMLESS_AFTER_TOKEN)
        return False


def _without_cards(value: Any) -> Any:
    """Give what was read from JSON with a text in the place of each number that is a card's, so that it stays JSON."""
    if isinstance(value, dict):
        return {name: _without_cards(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_cards(one) for one in value]
    return REDACTED if value.__class__ is int and is_card(str(abs(value))) else value


def _field_names(value: Any) -> Iterable[str] | None:
    """Name the fields of an object that is encoded by them: a struct, a dataclass, one of attrs."""
    if isinstance(value, msgspec.Struct):
        return value.__struct_fields__
    if dataclasses.is_dataclass(value):
        return [field.name for field in dataclasses.fields(value)]
    fields = getattr(type(value), "__attrs_attrs__", None)
    return None if fields is None else [field.name for field in fields]


def _words(name: str) -> list[str]:
    if len(name) > _LONGEST_NAME:
        name = name[: _LONGEST_NAME // 2] + name[-_LONGEST_NAME // 2 :]
    return [word.lower() for word in _BETWEEN_WORDS.split(unquote(name)) if word]
