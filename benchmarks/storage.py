"""
What a record takes on disk, after merges, with indexes and marks: spans, JSON application logs, samples.

The records are those of a made-up shop of six services on twelve processes, put in through the ordinary door. Ids
are random, as real ones are: 16 bytes for a trace, 8 for a span. A request is one trace of four to twelve spans
over several services; a span has 11 attributes, of which some never change, some have a few dozen values, and two
(an id, a size) are nearly random; durations are log-normal. Each request logs three to eight lines with five fields
and, at its end, a line of access with method, path, status, time, client and browser, as the integrations do; one
request in fifty logs an error with its traceback. All are JSON as ``docs/formats/json-log.md`` has it, with the ids
of trace and span; what counts is the bytes of that JSON for each byte on disk. Samples are those of a process every
15 s, milliseconds late by chance: counters of requests that grow unevenly, their histograms' buckets, gauges that
wander, and things that seldom change.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import tempfile
from typing import TYPE_CHECKING, Any, Final

from sightline.store import keep
from sightline.store.connect import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

START_NS: Final = 1_800_000_000_000_000_000
SERVICES: Final = ("gateway", "shop", "pay", "stock", "mail", "search")
ROUTES: Final = ("/orders", "/orders/{id}", "/basket", "/basket/items", "/login", "/search", "/products/{id}", "/pay")
CITIES: Final = ("Berlin", "Paris", "Rome", "Madrid", "Vienna", "Prague", "Lisbon", "Oslo")
SAYINGS: Final = (
    "order {order} of customer {user} accepted, {size} items to {city}",
    "charged {amount} EUR to card of customer {user} for order {order}",
    "cache miss for product {size}, asking the database",
    "query took {took} ms and gave {size} rows",
    "sent confirmation of order {order} to customer {user}",
    "retrying call to stock service after {took} ms (attempt 2 of 3)",
)
LEVELS: Final = {"INFO": 9, "WARNING": 13, "ERROR": 17}
TRACEBACK: Final = "Traceback (most recent call last):\\n" + "".join(
    f'  File "/srv/shop/pay/{name}.py", line {len(name) * 31}, in {name}\\n    return self.{name}(order, card)\\n'
    for name in ("service", "charge", "client", "send", "retry", "check")
)
BATCH: Final = 40_000
SCRAPE_NS: Final = 15_000_000_000


def instances() -> dict[str, dict[str, str]]:
    """Give the resources of two processes for each service."""
    return {
        f"{number:016x}": {
            "service.name": service,
            "service.version": f"2.{number // 2}.1",
            "service.instance.id": f"{number:016x}",
            "host.name": f"web-{number % 4}",
            "process.pid": str(4000 + number * 37),
            "deployment.environment.name": "production",
        }
        for number, service in enumerate(SERVICES * 2)
    }


class Request:
    """One request: a trace id, a time, a customer, and spans that call each other."""

    def __init__(self, number: int, chance: random.Random) -> None:
        self.chance = chance
        self.time_ns = START_NS + number * 20_000_000 + chance.randrange(20_000_000)
        self.trace = f"{chance.getrandbits(128):032x}"
        self.user = int(chance.paretovariate(0.6)) % 50_000
        self.order = 7_000_000 + number
        self.route = chance.choice(ROUTES)
        self.failed = chance.random() < 0.02
        self.spans = [f"{chance.getrandbits(64):016x}" for _ in range(chance.randint(4, 12))]

    def line(self, kind: str, place: int, time_ns: int, **fields: Any) -> dict[str, Any]:
        """Give what every line of the request has; the *place* decides on the process."""
        instance = f"{(place + self.user % 2 * 6) % 12:016x}"
        return {"kind": kind, "time": time_ns, "instance": instance, "trace": self.trace, **fields}

    def made_spans(self) -> Iterator[dict[str, Any]]:
        """Give its spans, each with 11 attributes."""
        at = self.time_ns
        for place, span in enumerate(self.spans):
            at += self.chance.randrange(2_000_000)
            server = place % 2 == 0
            duration = int(self.chance.lognormvariate(16, 1.1))
            failed = self.failed and place == len(self.spans) - 1
            attributes = {
                "http.request.method": "POST" if self.order % 4 == 0 else "GET",
                "http.route": self.route,
                "http.response.status_code": 500 if failed else 200,
                "url.scheme": "https",
                "url.path": self.route.replace("{id}", str(self.order)),
                "server.address": f"{SERVICES[place % 6]}.internal",
                "server.port": 8443,
                "network.protocol.version": "1.1",
                "user_agent.original": f"Mozilla/5.0 (X11; Linux x86_64) Firefox/{118 + self.user % 12}.0",
                "user.id": self.user,
                "http.response.body.size": int(self.chance.lognormvariate(8, 1)),
            }
            yield self.line(
                "span", place // 2, at, span=span, parent=self.spans[(place - 1) // 2] if place else "",
                name=f"{attributes['http.request.method']} {self.route}", span_kind="Server" if server else "Client",
                duration=duration, status="Error" if failed else "Unset", scope="sightline.asgi", attributes=attributes,
            )  # fmt: skip

    def made_logs(self) -> Iterator[dict[str, Any]]:
        """Give its log lines: what it says on its way, an error if it fails, and a line of access."""
        at = self.time_ns
        for _ in range(self.chance.randint(3, 8)):
            at += self.chance.randrange(3_000_000)
            kind = self.chance.randrange(len(SAYINGS))
            values = {
                "order": self.order, "user": self.user, "size": self.chance.randrange(1, 200),
                "amount": f"{self.chance.randrange(500, 20_000) / 100:.2f}",
                "city": CITIES[self.user % 8], "took": int(self.chance.lognormvariate(2, 1)),
            }  # fmt: skip
            level = "WARNING" if kind == len(SAYINGS) - 1 else "INFO"
            more = {"order": self.order, "city": values["city"]}
            yield self.log(at, self.chance.randrange(3), kind, level, SAYINGS[kind].format(**values), more)
        if self.failed:
            more = {"exception.type": "BankError", "exception.message": "refused", "exception.stacktrace": TRACEBACK}
            yield self.log(at, 0, 6, "ERROR", f"order {self.order} failed", more)
        took = self.chance.lognormvariate(3, 1)
        path = self.route.replace("{id}", str(self.order))
        yield self.log(at, 0, 7, "INFO", f"GET {path} {500 if self.failed else 200} in {took:.1f} ms", {
            "http.request.method": "GET", "url.path": path, "http.response.status_code": 500 if self.failed else 200,
            "duration_ms": round(took, 2), "client.address": f"203.0.{self.user % 113}.{self.user % 251}",
            "user_agent.original": f"Mozilla/5.0 (X11; Linux x86_64; rv:{118 + self.user % 12}.0) Gecko/20100101",
        })  # fmt: skip

    def log(self, at: int, place: int, kind: int, level: str, body: str, more: dict[str, Any]) -> dict[str, Any]:
        """Give one log line of a *kind*, which decides on the place in the code."""
        code = {
            "code.file.path": f"/srv/shop/{SERVICES[place]}/service.py", "code.function.name": f"handle_{kind}",
            "code.line.number": 40 + kind * 17, "thread.name": f"worker-{self.user % 8}",
        }  # fmt: skip
        fields = {"request_id": self.trace[:16], "user_id": self.user, "http.route": self.route}
        return self.line(
            "log", place, at, span=self.spans[place], severity=LEVELS[level], level=level,
            logger=f"shop.{SERVICES[place]}.service", body=body, attributes=code | fields | more,
        )  # fmt: skip


def as_json(log: dict[str, Any], resource: dict[str, str]) -> bytes:
    """Write a log as the application's own JSON file has it."""
    attributes = dict(log["attributes"])
    path, function, line, thread = (attributes.pop(key) for key in list(attributes)[:4])
    return json.dumps({
        "timestamp": f"2027-01-15T08:00:{log['time'] // 10**9 % 60:02}.{log['time'] // 10**6 % 1000:03}Z",
        "level": log["level"], "logger": log["logger"], "message": log["body"], "module": path, "function": function,
        "line": line, "thread": thread, "process": int(resource["process.pid"]), "trace_id": log["trace"],
        "span_id": log["span"], "application": resource["service.name"], "hostname": resource["host.name"],
        "environment": resource["deployment.environment.name"], "version": resource["service.version"],
        "instance": resource["service.instance.id"], **attributes,
    }, separators=(",", ":")).encode() + b"\n"  # fmt: skip


def made_samples(scrapes: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    """Give families of metrics of all processes, scrape by scrape."""
    state: dict[tuple[str, str], float] = {}
    busy = {route: chance.paretovariate(0.8) for route in ROUTES}
    for scrape in range(scrapes):
        for number, instance in enumerate(instances()):
            time_ns = START_NS + scrape * SCRAPE_NS + number * 900_000_000 + chance.randrange(3_000_000)
            at = {"kind": "metric", "time": time_ns, "instance": instance}
            counts, buckets = [], []
            for route in ROUTES:
                new = max(0, round(chance.gauss(busy[route], math.sqrt(busy[route]))))
                key = (instance, route)
                state[key] = state.get(key, 0) + new
                labels = {"route": route, "method": "GET"}
                counts.append({"name": "http_requests_total", "attributes": labels, "value": state[key]})
                for bound, share in (("0.01", 0.2), ("0.05", 0.7), ("0.1", 0.9), ("0.5", 0.99), ("+Inf", 1)):
                    here = (instance, route + bound)
                    state[here] = state.get(here, 0) + round(new * share)
                    labels = {"route": route, "le": bound}
                    buckets.append({"name": "http_seconds_bucket", "attributes": labels, "value": state[here]})
            yield {**at, "name": "http_requests", "type": "counter", "samples": counts}
            yield {**at, "name": "http_seconds", "type": "histogram", "samples": buckets}
            for name, width, grain in (("cpu_percent", 3, 1), ("memory_bytes", 40, 0), ("threads", 0.2, 0)):
                key = (instance, name)
                state[key] = abs(state.get(key, 40) + chance.gauss(0, width))
                value = round(state[key], grain) * (4096 if name == "memory_bytes" else 1)
                yield {
                    **at,
                    "name": name,
                    "type": "gauge",
                    "samples": [{"name": name, "attributes": {}, "value": value}],
                }


def put(store: Store, records: Iterator[dict[str, Any]], name: str) -> int:
    """Insert records as an application's lines, in batches, and give how many there were."""
    resources, waiting, total = instances(), [], 0
    for record in records:
        waiting.append(json.dumps(record, separators=(",", ":")).encode() + b"\n")
        total += 1
        if len(waiting) == BATCH:
            store.insert_lines(waiting, resources, f"{name}-{total}")
            waiting = []
    if waiting:
        store.insert_lines(waiting, resources, f"{name}-{total}")
    return total


def on_disk(store: Store, table: str) -> tuple[int, float, dict[str, float]]:
    """Merge a table, and give its rows, bytes a row with all that lies beside, and those of its largest columns."""
    store.query(f"OPTIMIZE TABLE {table} FINAL", readonly=False, seconds=600)
    of = f"active AND database = currentDatabase() AND table = '{table}'"
    rows, size = store.query(f"SELECT sum(rows), sum(bytes_on_disk) FROM system.parts WHERE {of}").rows[0]
    columns = store.query(
        f"SELECT column, sum(column_bytes_on_disk) AS size FROM system.parts_columns WHERE {of} "
        "GROUP BY column ORDER BY size DESC LIMIT 8"
    ).rows
    found = {name: round(column / rows, 2) for name, column in columns}
    indexes = store.query(f"SELECT sum(secondary_indices_compressed_bytes) FROM system.parts WHERE {of}").scalar()
    return rows, size / rows, found | {"indexes": round(indexes / rows, 2)}


def measure(requests: int, scrapes: int) -> dict[str, Any]:
    """Fill a store and look at what lies on disk."""
    chance = random.Random(5)
    made = [Request(number, chance) for number in range(requests)]
    resources = instances()
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as directory:
        store = Store.open(f"chdb://{directory}/store")
        try:
            keep.apply(store, {}, "production")  # as the server does; it also tells merges how to pack
            put(store, (span for request in made for span in request.made_spans()), "span")
            logs = [log for request in made for log in request.made_logs()]
            raw = sum(len(as_json(log, resources[log["instance"]])) for log in logs)
            put(store, iter(logs), "log")
            put(store, made_samples(scrapes, chance), "sample")
            spans, span_bytes, span_columns = on_disk(store, "otel_traces")
            rows, log_bytes, log_columns = on_disk(store, "otel_logs")
            samples, sample_bytes, sample_columns = on_disk(store, "metric_samples")
        finally:
            store.close()
    return {
        "data": " ".join((__doc__ or "").split()),
        "spans": spans, "bytes_per_span": round(span_bytes, 2), "target_bytes_per_span": 45,
        "logs": rows, "bytes_per_json_log": round(raw / rows), "bytes_per_log": round(log_bytes, 2),
        "json_logs_shrink": round(raw / rows / log_bytes, 1), "target_json_logs_shrink": 15,
        "samples": samples, "bytes_per_sample": round(sample_bytes, 3), "target_bytes_per_sample": 1.2,
        "columns": {"span": span_columns, "log": log_columns, "sample": sample_columns},
    }  # fmt: skip


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=30_000, help="each is eight spans and five and a half logs")
    parser.add_argument("--scrapes", type=int, default=480, help="times that each process is asked for 51 samples")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    found = measure(arguments.requests, arguments.scrapes)
    if arguments.json:
        print(json.dumps(found))
        return
    print(f"a span    {found['bytes_per_span']:>8} bytes (target 45)   {found['columns']['span']}")
    print(f"a log     {found['bytes_per_log']:>8} bytes             {found['columns']['log']}")
    print(
        f"JSON logs {found['json_logs_shrink']:>8} times smaller (target 15), {found['bytes_per_json_log']} bytes each"
    )
    print(f"a sample  {found['bytes_per_sample']:>8} bytes (target 1.2)  {found['columns']['sample']}")


if __name__ == "__main__":
    main()
