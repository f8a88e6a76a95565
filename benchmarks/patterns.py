"""
How fast lines are grouped into patterns, and how well.

Speed: a million lines of twelve messages in a store, the whole question as over HTTP asks it, in lines a second.

Accuracy: given a directory of logpai's loghub (https://github.com/logpai/loghub, free for research, not part of this
repository), every ``*_structured.csv`` in it. Grouping accuracy, as the papers on log parsing count it: the share of
lines whose group has exactly the lines that share the label. One configuration for all, nothing tuned for a data set.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Final

import re2  # type: ignore[import-untyped]

from sightline.query.analyses.patterns import find_patterns
from sightline.query.analyses.templates import MASKS, WILD, group
from sightline.query.timerange import NS_PER_S, TimeRange
from sightline.store.connect import Store

PARTS: Final = 10

_LOGS: Final = """
INSERT INTO otel_logs (Timestamp, SeverityText, SeverityNumber, ServiceName, Body)
SELECT fromUnixTimestamp64Nano({start:Int64} + toInt64(number) * {step:Int64}), 'INFO', 9,
    ['shop', 'pay', 'mail'][1 + number % 3],
    concat(['Order', 'Refund', 'Basket', 'Payment'][1 + number % 4], ' ', toString(number),
           [' was paid by user', ' was cancelled by user', ' timed out for user'][1 + number % 3],
           toString(number % 5000), ' from 10.0.', toString(number % 250), '.7 in ', toString(rand() % 900),
           'ms, trace ', lower(hex(sipHash128(number))))
FROM numbers({first:UInt64}, {count:UInt64})
"""


def speed(lines: int, rounds: int) -> dict[str, float]:
    """Fill a store, ask, and give the middle of *rounds*."""
    with tempfile.TemporaryDirectory() as directory:
        store = Store.open(f"chdb://{Path(directory).resolve()}/store")
        try:
            now_ns = time.time_ns()
            step = 3600 * NS_PER_S // lines
            for part in range(PARTS):
                count = lines // PARTS
                values = {"start": now_ns - 3600 * NS_PER_S, "step": step, "first": part * count, "count": count}
                store.query(_LOGS, values, readonly=False)
            within = TimeRange(now_ns - 3600 * NS_PER_S, now_ns)
            times = []
            for _ in range(rounds):
                started = time.perf_counter()
                found = find_patterns(store, "", within, max_lines=lines)
                times.append(time.perf_counter() - started)
        finally:
            store.close()
    return {"lines_per_s": round(lines / statistics.median(times)), "patterns": found.found}


def accuracy(path: Path) -> float:
    """Group the lines of a labelled file, and give the share of lines that are grouped exactly as labelled."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    masked = [re2.sub(MASKS, WILD, row["Content"]) for row in rows]
    groups = {text: number for number, (_, texts) in enumerate(group(masked)) for text in texts}
    found, labelled = defaultdict(set), defaultdict(set)
    for number, (text, row) in enumerate(zip(masked, rows, strict=True)):
        found[groups[text]].add(number)
        labelled[row["EventId"]].add(number)
    right = sum(len(lines) for lines in found.values() if labelled[rows[min(lines)]["EventId"]] == lines)
    return right / len(rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path, nargs="?", help="where labelled lines are; none measures speed only")
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = speed(arguments.lines, arguments.rounds)
    files = sorted(arguments.directory.rglob("*_structured.csv")) if arguments.directory else []
    scores = {path.name.split("_")[0]: round(accuracy(path), 3) for path in files}
    if arguments.json:
        json.dump({**figures, "accuracy": scores}, sys.stdout)
        return
    print(f"{figures['lines_per_s']:,} lines a second, {figures['patterns']} patterns")
    for name, score in scores.items():
        print(f"{name:<14}{score:>6.3f}")
    if scores:
        print(f"{'mean':<14}{statistics.mean(scores.values()):>6.3f}")


if __name__ == "__main__":
    main()
