"""
What an exception of this process says for its fingerprint: its chain, and the application's functions in its traceback.

``model/fingerprint.py`` makes the name of it.
"""

from __future__ import annotations

import functools
import linecache
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sightline.model import fingerprint as naming
from sightline.model.fingerprint import LONGEST_CHAIN, MOST_MEMBERS
from sightline.wire.lines import describe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType, TracebackType

_MOST_FRAMES: Final = 1000
"""Frames of a traceback that are looked at, which is Python's own limit of recursion."""

_OURS: Final = f"{Path(__file__).parent.parent}/"
_LIBRARY: Final = tuple(
    {f"{Path(path)}/" for path in map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib")) if path}
)


def fingerprint(error: BaseException) -> str:
    """Give the fingerprint of an exception: 16 hex digits."""
    return naming.fingerprint(_raised(error))


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


def _raised(error: BaseException) -> Iterator[naming.Raised]:
    for one, relation in chain(error):
        kind = type(one)
        places, line = _places(one.__traceback__)
        group = one if isinstance(one, BaseExceptionGroup) else None
        yield naming.Raised(
            f"{kind.__module__}.{kind.__qualname__}",
            relation,
            places,
            line,
            # The text of a group ends with the number of its members.
            "" if places else group.message if group else describe(one),
            [_raised(member) for member in group.exceptions[:MOST_MEMBERS]] if group else (),
        )


def _places(traceback: TracebackType | None) -> tuple[list[str], str]:
    """Name the application's functions, and tell the innermost line."""
    places = []
    innermost = ""
    for frame, line in frames(traceback):
        code = frame.f_code
        if is_application(code.co_filename):
            places.append(naming.place(_module(frame), code.co_qualname))
            innermost = linecache.getline(code.co_filename, line, frame.f_globals)
    return places, innermost


def _module(frame: FrameType) -> str:
    """Name a frame's module: the file's where it is the program itself, which has another path on each machine."""
    name = frame.f_globals.get("__name__", "")
    return Path(frame.f_code.co_filename).stem if name in {"__main__", "__mp_main__", ""} else str(name)
