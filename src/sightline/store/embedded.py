"""The engine inside this process: chDB, the only file that knows it."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from sightline.base.errors import StoreLocked, StoreUnavailable
from sightline.store import refusal, zone
from sightline.store.parameters import bound, literal

with zone.utc():
    from chdb.state.sqlitelike import connect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from chdb.state.sqlitelike import Connection

DATABASE: Final = "sightline"

CACHE_BYTES: Final = 16 * 1024 * 1024
"""Size of each of the engine's caches. Its own defaults are gigabytes, meant for a machine of its own."""


class EmbeddedEngine:
    """
    ClickHouse in this process, one a directory.

    A connection costs a tenth of a millisecond and runs one statement at a time, so every statement has its own:
    nothing a query sets can outlive it.
    """

    def __init__(self, directory: Path, memory_bytes: int) -> None:
        self._directory = directory
        self._address = f"{directory}?{'&'.join(f'{k}={v}' for k, v in _server_settings(memory_bytes).items())}"
        try:
            directory.mkdir(parents=True, exist_ok=True)
            directory.chmod(0o700)
        except OSError as error:
            raise StoreUnavailable(
                f"The store's directory {directory} cannot be made: {error.strerror}. Set SIGHTLINE_HOME to a "
                "directory that this user may write."
            ) from None
        self._anchor = self._open()
        try:
            self._run(self._anchor, f"CREATE DATABASE IF NOT EXISTS {DATABASE}", "Null")
        except RuntimeError as error:
            self._anchor.close()
            raise refusal.of_open(str(error), self.place) from None

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return str(self._directory)

    def execute(
        self,
        sql: str,
        answer_format: str,
        parameters: Mapping[str, Any],
        settings: Mapping[str, Any],
        *,
        readonly: bool,
    ) -> bytes:
        """Run one statement and give its answer's bytes; the engine's refusal is raised as RuntimeError."""
        connection = self._open()
        try:
            self._prepare(connection, {**settings, "readonly": 1} if readonly else settings)
            answer = self._run(connection, sql, answer_format, {k: bound(v) for k, v in parameters.items()})
            return bytes(answer.bytes()) if len(answer) else b""
        finally:
            connection.close()

    def stream(
        self, sql: str, answer_format: str, parameters: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> Iterator[bytes]:
        """Run one SELECT that reads; each block of its answer is a document of its own, made when it is asked for."""
        connection = self._open()
        try:
            self._prepare(connection, {**settings, "readonly": 1})
            answer = connection.send_query(sql, answer_format, params={k: bound(v) for k, v in parameters.items()})
            try:
                while (block := answer.fetch()) is not None:
                    yield bytes(block.bytes())
            finally:
                answer.cancel()
        finally:
            connection.close()

    def insert_selected(
        self, select: str, structure: str, chunks: Iterable[bytes | memoryview], settings: Mapping[str, Any]
    ) -> None:
        """
        Run ``INSERT … SELECT … FROM {source}`` over lines of JSON that lie in memory.

        The lines go through an anonymous file, which the engine maps: it parses them in parallel and nothing
        touches the disk.
        """
        with _in_memory(chunks) as path:
            source = f"file({literal(path)}, JSONEachRow, {literal(structure)})"
            self.execute(select.replace("{source}", source), "Null", {}, settings, readonly=False)

    def insert_bytes(
        self, table: str, columns: str, body: bytes | memoryview, body_format: str, settings: Mapping[str, Any]
    ) -> None:
        """
        Insert *body*, written in *body_format*, into *table*.

        It is read as a file, for the engine's own way of inserting bytes tells of no error behind the parser: what a
        view, a limit or the disk refused would be taken for stored.
        """
        with _in_memory((body,)) as source:
            clause = f" SETTINGS {assignments(settings)}" if settings else ""
            sql = f"INSERT INTO {table} ({columns}) FROM INFILE {literal(source)}{clause} FORMAT {body_format}"
            self.execute(sql, "Null", {}, {}, readonly=False)

    def give_back(self) -> None:
        """Give memory back to the system that is kept for the next query: after a large one, more than it took."""
        connection = self._open()
        try:
            self._run(connection, "SYSTEM JEMALLOC PURGE", "Null")
        finally:
            connection.close()

    def close(self) -> None:
        """Let go of the directory."""
        self._anchor.close()

    def _open(self) -> Connection:
        try:
            return connect(self._address)
        except Exception as error:
            if self._is_held():
                raise StoreLocked(
                    f"The store at {self.place} is held by another process; stop it, or ask it over HTTP."
                ) from None
            raise refusal.of_open(str(error), self.place) from None

    def _is_held(self) -> bool:
        """Tell whether a process holds the directory: the engine says so on stderr only, and locks this file."""
        try:
            with (self._directory / "status").open("rb") as status:
                fcntl.flock(status, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def _prepare(self, connection: Connection, settings: Mapping[str, Any]) -> None:
        self._run(connection, f"USE {DATABASE}", "Null")
        if settings:
            self._run(connection, f"SET {assignments(settings)}", "Null")

    @staticmethod
    def _run(connection: Connection, sql: str, answer_format: str, parameters: Mapping[str, str] | None = None) -> Any:
        return connection.query(sql, answer_format, params=parameters)


def assignments(settings: Mapping[str, Any]) -> str:
    """Write settings as ``a = 1, b = 'x'``."""
    return ", ".join(f"{name} = {literal(value)}" for name, value in settings.items())


def _server_settings(memory_bytes: int) -> dict[str, int]:
    """Settings of the engine as a whole: small, because an application has the machine too."""
    return {
        "max_server_memory_usage": memory_bytes,
        "mark_cache_size": CACHE_BYTES,
        "index_mark_cache_size": CACHE_BYTES,
        "primary_index_cache_size": CACHE_BYTES,
        "uncompressed_cache_size": 0,
        "text_index_tokens_cache_size": CACHE_BYTES,
        "text_index_header_cache_size": CACHE_BYTES,
        "query_condition_cache_size": CACHE_BYTES,
        "background_pool_size": 1,  # merges leave the other core to inserts
        "background_schedule_pool_size": 2,
        "background_common_pool_size": 1,
        "background_move_pool_size": 1,
        "background_fetches_pool_size": 1,
    }


@contextmanager
def _in_memory(chunks: Iterable[bytes | memoryview]) -> Iterator[str]:
    """Give the path of an anonymous file with *chunks*, as this process sees it."""
    descriptor = os.memfd_create("sightline-rows")
    try:
        for chunk in chunks:
            _write(descriptor, chunk)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _write(descriptor: int, chunk: bytes | memoryview) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
