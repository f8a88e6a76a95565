"""What lies around the calls of functions of every kind: plain, async, generators and async generators."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast, overload

from sightline.sdk import tracing
from sightline.sdk.context import current, current_span

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator
    from contextlib import AbstractContextManager

Function = TypeVar("Function", bound="Callable[..., Any]")


@overload
def trace_function(function: Function, /) -> Function: ...


@overload
def trace_function(name: str | None = None, /, **attributes: Any) -> Callable[[Function], Function]: ...


def trace_function(target: Any = None, /, **attributes: Any) -> Any:
    """
    Record each call of a function as a span: ``@trace_function`` or ``@trace_function("name", key=value)``.

    The span carries ``function.name``, ``function.module`` and ``function.result``, which is ``success`` or ``error``;
    where an exception is raised, ``error.type``, ``error.message`` and the exception with its traceback too. Plain and
    async functions, generators and async generators are taken; a generator's span lasts until it is exhausted or
    closed. What the function returns is not recorded: it may be anything, and hold anybody's data.
    """
    if callable(target):
        return _traced(target, None, attributes)
    return lambda function: _traced(function, target, attributes)


def _traced(function: Function, name: str | None, attributes: dict[str, Any]) -> Function:
    told = {
        "function.name": function.__qualname__,
        "function.module": function.__module__,
        tracing.RESULT: "success",
        **attributes,
    }
    title = name or function.__qualname__
    return in_span(function, lambda: tracing.span(title, **told))


class Steps(Protocol):
    """
    What lies around the steps of a generator, from its first to its last.

    It is entered and left with each step, and never while the generator waits.
    """

    def __enter__(self) -> object: ...
    def __exit__(self, *_: object) -> None: ...

    def fail(self, error: BaseException) -> None:
        """Note the exception that ended the generator."""

    def end(self) -> None:
        """Finish: the generator is exhausted, closed or has failed."""


def in_span(function: Function, make: Callable[[], tracing.Span]) -> Function:
    """Wrap *function* so that each call runs within a span from *make*."""
    return around(function, make, lambda: _SpanSteps(make()))


def around(function: Function, once: Callable[[], AbstractContextManager[Any]], steps: Callable[[], Steps]) -> Function:
    """
    Wrap a function of any kind so that something lies around each of its calls.

    Args:
        function: plain, async, a generator or an async generator.
        once: makes what lies around the call of a function.
        steps: makes what lies around the steps of a generator.
    """
    if inspect.isasyncgenfunction(function):
        return cast("Function", _around_async_generator(function, steps))
    if inspect.iscoroutinefunction(function):
        return cast("Function", _around_coroutine(function, once))
    if inspect.isgeneratorfunction(function):
        return cast("Function", _around_generator(function, steps))

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with once():
            return function(*args, **kwargs)

    return cast("Function", call)


def _around_coroutine(
    function: Callable[..., Any], once: Callable[[], AbstractContextManager[Any]]
) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        with once():
            return await function(*args, **kwargs)

    return call


def _around_generator(function: Callable[..., Any], steps: Callable[[], Steps]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        made = steps()
        inner = function(*args, **kwargs)
        step: Callable[[], Any] = functools.partial(next, inner)
        try:
            while True:
                with made:
                    value = step()
                try:
                    sent = yield value
                except GeneratorExit:
                    inner.close()
                    raise
                except BaseException as error:
                    step = functools.partial(inner.throw, error)
                else:
                    step = functools.partial(inner.send, sent)
        except StopIteration as stop:
            return stop.value
        except Exception as error:
            made.fail(error)
            raise
        finally:
            made.end()

    return call


def _around_async_generator(function: Callable[..., Any], steps: Callable[[], Steps]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        made = steps()
        inner = function(*args, **kwargs)
        step: Callable[[], Any] = inner.__anext__
        try:
            while True:
                with made:
                    value = await step()
                try:
                    sent = yield value
                except GeneratorExit:
                    await inner.aclose()
                    raise
                except BaseException as error:
                    step = functools.partial(inner.athrow, error)
                else:
                    step = functools.partial(inner.asend, sent)
        except StopAsyncIteration:
            return
        except Exception as error:
            made.fail(error)
            raise
        finally:
            made.end()

    return call


class _SpanSteps:
    """Makes a span current for each step of a generator."""

    __slots__ = ("_before", "_span")

    def __init__(self, span: tracing.Span) -> None:
        self._span = span
        span.begin(current_span())

    def __enter__(self) -> None:
        self._before = current.get()
        self._span.within(self._before)

    def __exit__(self, *_: object) -> None:
        current.set(self._before)

    def fail(self, error: BaseException) -> None:
        self._span.fail(error)

    def end(self) -> None:
        self._span.end()
