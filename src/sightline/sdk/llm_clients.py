"""
Records the calls of the clients of language models, which are all made by one generator and so alike.

Each call of a client goes through its method ``post``; what is sent and answered there is noted by the provider's
``Reader``. A stream is counted part by part while the application reads it. It ends when it is read, closed or
dropped.
"""

from __future__ import annotations

import functools
import inspect
import weakref
from typing import TYPE_CHECKING, Any, Protocol

from sightline.sdk import guard
from sightline.sdk.context import current
from sightline.sdk.recorder import recorder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping

    from sightline.sdk.llm import Generation


class Reader(Protocol):
    """What is known of one provider's requests and responses."""

    def begin(self, path: str, body: Mapping[str, Any]) -> Generation | None:
        """Make the record of a request; None where it is no call of a model."""
        ...

    def note(self, call: Generation, response: Any) -> None:
        """Note a whole response."""
        ...

    def note_chunk(self, call: Generation, chunk: Any) -> None:
        """Count and note one part of a streamed response."""
        ...


def watch(client: Any, reader: Reader) -> None:
    """Record the calls of a class of clients from now on; doing it twice changes nothing."""
    post = client.post
    if getattr(post, "by_sightline", False):
        return
    wrapped = _async_post(post, reader) if inspect.iscoroutinefunction(post) else _post(post, reader)
    wrapped.by_sightline = True
    client.post = wrapped


def _begin(reader: Reader, path: str, kwargs: dict[str, Any]) -> Generation | None:
    body = kwargs.get("body")
    if not recorder.enabled or not isinstance(body, dict):
        return None
    try:
        call = reader.begin(path, body)
        if call is None:
            return None
        options = kwargs.get("options")
        if isinstance(options, dict) and "span_name" in options:
            # Anthropic's client records a span of less by itself, unless the call has no name.
            kwargs["options"] = {key: value for key, value in options.items() if key != "span_name"}
        return call.begin()
    except Exception as error:
        guard.failed("llm", error)
        return None


def _post(post: Callable[..., Any], reader: Reader) -> Any:
    @functools.wraps(post)
    def call_post(self: Any, path: str, **kwargs: Any) -> Any:
        call = _begin(reader, path, kwargs)
        if call is None:
            return post(self, path, **kwargs)
        with _within(call):
            response = post(self, path, **kwargs)
        return _take(call, reader, response)

    return call_post


def _async_post(post: Callable[..., Any], reader: Reader) -> Any:
    @functools.wraps(post)
    async def call_post(self: Any, path: str, **kwargs: Any) -> Any:
        call = _begin(reader, path, kwargs)
        if call is None:
            return await post(self, path, **kwargs)
        with _within(call):
            response = await post(self, path, **kwargs)
        return _take(call, reader, response)

    return call_post


class _within:  # noqa: N801 - reads as a word in a with statement
    """Lets the request over HTTP be a part of the call, and ends the call where the request fails."""

    __slots__ = ("_before", "_call")

    def __init__(self, call: Generation) -> None:
        self._call = call

    def __enter__(self) -> None:
        self._before = current.get()
        self._call.span.within(self._before)

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        current.set(self._before)
        if error is not None:
            if not isinstance(error, Exception):
                self._call.cancel()
            self._call.fail(error)
            self._call.end()


def _take(call: Generation, reader: Reader, response: Any) -> Any:
    try:
        whole = response
        if type(response).__name__ == "LegacyAPIResponse":
            # Read already, and what is parsed is kept for the application.
            whole = response.parse()
        if hasattr(whole, "__anext__") or hasattr(whole, "__next__"):
            _follow(call, reader, whole)
            return response
        if not type(whole).__name__.endswith("APIResponse"):
            reader.note(call, whole)
    except Exception as error:
        guard.failed("llm", error)
    call.end()
    return response


def _follow(call: Generation, reader: Reader, stream: Any) -> None:
    """Count what the application reads of *stream*, which stays the object that it is."""
    if hasattr(stream, "__anext__"):
        stream._iterator = _read_async(stream._iterator, call, reader)  # noqa: SLF001 - has no public place for it
        stream.close = _closing_async(stream, call)
    else:
        stream._iterator = _read(stream._iterator, call, reader)  # noqa: SLF001 - as above
        stream.close = _closing(stream, call)
    # One that is dropped before its first part is read.
    weakref.finalize(stream, _abandon, call).atexit = False


def _note(call: Generation, reader: Reader, chunk: Any) -> None:
    try:
        reader.note_chunk(call, chunk)
    except Exception as error:
        guard.failed("llm", error)


def _read(iterator: Iterator[Any], call: Generation, reader: Reader) -> Iterator[Any]:
    try:
        for chunk in iterator:
            _note(call, reader, chunk)
            yield chunk
    except GeneratorExit:
        call.cancel()
        raise
    except BaseException as error:
        call.fail(error)
        raise
    finally:
        call.end()
        close = getattr(iterator, "close", None)
        if close is not None:
            close()


async def _read_async(iterator: AsyncIterator[Any], call: Generation, reader: Reader) -> AsyncIterator[Any]:
    try:
        async for chunk in iterator:
            _note(call, reader, chunk)
            yield chunk
    except GeneratorExit:
        call.cancel()
        raise
    except BaseException as error:
        if not isinstance(error, Exception):
            call.cancel()
        call.fail(error)
        raise
    finally:
        call.end()
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await close()


def _abandon(call: Generation) -> None:
    if not call.ended:
        call.cancel()
        call.end()


# These hold the stream weakly: one that the application drops is closed at once, not by the garbage collector.


def _closing(stream: Any, call: Generation) -> Callable[[], None]:
    held, close = weakref.ref(stream), type(stream).close

    def close_and_end() -> None:
        _abandon(call)
        close(held())

    return close_and_end


def _closing_async(stream: Any, call: Generation) -> Callable[[], Any]:
    held, close = weakref.ref(stream), type(stream).close

    async def close_and_end() -> None:
        _abandon(call)
        await close(held())

    return close_and_end
