"""The redactor of this process, through which all that is recorded goes; ``wire/redact.py`` says how it works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sightline.wire.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Iterable

_BEYOND: Final = 4096
"""Characters behind a limit that are searched, too: a key that is cut in the middle no longer looks like one."""

redactor = Redactor()
"""The redactor of this process; ``configure`` adds the user's names."""


def clean(fields: dict[str, Any]) -> dict[str, Any]:
    """Take the secrets out of *fields*; see ``Redactor.clean``."""
    return redactor.clean(fields)


def text(value: str) -> str:
    """Take the secrets out of free text; see ``Redactor.text``."""
    return redactor.text(value)


def short(value: str, longest: int) -> str:
    """Take the secrets out of the beginning of a text, and keep at most *longest* characters."""
    return redactor.text(value[: longest + _BEYOND])[:longest]


def use(more: Iterable[str], *, personal: bool = False) -> None:
    """Redact these names too from now on, and, where *personal* is set, e-mail addresses and phone numbers."""
    global redactor  # noqa: PLW0603 - one redactor a process, looked up at each call
    redactor = Redactor(more, personal=personal)
