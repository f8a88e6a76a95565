"""Spans where no trace is recorded: nothing is kept of them, and ids are made only when somebody asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from sightline.model.ids import new_span_id, new_trace_id
from sightline.model.span import INTERNAL
from sightline.sdk import tracing
from sightline.sdk.context import current, span_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

_get_current = current.get
_set_current = current.set


class Unsampled(tracing.Span):
    """
    A span that is known not to be recorded before it begins.

    It is current within its block, so that a call to another service still says which trace it belongs to, and that
    it is not recorded. What is set on it is forgotten.
    """

    __slots__ = ("_ids",)

    _ids: tuple[str, str]

    # In the place of the slots: they never change here, and so cost nothing.
    recording = False
    kind = INTERNAL
    parent_id = ""
    start = 0
    _clock = 0
    _details = None
    _context = None

    def __init__(self, name: str, attributes: dict[str, Any] | None) -> None:
        self.name = name
        self.attributes = attributes
        self._before = None

    @property
    def trace_id(self) -> str:  # type: ignore[override]
        """Continue the trace around, or begin one."""
        return self._known()[0]

    @property
    def span_id(self) -> str:  # type: ignore[override]
        """Make an id, once."""
        return self._known()[1]

    @property
    def _base(self) -> dict[str, Any] | None:  # type: ignore[override]
        """What else the context holds, such as baggage."""
        before = self._before
        return before if before is None or isinstance(before, dict) else before._base  # noqa: SLF001 - its own class

    def _known(self) -> tuple[str, str]:
        try:
            return self._ids
        except AttributeError:
            above = span_of(self._before)
            trace = new_trace_id()
            if isinstance(above, tracing.Span):
                trace = above.trace_id
            elif above is not None and (found := above.get_span_context()).is_valid:
                trace = f"{found.trace_id:032x}"
            self._ids = trace, new_span_id()
            return self._ids

    def __enter__(self) -> Self:
        """Become the current span."""
        self._before = _get_current()
        _set_current(self)
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        """Let the one before be current again."""
        if _get_current() is self:
            _set_current(self._before)
            self._before = None

    def begin(self, parent: Any) -> None:
        """Nothing begins."""

    def end(self, end_time: int | None = None) -> None:
        """Nothing ends."""

    def within(self, before: Any) -> None:
        """Become the current span, in the place of *before*."""
        self._before = before
        _set_current(self)

    def fail(self, error: BaseException) -> None:
        """Forget it."""

    def set_attribute(self, key: str, value: Any) -> None:
        """Forget it."""

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        """Forget them."""

    def add_event(self, name: str, attributes: Any = None, timestamp: int | None = None) -> None:
        """Forget it."""

    def add_link(self, context: Any, attributes: Any = None) -> None:
        """Forget it."""

    def mark_failed(self, why: str = "") -> None:
        """Forget it."""

    def mark_ok(self) -> None:
        """Forget it."""


tracing.ours.add(Unsampled)
