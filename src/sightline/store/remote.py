"""A ClickHouse server over HTTP: clickhouse-connect, the only file that knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.exceptions import ClickHouseError

from sightline.store import refusal
from sightline.store.parameters import literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from clickhouse_connect.driver.client import Client

DEFAULT_DATABASE: Final = "sightline"


class RemoteEngine:
    """A ClickHouse server, or a cluster behind one address."""

    def __init__(self, url: str) -> None:
        self._url = url
        parts = urlsplit(url)
        database = parts.path.strip("/") or DEFAULT_DATABASE
        try:
            self._client: Client = clickhouse_connect.get_client(
                host=parts.hostname or "localhost",
                port=parts.port or 0,
                username=unquote(parts.username or "default"),
                password=unquote(parts.password or ""),
                secure=parts.scheme == "clickhouses",
                autogenerate_session_id=False,
            )
            self._client.command("CREATE DATABASE IF NOT EXISTS {name:Identifier}", parameters={"name": database})
            self._client.database = database
        except ClickHouseError as error:
            raise refusal.of_open(str(error), self.place) from None

    @property
    def place(self) -> str:
        """Where it is, for people, without its password."""
        return self._url.rsplit("@", 1)[-1]

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
        wanted = {**settings, "readonly": 1} if readonly else dict(settings)
        try:
            if answer_format == "Null":
                self._client.command(sql, parameters=dict(parameters) or None, settings=wanted)
                return b""
            return bytes(
                self._client.raw_query(sql, parameters=dict(parameters) or None, settings=wanted, fmt=answer_format)
            )
        except ClickHouseError as error:
            raise RuntimeError(str(error)) from None

    def insert_selected(
        self, select: str, structure: str, chunks: Iterable[bytes | memoryview], settings: Mapping[str, Any]
    ) -> None:
        """Run ``INSERT … SELECT … FROM {source}`` over lines of JSON that are sent along."""
        sql = select.replace("{source}", f"input({literal(structure)})") + " FORMAT JSONEachRow"
        try:
            self._client.command(sql, data=b"".join(chunks), settings=dict(settings))
        except ClickHouseError as error:
            raise RuntimeError(str(error)) from None

    def insert_bytes(
        self, table: str, columns: str, body: bytes | memoryview, body_format: str, settings: Mapping[str, Any]
    ) -> None:
        """Insert *body*, written in *body_format*, into *table*."""
        try:
            self._client.raw_insert(
                table,
                [name.strip(" `") for name in columns.split(",")],
                insert_block=bytes(body),
                settings=dict(settings),
                fmt=body_format,
            )
        except ClickHouseError as error:
            raise RuntimeError(str(error)) from None

    def close(self) -> None:
        """Close its connections."""
        self._client.close()
