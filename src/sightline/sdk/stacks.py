"""Stacks of threads as text, and the time spent in each, within bounds."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from sightline.model.profile import Stack

if TYPE_CHECKING:
    from types import CodeType, FrameType

    from sightline.sdk.tracing import Span

DEEPEST: Final = 128
"""Frames kept of a stack, the innermost ones; what is cut off is told by a first frame ``…``."""

MOST_STACKS: Final = 2000
"""Different stacks of one interval; further ones are one stack ``(others)``, so that memory is bounded."""

MOST_TEXT: Final = 2 * 1024 * 1024
"""Characters of all stacks of one interval, for the same reason."""

_MOST_CODES: Final = 20_000
_LONGEST_NAME: Final = 200


_HAS_CLOCKS: Final = sys.platform == "linux"

_THREAD_CLOCK: Final = 6
"""
Linux names the clock of a thread ``~tid << 3 | 6``, as ``pthread_getcpuclockid`` has it. That function, which Python
offers too, may crash on a thread that has just ended; the kernel answers with an error.
"""


class Names:
    """Names of functions, each made once."""

    def __init__(self) -> None:
        # The code object is kept with its name, so that its id stays its own.
        self._names: dict[int, tuple[CodeType, str]] = {}

    def fold(self, frame: FrameType | None) -> str:
        """Write a stack as one text, the outermost function first."""
        names = self._names
        found: list[str] = []
        while frame is not None:
            if len(found) == DEEPEST:
                found.append("…")
                break
            code = frame.f_code
            known = names.get(id(code))
            found.append(known[1] if known is not None else self._name(code, frame))
            frame = frame.f_back
        found.reverse()
        return ";".join(found)

    def _name(self, code: CodeType, frame: FrameType) -> str:
        if len(self._names) >= _MOST_CODES:
            self._names.clear()
        name = f"{frame.f_globals.get('__name__') or '?'}:{code.co_qualname}"[:_LONGEST_NAME].replace(";", ",")
        self._names[id(code)] = (code, name)
        return name


class Threads:
    """Names of threads, and the processor time that each took. Used by one thread."""

    def __init__(self) -> None:
        self._idents: set[int] = set()
        self._known: dict[int, threading.Thread] = {}
        self._clocks: dict[int, int] = {}
        self._cpu: dict[int, int] = {}

    def look(self, idents: set[int]) -> None:
        """Learn of threads that are new, and forget those that are gone."""
        if idents == self._idents:
            return
        self._idents = idents
        self._known = {thread.ident: thread for thread in threading.enumerate() if thread.ident is not None}
        self._clocks = {
            ident: (~thread.native_id << 3) | _THREAD_CLOCK
            for ident, thread in self._known.items()
            if thread.native_id is not None and _HAS_CLOCKS
        }
        self._cpu = {ident: taken for ident, taken in self._cpu.items() if ident in self._clocks}

    def name(self, ident: int) -> str:
        """Give a thread's name; threads that Python did not start have none."""
        thread = self._known.get(ident)
        return thread.name if thread is not None else "unknown"

    def cpu_ns(self, ident: int) -> int:
        """Tell the processor time that a thread took since it was last asked for; below 0 where it cannot be known."""
        clock = self._clocks.get(ident)
        if clock is None:
            return -1
        try:
            # Unlike reading a file of /proc, this keeps the interpreter's lock: the stacks cannot move meanwhile.
            taken = time.clock_gettime_ns(clock)
        except OSError:
            self._cpu.pop(ident, None)
            return -1
        before = self._cpu.get(ident, -1)
        self._cpu[ident] = taken
        return taken - before if before >= 0 else -1


class Tally:
    """How often each stack was seen, and the time that it stands for."""

    def __init__(self) -> None:
        self._stacks: dict[tuple[str, str, str], Stack] = {}
        self._spans: dict[str, Span] = {}
        self._text = 0

    def add(self, stack: str, thread: str, span: Span | None, wall_ns: int, cpu_ns: int) -> None:
        """Count one sample."""
        span_id = span.span_id if span is not None else ""
        found = self._stacks.get((stack, thread, span_id))
        if found is None:
            if len(self._stacks) >= MOST_STACKS or self._text >= MOST_TEXT:
                stack, thread, span = "(others)", "", None
                span_id = ""
            found = self._stacks.setdefault((stack, thread, span_id), Stack(stack, thread=thread))
            self._text += len(stack)
            if span is not None:
                found.trace, found.span = span.trace_id, span_id
                self._spans[span_id] = span
        found.samples += 1
        found.wall += wall_ns
        found.cpu += cpu_ns

    def take(self) -> list[Stack]:
        """Give what was counted, and begin anew."""
        found, self._stacks = self._stacks, {}
        spans, self._spans = self._spans, {}
        self._text = 0
        for stack in found.values():
            # Now and not before: a request's span is named by its route, which is known late.
            if stack.span in spans:
                stack.name = spans[stack.span].name
        return list(found.values())
