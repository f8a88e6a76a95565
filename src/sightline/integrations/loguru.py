"""
Records what loguru logs, with its fields and the ids of the span: ``sightline.integrations.loguru.instrument()``.

Each process writes to its own segment in the thread that logs: no lock between processes, no queue, no ``enqueue``.
"""

from __future__ import annotations

import contextlib
import functools
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from sightline.base.errors import PackageMissing
from sightline.model.severity import number_of_python
from sightline.sdk.json_format import current_ids
from sightline.sdk.logging import levels, tell
from sightline.sdk.presence import Instrumented, presence
from sightline.sdk.recorder import recorder

try:
    import loguru
except ImportError:
    raise PackageMissing("loguru is not installed: pip install loguru") from None

if TYPE_CHECKING:
    from collections.abc import Callable

    from loguru import Message


class _Sink:
    """What was added to loguru, so that it is added once."""

    number: int | None = None
    level: str | int | None = None


def sink(message: Message) -> None:
    """Record one message; a sink for ``loguru.logger.add``."""
    known = message.record
    told: dict[str, Any] = {**known["extra"], "thread.name": known["thread"].name}
    if known["exception"] is not None:
        told["exc_info"] = known["exception"].value
    level = known["level"]
    tell(
        known["name"] or "loguru", number_of_python(level.no), level.name, known["message"], told,
        (known["file"].path, known["line"], known["function"]),
        shown=False, time=int(known["time"].timestamp() * 1e6) * 1000,
    )  # fmt: skip


def add_ids(record: Any) -> None:
    """Put ``trace_id`` and ``span_id`` on a message for loguru's other sinks: ``logger.configure(patcher=add_ids)``."""
    trace_id, span_id = current_ids()
    if trace_id:
        record["extra"].setdefault("trace_id", trace_id)
        record["extra"].setdefault("span_id", span_id)


def instrument(level: str | int | None = None) -> None:
    """
    Record everything that loguru logs from now on; its other sinks stay. Done twice, it counts once.

    It goes on after ``logger.remove()``, with which most programs that use loguru begin.

    Args:
        level: lowest level that is recorded; the one of ``sightline.configure`` where it is None.
    """
    remove = type(loguru.logger).remove
    if not getattr(remove, "by_sightline", False):
        type(loguru.logger).remove = _removing(remove)  # type: ignore[method-assign]
    _Sink.level = level
    # Somebody may have removed it.
    with contextlib.suppress(ValueError):
        loguru.logger.remove(-1 if _Sink.number is None else _Sink.number)
    _add()
    presence.note(Instrumented("loguru", "sightline", version("loguru")))


def _add() -> None:
    lowest = levels.lowest if _Sink.level is None else _Sink.level
    _Sink.number = loguru.logger.add(sink, level=lowest, format=_nothing)


def _removing(remove: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(remove)
    def remove_others(self: Any, handler_id: int | None = None) -> None:
        remove(self, handler_id)
        if handler_id is None and recorder.enabled:
            _add()

    remove_others.by_sightline = True  # type: ignore[attr-defined]
    return remove_others


def _nothing(_: Any) -> str:
    """Keep loguru from putting the message and its traceback into words that nobody reads."""
    return ""
