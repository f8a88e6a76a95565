"""The redactor of this process, through which all that is recorded goes; ``wire/redact.py`` says how it works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sightline.wire.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterable

redactor = Redactor()
"""The redactor of this process; ``configure`` adds the user's names."""


def clean(fields: dict[str, Any]) -> dict[str, Any]:
    """Take the secrets out of *fields*; see ``Redactor.clean``."""
    return redactor.clean(fields)


def text(value: str) -> str:
    """Take the secrets out of free text; see ``Redactor.text``."""
    return redactor.text(value)


def use(more: Iterable[str], *, personal: bool = False) -> None:
    """Redact these names too from now on, and, where *personal* is set, e-mail addresses and phone numbers."""
    global redactor  # noqa: PLW0603 - one redactor a process, looked up at each call
    redactor = Redactor(more, personal=personal)
