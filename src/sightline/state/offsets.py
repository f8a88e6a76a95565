"""How far each segment was stored, and what was about to be stored when the process died."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import BigInteger, Column, Integer, String, Table, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from sightline.state.database import METADATA, open_database, transaction
from sightline.state.log_files import LogFiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sqlalchemy import Engine

OFFSETS = Table(
    "segment_offsets",
    METADATA,
    Column("segment", String, primary_key=True),
    Column("stored_to", BigInteger, nullable=False),
)

INTENTS = Table(
    "insert_intents",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("token", String, nullable=False),
    Column("ranges", String, nullable=False),
)


class Range(msgspec.Struct, frozen=True, array_like=True):
    """Bytes of a segment, from *start* to *end*."""

    segment: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Intent:
    """An insert that is about to happen: its number, its token and the ranges that go with it."""

    id: int
    token: str
    ranges: tuple[Range, ...]


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[Range, ...]).decode


class Offsets:
    """
    The reader's memory.

    An intent is written down before an insert; after it, one transaction takes the intent away and moves the offsets.
    Whenever the process dies in between, the same ranges are sent again with the same token.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, path: Path) -> Offsets:
        """Open, or make, the database at *path*."""
        return cls(open_database(path))

    @property
    def log_files(self) -> LogFiles:
        """The memory of log files, in the same database."""
        return LogFiles(self._engine)

    def load(self) -> dict[str, int]:
        """Tell how far each segment was stored."""
        with transaction(self._engine) as connection:
            return {row.segment: row.stored_to for row in connection.execute(select(OFFSETS))}

    def intents(self) -> list[Intent]:
        """Give the inserts of which it is not known whether they happened, oldest first."""
        with transaction(self._engine) as connection:
            rows = connection.execute(select(INTENTS).order_by(INTENTS.c.id)).all()
        return [Intent(row.id, row.token, _decode(row.ranges)) for row in rows]

    def intend(self, ranges: Sequence[Range], mark: str = "") -> Intent:
        """Write down what is about to be inserted; its token begins with *mark*."""
        token = mark + token_of(ranges)
        with transaction(self._engine) as connection:
            text = _encode(tuple(ranges)).decode()
            result = connection.execute(insert(INTENTS).values(token=token, ranges=text))
            assert result.inserted_primary_key is not None
            return Intent(int(result.inserted_primary_key[0]), token, tuple(ranges))

    def fulfil(self, intent: Intent) -> dict[str, int]:
        """Take the intent away and move the offsets, in one transaction; gives the new offsets."""
        moved: dict[str, int] = {}
        for found in intent.ranges:
            moved[found.segment] = max(found.end, moved.get(found.segment, 0))
        rows = [{"segment": segment, "stored_to": offset} for segment, offset in moved.items()]
        statement = upsert(OFFSETS)
        statement = statement.on_conflict_do_update(
            index_elements=[OFFSETS.c.segment], set_={"stored_to": statement.excluded.stored_to}
        )
        with transaction(self._engine) as connection:
            connection.execute(statement, rows)
            connection.execute(delete(INTENTS).where(INTENTS.c.id == intent.id))
        return moved

    def forget(self, segments: Iterable[str]) -> None:
        """Drop the offsets of segments that are no more."""
        names = list(segments)
        if names:
            with transaction(self._engine) as connection:
                for start in range(0, len(names), 500):
                    connection.execute(delete(OFFSETS).where(OFFSETS.c.segment.in_(names[start : start + 500])))

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()


def token_of(ranges: Iterable[Range]) -> str:
    """Make the deduplication token of these ranges: the same ranges give the same token, always."""
    text = ",".join(f"{found.segment}:{found.start}-{found.end}" for found in ranges)
    return hashlib.sha256(text.encode()).hexdigest()
