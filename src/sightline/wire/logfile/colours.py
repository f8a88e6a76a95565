"""Colours of terminals in log files, such as ``ESC[32mINFO ESC[0m``: they are taken out before a line is looked at."""

from __future__ import annotations

import re
from typing import Final

_ESCAPE: Final = b"\x1b"

_COLOUR: Final = re.compile(rb"\x1b\[[0-9;:]{0,64}m")
"""Select Graphic Rendition of ECMA-48: numbers, then ``m``. Other sequences move the cursor and stay as they are."""


def without_colours(content: bytes) -> bytes:
    """Take out what sets colours; bytes without any are given back as they are."""
    return _COLOUR.sub(b"", content) if _ESCAPE in content else content
