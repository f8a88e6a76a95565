"""The promise that Sightline never harms its host: failures inside are counted and said once, never raised."""

from __future__ import annotations

import os
import sys
from collections import Counter
from typing import Final

_SAID_AT_MOST: Final = 20
"""Different failures that are told on stderr; a host's log must not fill up with ours."""

failures: Final[Counter[str]] = Counter()
"""How often each failure happened in this process, by place and kind."""

_said: Final[set[str]] = set()


def failed(place: str, error: BaseException) -> None:
    """
    Note that Sightline failed at *place*; each is told on stderr once.

    With ``SIGHTLINE_RAISE=1``, as our own tests set it, the error is raised instead.
    """
    if os.environ.get("SIGHTLINE_RAISE") == "1":
        raise error
    failures[f"{place}: {type(error).__name__}"] += 1
    try:
        told = f"{type(error).__name__}: {error}"
        if told not in _said and len(_said) < _SAID_AT_MOST and sys.stderr is not None:
            _said.add(told)
            sys.stderr.write(f"sightline: {place} failed: {told}\n")
    except Exception:
        return
