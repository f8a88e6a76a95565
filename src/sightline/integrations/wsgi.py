"""Instruments any WSGI application: ``app = SightlineWSGI(app)``."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from sightline.sdk import guard, requests
from sightline.sdk.context import current, fields
from sightline.sdk.recorder import recorder
from sightline.sdk.request_log import request_log
from sightline.sdk.request_metrics import request_metrics
from sightline.sdk.requests import LONGEST_TEXT
from sightline.sdk.surfaces import LARGEST_BODY, LOOKED_AT, answer, surfaces
from sightline.sdk.worker_metrics import workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from sightline.sdk.request_metrics import RequestMetrics

    Environ = dict[str, Any]
    StartResponse = Callable[..., Callable[[bytes], object]]
    Application = Callable[[Environ, StartResponse], Iterable[bytes]]
    Failure = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] | None

_context_of = current.get
_fields_of = fields.get

ENVIRON_KEY: Final = "sightline.exchange"
"""Where the request's ``Exchange`` is in the environment. An instrumented application within another finds it there."""

_MOST_MISSING: Final = 1000
"""Paths that the application does not have and Sightline answers, kept; ids may stand in them."""


class Exchange(requests.Exchange):
    """
    A request that came over WSGI.

    Attributes:
        route: the template of its path. The framework's integration sets it.
    """

    __slots__ = ("_environ", "_inner", "_input", "_start_response", "route")

    def __init__(self, counts: RequestMetrics, environ: Environ, start_response: StartResponse) -> None:
        get = environ.get
        path = f"{get('SCRIPT_NAME', '')}{get('PATH_INFO', '')}"
        if not path.isascii():
            # PEP 3333: the bytes of the path, read as Latin-1.
            path = path.encode("latin-1", "replace").decode("utf-8", "replace")
        told: dict[str, Any] = {
            "url.scheme": get("wsgi.url_scheme", "http"),
            "url.path": path[:LONGEST_TEXT],
            "network.protocol.version": get("SERVER_PROTOCOL", "").removeprefix("HTTP/"),
        }
        if query := get("QUERY_STRING"):
            told["url.query"] = requests.clean_query(query)
        if host := get("HTTP_HOST"):
            told.update(requests.server_of(host))
        if client := get("REMOTE_ADDR"):
            told["client.address"] = client
        if agent := get("HTTP_USER_AGENT"):
            told["user_agent.original"] = agent[:LONGEST_TEXT]
        length = get("CONTENT_LENGTH")
        if length and length.isdigit():
            told["http.request.body.size"] = int(length[:18])
        super().__init__(
            counts, environ["REQUEST_METHOD"], told, get("HTTP_TRACEPARENT"), get("HTTP_TRACESTATE"),
            get("HTTP_X_REQUEST_ID"), get("HTTP_X_CORRELATION_ID"),
        )  # fmt: skip
        self.route: str | None = None
        self._start_response = start_response
        self._environ = environ
        self._input: KeptInput | None = None

    def headers(self) -> Iterable[tuple[str, str]]:
        """Give the request's headers, for its log."""
        for name, value in self._environ.items():
            if name.startswith("HTTP_"):
                yield name[5:].replace("_", "-"), str(value)
            elif name in {"CONTENT_TYPE", "CONTENT_LENGTH"} and value:
                yield name.replace("_", "-"), str(value)

    def body(self) -> tuple[bytes, int, str] | None:
        """Give the beginning of the request's body, its length so far and its type; None where it is not kept."""
        kept = self._input
        return (kept.kept, kept.read_bytes, self._environ.get("CONTENT_TYPE", "")) if kept and kept.kept else None

    def keep(self, most: int) -> None:
        """Keep the beginning of the body that the application reads."""
        self._input = KeptInput(self._environ["wsgi.input"], most)
        self._environ["wsgi.input"] = self._input

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: Failure = None
    ) -> Callable[[bytes], object]:
        """Look at the response's status, and add our headers."""
        try:
            self.status = int(status[:3])
            present = {name.lower() for name, _ in headers}
            values = (self.request_id, self.correlation_id, f"{self.elapsed_ms():.2f}ms")
            added = [
                (title, value)
                for name, title, value in zip(requests.SENT_HEADERS, _TITLES, values, strict=True)
                if name not in present
            ]
            headers = [*headers, *added]
        except Exception as error:
            guard.failed("wsgi", error)
        if exc_info is None:
            return self._start_response(status, headers)
        if exc_info[1] is not None:
            self.fail(exc_info[1])
        return self._start_response(status, headers, exc_info)

    def leave(self) -> None:
        """Let span and fields be as they were before ``resume``, and note what they are now."""
        self._inner = _context_of(), _fields_of()
        super().leave()

    def resume(self) -> None:
        """Let span and fields be as they were at the last ``leave``."""
        self._around, self._bound = _context_of(), _fields_of()
        current.set(self._inner[0])
        fields.set(self._inner[1])

    def close(self) -> None:
        """Finish, once."""
        try:
            self.finish(self.route)
        except Exception as error:
            guard.failed("wsgi", error)


_TITLES: Final = ("X-Request-ID", "X-Correlation-ID", "X-Response-Time")


class KeptInput:
    """
    A request's body, the beginning of which is kept as it is read.

    Attributes:
        kept: its beginning.
        read_bytes: bytes that were read so far.
    """

    def __init__(self, source: Any, most: int) -> None:
        self._source = source
        self._most = most
        self.kept = b""
        self.read_bytes = 0

    def _note(self, part: bytes) -> bytes:
        self.read_bytes += len(part)
        self.kept += part[: max(0, self._most - len(self.kept))]
        return part

    def read(self, *size: int) -> bytes:
        """Read, as PEP 3333 has it."""
        return self._note(self._source.read(*size))

    def readline(self, *size: int) -> bytes:
        """Read a line."""
        return self._note(self._source.readline(*size))

    def readlines(self, *hint: int) -> list[bytes]:
        """Read lines."""
        return [self._note(line) for line in self._source.readlines(*hint)]

    def __iter__(self) -> Iterator[bytes]:
        return (self._note(line) for line in self._source)

    def __getattr__(self, name: str) -> Any:
        """Give what servers have beside PEP 3333; but for other ways to read, which would pass us by."""
        if name in {"readinto", "readinto1", "read1"}:
            raise AttributeError(name)
        return getattr(self._source, name)


class _Body:
    """
    The response's body: the request lasts until the server closes it.

    While the server waits between two parts, the span is not current: the thread may be doing something else.
    """

    def __init__(self, body: Iterable[bytes], exchange: Exchange) -> None:
        self._body = body
        self._parts: Iterator[bytes] | None = None
        self._exchange = exchange

    def __iter__(self) -> _Body:
        return self

    def __next__(self) -> bytes:
        exchange = self._exchange
        exchange.resume()
        try:
            if self._parts is None:
                self._parts = iter(self._body)
            part = next(self._parts)
        except StopIteration:
            raise
        except BaseException as error:
            exchange.fail(error)
            raise
        else:
            exchange.response_size += len(part)
            return part
        finally:
            exchange.leave()

    def close(self) -> None:
        """Close the application's body, as PEP 3333 asks, and finish the request."""
        exchange = self._exchange
        exchange.resume()
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        except BaseException as error:
            exchange.fail(error)
            raise
        finally:
            exchange.close()
            exchange.leave()


class _SizedBody(_Body):
    """A body of known length, from which servers take the content's length."""

    def __len__(self) -> int:
        return len(self._body)  # type: ignore[arg-type]


def _body(environ: Environ) -> bytes:
    """Read what was sent, up to a byte more than is passed on; nothing where the sender left."""
    length = environ.get("CONTENT_LENGTH") or ""
    try:
        return bytes(environ["wsgi.input"].read(min(int(length), LARGEST_BODY + 1))) if length.isdigit() else b""
    except (OSError, ValueError):
        return b""


def _write_nothing(*_: bytes) -> None:
    """Stand in for the server where a response may not be the one that is sent."""


class SightlineWSGI:
    """
    Records each request of a WSGI application: a server span and request metrics.

    The response carries ``X-Request-ID``, ``X-Correlation-ID`` and ``X-Response-Time``. Exceptions are recorded and go
    on. Bodies are passed part by part, and closed.
    """

    def __init__(self, app: Application, *, namespace: str = "http", owns: Callable[[str], bool] | None = None) -> None:
        """
        Wrap an application.

        Args:
            app: the WSGI application.
            namespace: what the names of the request metrics begin with.
            owns: tells whether the application has a route for exactly this path, and so answers itself where
                Sightline would, such as at ``/health``. Without it, a 404 tells that it has none.
        """
        self.app = app
        self._counts = request_metrics(namespace)
        self._owns = owns
        self._missing: set[str] = set()
        workers.join()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Handle one request."""
        surface = surfaces.at(environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""))
        if surface is not None and recorder.enabled and ENVIRON_KEY not in environ:
            return self._answer(surface, environ, start_response)
        return self._handle(environ, start_response)

    def _answer(self, surface: str, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer what the application does not answer itself."""
        path = environ["PATH_INFO"]
        if self._owns is not None:
            if self._owns(path):
                return self._handle(environ, start_response)
        elif path not in self._missing:
            told: list[Any] = []
            body = self._handle(environ, lambda *started: told.append(started) or _write_nothing)  # type: ignore[func-returns-value]
            parts = [*body]
            getattr(body, "close", _write_nothing)()
            if not str(told[-1][0]).startswith("404"):
                start_response(*told[-1])
                return parts
            if len(self._missing) < _MOST_MISSING:
                self._missing.add(path)
        given = {name: environ.get(f"HTTP_{name.upper().replace('-', '_')}", "") for name in LOOKED_AT}
        status, headers, content = answer(
            surface,
            {name: value for name, value in given.items() if value},
            method=environ["REQUEST_METHOD"],
            path=path,
            query=environ.get("QUERY_STRING", ""),
            body=_body(environ) if environ["REQUEST_METHOD"] == "POST" else b"",
        )
        start_response(f"{status} {HTTPStatus(status).phrase}", [(name.title(), value) for name, value in headers])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [content]

    def _handle(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not recorder.enabled or ENVIRON_KEY in environ:
            return self.app(environ, start_response)
        try:
            exchange = Exchange(self._counts, environ, start_response)
        except Exception as error:
            guard.failed("wsgi", error)
            return self.app(environ, start_response)
        environ[ENVIRON_KEY] = exchange
        if request_log.starts:
            request_log.start(exchange)
        if request_log.body_bytes:
            exchange.keep(request_log.body_bytes)
        try:
            body = self.app(environ, exchange.start_response)
        except BaseException as error:
            exchange.fail(error)
            exchange.close()
            raise
        finally:
            exchange.leave()
        wrapper = environ.get("wsgi.file_wrapper")
        if isinstance(wrapper, type) and isinstance(body, wrapper):
            # The server sends the file by itself, which it does for its own wrapper only.
            exchange.close()
            return body
        return _SizedBody(body, exchange) if hasattr(body, "__len__") else _Body(body, exchange)
