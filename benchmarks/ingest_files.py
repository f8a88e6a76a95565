"""
A log file of nginx's combined format, from disk to acknowledged, by ``sightline ingest``'s own sender.

A real server in a process of its own; the clock runs from opening the file to the last answer, which comes when all is
stored. ``lost`` is what was in the file and is not found.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from ingest_otlp import ask, running_server
from sightline.cli.answers import Remote
from sightline.cli.log_files import Sender

AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36"


def write(path: Path, lines: int) -> int:
    """Write an access log of the last hour and give its bytes."""
    chance = random.Random(1)
    first = time.time() - 3600
    with path.open("w") as file:
        for number in range(lines):
            moment = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(first + number * 3600 / lines))
            client = ".".join(str(chance.randrange(256)) for _ in range(3))
            request = f"GET /orders/{chance.randrange(100_000)}?page={chance.randrange(9)} HTTP/1.1"
            status, size = chance.choice((200, 200, 200, 304, 404, 500)), chance.randrange(50_000)
            agent = AGENT.format(chance.randrange(90, 140))
            told = f'"{request}" {status} {size} "https://shop.example/cart" "{agent}"'
            file.write(f"10.{client} - - [{moment}] {told}\n")
    return path.stat().st_size


def measure(lines: int = 2_000_000) -> dict[str, Any]:
    """Take one file in and give the figures."""
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as directory, running_server() as server:
        warm, path = Path(directory) / "warm.log", Path(directory) / "access.log"
        write(warm, 100_000)
        size = write(path, lines)
        answers = Remote(server.url)
        Sender(answers).file(warm)
        before_s, mine_s = server.cpu_s(), time.process_time()
        started = time.perf_counter()
        taken = Sender(answers).file(path)
        took_s = time.perf_counter() - started
        used_s, sent_s = server.cpu_s() - before_s, time.process_time() - mine_s
        answers.close()
        stored = int(ask(server.url, "SELECT count() FROM otel_logs WHERE ServiceName = 'access'")[0][0])
    return {
        "mb_per_second": round(size / 1e6 / took_s, 1),
        "lines_per_second": round(lines / took_s),
        "lines": lines,
        "bytes_per_line": round(size / lines),
        "seconds": round(took_s, 2),
        "server_cpu_us_per_line": round(used_s * 1e6 / lines, 2),
        "sender_cpu_us_per_line": round(sent_s * 1e6 / lines, 2),
        "unread": taken.unread,
        "lost": lines - stored,
    }


def main() -> None:
    """Measure and print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=2_000_000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(arguments.lines)
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, figure in figures.items():
        print(f"{name.replace('_', ' '):22} {figure:>12,}")


if __name__ == "__main__":
    main()
