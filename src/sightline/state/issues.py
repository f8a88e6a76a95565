"""What people decided about issues, groups of errors: resolved, ignored; and who decided when."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Literal

import msgspec
from sqlalchemy import BigInteger, Column, Integer, String, Table, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from sightline.state.database import METADATA, transaction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Engine

Status = Literal["unresolved", "resolved", "ignored", "regressed"]

MOST_CHANGES: Final = 100
"""Changes of an issue that are given, the newest ones."""

_AT_ONCE: Final = 500
"""Fingerprints of one question; SQLite takes a bounded number of parameters."""

ISSUES: Final = Table(
    "issues",
    METADATA,
    Column("fingerprint", String, primary_key=True),
    Column("status", String, nullable=False),
    Column("release", String, nullable=False),
    Column("changed_ns", BigInteger, nullable=False),
    Column("changed_by", String, nullable=False),
)

CHANGES: Final = Table(
    "issue_changes",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("fingerprint", String, nullable=False, index=True),
    Column("status", String, nullable=False),
    Column("release", String, nullable=False),
    Column("changed_ns", BigInteger, nullable=False),
    Column("changed_by", String, nullable=False),
)


class Decision(msgspec.Struct, frozen=True):
    """
    What an issue is since when.

    Attributes:
        status: ``regressed`` is what was resolved and happened again.
        release: in which it was resolved; empty where that was not said.
        changed_ns: when, nanoseconds since the epoch.
        changed_by: who.
    """

    status: Status
    release: str
    changed_ns: int
    changed_by: str


class Issues:
    """The decisions, and every change of them. An issue of which nothing is written down is unresolved."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read(self, fingerprints: Iterable[str]) -> dict[str, Decision]:
        """Give what was decided about these issues."""
        names = list(fingerprints)
        found: dict[str, Decision] = {}
        with transaction(self._engine) as connection:
            for start in range(0, len(names), _AT_ONCE):
                some = ISSUES.c.fingerprint.in_(names[start : start + _AT_ONCE])
                found |= {row[0]: Decision(*row[1:]) for row in connection.execute(select(ISSUES).where(some))}
        return found

    def change(self, fingerprint: str, status: Status, *, release: str = "", by: str, at_ns: int = 0) -> Decision:
        """Write a decision down, at *at_ns* or now."""
        decision = Decision(status, release, at_ns or time.time_ns(), by)
        values = {"fingerprint": fingerprint, **msgspec.structs.asdict(decision)}
        kept = upsert(ISSUES).values(values)
        with transaction(self._engine) as connection:
            connection.execute(
                kept.on_conflict_do_update(index_elements=[ISSUES.c.fingerprint], set_=msgspec.structs.asdict(decision))
            )
            connection.execute(insert(CHANGES).values(values))
        return decision

    def history(self, fingerprint: str) -> list[Decision]:
        """Give the changes of an issue, newest first."""
        columns = [column for column in CHANGES.c if column.name not in {"id", "fingerprint"}]
        changes = select(*columns).where(CHANGES.c.fingerprint == fingerprint).order_by(CHANGES.c.id.desc())
        with transaction(self._engine) as connection:
            return [Decision(*row) for row in connection.execute(changes.limit(MOST_CHANGES))]
