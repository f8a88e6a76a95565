"""
Forgets the deduplication tokens of parts that the embedded engine does not have.

It writes a token down before it gives the part its name. Killed between the two, or refused the name by the disk, it
would drop what is sent again, though nothing was stored; so it would after it set a damaged part aside.
"""

from __future__ import annotations

import logging
import re
from bisect import bisect_right
from collections import defaultdict
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from sightline.base.errors import StoreUnavailable
from sightline.store import refusal
from sightline.store.result import RESULT_SETTINGS, decode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sightline.store.engine import Engine

ADDED: Final = b"1"
DROPPED: Final = b"2"
"""How an entry of the engine's log of tokens begins: ``1<tab>part<tab>token``."""

_PART: Final = re.compile(r"(?P<partition>[^_]+)_(?P<first>\d+)_(?P<last>\d+)_\d+(_\d+)?")

_TABLES: Final = """
SELECT t.name, t.data_paths[1], groupArray(p.name) FROM system.tables AS t
LEFT JOIN system.parts AS p ON p.database = t.database AND p.table = t.name
WHERE t.database = currentDatabase() AND t.engine LIKE '%MergeTree' GROUP BY ALL
"""

_log = logging.getLogger(__name__)


class Tokens:
    """
    What one embedded engine remembers of its inserts. Of its methods one may run at a time, and no insert beside.

    Attributes:
        doubtful: whether an insert failed, so that its token may be there without its part.
    """

    def __init__(self, engine: Engine) -> None:
        self.doubtful = False
        self._engine = engine
        self._detached: set[str] = set()

    def settle(self) -> None:
        """
        Let the engine forget what it has not, after an insert that failed.

        Raises:
            StoreUnavailable: if it cannot be done now.
        """
        try:
            self._detached |= forget(self._engine)
            for table in sorted(self._detached):
                # It reads its tokens when it is attached.
                self._change(f"DETACH TABLE IF EXISTS {table} SYNC")
                self._change(f"ATTACH TABLE {table}")
                self._detached.discard(table)
        except (RuntimeError, OSError) as error:
            raise StoreUnavailable(f"An insert that failed cannot be settled: {refusal.sentence(str(error))}") from None
        self.doubtful = False

    def _change(self, sql: str) -> None:
        self._engine.execute(sql, "Null", {}, {}, readonly=False)


def forget(engine: Engine) -> set[str]:
    """
    Forget the tokens of parts that are not there, in the files of an embedded store.

    One byte is changed for each, in its place, which a full disk allows. The engine has to be started again to know, or
    the tables attached again.

    Returns:
        The names of the tables of which some were forgotten.

    Raises:
        RuntimeError: if the engine does not answer.
        OSError: if a file cannot be changed.
    """
    answer = engine.execute(_TABLES, "JSONCompact", {}, RESULT_SETTINGS, readonly=True)
    return {table for table, path, parts in decode(answer).rows if _forget(table, Path(path), parts)}


class _Entry(NamedTuple):
    part: str
    log: Path
    offset: int


def _forget(table: str, directory: Path, parts: Iterable[str]) -> int:
    stored = Blocks(parts)
    lost = [entry for entry in _remembered(directory) if not stored.cover(entry.part)]
    for entry in lost:
        with entry.log.open("r+b") as file:
            file.seek(entry.offset)
            file.write(DROPPED)
        _log.warning("Forgot that %s was stored in %s: the part is not there.", entry.part, table)
    return len(lost)


def _remembered(directory: Path) -> Iterable[_Entry]:
    """Find what the engine will remember when it reads its logs: what was added and not dropped since."""
    found: dict[bytes, _Entry] = {}
    for log in sorted(directory.glob("deduplication_logs/deduplication_log_*.txt"), key=_number):
        offset = 0
        for line in log.read_bytes().splitlines(keepends=True):
            kind, part, token = (*line.rstrip(b"\n").split(b"\t"), b"", b"")[:3]
            if kind == ADDED:
                found[token] = _Entry(part.decode(errors="replace"), log, offset)
            else:
                found.pop(token, None)
            offset += len(line)
    return found.values()


def _number(log: Path) -> int:
    return int(log.stem.rpartition("_")[2])


class Blocks:
    """The blocks that parts hold: a part has the numbers of the first and the last in its name."""

    def __init__(self, parts: Iterable[str]) -> None:
        ranges = defaultdict(list)
        for name in parts:
            if part := _PART.fullmatch(name):
                ranges[part["partition"]].append((int(part["first"]), int(part["last"])))
        self._firsts = {partition: [first for first, _ in sorted(found)] for partition, found in ranges.items()}
        self._lasts = {
            partition: list(accumulate((last for _, last in sorted(found)), max)) for partition, found in ranges.items()
        }

    def cover(self, name: str) -> bool:
        """Tell whether a part's block is in one of the parts, under its own name or merged; so is what has no name."""
        part = _PART.fullmatch(name)
        if part is None:
            return True
        place = bisect_right(self._firsts.get(part["partition"], []), int(part["first"]))
        return place > 0 and self._lasts[part["partition"]][place - 1] >= int(part["last"])
