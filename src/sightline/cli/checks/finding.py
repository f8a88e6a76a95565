"""What a check found."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    What a check found.

    Attributes:
        check: what was looked at.
        state: ``ok``, ``warn`` (works, and should be looked at) or ``fail`` (something does not work).
        found: what is so, in a sentence.
        advice: what to do; empty where nothing is to be done.
        details: the same for programs.
    """

    check: str
    state: Literal["ok", "warn", "fail"]
    found: str
    advice: str = ""
    details: dict[str, Any] = {}
