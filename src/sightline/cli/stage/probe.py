"""
A process that logs a unique word and asks the server for it until it is found.

It prints one JSON object for each word, ``{"visible_ms": 812.4}``, and null where it was not found in time.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
import uuid
from typing import Final

import httpx
import msgspec

import sightline

SERVICE: Final = "demo-probe"

EVERY_S: Final = 0.4
"""Seconds between the end of one look and the next word."""

LOOK_EVERY_S: Final = 0.025
"""Seconds between two questions. What is measured is too long by at most this and one answer."""

GIVE_UP_S: Final = 15.0
"""Seconds after which a word counts as not found."""


def main() -> None:
    """Probe the server at the address given as the argument until SIGTERM; the last word is still looked for."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    sightline.configure(service=SERVICE)
    # Each look would be a log with the word in it, and the demo's page of logs would show little else.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    log = sightline.get_logger("probe")
    with httpx.Client(base_url=sys.argv[1], timeout=GIVE_UP_S, trust_env=False) as client:
        while True:
            word = uuid.uuid4().hex
            begun = time.perf_counter()
            message = f"probe {word}"
            log.info(message)
            found = _wait(client, word, begun)
            elapsed = (time.perf_counter() - begun) * 1000 if found else None
            print(msgspec.json.encode({"visible_ms": elapsed}).decode(), flush=True)
            if stop.wait(EVERY_S):
                break


def _wait(client: httpx.Client, word: str, begun: float) -> bool:
    """Ask until *word* is found; False where it was not in time."""
    while time.perf_counter() - begun < GIVE_UP_S:
        answer = client.get("/api/v1/logs", params={"query": word, "start": "-1m"})
        answer.raise_for_status()
        if answer.json()["records"]:
            return True
        time.sleep(LOOK_EVERY_S)
    return False


if __name__ == "__main__":
    main()
