"""Versions and settings."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from sightline.cli.checks.finding import Finding
from sightline.cli.config import describe_all

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGES = ("msgspec", "opentelemetry-api", "prometheus-client", "psutil", "chdb", "fastapi", "uvicorn")


def check() -> Iterator[Finding]:
    """Tell the versions, and whether every setting has a value that is allowed."""
    from sightline import __version__

    found = {name: _version(name) for name in _PACKAGES}
    told = ", ".join(f"{name} {text}" for name, text in found.items() if text)
    yield Finding(
        "versions", "ok", f"sightline {__version__}, Python {platform.python_version()}; {told}",
        details={"sightline": __version__, "python": platform.python_version(), **found},
    )  # fmt: skip
    rows, _ = describe_all(os.environ)
    wrong = [row["error"] for row in rows if "error" in row]
    for message in wrong:
        yield Finding(
            "settings", "fail", message, "Correct the variable or the file; sightline config shows all of them."
        )
    if any(row["name"] == "disabled" and row["value"] for row in rows):
        yield Finding(
            "settings", "warn", "Recording is switched off in this environment.",
            "Unset SIGHTLINE_DISABLED and OTEL_SDK_DISABLED to record.",
        )  # fmt: skip
    if not wrong:
        given = [f"{row['name']} from {row['source']}" for row in rows if row["source"] != "default"]
        yield Finding("settings", "ok", ", ".join(given) or "all at their defaults")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
