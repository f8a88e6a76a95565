"""
Proves that what was inserted lies on the disk, where the disk had little room meanwhile.

The embedded engine takes what the disk refused for written: the part is there, its files are cut or empty.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from sightline.base.errors import StoreUnavailable
from sightline.store import refusal
from sightline.store.parameters import literal
from sightline.store.result import RESULT_SETTINGS, decode

if TYPE_CHECKING:
    from pathlib import Path

    from sightline.store.engine import Engine

LEAST_BYTES: Final = 32 * 1024 * 1024
"""An insert that leaves less than this free is proven, however small the reserve is: one writes up to about as much."""

LOOKS: Final = 3
"""Looks at the new parts: one that is merged in between is looked for once more, as a part of the merged one."""

EARLIER_S: Final = 2
"""Seconds before an insert began from which on a part may be of it: the engine has whole seconds."""

_NEW: Final = """
SELECT table, name, min_block_number = max_block_number FROM system.parts
WHERE active AND database = currentDatabase() AND modification_time >= fromUnixTimestamp({since:Int64})
"""

_log = logging.getLogger(__name__)

Part = tuple[str, str]
"""A table's name and a part's."""


class Proof:
    """
    Looks at the new parts of an embedded engine after an insert during which its disk was nearly full.

    With room, an insert costs one question to the file system. Safe to use from many threads.

    Args:
        engine: the embedded one.
        directory: where it has its files.
        enough_bytes: with so much free after an insert, and at every look since it began, it needs no proof.
    """

    def __init__(self, engine: Engine, directory: Path, enough_bytes: int) -> None:
        self._engine = engine
        self._directory = directory
        self._enough_bytes = max(enough_bytes, LEAST_BYTES)
        self._short_at = float("-inf")
        self._mending = threading.Lock()  # guards the three below, and all that is dropped
        self._whole: set[Part] = set()
        self._damaged: set[Part] = set()
        self._damaged_at = float("-inf")

    def note(self, free_bytes: int) -> None:
        """Take note of what is free now, from who looks often: then no moment is missed in which the disk was full."""
        if free_bytes < self._enough_bytes:
            self._short_at = time.monotonic()

    def begin(self) -> float:
        """
        Give the moment at which an insert begins, for :meth:`confirm`.

        Raises:
            StoreUnavailable: if a damaged part is in the way, and there is no room yet to drop it.
        """
        if self._damaged:
            with self._mending:
                self._mend()
                if self._damaged:
                    raise _refused(self._damaged, self._directory)
        return time.monotonic()

    def confirm(self, began_at: float) -> None:
        """
        Return when all that was inserted since is known to lie on the disk.

        A damaged part of an insert is dropped, its deduplication token with it, so that it is stored when it is sent
        again.

        Raises:
            StoreUnavailable: if some of it does not.
        """
        self.note(shutil.disk_usage(self._directory).free)
        if self._short_at < began_at:
            return
        with self._mending:
            try:
                found = self._broken(time.time() - (time.monotonic() - began_at))
            except RuntimeError as error:
                reason = refusal.sentence(str(error))
                raise StoreUnavailable(f"What was inserted cannot be read: {reason}") from None
            if found:
                self._damaged_at = time.monotonic()
                self._mend()
            # What another thread found and dropped meanwhile may have been of this insert.
            if self._damaged_at >= began_at:
                raise _refused(found, self._directory)

    def _broken(self, since_s: float) -> list[Part]:
        """Find the damaged ones of all parts that were made since; those of inserts are noted to be dropped."""
        found: list[Part] = []
        for _ in range(LOOKS):
            parts = self._new(since_s)
            self._whole &= parts.keys()
            new = parts.keys() - self._whole - set(found)
            if not new:
                break
            whole = {part for part in new if self._is_whole(*part)}
            self._whole |= whole
            found += new - whole
            # What a merged one was made of is still there, and found at the next start.
            self._damaged |= {part for part in new - whole if parts[part]}
        if found:
            _log.error("The disk of %s was full: it did not take %s.", self._directory, _named(found))
        return found

    def _new(self, since_s: float) -> dict[Part, bool]:
        """Find the parts that were made since, and tell of each whether an insert made it."""
        settings = {**RESULT_SETTINGS, "readonly": 1}
        parameters = {"since": int(since_s) - EARLIER_S}
        rows = decode(self._engine.execute(_NEW, "JSONCompact", parameters, settings, readonly=True)).rows
        return {(table, name): bool(inserted) for table, name, inserted in rows}

    def _is_whole(self, table: str, name: str) -> bool:
        asked = f"CHECK TABLE {table} PART {literal(name)} SETTINGS check_query_single_value_result = 1"
        try:
            answer = self._engine.execute(asked, "JSONCompact", {}, RESULT_SETTINGS, readonly=False)
        except RuntimeError as error:
            if refusal.code_of(str(error)) == refusal.NO_SUCH_PART:
                return True  # merged, which only whole parts are
            raise
        return bool(decode(answer).scalar())

    def _mend(self) -> None:
        """Drop the damaged parts; the engine needs a little room for that, and until then every query meets them."""
        for table, name in sorted(self._damaged):
            try:
                self._engine.execute(f"ALTER TABLE {table} DROP PART {literal(name)}", "Null", {}, {}, readonly=False)
            except RuntimeError as error:
                if refusal.code_of(str(error)) != refusal.NO_SUCH_PART:
                    return
            self._damaged.discard((table, name))


def _refused(parts: Any, directory: Path) -> StoreUnavailable:
    told = f" ({_named(parts)})" if parts else ""
    return StoreUnavailable(
        f"The disk of {directory} became full during an insert, and did not take it{told}. Make room; what waits is "
        "stored then."
    )


def _named(parts: Any) -> str:
    return ", ".join(f"{name} of {table}" for table, name in sorted(parts))
