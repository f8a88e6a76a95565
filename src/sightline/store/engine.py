"""What the store asks of an engine, embedded or remote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


class Engine(Protocol):
    """What an engine gives; refusals are raised as RuntimeError with the engine's own message."""

    @property
    def place(self) -> str: ...  # noqa: D102 - said by each engine

    def execute(  # noqa: D102
        self,
        sql: str,
        answer_format: str,
        parameters: Mapping[str, Any],
        settings: Mapping[str, Any],
        *,
        readonly: bool,
    ) -> bytes: ...

    def stream(  # noqa: D102
        self, sql: str, answer_format: str, parameters: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> Iterator[bytes]: ...

    def insert_selected(  # noqa: D102
        self, select: str, structure: str, chunks: Iterable[bytes | memoryview], settings: Mapping[str, Any]
    ) -> None: ...

    def insert_bytes(  # noqa: D102
        self, table: str, columns: str, body: bytes | memoryview, body_format: str, settings: Mapping[str, Any]
    ) -> None: ...

    def give_back(self) -> None: ...  # noqa: D102

    def close(self) -> None: ...  # noqa: D102
