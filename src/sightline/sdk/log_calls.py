"""``log_function_call``: logs of entry, exit, duration and exception of functions of every kind."""

from __future__ import annotations

import inspect
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, TypeVar, overload

from sightline.base.errors import SettingInvalid
from sightline.model.severity import NUMBERS
from sightline.sdk.decorate import around
from sightline.sdk.logging import tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from sightline.sdk.logging import Place

Function = TypeVar("Function", bound="Callable[..., Any]")


@overload
def log_function_call(function: Function, /) -> Function: ...


@overload
def log_function_call(*, level: str = "INFO", logger: str | None = None) -> Callable[[Function], Function]: ...


def log_function_call(function: Any = None, /, *, level: str = "INFO", logger: str | None = None) -> Any:
    """
    Log each call of a function: ``@log_function_call`` or ``@log_function_call(level="DEBUG")``.

    ``pay called`` when it is entered, then ``pay returned`` or, at level ERROR with the exception, ``pay raised``; each
    with ``function.name`` and ``function.module``, the last two with ``duration_ms``. Plain and async functions,
    generators and async generators are taken; a generator's call lasts until it is exhausted or closed.

    Args:
        function: what is decorated.
        level: of entry and exit.
        logger: name of the logger; the function's module where it is None.

    Raises:
        SettingInvalid: if *level* is none.
    """
    if level.upper() not in NUMBERS:
        raise SettingInvalid(f"level (from log_function_call) is {level!r}; expected one of {', '.join(NUMBERS)}.")

    def decorate(target: Function) -> Function:
        source = _Source(target, logger or target.__module__, level.upper())
        return around(target, lambda: _Call(source), lambda: _Steps(source))

    return decorate if function is None else decorate(function)


class _Source:
    """A decorated function, and how its calls are logged."""

    __slots__ = ("level", "logger", "name", "place", "told")

    def __init__(self, function: Callable[..., Any], logger: str, level: str) -> None:
        self.name = function.__qualname__
        self.logger = logger
        self.level = level
        self.told = {"function.name": function.__qualname__, "function.module": function.__module__}
        code = getattr(inspect.unwrap(function), "__code__", None)
        self.place: Place = (code.co_filename, code.co_firstlineno, code.co_name) if code else ("", 0, self.name)

    def log(self, what: str, **more: Any) -> None:
        level = "ERROR" if "exc_info" in more else self.level
        tell(self.logger, NUMBERS[level], level, f"{self.name} {what}", {**self.told, **more}, self.place)


class _Call:
    """Logs one call of a function."""

    __slots__ = ("_clock", "_source")

    def __init__(self, source: _Source) -> None:
        self._source = source

    def __enter__(self) -> None:
        self._source.log("called")
        self._clock = perf_counter_ns()

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        duration_ms = round((perf_counter_ns() - self._clock) / 1e6, 3)
        if isinstance(error, Exception):
            self._source.log("raised", duration_ms=duration_ms, exc_info=error)
        else:
            self._source.log("returned" if error is None else "cancelled", duration_ms=duration_ms)


class _Steps:
    """Logs one call of a generator; its duration is from its first step to its end, waiting included."""

    __slots__ = ("_call", "_error")

    def __init__(self, source: _Source) -> None:
        self._error: BaseException | None = None
        self._call = _Call(source)
        self._call.__enter__()

    def __enter__(self) -> None:
        """Begin a step."""

    def __exit__(self, *_: object) -> None:
        """End a step."""

    def fail(self, error: BaseException) -> None:
        self._error = error

    def end(self) -> None:
        self._call.__exit__(None, self._error, None)
