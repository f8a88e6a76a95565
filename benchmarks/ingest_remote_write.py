"""
Samples of Prometheus remote write acknowledged in a second: a real server, HTTP and commit included.

Each client stands for one shard of a Prometheus: 2,000 samples a request, one of each series, ten labels, and the same
series again in the next scrape, with values and times of its own. The client runs on the same cores; its requests are
encoded before the clock starts, and what it takes meanwhile is told. The clock starts when each series was sent three
times, and stops when the last request is answered, which means stored. Afterwards the store is asked how many samples
it has.
"""

from __future__ import annotations

import argparse
import json
import socket
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parent))

from ingest_otlp import Running, ask, running_server

SNAPPY = pa.Codec("snappy")
HEAD = (
    "POST /api/v1/write HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n"
    "X-Prometheus-Remote-Write-Version: 0.1.0\r\nContent-Length: {}\r\n\r\n"
)
MAX_SCRAPES = 150
"""Scrapes of one round at most: their requests are in memory."""

MARK = b"\x12\x10\x09"
"""How a sample of eight bytes and six begins, after its series' labels."""


def _field(number: int, content: bytes) -> bytes:
    length = len(content)
    size = bytes([length]) if length < 128 else bytes([length & 0x7F | 0x80, length >> 7])
    return bytes([number << 3 | 2]) + size + content


def labels(number: int) -> dict[str, str]:
    """Name a series as a Kubernetes cluster has them."""
    return {
        "__name__": f"http_server_requests_{number % 200}_total",
        "cluster": "eu-west-1",
        "code": "200",
        "container": "shop",
        "endpoint": "metrics",
        "instance": f"10.0.{number // 250}.{number % 250}:9090",
        "job": "shop",
        "method": "GET",
        "namespace": "production",
        "pod": f"shop-7d9f8b6c5-{number:05d}",
    }


class Shard:
    """The request of one shard: its series, with values and times set anew for each scrape."""

    def __init__(self, first: int, count: int) -> None:
        parts, places, size = [], [], 0
        for number in range(first, first + count):
            named = b"".join(
                _field(1, _field(1, key.encode()) + _field(2, value.encode()))
                for key, value in sorted(labels(number).items())
            )
            parts.append(_field(1, named + MARK + bytes(8) + b"\x10" + bytes(6)))
            size += len(parts[-1])
            places.append(size - 15)
        self._body = bytearray(b"".join(parts))
        self._raw = np.frombuffer(self._body, np.uint8)
        self._values = np.array(places)[:, None] + np.arange(8)
        self._times = np.array(places)[:, None] + np.arange(9, 15)
        self.count = count

    def scrape(self, at_ms: int, chance: np.random.Generator) -> bytes:
        """Encode a scrape; half of the values are whole numbers, as counters have them."""
        values = chance.random(self.count)
        values[::2] = np.floor(values[::2] * 1e6) + 1
        self._raw[self._values] = values.view(np.uint8).reshape(-1, 8)
        encoded = [(at_ms >> shift) & 0x7F | (0x80 if shift < 35 else 0) for shift in range(0, 42, 7)]
        self._raw[self._times] = np.frombuffer(struct.pack("6B", *encoded), np.uint8)
        compressed: bytes = SNAPPY.compress(self._body, asbytes=True)
        return compressed


def _requests(url: str, shards: list[Shard], scrapes: int, first_ms: int) -> list[bytes]:
    chance, host = np.random.default_rng(first_ms), urlsplit(url).netloc
    bodies = [shard.scrape(first_ms + scrape * 15_000, chance) for scrape in range(scrapes) for shard in shards]
    return [HEAD.format(host, len(body)).encode() + body for body in bodies]


def _send(url: str, requests: list[bytes]) -> None:
    address = urlsplit(url)
    with socket.create_connection((str(address.hostname), address.port), 120) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests:
            connection.sendall(request)
            answer = connection.recv(65_536)
            while b"\r\n\r\n" not in answer and (more := connection.recv(65_536)):
                answer += more
            if not answer.startswith(b"HTTP/1.1 204 "):
                raise SystemExit(f"The server answered {answer!r}")


def measure(seconds: float = 10.0, series: int = 80_000, samples: int = 2_000, connections: int = 8) -> dict[str, Any]:
    """
    Measure for about *seconds* and give the figures.

    Args:
        seconds: how long to send; the amount is estimated from a first round.
        series: distinct series of all clients.
        samples: samples in one request.
        connections: clients that send side by side, each with its share of the series.
    """
    shards = [Shard(first, samples) for first in range(0, series, samples)]
    shares = [shards[lane::connections] for lane in range(connections)]
    first_ms = int(time.time() * 1000) - 3_600_000
    with running_server() as server, ThreadPoolExecutor(connections) as pool:
        new_s, new_cpu_s, _ = _round(pool, server, shares, 1, first_ms)
        warm_s, _, _ = _round(pool, server, shares, 2, first_ms + 15_000)
        scrapes = max(2, min(MAX_SCRAPES, int(2 * seconds / warm_s)))
        taken_s, used_s, sent_s = _round(pool, server, shares, scrapes, first_ms + 45_000)
        stored = int(ask(server.url, "SELECT count() FROM metric_samples")[0][0])
        found = int(ask(server.url, "SELECT uniqExact(SeriesId) FROM metric_series WHERE ServiceName = 'shop'")[0][0])
    acknowledged = scrapes * series
    return {
        "samples_per_second": round(acknowledged / taken_s),
        "server_cpu_us_per_sample": round(used_s * 1e6 / acknowledged, 3),
        "client_cpu_us_per_sample": round(sent_s * 1e6 / acknowledged, 3),
        "new_series_per_second": round(series / new_s),
        "server_cpu_us_per_new_series": round(new_cpu_s * 1e6 / series, 1),
        "samples": acknowledged,
        "seconds": round(taken_s, 2),
        "series": series,
        "series_found": found,
        "samples_per_request": samples,
        "labels_per_series": 10,
        "connections": connections,
        "lost": (scrapes + 3) * series - stored,
        "target_samples_per_second": 600_000,
    }


def _round(
    pool: ThreadPoolExecutor, server: Running, shares: list[list[Shard]], scrapes: int, first_ms: int
) -> tuple[float, float, float]:
    """Send scrapes, and give the seconds that it took, and those of processor time here and there: server, client."""
    lanes = [_requests(server.url, share, scrapes, first_ms) for share in shares]
    server_s, client_s, started = server.cpu_s(), time.process_time(), time.perf_counter()
    list(pool.map(lambda lane: _send(server.url, lane), lanes))
    return time.perf_counter() - started, server.cpu_s() - server_s, time.process_time() - client_s


def main() -> None:
    """Measure and print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--series", type=int, default=80_000)
    parser.add_argument("--samples", type=int, default=2_000, help="samples in one request")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    figures = measure(arguments.seconds, arguments.series, arguments.samples, arguments.connections)
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, figure in figures.items():
        print(f"{name.replace('_', ' '):26} {figure:>12,}")


if __name__ == "__main__":
    main()
