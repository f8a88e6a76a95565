"""
Search and count what is stored, and take in log files: ``LogAggregator`` and ``LogSearchQuery``.

Needs the server's packages: ``pip install "sightline[server]"``. docs/howto/ingest-log-files.md shows all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sightline.cli.log_aggregator import LogAggregator, LogSearchQuery

__all__ = ["LogAggregator", "LogSearchQuery"]


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is: the application's half stays as light as it is."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from sightline.cli import log_aggregator
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.startswith("sightline"):
            raise
        raise ImportError(
            f'{name} needs the server\'s packages, and {error.name!r} is missing: pip install "sightline[server]"'
        ) from error
    return getattr(log_aggregator, name)
