"""A ClickHouse server over HTTP: clickhouse-connect, the only file that knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import clickhouse_connect
from clickhouse_connect.driver.exceptions import ClickHouseError
from clickhouse_connect.driver.httputil import get_pool_manager

from sightline.store import cluster as clusters
from sightline.store import refusal, zone
from sightline.store.parameters import bound, literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from clickhouse_connect.driver.client import Client

    from sightline.store.address import Remote

T = TypeVar("T")

CONNECTIONS: Final = 8
"""Connections that are kept open for queries, and as many for inserts: neither waits for the other's."""


STREAM_BYTES: Final = 256 * 1024
"""Bytes that are read at once of an answer that comes piece by piece."""


class _Written:
    """The text of a parameter. The client's own way of writing maps is JSON, which the engine does not read."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text


class RemoteEngine:
    """A ClickHouse server, or a cluster behind one address."""

    def __init__(self, address: Remote) -> None:
        self.place = address.place
        self._cluster = bool(address.cluster)
        self._clients: list[Client] = []
        everywhere = f" ON CLUSTER `{address.cluster}`" if address.cluster else ""
        try:
            self._queries, self._inserts = self._connect(address), self._connect(address)
            self._queries.command(f"CREATE DATABASE IF NOT EXISTS `{address.database}`{everywhere}")
        except ClickHouseError as error:
            self.close()
            raise refusal.of_open(str(error), self.place) from None
        for client in self._clients:
            client.database = address.database

    def _connect(self, address: Remote) -> Client:
        client = clickhouse_connect.get_client(
            host=address.host,
            port=address.port,
            username=address.user,
            password=address.password,
            secure=address.secure,
            autogenerate_session_id=False,
            pool_mgr=get_pool_manager(maxsize=CONNECTIONS),
            settings=zone.SETTINGS,
        )
        self._clients.append(client)
        return client

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
        asked = self._asked(answer_format, parameters, {**settings, "readonly": 1} if readonly else settings)
        return self._refusing(lambda: bytes(self._queries.raw_query(sql, **asked)))

    def stream(
        self, sql: str, answer_format: str, parameters: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> Iterator[bytes]:
        """Run one SELECT that reads; its answer waits whole on the server's disk and comes piece by piece."""
        asked = self._asked(answer_format, parameters, {**settings, "readonly": 1})
        answer = self._refusing(lambda: self._queries.raw_stream(sql, **asked))
        try:
            while piece := self._refusing(lambda: answer.read(STREAM_BYTES)):
                yield piece
        finally:
            answer.close()

    def insert_selected(
        self, select: str, structure: str, chunks: Iterable[bytes | memoryview], settings: Mapping[str, Any]
    ) -> None:
        """Run ``INSERT … SELECT … FROM {source}`` over lines of JSON that are sent along."""
        # All of it goes in the body: an address has less room than resources take.
        into = select.replace("{source}", f"input({literal(structure)})").removeprefix("INSERT INTO ")
        body, wanted = b"".join(chunks), self._insert_settings(settings)
        self._refusing(lambda: self._inserts.raw_insert(into, None, body, settings=wanted, fmt="JSONEachRow"))

    def insert_bytes(
        self, table: str, columns: str, body: bytes | memoryview, body_format: str, settings: Mapping[str, Any]
    ) -> None:
        """Insert *body*, written in *body_format*, into *table*."""
        names = [name.strip(" `") for name in columns.split(",")]
        wanted = self._insert_settings(settings)
        self._refusing(
            lambda: self._inserts.raw_insert(table, names, insert_block=bytes(body), settings=wanted, fmt=body_format)
        )

    def give_back(self) -> None:
        """Do nothing: a server has its memory for itself."""

    def close(self) -> None:
        """Close its connections."""
        for client in self._clients:
            client.close()
            client.close_connections()

    def _asked(self, answer_format: str, parameters: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
        wanted = {
            **settings,
            **(clusters.QUERY_SETTINGS if self._cluster else {}),
            # Without it an error in the middle of an answer comes with status 200, behind half an answer.
            "wait_end_of_query": 1,
        }
        written = {name: _Written(bound(value)) for name, value in parameters.items()}
        # As a header: a statement such as INSERT … VALUES takes no FORMAT behind it.
        told = {"X-ClickHouse-Format": answer_format}
        return {"parameters": written or None, "settings": wanted, "transport_settings": told}

    def _insert_settings(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        return {**settings, **(clusters.INSERT_SETTINGS if self._cluster else {})}

    @staticmethod
    def _refusing(call: Callable[[], T]) -> T:
        try:
            return call()
        except ClickHouseError as error:
            raise RuntimeError(str(error)) from None
