"""Regular expressions of searches: RE2's, here as in the engine, so that none of them takes for ever."""

from __future__ import annotations

import functools
from typing import Any, Final

import re2  # type: ignore[import-untyped]

from sightline.base.errors import QueryInvalid

MAX_PATTERN_LENGTH: Final = 512
"""Longest pattern, in characters."""

_PROGRAM_BYTES: Final = 1024 * 1024
"""Most memory of a compiled pattern: ``(a{1000}){1000}`` is refused."""


def checked(pattern: str, position: int) -> str:
    """
    Give the pattern back.

    Raises:
        QueryInvalid: if it is none, or too large.
    """
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise QueryInvalid(
            f"The pattern has {len(pattern)} characters, at most {MAX_PATTERN_LENGTH} are read.", position
        )
    try:
        compiled(pattern)
    except re2.error as error:
        said = error.args[0].decode(errors="replace") if error.args else "it cannot be compiled"
        raise QueryInvalid(f"The pattern is no regular expression of RE2: {said}.", position) from None
    return pattern


@functools.lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """Compile as the engine does: a dot stands for the end of a line too."""
    options = re2.Options()
    options.log_errors = False
    options.dot_nl = True
    options.max_mem = _PROGRAM_BYTES
    return re2.compile(pattern, options)


def found_in(pattern: str, text: str) -> bool:
    """Tell whether a checked pattern is found in *text*."""
    return compiled(pattern).search(text) is not None
