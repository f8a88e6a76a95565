"""Where answers come from: the server that runs, or the store itself when none does. Commands never know which."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import httpx

from sightline.base import interrupts
from sightline.base.errors import SightlineError
from sightline.cli import show
from sightline.cli.main import NoServerAnswers
from sightline.cli.values import value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT_S: Final = 60.0
"""Longest wait for an answer, in seconds; the server ends queries sooner by its own limit and says so."""

DELETE_S: Final = 3600.0
"""Longest wait for a deletion, in seconds: parts are written anew."""

POINTED: Final = 200
"""Characters of the longest search that is shown with the place of its error: a longer one would be wrapped."""

START_S: Final = 10.0
"""Longest wait for a server that is just starting, in seconds."""


class Refused(SightlineError):
    """The server understood a question and refused it; the message says why and where."""


class NothingRecorded(SightlineError):
    """The home directory holds neither spool nor store."""


class Answers(Protocol):
    """Answers to questions of the HTTP API."""

    def get(self, path: str, parameters: dict[str, Any] | None = None) -> Any:
        """Ask with GET; empty parameters are left out."""
        ...

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Ask with POST."""
        ...

    def send(self, path: str, parameters: dict[str, Any], content: bytes) -> Any:
        """Send bytes with POST."""
        ...

    def delete(self, path: str, parameters: dict[str, Any]) -> Any:
        """Ask with DELETE."""
        ...

    def stream(self, path: str, parameters: dict[str, Any], body: dict[str, Any] | None = None) -> Iterator[bytes]:
        """Ask with GET, or with POST where there is a body, and have the answer's bytes as they are made."""
        ...


def find_home(given: Path | None) -> Path:
    """Find the home directory: what was given, the environment, or the default."""
    return Path(value_of("home", given))


def find_server(given: str | None, home: Path) -> str | None:
    """
    Find the address of a server: what was given, or the one that runs on *home*.

    Returns:
        The address without a slash at its end, or None where no server runs.
    """
    if given and given != "auto":
        return (given if "://" in given else f"http://{given}").rstrip("/")
    from sightline.sdk.autostart import is_running
    from sightline.server.lock import wait_ready

    address = wait_ready(home, START_S) if is_running(home) else None
    return address.url.rstrip("/") if address else None


def connect(url: str, *, timeout_s: float | None) -> httpx.Client:
    """
    Make a client of the server at *url*; a proxy of the environment is never asked for this machine itself.

    Args:
        url: the server's address.
        timeout_s: longest wait for the next bytes, in seconds; None is without end.
    """
    local = httpx.URL(url).host in {"localhost", "127.0.0.1", "::1"}
    return httpx.Client(base_url=url, timeout=httpx.Timeout(TIMEOUT_S, read=timeout_s), trust_env=not local)


class Remote:
    """A server that runs."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = connect(url, timeout_s=TIMEOUT_S)

    def get(self, path: str, parameters: dict[str, Any] | None = None) -> Any:
        """Ask with GET."""
        return self._read("GET", path, params=given(parameters or {}))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Ask with POST."""
        return self._read("POST", path, json=body)

    def send(self, path: str, parameters: dict[str, Any], content: bytes) -> Any:
        """Send bytes with POST; from many threads, if they like."""
        return self._read("POST", path, params=given(parameters), content=content)

    def delete(self, path: str, parameters: dict[str, Any]) -> Any:
        """Ask with DELETE, which may take its time."""
        return self._read("DELETE", path, params=given(parameters), timeout=DELETE_S)

    def stream(self, path: str, parameters: dict[str, Any], body: dict[str, Any] | None = None) -> Iterator[bytes]:
        """Ask with GET, or with POST where there is a body, and have the answer's bytes as they are made."""
        method, parameters = "GET" if body is None else "POST", given(parameters)
        try:
            with self._client.stream(method, path, params=parameters, json=body, timeout=DELETE_S) as answer:
                if not answer.is_success:
                    answer.read()
                    read(answer)
                yield from answer.iter_bytes()
        except httpx.RemoteProtocolError:
            raise broken_off() from None
        except httpx.TransportError as error:
            raise unreachable(self.url, error) from None

    def _read(self, method: str, path: str, **more: Any) -> Any:
        try:
            return read(self._client.request(method, path, **more))
        except httpx.TransportError as error:
            raise unreachable(self.url, error) from None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


@contextmanager
def open_answers(server: str | None, home: Path | None) -> Iterator[Answers]:
    """
    Open the server that runs, or the store on this machine where none does, with a note on standard error.

    Raises:
        NoServerAnswers: if the server that was named cannot be reached.
        NothingRecorded: if there is no server, and nothing to read either.
        StoreError: if there is no server and the store cannot be opened.
    """
    directory = find_home(home)
    url = find_server(server, directory)
    if url is not None:
        remote = Remote(url)
        try:
            yield remote
        finally:
            remote.close()
        return
    if not (directory / "spool").is_dir() and not (directory / "store").is_dir():
        raise NothingRecorded(
            f"Nothing was recorded in {directory} yet. Call sightline.configure() in an application, or set "
            "SIGHTLINE_HOME or --home to where it records."
        )
    interrupts.end_at_once()
    from sightline.cli.local import Local

    show.note(f"No server runs on {directory}: what waits in the spool is stored, then the store is read directly.")
    with Local(directory) as local:
        yield local


def given(parameters: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is empty."""
    return {name: value for name, value in parameters.items() if value not in {None, ""}}


def read(answer: httpx.Response) -> Any:
    """
    Read an answer, or say a refusal in one message.

    Raises:
        Refused: if the status is not one of success.
    """
    if answer.is_success:
        return answer.json()
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    title = problem.get("title") or f"HTTP {answer.status_code} {answer.reason_phrase}"
    detail = problem.get("detail")
    said = f"{title}: {detail}" if detail and detail != title else str(detail or title)
    raise Refused(said + _pointed(answer.request, problem.get("position")))


def _pointed(request: httpx.Request, position: object) -> str:
    """Show the search that was asked for, with a mark below the character at fault."""
    asked = request.url.params.get("query", "")
    if not isinstance(position, int) or not asked or len(asked) > POINTED or "\n" in asked:
        return ""
    return f"\n  {asked}\n  {' ' * position}^"


def broken_off() -> Refused:
    """Say that an answer ended before it was whole."""
    return Refused("The answer broke off before it was whole; the server's log says why.")


def unreachable(url: str, error: Exception) -> NoServerAnswers:
    """Say that no server answers at *url*, and what to do."""
    return NoServerAnswers(
        f"No server answers at {url} ({error or type(error).__name__}). "
        "Check the address (--server, SIGHTLINE_SERVER), or start one: sightline serve"
    )
