"""Takes in our own lines: reads the spool, shows them live, stores them exactly once."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Final

from sightline.base.errors import RowsRefused, SightlineError
from sightline.server.ingest.batch import PLAIN, Batch, count_lost, cut, door_of, weigh
from sightline.server.ingest.pause import Pause
from sightline.server.ingest.quarantine import BadLine, set_aside
from sightline.server.ingest.sift import sift

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sightline.server.live import Live
    from sightline.server.services import Counters
    from sightline.spool.format import Header
    from sightline.spool.reader import Backlog, SpoolReader
    from sightline.state.offsets import Intent, Offsets
    from sightline.store.connect import Store

POLL_S: Final = 0.05
"""Seconds between two looks at the spool. The live tail is late by this at most."""

INSERT_EVERY_S: Final = 0.4
"""Seconds between two inserts. Each makes a part in each table; more of them cost more merges than they are worth."""

BATCH_BYTES: Final = 16 * 1024 * 1024
"""Most bytes of lines that are inserted together. An insert of one line costs as much as parsing 25,000."""

INSERTS_AT_ONCE: Final = 2
"""Inserts that run side by side when much is waiting."""

RETRY_FIRST_S: Final = 0.5
RETRY_MOST_S: Final = 30.0
"""Seconds until a refused insert is tried again: doubled each time, up to the second figure."""

FORGET_EVERY_S: Final = 60.0
"""Seconds between two looks for offsets of segments that are no more."""

DRAIN_S: Final = 10.0
"""Seconds that a stop may take to store what is already written."""

_log = logging.getLogger(__name__)


class LinesIngest:
    """
    The loop from the spool to the store, in a thread of its own; the inserts themselves run beside it.

    Intents are written and fulfilled in the order of reading, whichever insert ends first: no offset passes over what
    is not stored. ``trouble`` says why the store takes nothing at the moment; empty when all is well. Ranges are kept
    until they are stored, so trouble delays and never loses.
    """

    def __init__(
        self,
        store: Store,
        offsets: Offsets,
        reader: SpoolReader,
        *,
        live: Live,
        counters: Counters,
        quarantine: Path,
        batch_bytes: int = BATCH_BYTES,
        weight_limit: int = BATCH_BYTES * 2,
        retry_first_s: float = RETRY_FIRST_S,
    ) -> None:
        """
        Prepare; ``start`` begins.

        Args:
            store: where lines go.
            offsets: the memory of what was read.
            reader: of the spool.
            live: gets all lines first.
            counters: what came in is added here.
            quarantine: directory for lines that cannot be stored.
            batch_bytes: most bytes of lines that are inserted together. An insert of half as many was part of a
                backlog: what comes behind it does not wait.
            weight_limit: most that inserts at a time may unfold to in the engine, by the measure of ``batch.weigh``.
            retry_first_s: seconds until a refused insert is tried again for the first time.
        """
        self.trouble = ""
        self._store = store
        self._offsets = offsets
        self._reader = reader
        self._live = live
        self._counters = counters
        self._quarantine = quarantine
        self._batch_bytes = batch_bytes
        # Those of the inserts that run, and some that are read ahead.
        self._held_bytes = batch_bytes * INSERTS_AT_ONCE + batch_bytes // 2
        self._weight_limit = weight_limit // INSERTS_AT_ONCE
        self._pending: deque[Batch] = deque()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sightline-lines", daemon=True)
        self._inserts = ThreadPoolExecutor(INSERTS_AT_ONCE, thread_name_prefix="sightline-insert")
        self.pause = Pause()
        self._inserted_at = 0.0
        self._retry_at = 0.0
        self._retry_s = self._retry_first_s = retry_first_s
        # Measured by the thread that reads, and replaced whole: others see the old or the new.
        self._backlog: Backlog | None = None
        self._alive: dict[str, Header] = {}
        self._measured_at = 0.0
        self._tidied_at = 0.0

    def start(self) -> None:
        """Begin; inserts that the last process did not finish come first."""
        self._thread.start()

    def stop(self) -> None:
        """Store what is written already, for a bounded time, then stop."""
        self._stop.set()
        self._thread.join(DRAIN_S + 5)

    @property
    def running(self) -> bool:
        """Whether the loop runs."""
        return self._thread.is_alive()

    def backlog(self) -> Backlog | None:
        """Tell what lies in the spool, as of a second ago at most."""
        return self._backlog

    def alive(self) -> dict[str, Header]:
        """Give the segment headers of the processes that write now, by instance, as of a second ago at most."""
        return self._alive

    @property
    def broken(self) -> dict[str, str]:
        """Segments that cannot be read, and why."""
        return dict(self._reader.broken)

    def _run(self) -> None:
        give_up_at = float("inf")
        while not self._guarded(self._resume):  # nothing may be read before it is known what was read
            if self._stop.wait(self._retry_first_s):
                return
        while True:
            if self._stop.is_set() and give_up_at == float("inf"):
                give_up_at = time.monotonic() + DRAIN_S
                self._retry_at = 0.0
            found = self._guarded(self._poll)
            self._guarded(self._flush)
            drained = time.monotonic() > give_up_at or (not found and not self._pending) or self.trouble
            if self._stop.is_set() and drained:
                break
            if not found or self.trouble:
                self._pause()
        self._inserts.shutdown(cancel_futures=True)
        self._reader.close()

    def _pause(self) -> None:
        """Wait a moment, or until the oldest insert has ended."""
        sending = self._pending[0].sending if self._pending else None
        if sending is not None and not sending.done():
            wait([sending], POLL_S)
        else:
            self._stop.wait(POLL_S)

    def _guarded(self, step: Callable[[], bool]) -> bool:
        """Run one step; what goes wrong is reported and tried again, the loop never ends by it."""
        try:
            return step()
        except Exception as error:
            if not isinstance(error, SightlineError):
                _log.exception("Taking in lines failed")
            self._back_off(str(error))
            return False

    def _resume(self) -> bool:
        """Send again what the last process may have sent: the same ranges with the same token."""
        self._pending.clear()
        self._offsets.forget(self._reader.forgotten())
        for intent in self._offsets.intents():
            batch = Batch()
            for found in intent.ranges:
                chunk = self._reader.range(found.segment, found.start, found.end)
                if chunk is not None:
                    batch.add(weigh(chunk))
            batch.intent = intent
            self._pending.append(batch)
        return True

    def _poll(self) -> bool:
        """Read what is new, show it to whoever is tailing, and keep it for the next insert."""
        room = self._held_bytes - sum(batch.size_bytes for batch in self._pending)
        chunks = self._reader.read(min(room, self._batch_bytes)) if room > 0 else []
        for chunk in chunks:
            self._live.publish(chunk.lines, {chunk.header.instance: chunk.header.resource})
            self._counters.lost += count_lost(chunk.lines)
            for piece in cut(chunk, self._weight_limit):
                if not self._pending or not self._pending[-1].takes(piece, self._weight_limit):
                    self._pending.append(Batch())
                self._pending[-1].add(piece)
                self._counters.accepted.add(piece.tally)
        self._measure()
        return bool(chunks) and not self._pending[-1].size_bytes < self._batch_bytes // 4

    def _measure(self) -> None:
        now = time.monotonic()
        if now - self._measured_at < 1.0:
            return
        self._measured_at = now
        self._backlog, self._alive = self._reader.backlog(), self._reader.alive()

    def _flush(self) -> bool:
        """Take note of the inserts that ended, and send what is pending when it is time."""
        now = time.monotonic()
        if now < self._retry_at:
            return False
        settled = self._settle()
        due = self._stop.is_set() or now - self._inserted_at >= INSERT_EVERY_S
        self._send(due=due)
        if settled or (due and not self._pending):
            self._tidy()
            self.trouble = ""
            self._retry_s = self._retry_first_s
        return True

    def _settle(self) -> bool:
        """Fulfil the intents whose inserts have ended, the oldest first; a failed insert stays pending."""
        settled = False
        while self._pending and (sending := self._pending[0].sending) is not None and sending.done():
            batch = self._pending[0]
            if sending.exception() is not None:
                batch.sending = None
            bad = sending.result()
            assert batch.intent is not None
            for segment, offset in self._offsets.fulfil(batch.intent).items():
                self._reader.stored(segment, offset)
            self._counters.stored.add(batch.tally)
            self._counters.quarantined += len(bad)
            self._pending.popleft()
            # Behind a large one comes the rest of a backlog: it need not wait.
            self._inserted_at = 0.0 if batch.size_bytes * 2 >= self._batch_bytes else time.monotonic()
            settled = True
        return settled

    def _send(self, *, due: bool) -> None:
        """Begin inserts: of full batches at once, of the last one when it is due and nothing else runs."""
        running = sum(batch.sending is not None for batch in self._pending)
        # What the engine had no memory for beside another insert may have it alone.
        at_once = 1 if self.trouble else INSERTS_AT_ONCE
        held = self.pause.holds(idle=not any(batch.intent for batch in self._pending))
        for batch in self._pending:
            if batch.sending is not None:
                continue
            full = batch.size_bytes >= self._batch_bytes or batch is not self._pending[-1]
            if running >= at_once or not (full or (due and not running)) or (held and batch.intent is None):
                return
            if batch.intent is None:
                self._store.check_room(lines=True)
                batch.intent = self._offsets.intend(batch.ranges(), PLAIN if batch.plain else "")
            batch.sending = self._inserts.submit(self._insert, batch, batch.intent)
            running += 1

    def _insert(self, batch: Batch, intent: Intent) -> list[BadLine]:
        """Insert one batch, in a thread beside the loop; gives the lines that could not be stored."""
        if not batch.chunks:
            return []
        first, *others = batch.parts()
        bad = self._insert_part(first, intent.token)
        for number, part in enumerate(others, 1):
            bad += self._insert_part(part, f"{intent.token}-{number}")
        return bad

    def _insert_part(self, batch: Batch, token: str) -> list[BadLine]:
        try:
            self._store.insert_lines(
                [chunk.lines for chunk in batch.chunks], batch.resources, token, door=door_of(token)
            )
        except RowsRefused as refused:
            return self._insert_good(batch, token, refused)
        return []

    def _insert_good(self, batch: Batch, token: str, refused: RowsRefused) -> list[BadLine]:
        """
        Set the bad lines aside and insert the others.

        Nothing of a refused range was stored, so the same token serves: what is good is the same whenever it is
        looked for.
        """
        good: list[bytes] = []
        bad: list[BadLine] = []
        for chunk in batch.chunks:
            kept, broken = sift(chunk, self._store.check_lines)
            good.append(kept)
            bad += broken
        if not bad:
            raise refused
        _log.warning("%d lines cannot be stored, they are in %s: %s", len(bad), self._quarantine, bad[0].reason)
        if any(good):
            self._store.insert_lines(good, batch.resources, token, door=door_of(token))
        set_aside(self._quarantine, bad)
        return bad

    def _tidy(self) -> None:
        gone = self._reader.finished()
        if time.monotonic() - self._tidied_at > FORGET_EVERY_S:
            self._tidied_at = time.monotonic()
            gone += self._reader.forgotten()  # a writer that needed room drops segments, too
        self._offsets.forget(gone)

    def _back_off(self, reason: str) -> None:
        if reason != self.trouble:
            _log.warning("Nothing is stored at the moment, lines wait: %s", reason)
        self.trouble = reason
        self._retry_at = time.monotonic() + self._retry_s
        self._retry_s = min(self._retry_s * 2, RETRY_MOST_S)
