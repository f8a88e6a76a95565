"""
One name for all occurrences of the same error.

It is made of the exceptions' types, the functions of the application that they went through, and the text of the line
that raised. It holds still while lines move, the message carries other ids, and frameworks or event loops around
change; see docs/howto/errors.md.
"""

from __future__ import annotations

import functools
import hashlib
import linecache
import re
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sightline.wire.lines import describe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType

LONGEST_CHAIN: Final = 10
"""Exceptions of a chain that count, from the outermost on."""

MOST_MEMBERS: Final = 25
"""Members of an exception group that count."""

_DEEPEST: Final = 5
"""Exception groups within each other that are looked into."""

_MOST_FRAMES: Final = 1000
"""Frames of a traceback that are looked at, which is Python's own limit of recursion."""

_LONGEST_MESSAGE: Final = 300
"""Characters of a message that count where nothing but the message tells an error."""

_OURS: Final = f"{Path(__file__).parent.parent}/"
_LIBRARY: Final = tuple(
    {f"{Path(path)}/" for path in map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib")) if path}
)
_COMPREHENSIONS: Final = re.compile(r"\.<locals>\.<(?:list|dict|set)comp>|\.<locals>\.<genexpr>")
"""From Python 3.12 on most comprehensions have no frame of their own."""

_VARYING: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), word)
    for pattern, word in (
        (r"'[^'\n]*'|\"[^\"\n]*\"|`[^`\n]*`", "<text>"),
        (r"\b[a-z][a-z0-9+.-]*://\S+", "<url>"),
        (r"\b[\w.+-]+@[\w-]+\.[\w.-]+", "<email>"),
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<id>"),
        (r"\b0x[0-9a-f]+\b", "<id>"),
        (r"(?<![\w.])(?:/[\w.@%+-]+){2,}/?", "<path>"),
        (r"(?:(?<!\w)[-+])?\b(?=[a-z_-]*\d)[\w-]{8,}\b", "<id>"),
        (r"(?:(?<!\w)[-+])?\d+(?:[.,:]\d+)*", "<id>"),
    )
)


def fingerprint(error: BaseException) -> str:
    """Give the fingerprint of an exception: 16 hex digits."""
    return hashlib.sha256("\n".join(_tell(error, 0)).encode("utf-8", "backslashreplace")).hexdigest()[:16]


def message_template(message: str) -> str:
    """Replace what varies from one occurrence to the next: ids, numbers, addresses, paths, quoted text."""
    template = message[:_LONGEST_MESSAGE].partition("\n")[0]
    for pattern, word in _VARYING:
        template = pattern.sub(word, template)
    return " ".join(template.split())


def chain(error: BaseException) -> Iterator[tuple[BaseException, str]]:
    """Go from an exception to those behind it: each with ``""``, ``cause`` or ``context``, none twice."""
    at: BaseException | None = error
    relation = ""
    seen: set[int] = set()
    while at is not None and id(at) not in seen and len(seen) < LONGEST_CHAIN:
        seen.add(id(at))
        yield at, relation
        if at.__cause__ is not None:
            at, relation = at.__cause__, "cause"
        else:
            at, relation = (None if at.__suppress_context__ else at.__context__), "context"


def frames(traceback: TracebackType | None) -> Iterator[tuple[FrameType, int]]:
    """Give frames and line numbers, outermost first."""
    count = 0
    while traceback is not None and count < _MOST_FRAMES:
        yield traceback.tb_frame, traceback.tb_lineno
        traceback = traceback.tb_next
        count += 1


@functools.lru_cache(maxsize=4096)
def is_application(path: str) -> bool:
    """Tell whether a source file is the application's own: no library, no part of Python, and not ours."""
    if path.startswith(("<frozen", _OURS)) or "/site-packages/" in path or "/dist-packages/" in path:
        return False
    return not path.startswith(_LIBRARY)


def _tell(error: BaseException, depth: int) -> Iterator[str]:
    for one, relation in chain(error):
        kind = type(one)
        yield f"{relation}:{kind.__module__}.{kind.__qualname__}"
        places = _places(one.__traceback__)
        yield from places
        if not places:
            # The text of a group ends with the number of its members.
            yield message_template(one.message if isinstance(one, BaseExceptionGroup) else describe(one))
        if isinstance(one, BaseExceptionGroup) and depth < _DEEPEST:
            # Neither the order nor the number of tasks that failed in the same way makes another error.
            yield from sorted({"|".join(_tell(member, depth + 1)) for member in one.exceptions[:MOST_MEMBERS]})


def _places(traceback: TracebackType | None) -> list[str]:
    """Name the application's functions, each once however deep a recursion went, and tell the innermost line."""
    places: dict[str, None] = {}
    innermost = ""
    for frame, line in frames(traceback):
        code = frame.f_code
        if is_application(code.co_filename):
            places[f"{_module(frame)}.{_COMPREHENSIONS.sub('', code.co_qualname)}"] = None
            innermost = linecache.getline(code.co_filename, line, frame.f_globals)
    return [*places, " ".join(innermost.split())] if places else []


def _module(frame: FrameType) -> str:
    """Name a frame's module: the file's where it is the program itself, which has another path on each machine."""
    name = frame.f_globals.get("__name__", "")
    return Path(frame.f_code.co_filename).stem if name in {"__main__", "__mp_main__", ""} else str(name)
