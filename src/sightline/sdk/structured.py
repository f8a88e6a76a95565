"""``StructuredLogger``: a logger through which fields are bound as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sightline.sdk import context
from sightline.sdk.logging import Logger

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Self


class StructuredLogger(Logger):
    """
    A logger like ``get_logger``'s, and the context's fields within reach.

    The context is the one of ``sightline.bind``: what is set here stands on every later record of this task or thread,
    whoever records it, a third party's ``logging`` calls included, and on those of tasks and threads started from here.
    """

    __slots__ = ("_names",)

    def __init__(self, name: str) -> None:
        """Make a logger of this name; two of one name are the same to a reader of the logs."""
        super().__init__(name)
        self._names: set[str] = set()

    def set_context(self, **fields: Any) -> None:
        """Put *fields* on every later record, beside those that are there."""
        self._names.update(fields)
        context.bind(**fields)

    def clear_context(self) -> None:
        """Take off what was set through this logger; what others bound, such as the request's id, stays."""
        context.unbind(*self._names)

    def bind(self, **fields: Any) -> Self:
        """Put *fields* on every later record, and give the logger on."""
        self.set_context(**fields)
        return self

    def unbind(self, *names: str) -> Self:
        """Take fields off again, whoever bound them, and give the logger on."""
        context.unbind(*names)
        return self

    def context(self, **fields: Any) -> AbstractContextManager[None]:
        """Put *fields* on every record within the block: ``with logger.context(order=7): …``."""
        return context.context(**fields)
