"""How tools ask: questions to the HTTP API, wherever it is, whose refusals are told to the assistant."""

from __future__ import annotations

from typing import Any, Protocol

from sightline.base.errors import SightlineError


class ToolFailed(SightlineError):
    """A tool could not do what it was called for; the message is for the assistant, and says what to do next."""


class Ask(Protocol):
    """Asks the API: with GET, or with POST where there is a body."""

    async def __call__(self, path: str, parameters: dict[str, Any], body: dict[str, Any] | None = None) -> Any:
        """
        Give the answer's JSON; parameters that are None or empty are left out.

        Raises:
            ToolFailed: if the question is refused, or nobody answers.
        """
        ...


def refused(problem: dict[str, Any], status: int) -> ToolFailed:
    """Say a problem of the API in one message."""
    title = str(problem.get("title") or f"HTTP {status}")
    detail = str(problem.get("detail") or "")
    at = problem.get("position")
    place = f" At character {at}." if at is not None else ""
    return ToolFailed(f"{title}: {detail}{place}" if detail else title)
