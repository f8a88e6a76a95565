"""
What the profiler costs: the processor time of its thread, and what a busy program loses by it.

A program burns the processor on one thread while others wait; off and on take turns in one process, so that a noisy
machine is the same for both. What it loses is told twice: by the clock, with the time in which the profiler keeps it
from the interpreter, and by the processor time of the whole process, which other programs disturb less.
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import sightline
from sightline.sdk.profiler import HZ, SHARE, profiler

ROUND_S = 1.0


def _deep(depth: int, until: float) -> int:
    if depth:
        return _deep(depth - 1, until)
    count = 0
    while time.perf_counter() < until:
        count += sum(range(50))
    return count


def _work(depth: int) -> tuple[float, float]:
    """Burn for a while under *depth* frames; tell how much was done for each second, and for each of the processor."""
    began, began_cpu = time.perf_counter(), time.process_time()
    done = _deep(depth, began + ROUND_S)
    return done / (time.perf_counter() - began), done / (time.process_time() - began_cpu)


def _lost(off: list[float], on: list[float]) -> tuple[float, float]:
    """
    Tell which share of its work a program loses, and by how much that can be wrong.

    Each turn is compared with those before and after it: a machine that others use is the same for neighbours alone.
    The second figure is the usual difference of two turns without, over the root of how many there are.
    """
    turns = [1 - 2 * found / (before + after) for found, (before, after) in zip(on, pairwise(off), strict=True)]
    usual = statistics.median(abs(1 - after / before) for before, after in pairwise(off))
    return statistics.median(turns), usual / len(on) ** 0.5


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
    shares, rates, span_off, span_on = [], [], [], []
    _work(depth)  # code that runs for the first time is slower
    off, on = [_work(depth)], []
    for _ in range(rounds):
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
        off.append(_work(depth))
    ended.set()
    for thread in threads:
        thread.join()
    by_clock, by_processor = (_lost([turn[unit] for turn in off], [turn[unit] for turn in on]) for unit in (0, 1))
    return {
        "waiting_threads": waiting,
        "frames": depth,
        "samples_per_s": statistics.median(rates),
        "core_share": statistics.median(shares),
        "slowdown": by_clock[0],
        "slowdown_error": by_clock[1],
        "slowdown_processor": by_processor[0],
        "slowdown_processor_error": by_processor[1],
        "span_off_ns": statistics.median(span_off),
        "span_on_ns": statistics.median(span_on),
    }


def main() -> None:
    """Run, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
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
    print("threads  frames  samples/s  share of a core    slowdown  by processor  span off ns  span on ns")
    for row in found:
        print(
            f"{row['waiting_threads']:>7} {row['frames']:>7} {row['samples_per_s']:>10.1f} {row['core_share']:>16.2%} "
            f"{row['slowdown']:>6.1%} ±{row['slowdown_error']:.1%} {row['slowdown_processor']:>7.1%} "
            f"±{row['slowdown_processor_error']:.1%} {row['span_off_ns']:>12.0f} {row['span_on_ns']:>11.0f}"
        )


if __name__ == "__main__":
    main()
