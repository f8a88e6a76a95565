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
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sightline.store.engine import Engine

ADDED: Final = b"1"
DROPPED: Final = b"2"
"""How an entry of the engine's log of tokens begins: ``1<tab>part<tab>token``."""

NEWEST: Final = 256
"""
Among so many of a table's newest tokens are those of an insert that failed: no further insert begins after it, and each
has a token for every partition.
"""

_PART: Final = re.compile(r"(?P<partition>[^_]+)_(?P<first>\d+)_(?P<last>\d+)_\d+(_\d+)?")

_TABLES: Final = """
SELECT t.name, t.data_paths[1], groupArray(p.name) FROM system.tables AS t
LEFT JOIN system.parts AS p ON p.database = t.database AND p.table = t.name
WHERE t.database = currentDatabase() AND t.engine LIKE '%MergeTree' GROUP BY ALL
"""

_Range = tuple[int, int]
"""Numbers of the first and the last block."""

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
            for table, directory, parts in _tables(self._engine):
                blocks = Blocks(parts)
                newest = list(_remembered(directory))[-NEWEST:]
                if _drop(table, [one for one in newest if not blocks.cover(one.part) or blocks.lack(one.part)]):
                    self._detached.add(table)
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


def stored(directory: Path) -> dict[str, set[str]]:
    """
    Give the names of what an embedded store has on its disk, by table's directory, before its engine is started.

    Raises:
        OSError: if they cannot be read.
    """
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path in directory.glob("store/*/*/*_*_*_*"):
        found[path.parent.name].add(path.name)
    return found


def forget(engine: Engine, before: Mapping[str, set[str]]) -> int:
    """
    Forget the tokens of parts that are not there, in the files of an embedded store that was opened just now.

    One byte is changed for each, in its place, which a full disk allows. The engine has to be started again to know.

    Args:
        engine: of that store.
        before: what ``stored`` gave before it was started. It merges from its first moment, also over the number of a
            part that is not there; what a merged part was made of is listed beside it.

    Returns:
        How many were forgotten.

    Raises:
        RuntimeError: if the engine does not answer.
        OSError: if a file cannot be changed.
    """
    forgotten = 0
    for table, directory, parts in _tables(engine):
        blocks = Blocks(before.get(directory.name, set()) & set(parts))
        forgotten += _drop(table, [one for one in _remembered(directory) if not blocks.cover(one.part)])
    return forgotten


class _Entry(NamedTuple):
    part: str
    log: Path
    offset: int


def _tables(engine: Engine) -> Iterator[tuple[str, Path, list[str]]]:
    answer = engine.execute(_TABLES, "JSONCompact", {}, RESULT_SETTINGS, readonly=True)
    for table, path, parts in decode(answer).rows:
        yield table, Path(path), parts


def _drop(table: str, entries: Sequence[_Entry]) -> int:
    for entry in entries:
        with entry.log.open("r+b") as file:
            file.seek(entry.offset)
            file.write(DROPPED)
        _log.warning("Forgot that %s was stored in %s: the part is not there.", entry.part, table)
    return len(entries)


def _remembered(directory: Path) -> Iterable[_Entry]:
    """Find what the engine will remember when it reads its logs: what was added and not dropped since, oldest first."""
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
    """
    The blocks that parts hold: a part has the numbers of the first and the last in its name.

    Args:
        parts: their names, also of those that were merged and are not removed yet.
    """

    def __init__(self, parts: Iterable[str]) -> None:
        self._ranges: defaultdict[str, list[_Range]] = defaultdict(list)
        for name in parts:
            if part := _PART.fullmatch(name):
                self._ranges[part["partition"]].append((int(part["first"]), int(part["last"])))
        self._reach = {partition: _reach(ranges) for partition, ranges in self._ranges.items()}

    def cover(self, name: str) -> bool:
        """Tell whether the numbers of a part are within those of one; so are those of what has none."""
        part = _PART.fullmatch(name)
        if part is None:
            return True
        firsts, lasts = self._reach.get(part["partition"], ((), ()))
        place = bisect_right(firsts, int(part["first"]))
        return place > 0 and lasts[place - 1] >= int(part["last"])

    def lack(self, name: str) -> bool:
        """
        Tell whether a part is known not to be in the merged ones that span its numbers.

        The engine merges over a number that no part has. What it merged it keeps for minutes: while that is there, the
        smallest part that spans a number has it only if nothing is within that part.
        """
        part = _PART.fullmatch(name)
        if part is None:
            return False
        own = int(part["first"]), int(part["last"])
        ranges = self._ranges[part["partition"]]
        smallest = min((one for one in ranges if _within(own, one)), key=lambda one: one[1] - one[0], default=own)
        return smallest != own and any(_within(one, smallest) and one != smallest for one in ranges)


def _reach(ranges: Iterable[_Range]) -> tuple[list[int], list[int]]:
    """Give where ranges begin, in order, and how far all that began until there reach."""
    inorder = sorted(ranges)
    return [first for first, _ in inorder], list(accumulate((last for _, last in inorder), max))


def _within(inner: _Range, outer: _Range) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]
