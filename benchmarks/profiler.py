"""
What the profiler costs: the processor time of its thread, and what a busy program loses by it.

A program burns the processor on some threads while others wait; off and on take turns in one process, so that a noisy
machine is the same for both.
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import sightline
from sightline.sdk.profiler import HZ, SHARE, profiler

ROUND_S = 2.0


def _deep(depth: int, until: float) -> int:
    if depth:
        return _deep(depth - 1, until)
    count = 0
    while time.perf_counter() < until:
        count += sum(range(50))
    return count


def _work(depth: int) -> float:
    """Burn for a while under *depth* frames, and tell how much was done for each second of processor time."""
    began = time.thread_time()
    done = _deep(depth, time.perf_counter() + ROUND_S)
    return done / (time.thread_time() - began)


def _spans_ns(count: int) -> float:
    """Tell what one span costs, in nanoseconds of processor time."""
    began = time.thread_time_ns()
    for _ in range(count):
        with sightline.span("work"):
            pass
    return (time.thread_time_ns() - began) / count


def _measure(waiting: int, depth: int, rounds: int) -> dict[str, float]:
    ended = threading.Event()
    threads = [threading.Thread(target=ended.wait, daemon=True) for _ in range(waiting)]
    for thread in threads:
        thread.start()
    off, on, shares, rates, span_off, span_on = [], [], [], [], [], []
    for _ in range(rounds):
        off.append(_work(depth))
        span_off.append(_spans_ns(5000))
        profiler.want("benchmark", HZ)
        spent, samples, began = profiler.spent_ns, profiler.samples, time.perf_counter()
        with sightline.span("busy"):
            on.append(_work(depth))
        span_on.append(_spans_ns(5000))
        elapsed_s = time.perf_counter() - began
        shares.append((profiler.spent_ns - spent) / 1e9 / elapsed_s)
        rates.append((profiler.samples - samples) / elapsed_s)
        profiler.unwant("benchmark")
    ended.set()
    for thread in threads:
        thread.join()
    return {
        "waiting_threads": waiting,
        "frames": depth,
        "samples_per_s": statistics.median(rates),
        "core_share": statistics.median(shares),
        "slowdown": 1 - statistics.median(on) / statistics.median(off),
        "span_off_ns": statistics.median(span_off),
        "span_on_ns": statistics.median(span_on),
    }


def main() -> None:
    """Run, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="sightline-profiler-") as home:
        sightline.configure(service="profiled", home=Path(home), metrics_interval_s=3600, system_interval_s=3600)
        found = [_measure(waiting, depth, options.rounds) for waiting, depth in ((0, 10), (10, 60), (200, 60))]
        sightline.shutdown()
    if options.json:
        print(json.dumps({"hz": HZ, "target_share": SHARE, "results": found}, indent=1))
        return
    print(f"{HZ:g} samples a second asked for, {SHARE:.1%} of a core allowed\n")
    print("threads  frames  samples/s  share of a core  slowdown  span off ns  span on ns")
    for row in found:
        print(
            f"{row['waiting_threads']:>7} {row['frames']:>7} {row['samples_per_s']:>10.1f} {row['core_share']:>16.2%} "
            f"{row['slowdown']:>9.1%} {row['span_off_ns']:>12.0f} {row['span_on_ns']:>11.0f}"
        )


if __name__ == "__main__":
    main()
