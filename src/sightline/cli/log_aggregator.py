"""Logs by Python: take in files, search, count; from a server that runs or a store of one's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from sightline.base.errors import QueryInvalid
from sightline.cli.answers import Remote, find_home, find_server
from sightline.cli.log_files import FileTaken, Sender

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sightline.cli.answers import Answers


_PAIR: Final = re.compile(r'\\.|"', re.DOTALL)

MAX_HOURS: Final = 250_000
"""Farthest that a report looks back, 28 years: the server reads nine digits of seconds."""

_TEXTS: Final = ("level", "logger", "message_pattern", "request_id", "service")


@dataclass(frozen=True, slots=True)
class LogSearchQuery:
    """
    What to find; every part that is given must hold, and None or an empty text asks nothing.

    Attributes:
        start_time: from here on; without a zone it is UTC. Default: an hour before the end.
        end_time: up to here, not included. Default: now.
        level: such as ``ERROR``.
        logger: name of a logger.
        message_pattern: a regular expression (RE2) that is found somewhere in the message.
        request_id: of one request.
        fields: any other field and its value, such as ``{"user_id": "42"}``; one that is None or empty asks nothing.
        service: name of a service.
        page: number of the page, from 1.
        page_size: records of a page, at most 1000.

    Raises:
        QueryInvalid: if a part is of another type.
    """

    start_time: datetime | None = None
    end_time: datetime | None = None
    level: str | None = ""
    logger: str | None = ""
    message_pattern: str | None = ""
    request_id: str | None = ""
    fields: Mapping[str, object] | None = field(default_factory=dict)
    service: str | None = ""
    page: int = 1
    page_size: int = 100

    def __post_init__(self) -> None:
        """Look at the types, which no checker may have done."""
        for name in _TEXTS:
            _check(name, getattr(self, name), str, "a text")
        for name in ("start_time", "end_time"):
            _check(name, getattr(self, name), datetime, "a datetime")
        _check("fields", self.fields, Mapping, "a mapping of names to values")

    def search(self) -> str:
        """Write it in the language of searches."""
        parts = {"level": (self.level or "").lower(), "logger": self.logger, "service": self.service}
        parts |= {"request_id": self.request_id} | {name: _text(value) for name, value in (self.fields or {}).items()}
        found = [f"{_quoted(name)}:{_quoted(value)}" for name, value in parts.items() if value]
        if self.message_pattern:
            # A quote would end the pattern; its number means the same, in a class of characters too.
            found.append(f'~"{_PAIR.sub(_unquoted, self.message_pattern)}"')
        return " ".join(found)


class LogAggregator:
    """
    Logs of a server, or of a store of one's own; a context manager.

    Args:
        server: address of a server, such as ``http://localhost:4318``; without one, the server that runs on *home* is
            asked, or the store there is opened.
        home: the data directory; default as everywhere, ``SIGHTLINE_HOME``.

    Raises:
        NoServerAnswers: if the server that was named cannot be reached.
        StoreError: if the store cannot be opened.
    """

    def __init__(self, server: str | None = None, *, home: Path | str | None = None) -> None:
        directory = find_home(Path(home) if home is not None else None)
        if server is None:
            (directory / "store").mkdir(parents=True, exist_ok=True)
        self._open = ExitStack()
        url = find_server(server, directory)
        self._answers: Answers
        if url is None:
            from sightline.cli.local import Local

            self._answers = self._open.enter_context(Local(directory))
        else:
            self._answers = remote = Remote(url)
            self._open.callback(remote.close)

    def ingest_log_file(self, path: Path | str, *, format: str = "", service: str = "") -> FileTaken:  # noqa: A002
        """
        Take a file in, plain or compressed; what is stored of it already is not stored again.

        Raises:
            OSError: if it cannot be read.
            SightlineError: if it cannot be stored.
        """
        return Sender(self._answers, form=format, service=service).file(Path(path))

    def search(self, query: LogSearchQuery) -> list[dict[str, Any]]:
        """
        Give one page of records, the newest first.

        Raises:
            Refused: if the query cannot be read, or takes too long.
        """
        if query.page < 1:
            raise QueryInvalid(f"The page is {query.page}; expected 1 or more.")
        for number, records in enumerate(self._pages(query), 1):
            if number == query.page:
                return records
        return []

    def get_log_statistics(self, hours: float = 24, query: str = "") -> dict[str, Any]:
        """Count the logs of so many hours up to now, by level, service, logger and hour."""
        return dict(self._answers.get("/api/v1/logs/statistics", {"start": _since(hours), "query": query}))

    def error_patterns(self, hours: float = 24, *, limit: int = 20) -> list[dict[str, Any]]:
        """Group the errors by their messages without ids and numbers: count, share, at most three examples each."""
        found = self._answers.get("/api/v1/logs/error-patterns", {"start": _since(hours), "limit": limit})
        return list(found["patterns"])

    def slow_requests(self, threshold_ms: float = 5000, hours: float = 24, *, limit: int = 100) -> list[dict[str, Any]]:
        """Give the logged requests that took so long, the slowest first."""
        parameters = {"start": _since(hours), "threshold_ms": threshold_ms, "limit": limit}
        return list(self._answers.get("/api/v1/logs/slow-requests", parameters)["requests"])

    def close(self) -> None:
        """Let go of the server or the store."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _pages(self, query: LogSearchQuery) -> Iterator[list[dict[str, Any]]]:
        end = query.end_time or datetime.now(UTC)
        start = _time(query.start_time) if query.start_time else f"{_unix(end) - 3600:.6f}"
        asked = {"query": query.search(), "start": start, "end": _time(end), "limit": query.page_size}
        cursor = ""
        while cursor is not None:
            found = self._answers.get("/api/v1/logs", {**asked, "cursor": cursor})
            yield found["records"]
            cursor = found["next_cursor"]


def _check(name: str, value: object, kind: type, expected: str) -> None:
    if value is not None and not isinstance(value, kind):
        raise QueryInvalid(f"{name} is {value!r:.80}; expected {expected}, or None.")


def _since(hours: float) -> str:
    if not isinstance(hours, (int, float)) or not 0 < hours <= MAX_HOURS:
        raise QueryInvalid(f"hours is {hours!r:.80}; expected a number above 0 and up to {MAX_HOURS:,}.")
    return f"-{max(1, round(hours * 3600))}s"


def _unix(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _time(moment: datetime) -> str:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def _text(value: object) -> str:
    """Write a value as the store has it."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _unquoted(found: re.Match[str]) -> str:
    return r"\x22" if found[0].endswith('"') else found[0]


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
