"""
From the call that records to the search that finds, and to the live tail that shows: through the HTTP API.

Each probe is one log, recorded at a random moment while other records come in; its time runs from before the call. The
search is repeated until it finds the record; the live tail is one stream that is open all the time.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final

import httpx

sys.path.insert(0, str(Path(__file__).parent))

from serving import Server

ASK_EVERY_S: Final = 0.02
GIVE_UP_S: Final = 30.0
LIMITS: Final = {"search_p95_ms": 1500, "tail_p95_ms": 500}


class Tail(threading.Thread):
    """Follows the live tail and notes when each body came."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.seen: dict[str, float] = {}
        self.open = threading.Event()
        self._url = url

    def run(self) -> None:
        """Read the stream until it ends."""
        query = {"query": "logger:visible"}
        with (
            httpx.Client(timeout=None, trust_env=False) as http,
            http.stream("GET", f"{self._url}/api/v1/logs/tail", params=query) as stream,
        ):
            stream.raise_for_status()
            self.open.set()
            for line in stream.iter_lines():
                if line.startswith("data:"):
                    now = time.perf_counter()
                    self.seen.setdefault(json.loads(line[5:]).get("body", ""), now)


def _background(rate: int, done: threading.Event) -> None:
    """Record other things at a steady rate."""
    import sightline

    log = sightline.get_logger("background")
    number = 0
    while not done.is_set():
        for _ in range(max(1, rate // 100)):
            log.info("something else", number=number)
            number += 1
        time.sleep(0.01)


def measure(probes: int, rate: int, seed: int) -> dict[str, Any]:
    """Record probes and wait for each to be found and shown."""
    import sightline

    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as directory:
        os.environ["SIGHTLINE_HOME"] = directory
        with Server(Path(directory)) as server:
            sightline.configure(service="visible", home=directory)
            log = sightline.get_logger("visible")
            done = threading.Event()
            threading.Thread(target=_background, args=(rate, done), daemon=True).start()
            tail = Tail(server.url)
            tail.start()
            tail.open.wait(GIVE_UP_S)
            searched, shown = [], []
            for number in range(probes):
                body = f"probe{number}x{chance.getrandbits(32):08x}"
                time.sleep(chance.uniform(0, 0.3))
                started = time.perf_counter()
                log.info(body)
                searched.append(_until_found(server, body) - started)
                shown.append(_until_shown(tail, body) - started)
            done.set()
            sightline.shutdown()
    return {
        "probes": probes,
        "background_records_per_second": rate,
        **_figures("search", searched),
        **_figures("tail", shown),
        "limits_ms": LIMITS,
    }


def _until_found(server: Server, body: str) -> float:
    deadline = time.perf_counter() + GIVE_UP_S
    while not server.http.get("/api/v1/logs", params={"query": body}).raise_for_status().json()["records"]:
        if time.perf_counter() > deadline:
            raise SystemExit(f"{body} was not found within {GIVE_UP_S:g} s.")
        time.sleep(ASK_EVERY_S)
    return time.perf_counter()


def _until_shown(tail: Tail, body: str) -> float:
    deadline = time.perf_counter() + GIVE_UP_S
    while body not in tail.seen:
        if time.perf_counter() > deadline:
            raise SystemExit(f"{body} was not shown within {GIVE_UP_S:g} s.")
        time.sleep(ASK_EVERY_S)
    return tail.seen[body]


def _figures(name: str, seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {
        f"{name}_p50_ms": round(cuts[49] * 1000, 1),
        f"{name}_p95_ms": round(cuts[94] * 1000, 1),
        f"{name}_max_ms": round(max(seconds) * 1000, 1),
    }


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--probes", type=int, default=60)
    parser.add_argument("--rate", type=int, default=2000, help="other records a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    found = measure(arguments.probes, arguments.rate, arguments.seed)
    if arguments.json:
        print(json.dumps(found))
        return
    print("call to …   p50 ms   p95 ms   max ms   p95 at most")
    for name in ("search", "tail"):
        figures = "".join(f"{found[f'{name}_{cut}_ms']:>9}" for cut in ("p50", "p95", "max"))
        print(f"{name:<9}{figures}{LIMITS[f'{name}_p95_ms']:>14}")


if __name__ == "__main__":
    main()
