"""What one question may take, and how it is known again where it has to be stopped."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from sightline.store.parameters import literal

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY_SHARE: Final = 0.4
"""Share of the engine's memory that one query may take, so that inserts always have room."""

QUERY_THREADS: Final = 2
"""Threads that work on one query at most."""

_asker: ContextVar[str] = ContextVar("sightline-asker", default="")


@contextmanager
def asking(asker: str) -> Iterator[None]:
    """Name who asks all queries of this context, so that ``Store.cancel`` finds them."""
    token = _asker.set(asker)
    try:
        yield
    finally:
        _asker.reset(token)


@dataclass(frozen=True, slots=True)
class Limits:
    """
    The limits of every query of one store.

    Attributes:
        memory_bytes: of the engine as a whole.
        seconds: longest that a query may run when the caller does not say.
        name: of all queries: on a server of many, only our own are stopped.
    """

    memory_bytes: int
    seconds: float
    name: str = field(default_factory=lambda: f"sightline:{uuid4().hex}")

    def settings(self, max_rows: int | None, seconds: float | None, threads: int = QUERY_THREADS) -> dict[str, Any]:
        """Write them as the engine's settings."""
        memory = int(self.memory_bytes * MEMORY_SHARE)
        written: dict[str, Any] = {
            "max_execution_time": self.seconds if seconds is None else seconds,
            "max_memory_usage": memory,
            # Then it goes on by the disk, slower; what merges the pieces needs as much again.
            "max_bytes_before_external_group_by": memory // 3,
            "max_bytes_before_external_sort": memory // 3,
            # By default shares of the machine's memory count instead, and a sort waits for more than it may have.
            "max_bytes_ratio_before_external_group_by": 0,
            "max_bytes_ratio_before_external_sort": 0,
            "min_external_sort_block_bytes": memory // 8,
            "max_threads": threads,
            # By default a gigabyte has to be free for each thread, which the engine's share of memory never has.
            "max_threads_min_free_memory_per_thread": 0,
            # To make machine code of an expression takes a tenth of a second, more than it ever saves a question.
            "compile_expressions": 0,
            "compile_aggregate_expressions": 0,
            "compile_sort_description": 0,
            # Which rows an answer has is found before the rest of them is read, for a page of 10,000 and one more too.
            "query_plan_max_limit_for_lazy_materialization": 20_000,
            # Rows that replace each other have the same time, and so are always of one partition.
            "do_not_merge_across_partitions_select_final": 1,
            "log_comment": f"{self.name}:{_asker.get()}",
        }
        if max_rows is not None:
            written |= {"max_result_rows": max_rows + 1, "result_overflow_mode": "break"}
        return written

    def asked_by(self, asker: str) -> str:
        """Write the condition under which a running query is one of *asker*."""
        return f"Settings['log_comment'] = {literal(f'{self.name}:{asker}')}"

    def asked_by_any(self) -> str:
        """Write the condition under which a running query is one of this store."""
        return f"startsWith(Settings['log_comment'], '{self.name}')"
