"""This process's recorder: where every encoded line goes, and what happens to it at a fork and at the end."""

from __future__ import annotations

import atexit
import os
import time
from typing import TYPE_CHECKING, Any, Final

from sightline.model import ids
from sightline.model.log import LogRecord
from sightline.model.severity import NUMBERS
from sightline.sdk import guard
from sightline.spool.writer import SpoolWriter
from sightline.wire import lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sightline.base.settings import Value


def _drop(line: bytes) -> None:
    """Take a line while nothing is recorded."""


class Recorder:
    """
    The one way into the spool.

    Attributes:
        append: takes one encoded line. Bound anew when recording starts or stops; look it up at each call. It raises
            what ``SpoolWriter.append`` raises, and callers pass that to the guard: the loss is counted already.
        enabled: whether anything is recorded.
        instance: 16 hex digits of this process, new after a fork.
        settings: the settings in force, by name; empty before ``configure``.
        writer: the spool's writer, or None before ``configure`` and where recording is disabled.
    """

    def __init__(self) -> None:
        self.append: Callable[[bytes], None] = _drop
        self.enabled = False
        self.instance = ids.new_span_id()
        self.settings: dict[str, Value] = {}
        self.resource: dict[str, str] = {}
        self.writer: SpoolWriter | None = None
        self._describe: Callable[[str], dict[str, str]] = lambda _: {}
        self._on_start: list[Callable[[], None]] = []
        self._on_fork: list[Callable[[], None]] = []
        self._on_stop: list[Callable[[], None]] = []

    def start(
        self,
        settings: dict[str, Value],
        describe: Callable[[str], dict[str, str]],
        directory: Path,
        beside: Path | None = None,
    ) -> None:
        """
        Begin to record.

        Args:
            settings: in force from now on.
            describe: makes the resource of an instance.
            directory: the spool.
            beside: where segments have a second name, for a second reader.
        """
        self.stop()
        self.settings = settings
        self._describe = describe
        self.resource = describe(self.instance)
        self.writer = SpoolWriter(
            directory,
            instance=self.instance,
            resource=self.resource,
            segment_bytes=settings["segment_bytes"].value,
            spool_bytes=settings["spool_bytes"].value,
            report=self._report_loss,
            beside=beside,
        )
        self.append = self.writer.append
        self.enabled = True
        for callback in self._on_start:
            self._call(callback)

    def stop(self) -> None:
        """Record nothing more, and end this process's segment."""
        if not self.enabled:
            return
        for callback in self._on_stop:
            self._call(callback)
        self.enabled = False
        self.append = _drop
        if self.writer is not None:
            self.writer.close()
            self.writer = None

    def on_start(self, callback: Callable[[], None]) -> None:
        """Call *callback* whenever recording starts; at once if it already has."""
        self._on_start.append(callback)
        if self.enabled:
            self._call(callback)

    def on_fork(self, callback: Callable[[], None]) -> None:
        """Call *callback* in each forked child, once it has an identity of its own."""
        self._on_fork.append(callback)

    def on_stop(self, callback: Callable[[], None]) -> None:
        """Call *callback* before recording stops and before the process ends; it must be quick."""
        self._on_stop.append(callback)

    def _report_loss(self, count: int, reason: str) -> bytes:
        record = LogRecord(
            time=time.time_ns(),
            instance=self.instance,
            severity=NUMBERS["WARNING"],
            level="WARNING",
            logger="sightline.spool",
            body=f"{count} records were lost: {reason}",
            attributes={"sightline.lost_records": count, "sightline.reason": reason},
        )
        return lines.encode(record)

    def _call(self, callback: Callable[[], Any]) -> None:
        try:
            callback()
        except Exception as error:
            guard.failed(f"{callback.__module__}.{callback.__qualname__}", error)

    def _before_fork(self) -> None:
        if self.writer is not None:
            self.writer.hold()

    def _after_fork_in_parent(self) -> None:
        if self.writer is not None:
            self.writer.release()

    def _after_fork_in_child(self) -> None:
        ids.forget()
        self.instance = ids.new_span_id()
        self.resource = self._describe(self.instance)
        if self.writer is not None:
            self.writer.reopen(instance=self.instance, resource=self.resource)
        for callback in self._on_fork:
            self._call(callback)


recorder: Final = Recorder()
"""The recorder of this process."""

os.register_at_fork(
    before=recorder._before_fork,  # noqa: SLF001 - its own module
    after_in_parent=recorder._after_fork_in_parent,  # noqa: SLF001
    after_in_child=recorder._after_fork_in_child,  # noqa: SLF001
)
atexit.register(recorder.stop)
