"""How far each log file was stored, and which of its ranges were about to be."""

from __future__ import annotations

import hashlib
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from sightline.state.database import METADATA, transaction

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Row

HEAD_BYTES: Final = 1024
"""Bytes at a file's begin by which it is known again, whatever it is called and however it is compressed."""

TELLING_BYTES: Final = 64
"""A begin of fewer bytes does not tell a moved file from another one."""

FORGET_NS: Final = 120 * 86_400 * 10**9
"""A file that was not seen for so long is forgotten."""

FILES: Final = Table(
    "log_files",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("host", String, nullable=False),
    Column("path", String, nullable=False),
    Column("device", BigInteger, nullable=False),
    Column("inode", BigInteger, nullable=False),
    Column("head", String, nullable=False),
    Column("head_bytes", Integer, nullable=False),
    Column("stored_to", BigInteger, nullable=False),
    Column("made_ns", BigInteger, nullable=False),
    Column("seen_ns", BigInteger, nullable=False),
)

RANGES: Final = Table(
    "log_file_ranges",
    METADATA,
    Column("file", Integer, primary_key=True),
    Column("start", BigInteger, primary_key=True),
    Column("end", BigInteger, nullable=False),
    Column("stored", Boolean, nullable=False),
)


class FileFacts(msgspec.Struct, frozen=True):
    """
    What tells a file from others.

    Attributes:
        host: name of the machine.
        path: where it is.
        device: number of its device.
        inode: its number there.
        head: its first bytes, decompressed, at most ``HEAD_BYTES``.
        apart: it is another file than any that is known, also where it looks like one.
        size_bytes: its size where it is not compressed: one that is shorter than what is stored of it was written anew.
    """

    host: str
    path: str
    device: int
    inode: int
    head: bytes
    apart: bool = False
    size_bytes: int | None = None


class KnownFile(msgspec.Struct, frozen=True):
    """
    What is known of a file.

    Attributes:
        id: its number.
        host: name of its machine.
        path: where it was seen last.
        device: number of its device.
        inode: its number there.
        made_ns: when it was first seen; with the number, it is of no other file ever.
        stored_to: bytes from its begin that are stored.
        pending: ranges behind these of which it is not known whether they are stored; they come again as they were.
        moved: whether it was known by its begin alone, and *path*, *device* and *inode* tell where it was.
    """

    id: int
    host: str
    path: str
    device: int
    inode: int
    made_ns: int
    stored_to: int
    pending: tuple[tuple[int, int], ...] = ()
    moved: bool = False

    def token(self, start: int, end: int) -> str:
        """Make the deduplication token of a range."""
        return hashlib.sha256(f"{self.id}:{self.made_ns}:{start}-{end}".encode()).hexdigest()


class LogFiles:
    """
    The memory of log files.

    A range is written down before it is inserted, and the offset moves over it after that; whenever a process dies in
    between, the same range comes again with the same token.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, facts: FileFacts) -> KnownFile:
        """
        Find a file, or begin to know it.

        It is known by device, inode and begin, unless it is shorter than what is stored of it; else, where it was
        moved, copied or compressed, by its begin alone. Of such a one ``moved`` is set, and nothing changes before
        :meth:`move`.
        """
        now = time.time_ns()
        with transaction(self._engine) as connection:
            row, moved = (None, False) if facts.apart else self._find(connection, facts)
            if row is None:
                row = self._make(connection, facts, now)
            elif not moved:
                held = max(row.head_bytes, min(len(facts.head), HEAD_BYTES))
                values = {"seen_ns": now, "path": facts.path, "head": _hash(facts.head[:held]), "head_bytes": held}
                connection.execute(update(FILES).where(FILES.c.id == row.id).values(values))
            return _known(row, _pending(connection, row), moved=moved)

    def move(self, number: int, facts: FileFacts) -> None:
        """Note that a known file is elsewhere now."""
        values = {"path": facts.path, "device": facts.device, "inode": facts.inode, "seen_ns": time.time_ns()}
        with transaction(self._engine) as connection:
            connection.execute(update(FILES).where(FILES.c.id == number).values(values))

    def grown(self, number: int, head: bytes) -> None:
        """Note more of the begin of a file that had fewer bytes than tell it from others when it was opened."""
        with transaction(self._engine) as connection:
            row = connection.execute(select(FILES).where(FILES.c.id == number)).first()
            if row is not None and row.head_bytes < len(head) and _begins_so(head, row):
                values = {"head": _hash(head), "head_bytes": len(head)}
                connection.execute(update(FILES).where(FILES.c.id == number).values(values))

    def get(self, number: int) -> KnownFile | None:
        """Give what is known of a file by its number."""
        with transaction(self._engine) as connection:
            row = connection.execute(select(FILES).where(FILES.c.id == number)).first()
            return _known(row, _pending(connection, row)) if row else None

    def begun_since(self, host: str, since_ns: int, most: int) -> list[KnownFile]:
        """Give the files of a machine that were begun with, or gone on with, since then; the last ones first."""
        chosen = select(FILES).where((FILES.c.host == host) & (FILES.c.seen_ns >= since_ns))
        with transaction(self._engine) as connection:
            return [_known(row) for row in connection.execute(chosen.order_by(FILES.c.seen_ns.desc()).limit(most))]

    def is_same(self, number: int, head: bytes) -> bool:
        """Tell whether what begins with *head* may be the file of that number."""
        with transaction(self._engine) as connection:
            row = connection.execute(select(FILES).where(FILES.c.id == number)).first()
            return row is not None and _begins_so(head, row)

    def intend(self, number: int, start: int, end: int) -> None:
        """Write down that a range is about to be stored."""
        values = {"file": number, "start": start, "end": end, "stored": False}
        statement = upsert(RANGES).values(values)
        with transaction(self._engine) as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=["file", "start"], set_={"end": end, "stored": False})
            )

    def fulfil(self, number: int, start: int, end: int) -> None:
        """Note that a range is stored, and move the offset over all that are stored without a gap."""
        with transaction(self._engine) as connection:
            chosen = (RANGES.c.file == number) & (RANGES.c.start == start) & (RANGES.c.end == end)
            connection.execute(update(RANGES).where(chosen).values(stored=True))
            stored_to = connection.execute(select(FILES.c.stored_to).where(FILES.c.id == number)).scalar() or 0
            ranges = connection.execute(select(RANGES).where(RANGES.c.file == number).order_by(RANGES.c.start)).all()
            for found in ranges:
                if not found.stored or found.start > stored_to:
                    break
                stored_to = max(stored_to, found.end)
            connection.execute(update(FILES).where(FILES.c.id == number).values(stored_to=stored_to))
            connection.execute(delete(RANGES).where((RANGES.c.file == number) & (RANGES.c.end <= stored_to)))

    @staticmethod
    def _find(connection: Connection, facts: FileFacts) -> tuple[Row[Any] | None, bool]:
        same_host = select(FILES).where(FILES.c.host == facts.host)
        own = same_host.where((FILES.c.device == facts.device) & (FILES.c.inode == facts.inode))
        for row in connection.execute(own.order_by(FILES.c.id.desc())).all():
            if _begins_so(facts.head, row):
                anew = facts.size_bytes is not None and facts.size_bytes < row.stored_to
                return (None, False) if anew else (row, False)
        sizes = connection.execute(select(FILES.c.head_bytes).where(FILES.c.host == facts.host).distinct()).scalars()
        heads = [_hash(facts.head[:size]) for size in sizes if TELLING_BYTES <= size <= len(facts.head)]
        alike = same_host.where(FILES.c.head.in_(heads)).order_by(FILES.c.head_bytes.desc(), FILES.c.id.desc())
        found = connection.execute(alike).first()
        return found, found is not None

    @staticmethod
    def _make(connection: Connection, facts: FileFacts, now: int) -> Row[Any]:
        old = select(FILES.c.id).where(FILES.c.seen_ns < now - FORGET_NS)
        connection.execute(delete(RANGES).where(RANGES.c.file.in_(old)))
        connection.execute(delete(FILES).where(FILES.c.seen_ns < now - FORGET_NS))
        head = facts.head[:HEAD_BYTES]
        values = {
            "host": facts.host, "path": facts.path, "device": facts.device, "inode": facts.inode, "head": _hash(head),
            "head_bytes": len(head), "stored_to": 0, "made_ns": now, "seen_ns": now,
        }  # fmt: skip
        made = connection.execute(insert(FILES).values(values)).inserted_primary_key
        assert made is not None
        return connection.execute(select(FILES).where(FILES.c.id == made[0])).one()


def _pending(connection: Connection, row: Row[Any]) -> tuple[tuple[int, int], ...]:
    ranges = connection.execute(select(RANGES).where(RANGES.c.file == row.id).order_by(RANGES.c.start)).all()
    return tuple((found.start, found.end) for found in ranges if found.start >= row.stored_to)


def _begins_so(head: bytes, row: Row[Any]) -> bool:
    return bool(len(head) >= row.head_bytes and _hash(head[: row.head_bytes]) == row.head)


def _hash(head: bytes) -> str:
    return hashlib.sha256(head).hexdigest()


def _known(row: Row[Any], pending: tuple[tuple[int, int], ...] = (), *, moved: bool = False) -> KnownFile:
    return KnownFile(row.id, row.host, row.path, row.device, row.inode, row.made_ns, row.stored_to, pending, moved)
