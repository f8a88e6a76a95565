"""What a call of a language model costs, by the open price table of the package ``genai-prices``."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import threading
from typing import TYPE_CHECKING, Any, Final

from sightline.sdk import guard
from sightline.sdk.quiet_thread import QuietThread

if TYPE_CHECKING:
    from collections.abc import Mapping

_WAIT_S: Final = 5.0
"""Longest that a thread waits for the table, which takes half a second to load. An event loop never waits."""

_KEYS: Final = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_tokens",
    "cache_creation": "cache_write_tokens",
}


class Table:
    """Loads the table in a thread of its own, once it is known that it will be needed."""

    def __init__(self, name: str = "genai_prices") -> None:
        self._name = name
        # Guards the start of the thread.
        self._lock = threading.Lock()
        self._loader: threading.Thread | None = None
        self._package: Any = None

    def expect(self) -> None:
        """Begin to load."""
        if self._loader is not None:
            return
        with self._lock:
            if self._loader is None:
                self._loader = QuietThread(target=self._load, name="sightline prices", daemon=True)
                self._loader.start()

    def _load(self) -> None:
        try:
            if importlib.util.find_spec(self._name) is not None:
                package = importlib.import_module(self._name)
                # The first question makes the table ready, which takes most of the time.
                with contextlib.suppress(LookupError):
                    package.calc_price(package.Usage(input_tokens=1), "gpt-4o", provider_id="openai")
                self._package = package
        except Exception as error:
            guard.failed("prices", error)

    def get(self) -> Any:
        """Give the package, or None where it is not installed or not loaded yet."""
        self.expect()
        loader = self._loader
        if self._package is None and loader is not None and not _in_event_loop():
            loader.join(_WAIT_S)
        return self._package


def _in_event_loop() -> bool:
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None  # noqa: SLF001 - asked in public, it raises


table = Table()
"""The table of this process. ``pip install "sightline[llm]"`` brings it."""


def estimate(provider: str, model: str, tokens: Mapping[str, int]) -> float | None:
    """
    Estimate what a call costs, in US dollars.

    Args:
        provider: such as ``openai``.
        model: as the response names it.
        tokens: by kind: ``input`` with what was read from a cache, ``output``, ``cache_read``, ``cache_creation``.

    Returns:
        None where the table is absent or does not know the model.
    """
    package = table.get()
    if package is None:
        return None
    usage = package.Usage(**{_KEYS[kind]: count for kind, count in tokens.items() if kind in _KEYS and count})
    try:
        return float(package.calc_price(usage, model, provider_id=provider or None).total_price)
    except (LookupError, ValueError):
        return None
