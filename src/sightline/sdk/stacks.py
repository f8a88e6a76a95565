"""Stacks of threads as text, and the time spent in each, within bounds."""

from __future__ import annotations

import os
import threading
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
_MOST_FILES: Final = 256
_LONGEST_NAME: Final = 200


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
        self._known: dict[int, threading.Thread] = {}
        self._files: dict[int, int] = {}
        self._cpu: dict[int, int] = {}

    def look(self, idents: set[int]) -> None:
        """Learn of threads that are new, and forget those that are gone."""
        for gone in self._known.keys() - idents:
            del self._known[gone]
            self._forget(gone)
        if idents - self._known.keys():
            self._known = {thread.ident: thread for thread in threading.enumerate() if thread.ident is not None}

    def name(self, ident: int) -> str:
        """Give a thread's name; threads that Python did not start have none."""
        thread = self._known.get(ident)
        return thread.name if thread is not None else "unknown"

    def cpu_ns(self, ident: int) -> int:
        """Tell the processor time that a thread took since the last time that it was asked for; 0 where unknown."""
        thread = self._known.get(ident)
        if thread is None or thread.native_id is None:
            return 0
        try:
            file = self._files.get(ident, -1)
            if file < 0:
                if len(self._files) >= _MOST_FILES:
                    return 0
                file = os.open(f"/proc/self/task/{thread.native_id}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
                self._files[ident] = file
            taken = int(os.pread(file, 64, 0).split(maxsplit=1)[0])
        except (OSError, ValueError, IndexError):
            self._forget(ident)
            return 0
        before = self._cpu.get(ident, taken)
        self._cpu[ident] = taken
        return max(0, taken - before)

    def close(self) -> None:
        """Let go of everything."""
        for ident in list(self._files):
            self._forget(ident)
        self._known, self._cpu = {}, {}

    def _forget(self, ident: int) -> None:
        self._cpu.pop(ident, None)
        file = self._files.pop(ident, -1)
        if file >= 0:
            os.close(file)


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
