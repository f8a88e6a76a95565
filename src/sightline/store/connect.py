"""The one door to the store, embedded or remote: callers never know which."""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from sightline.base.errors import StoreUnavailable
from sightline.store import refusal
from sightline.store.inserts import (
    CHECK_LINES,
    CHECK_SETTINGS,
    ENTRY,
    LINE_STRUCTURE,
    arrow_body,
    insert_settings,
    lines_settings,
    select_lines,
)
from sightline.store.limits import QUERY_THREADS, Limits
from sightline.store.migrate import migrate, migrations
from sightline.store.opening import start
from sightline.store.proof import Proof
from sightline.store.result import RESULT_SETTINGS, Result, decode
from sightline.store.tokens import Tokens
from sightline.store.turns import Turns
from sightline.store.unmerged import UNMERGED, UNMERGED_S, Unmerged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sightline.store.cluster import Cluster
    from sightline.store.engine import Engine

MEMORY_BYTES: Final = 1024 * 1024 * 1024
"""Memory of the embedded engine when the caller does not say."""

MIGRATION_S: Final = 3600.0
"""Longest that a statement of the schema may take: some read all that is stored."""

QUERIES_AT_ONCE: Final = 4
"""Queries that run side by side; more wait. Two cores gain nothing from more, and each one takes memory."""

STREAMS_AT_ONCE: Final = 2
"""Answers that are given piece by piece side by side. Their readers may be slow, so they take no query's turn."""

STREAM_END_S: Final = 1.0
"""Longest wait, when the store is closed, for a reader who may never come back, in seconds."""

STREAM_BLOCK_ROWS: Final = 8192
"""Rows of a piece: the engine's own blocks are eight times as long, which is much memory where rows are wide."""

LINES_AT_ONCE: Final = 2
"""Inserts of lines that run side by side: each has one thread."""

INSERT_TURN_S: Final = 30.0
"""Longest wait of an insert for its turn where nobody says, in seconds; then its sender is told to come again."""

BLOCKS_AT_ONCE: Final = 2
"""Inserts of Arrow blocks that run side by side."""

_ARROW_SETTINGS: Final = {"output_format_arrow_string_as_string": 1}
_ONE_WRITER: Final = {"output_format_parallel_formatting": 0}
"""For answers that are read as a whole: threads that wait for each other take longer to write it than one does."""
_STREAM_SETTINGS: Final = {
    **_ARROW_SETTINGS, "format_csv_null_representation": "", "max_block_size": STREAM_BLOCK_ROWS,
}  # fmt: skip
# Texts that are put together stay in the processor's cache from one step to the next in blocks so small.
_RAW_SETTINGS: Final = {
    "output_format_json_validate_utf8": 0, "output_format_json_escape_forward_slashes": 0, "max_block_size": 2048,
}  # fmt: skip

_OUTFILE: Final = re.compile(r"\bOUTFILE\b", re.IGNORECASE)


class Store:
    """
    ClickHouse with Sightline's schema. Safe to use from many threads.

    Inserts of lines run ``LINES_AT_ONCE``, of blocks ``BLOCKS_AT_ONCE``, queries ``QUERIES_AT_ONCE`` side by side.
    """

    def __init__(
        self, engine: Engine, *, memory_bytes: int, query_seconds: float, cluster: Cluster | None = None
    ) -> None:
        self.cluster = cluster
        self._engine = engine
        self._limits = Limits(memory_bytes, query_seconds)
        self._queries = Turns(QUERIES_AT_ONCE, "queries run")
        self._streams = Turns(STREAMS_AT_ONCE, "answers are given piece by piece")
        self._lines = Turns(LINES_AT_ONCE, "inserts of lines run")
        self._blocks = Turns(BLOCKS_AT_ONCE, "inserts of blocks run")
        self._closed = False
        self.created = False
        """Whether ``open`` made the tables, for there were none."""
        self.insert_turn_s = INSERT_TURN_S
        """Longest wait of an insert for its turn, in seconds."""
        self.admit: Callable[[bool], None] | None = None
        """Asked before each insert, with whether it is of lines; raises StoreUnavailable where there is no room."""
        self._proof: Proof | None = None
        self._tokens = Tokens(engine) if self.directory else None

    @classmethod
    def open(
        cls, url: str, *, memory_bytes: int = MEMORY_BYTES, query_seconds: float = 30.0, upto: int | None = None
    ) -> Store:
        """
        Open a store and bring its schema to this version.

        Args:
            url: ``chdb:///absolute/path`` or ``clickhouse://user:password@host:8123/database?cluster=name``.
            memory_bytes: what the embedded engine may use for inserts, queries and merges together.
            query_seconds: longest that one query may run.
            upto: number of the last migration to apply; all where it is None.

        Raises:
            SettingInvalid: if *url* is neither of the two.
            StoreLocked: if another process holds the directory.
            StoreUnavailable: if it cannot be opened.
        """
        engine, cluster = start(url, memory_bytes)
        store = cls(engine, memory_bytes=memory_bytes, query_seconds=query_seconds, cluster=cluster)
        try:
            applied = migrate(lambda sql: store.query(sql, readonly=False, seconds=MIGRATION_S), cluster, upto=upto)
            store.created = migrations()[0].name in applied
        except BaseException:
            store.close()
            raise
        return store

    @property
    def place(self) -> str:
        """Where the store is, for people."""
        return self._engine.place

    @property
    def directory(self) -> Path | None:
        """Where the embedded engine has its files; None for a server."""
        return Path(self.place) if self.place.startswith("/") else None

    def prove(self, enough_bytes: int) -> Proof | None:
        """
        Acknowledge no insert any more that the disk of an embedded engine refused; a server tells by itself.

        Args:
            enough_bytes: an insert that leaves so much of the disk free needs no proof.
        """
        if self.directory is not None:
            self._proof = Proof(self._engine, self.directory, enough_bytes)
        return self._proof

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Wait until no insert runs, and let none begin meanwhile."""
        with self._lines.all(), self._blocks.all():
            yield

    def local(self, table: str) -> tuple[str, str]:
        """Name the table that has the rows themselves, and what makes a change of it reach every node."""
        if self.cluster is None:
            return table, ""
        name, _, everywhere = self.cluster.local(table).partition(" ")
        return name, f" {everywhere}"

    def query(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        max_rows: int | None = None,
        seconds: float | None = None,
        threads: int = QUERY_THREADS,
        readonly: bool = True,
    ) -> Result:
        """
        Ask, and have the answer as Python values.

        Args:
            sql: one statement, without ``FORMAT``; ``{name:Type}`` stands for a parameter.
            parameters: values, bound by the engine and never pasted into the text.
            max_rows: cut the answer after so many rows and mark it as truncated.
            seconds: longest that it may run; default is the store's.
            threads: that work on it at most; one is enough for what runs beside another.
            readonly: refuse everything that changes records, reads files or addresses, or lifts a limit.

        Raises:
            QueryInvalid: if the statement is wrong, with the position where it is known.
            QueryTooExpensive: if it went over time, memory or rows.
            StoreUnavailable: if the store is closed or does not answer.
        """
        settings = {**RESULT_SETTINGS, **self._limits.settings(max_rows, seconds, threads), **_ONE_WRITER}
        found = decode(self._ask(sql, "JSONCompact", parameters, settings, readonly=readonly))
        if max_rows is None or len(found.rows) <= max_rows:
            return found
        return replace(found, rows=found.rows[:max_rows], truncated=True)

    def ping(self, seconds: float) -> None:
        """
        Ask for nothing, without waiting for a turn among the queries.

        Raises:
            StoreUnavailable: if the store does not answer within *seconds*, or is closed.
        """
        self._at_once("SELECT 1", {"max_execution_time": seconds}, readonly=True)

    def merge(self, *, on: bool) -> None:
        """
        Let the engine merge parts, or stop it from it, without waiting for a turn among the queries.

        Raises:
            StoreUnavailable: if the store does not answer, or is closed.
        """
        self._at_once(f"SYSTEM {'START' if on else 'STOP'} MERGES", {}, readonly=False)

    def unmerged(self) -> Unmerged:
        """
        Tell what waits for merges, without waiting for a turn among the queries.

        Raises:
            StoreUnavailable: if the store does not answer, or is closed.
        """
        settings = {**RESULT_SETTINGS, "max_execution_time": UNMERGED_S}
        answer = self._at_once(UNMERGED, settings, readonly=True, answer_format="JSONCompact")
        return Unmerged(*map(int, decode(answer).rows[0]))

    def query_arrow(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        max_rows: int | None = None,
        seconds: float | None = None,
    ) -> pa.Table:
        """Ask, and have the answer as an Arrow table; otherwise as :meth:`query`."""
        settings = {**_ARROW_SETTINGS, **self._limits.settings(max_rows, seconds)}
        answer = self._ask(sql, "ArrowStream", parameters, settings, readonly=True)
        if not answer:
            return pa.table({})
        return pa.ipc.open_stream(answer).read_all()

    def stream(
        self,
        sql: str,
        answer_format: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        rows: int,
        seconds: float,
        whole: bool = False,
        short: bool = False,
        raw: bool = False,
    ) -> Iterator[bytes]:
        """
        Ask with a SELECT, and have the answer's bytes as they are made; whoever stops reading closes the iterator.

        Args:
            sql: one statement that reads, without ``FORMAT``.
            answer_format: one of the engine's in which documents can stand behind each other, such as ``CSV``.
            parameters: as of :meth:`query`.
            rows: a SELECT's answer ends after so many.
            seconds: longest that it may take, the waiting for who reads it included.
            whole: make all of the answer first; the engine can do nothing else for what is no SELECT.
            short: it is read at once, so it takes its turn among the queries, not among the long answers.
            raw: the rows are texts, JSON within them; whether this is UTF-8 the caller looks.

        Raises:
            QueryInvalid, QueryTooExpensive, StoreUnavailable: as :meth:`query`, before a piece or between two.
        """
        with self._turn(self._queries if short else self._streams):
            settings = {**RESULT_SETTINGS, **_STREAM_SETTINGS, **self._limits.settings(None, seconds)}
            if raw:
                settings |= _RAW_SETTINGS
            try:
                if whole:
                    yield self._engine.execute(sql, answer_format, parameters or {}, settings, readonly=True)
                else:
                    yield from self._engine.stream(sql, answer_format, parameters or {}, {**settings, "limit": rows})
            except RuntimeError as error:
                raise refusal.of_query(str(error)) from None

    def insert_arrow(self, table: str, rows: pa.Table | pa.RecordBatch, *, token: str | None = None) -> None:
        """
        Insert a block; columns are matched by name. Returns when it is stored.

        Args:
            table: where to; ``metric_points`` and ``histogram_points`` number the series themselves.
            rows: the block.
            token: two inserts with the same token are stored once.

        Raises:
            RowsRefused: if the engine cannot take these rows, ever.
            StoreUnavailable: if it cannot take them now.
        """
        if rows.num_rows == 0:
            return
        columns, body = arrow_body(rows)
        with self._inserting(self._blocks):
            self._engine.insert_bytes(table, columns, body, "ArrowStream", insert_settings(token))

    def check_room(self, *, lines: bool) -> None:
        """
        Find out whether an insert would be let in.

        Raises:
            StoreUnavailable: if there is no room for it.
        """
        if self.admit is not None:
            self.admit(lines)

    def insert_lines(
        self,
        ranges: Iterable[bytes | memoryview],
        resources: Mapping[str, Mapping[str, str]],
        token: str,
        *,
        door: str = ENTRY,
    ) -> None:
        """
        Insert whole lines of segments as they are; the engine parses them.

        Args:
            ranges: chunks of lines, each ending with a newline.
            resources: the resource attributes of every instance that wrote one of the lines.
            token: the same ranges come with the same token, by the same door, and are stored once.
            door: ``RECORD_ENTRY`` takes logs and spans and drops all else; ``ENTRY`` takes lines of any kind.

        Raises:
            RowsRefused: if a line cannot be read; nothing of the ranges was stored then.
            StoreUnavailable: if the engine cannot take them now.
        """
        select, settings = select_lines(resources, door), lines_settings(token)
        with self._inserting(self._lines):
            self._engine.insert_selected(select, LINE_STRUCTURE, ranges, settings)

    def check_lines(self, ranges: Iterable[bytes | memoryview]) -> None:
        """
        Let the engine read lines without storing anything.

        Raises:
            RowsRefused: if a line cannot be read.
            StoreUnavailable: if the engine cannot do it now.
        """
        with self._inserting(self._lines):
            self._engine.insert_selected(CHECK_LINES, LINE_STRUCTURE, ranges, CHECK_SETTINGS)

    def cancel(self, asker: str) -> None:
        """Stop the queries that were asked within ``asking(asker)``; none is fine."""
        self._kill(self._limits.asked_by(asker))

    def give_back(self) -> None:
        """Let the embedded engine give memory back to the system that it keeps for later."""
        with suppress(RuntimeError, StoreUnavailable):
            self._engine.give_back()

    def close(self) -> None:
        """Stop queries, wait for inserts that run, then let go of the store. Closing twice is harmless."""
        if self._closed:
            return
        self._closed = True
        self._kill(self._limits.asked_by_any())
        with self._streams.all(STREAM_END_S), self.quiet(), self._queries.all():
            self._engine.close()

    def _at_once(self, sql: str, settings: Mapping[str, Any], *, readonly: bool, answer_format: str = "Null") -> bytes:
        self._check_open()
        try:
            return self._engine.execute(sql, answer_format, {}, settings, readonly=readonly)
        except RuntimeError as error:
            raise StoreUnavailable(f"The store does not answer: {refusal.sentence(str(error))}") from None

    def _ask(
        self, sql: str, answer_format: str, parameters: Mapping[str, Any] | None, settings: Mapping[str, Any],
        *, readonly: bool,
    ) -> bytes:  # fmt: skip
        if readonly and _OUTFILE.search(sql):
            # The engine's readonly mode does not stop it from writing files.
            raise refusal.of_query("Code: 164. INTO OUTFILE is not allowed; the answer comes over HTTP.")
        with self._turn(self._queries):
            try:
                return self._engine.execute(sql, answer_format, parameters or {}, settings, readonly=readonly)
            except RuntimeError as error:
                raise refusal.of_query(str(error)) from None

    @contextmanager
    def _turn(self, turns: Turns) -> Iterator[None]:
        with turns.one(self._limits.seconds):
            self._check_open()
            yield

    def _kill(self, which: str) -> None:
        everywhere = f" ON CLUSTER `{self.cluster.name}`" if self.cluster else ""
        with suppress(RuntimeError):
            self._engine.execute(f"KILL QUERY{everywhere} WHERE {which} ASYNC", "Null", {}, {}, readonly=False)

    @contextmanager
    def _inserting(self, turns: Turns) -> Iterator[None]:
        lines = turns is self._lines
        self._settle(lines=lines)
        with turns.one(self.insert_turn_s):
            self._check_open()
            self.check_room(lines=lines)
            with self._proven():
                try:
                    yield
                except RuntimeError as error:
                    refused = refusal.of_insert(str(error))
                    if self._tokens is not None and isinstance(refused, StoreUnavailable):
                        self._tokens.doubtful = True
                    raise refused from None

    def _settle(self, *, lines: bool) -> None:
        """Make sure, after an insert that failed, that what is sent again is not taken for stored."""
        if self._tokens is not None and self._tokens.doubtful:
            self.check_room(lines=lines)  # to attach a table takes some
            with self.quiet(), ExitStack() as unread:
                # A table that is read cannot be detached, and one that is detached cannot be read.
                for _ in range(STREAMS_AT_ONCE):
                    unread.enter_context(self._streams.one(STREAM_END_S))  # whoever reads slowly is not waited for
                for _ in range(QUERIES_AT_ONCE):
                    unread.enter_context(self._queries.one(self.insert_turn_s))
                if self._tokens.doubtful:
                    self._check_open()
                    self._tokens.settle()

    @contextmanager
    def _proven(self) -> Iterator[None]:
        """Make sure of what is inserted meanwhile; of an insert that fails, too, for it may have left half of it."""
        if self._proof is None:
            yield
            return
        began_at = self._proof.begin()
        try:
            yield
        finally:
            self._proof.confirm(began_at)

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnavailable("The store is closed.")
