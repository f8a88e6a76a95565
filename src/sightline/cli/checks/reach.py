"""The server: whether it answers, and how it feels."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx

from sightline.cli.answers import connect, find_server
from sightline.cli.checks.finding import Finding
from sightline.cli.show import human_bytes, human_seconds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TIMEOUT_S = 5.0


def check(server: str | None, home: Path) -> Iterator[Finding]:
    """Ask the server for its health."""
    url = find_server(server, home)
    if url is None:
        yield Finding(
            "server", "warn", f"none runs on {home}; what is recorded waits in the spool", "Start one: sightline serve"
        )
        return
    begun = time.perf_counter()
    try:
        with connect(url, timeout_s=_TIMEOUT_S) as client:
            answer = client.get("/health")
        told = answer.json()
        version = str(told["version"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        yield Finding(
            "server", "fail", f"{url} does not answer as a Sightline server: {error or type(error).__name__}",
            "Check the address (--server, SIGHTLINE_SERVER), or start one: sightline serve", {"url": url},
        )  # fmt: skip
        return
    yield _health(url, told, (time.perf_counter() - begun) * 1000)
    yield from _same_version(version)


def _health(url: str, told: dict[str, Any], elapsed_ms: float) -> Finding:
    spool = told.get("checks", {}).get("spool", {})
    behind, lost = spool.get("behind_bytes", 0), spool.get("lost_records", 0)
    uptime = human_seconds(told.get("uptime_seconds", 0))
    found = (
        f"{url} answered in {elapsed_ms:.0f} ms: {told.get('status')}, up {uptime}, {human_bytes(behind)} behind, "
        f"{lost} records lost"
    )
    if told.get("status") != "ok":
        return Finding("server", "warn", found, f"Look at {url}/health for the check that is not well.", told)
    if bad := spool.get("quarantined_lines", 0):
        advice = "Look at the reasons in the quarantine directory of the server's home; the other lines were stored."
        return Finding("server", "warn", f"{found}, {bad} broken lines set aside", advice, told)
    if lost:
        return Finding("server", "warn", found, "The spool was full once. Raise SIGHTLINE_SPOOL_BYTES.", told)
    return Finding("server", "ok", found, details=told)


def _same_version(version: str) -> Iterator[Finding]:
    from sightline import __version__

    if version != __version__:
        yield Finding(
            "server", "warn", f"the server is version {version}, this command is {__version__}",
            "Install the same version on both sides.",
        )  # fmt: skip
