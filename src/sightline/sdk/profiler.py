"""
A sampling profiler in the process: a thread of its own looks at all others some times a second.

What it saw is recorded every ``INTERVAL_S`` as lines of kind ``profile``, each stack with the span that was running.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from sightline.model.profile import ProfileRecord, Stack
from sightline.sdk import guard
from sightline.sdk.quiet_thread import QuietThread
from sightline.sdk.recorder import recorder
from sightline.sdk.running_spans import running_spans
from sightline.sdk.stacks import Names, Tally, Threads
from sightline.wire.lines import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from sightline.sdk.tracing import Span

HZ: Final = 19.0
"""Samples per second: a prime, so that what happens at whole fractions of a second is not always or never seen."""

SHARE: Final = 0.008
"""Share of a core that sampling may take, so that with what waking up costs others it stays below one percent."""

INTERVAL_S: Final = 15.0
"""Seconds of one profile."""

SIGNAL_S: Final = 30.0
"""Seconds that a signal has sampled."""

SETTING: Final = "setting"
"""Who wants a profile when the ``profile`` setting is on."""

_LINE_TEXT: Final = 128 * 1024
"""Characters of stacks in one line; a profile that has more is several lines."""

_LONGEST_PAUSE_S: Final = 10.0
_JOIN_S: Final = 0.5


class Profile:
    """
    What the threads did within a ``profile`` block.

    Attributes:
        stacks: every stack that was seen, with the time spent in it; complete when the block is left.
    """

    def __init__(self) -> None:
        self.stacks: list[Stack] = []

    def folded(self, *, cpu: bool = False) -> str:
        """
        Give the stacks as flame graph tools read them: ``outer;inner 120``, in milliseconds.

        Args:
            cpu: count processor time alone, and leave out who waited.
        """
        totals: dict[str, int] = {}
        for found in self.stacks:
            totals[found.stack] = totals.get(found.stack, 0) + (found.cpu if cpu else found.wall)
        return "".join(f"{stack} {ns // 1_000_000}\n" for stack, ns in sorted(totals.items()) if ns >= 1_000_000)


class Profiler:
    """
    Samples while somebody wants it to.

    Attributes:
        spent_ns: processor time that its thread took so far.
        samples: how often it looked.
    """

    def __init__(self) -> None:
        self.spent_ns = 0
        self.samples = 0
        self._names = Names()
        self._seen: dict[int, tuple[str, Span | None]] = {}
        self._fresh()

    def _fresh(self) -> None:
        # Guards all below. Re-entrant: a signal handler asks for a profile.
        self._lock = threading.RLock()
        self._wanted: dict[str, float] = {}
        self._until: dict[str, float] = {}
        self._profiles: list[Profile] = []
        self._tally = Tally()
        self._began_ns = time.time_ns()
        self._began = self._flushed = time.perf_counter()
        self._interval_spent_ns = 0
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    @property
    def running(self) -> bool:
        """Whether it samples."""
        return self._thread is not None

    def want(self, who: str, hz: float = HZ, for_s: float | None = None) -> None:
        """Sample for *who*, at *hz* or as often as others want, for *for_s* seconds or until ``unwant``."""
        with self._lock:
            self._wanted[who] = hz
            if for_s is not None:
                self._until[who] = time.monotonic() + for_s
            self._launch()

    def unwant(self, who: str) -> None:
        """Sample no more for *who*; with nobody left, the thread ends and what it saw is recorded."""
        with self._lock:
            self._wanted.pop(who, None)
            self._until.pop(who, None)
            if not self._wanted:
                self._end()

    def collect(self, found: Profile) -> None:
        """Give *found* what is seen from now on, too."""
        with self._lock:
            self.flush()
            self._profiles.append(found)

    def deliver(self, found: Profile) -> None:
        """Give *found* the rest, and nothing later."""
        with self._lock:
            self.flush()
            if found in self._profiles:
                self._profiles.remove(found)

    def flush(self) -> None:
        """Record what was seen since the last time."""
        with self._lock:
            stacks, began_ns = self._tally.take(), self._began_ns
            elapsed_ns = round((time.perf_counter() - self._flushed) * 1e9)
            self._began_ns, self._flushed = time.time_ns(), time.perf_counter()
            for found in self._profiles:
                found.stacks += stacks
        if not recorder.enabled:
            return
        for part in _parts(stacks):
            recorder.append(encode(ProfileRecord(began_ns, recorder.instance, elapsed_ns, part)))

    def stop(self) -> None:
        """Stop for everybody, and record what was seen."""
        with self._lock:
            self._wanted.clear()
            self._until.clear()
            self._end()

    def pause(self) -> None:
        """End the thread for now, before a fork."""
        if self._thread is not None:
            self._halt()
            self.flush()

    def resume(self) -> None:
        """Go on after a fork."""
        if self._wanted:
            self._launch()

    def reborn(self) -> None:
        """Go on in a forked child where the settings say so; what the parent saw, and its blocks, are the parent's."""
        wanted = {who: hz for who, hz in self._wanted.items() if who == SETTING}
        self._fresh()
        running_spans.reborn()
        for who, hz in wanted.items():
            self.want(who, hz)

    def _launch(self) -> None:
        if self._thread is not None:
            return
        running_spans.start()
        self._began_ns = time.time_ns()
        self._began = self._flushed = time.perf_counter()
        self._interval_spent_ns = 0
        self._stop = threading.Event()
        thread = QuietThread(target=self._run, args=(self._stop,), name="sightline-profile", daemon=True)
        self._thread = thread
        try:
            thread.start()
        except RuntimeError as error:
            # No thread can be started: the limit is reached, or the interpreter ends.
            self._thread = None
            guard.failed("profiler", error)

    def _halt(self) -> None:
        thread, self._thread = self._thread, None
        self._stop.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(_JOIN_S)

    def _end(self) -> None:
        self._halt()
        running_spans.stop()
        self.flush()

    def _run(self, stop: threading.Event) -> None:
        threads = Threads()
        last = time.perf_counter_ns()
        spent = time.thread_time_ns()
        try:
            while not stop.wait(self._pause_s()):
                now = time.perf_counter_ns()
                self._sample(threads, now - last)
                last = now
                self._keep_time()
                after = time.thread_time_ns()
                self.spent_ns += after - spent
                self._interval_spent_ns += after - spent
                spent = after
        except Exception as error:
            with contextlib.suppress(Exception):
                guard.failed("profiler", error)
        finally:
            self._seen = {}

    def _pause_s(self) -> float:
        """Tell how long to wait: as long as it takes until what was spent is a small enough share of the time."""
        elapsed_s = time.perf_counter() - self._began
        owed_s = self._interval_spent_ns / 1e9 / SHARE - elapsed_s
        wanted_s = 1 / max(self._wanted.values(), default=HZ)
        return min(max(wanted_s * random.uniform(0.9, 1.1), owed_s), _LONGEST_PAUSE_S)  # noqa: S311 - no secret

    def _sample(self, threads: Threads, wall_ns: int) -> None:
        frames = sys._current_frames()  # noqa: SLF001 - the one way to see other threads' stacks
        frames.pop(threading.get_ident(), None)
        threads.look(set(frames))
        running_spans.prune(set(frames))
        tally, before, self._seen = self._tally, self._seen, {}
        for ident, frame in frames.items():
            name, cpu_ns = threads.name(ident), threads.cpu_ns(ident)
            # A thread that took no time stands where it stood: most threads wait, and cost next to nothing so.
            seen = before.get(ident) if cpu_ns == 0 else None
            if seen is None:
                seen = self._names.fold(frame), running_spans.find(ident, name, frame)
            self._seen[ident] = seen
            stack, span = seen
            if span is not None and not span.recording:
                span = None
            tally.add(stack, name, span, wall_ns, max(cpu_ns, 0))
        self.samples += 1

    def _keep_time(self) -> None:
        """Record what is due, and stop for those whose time is over; never waits for the lock, its holder may join."""
        now = time.monotonic()
        over = [who for who, until in list(self._until.items()) if until <= now]
        if not over and time.perf_counter() - self._flushed < INTERVAL_S:
            return
        if not self._lock.acquire(blocking=False):
            return
        try:
            if time.perf_counter() - self._flushed >= INTERVAL_S:
                self.flush()
                self._began, self._interval_spent_ns = self._flushed, 0
            for who in over:
                self.unwant(who)
        finally:
            self._lock.release()


def _parts(stacks: list[Stack]) -> Iterator[list[Stack]]:
    """Cut a profile into lines."""
    part: list[Stack] = []
    size = 0
    for found in stacks:
        part.append(found)
        size += len(found.stack) + 200
        if size >= _LINE_TEXT:
            yield part
            part, size = [], 0
    if part:
        yield part


profiler: Final = Profiler()
"""The profiler of this process."""


@contextlib.contextmanager
def profile(hz: float = HZ) -> Iterator[Profile]:
    """
    Sample all threads within the block; what was seen is recorded, and given as well.

    Args:
        hz: samples per second; fewer are taken where they would cost more than 1 % of a core.
    """
    found = Profile()
    who = f"block {id(found)}"
    profiler.collect(found)
    profiler.want(who, hz)
    try:
        yield found
    finally:
        profiler.deliver(found)
        profiler.unwant(who)


class _Setting:
    """What the settings ``profile`` and ``profile_hz`` ask for."""

    installed = False
    _before: Callable[[int, FrameType | None], object] | int | None = None
    _taken = False

    def start(self) -> None:
        """Do as the settings say; called whenever recording starts."""
        way = recorder.settings["profile"].value if recorder.settings else "off"
        if way == "on":
            profiler.want(SETTING, recorder.settings["profile_hz"].value)
        elif way == "signal" and threading.current_thread() is threading.main_thread():
            self._take_signal()

    def stop(self) -> None:
        """End every profile, and give the signal back."""
        profiler.stop()
        if self._taken and signal.getsignal(signal.SIGUSR2) is _on_signal:
            signal.signal(signal.SIGUSR2, self._before or signal.SIG_DFL)
        self._taken = False

    def _take_signal(self) -> None:
        present = signal.getsignal(signal.SIGUSR2)
        if present not in {signal.SIG_DFL, _on_signal}:
            guard.failed("profiler", RuntimeError("The program handles SIGUSR2 itself; profile=signal does nothing."))
            return
        self._before, self._taken = signal.SIG_DFL, True
        signal.signal(signal.SIGUSR2, _on_signal)


def _on_signal(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
    """Sample for half a minute."""
    try:
        profiler.want("signal", recorder.settings["profile_hz"].value, SIGNAL_S)
    except Exception as error:
        guard.failed("profiler", error)


_setting: Final = _Setting()


def install() -> None:
    """Do from now on what the ``profile`` setting says, whenever recording is on."""
    if not _setting.installed:
        _setting.installed = True
        recorder.on_start(_setting.start)
        recorder.on_stop(_setting.stop)


recorder.on_fork(profiler.reborn)
os.register_at_fork(before=profiler.pause, after_in_parent=profiler.resume)
