"""
How long the pages' questions and searches take on a day of 20 million logs, 10 million spans and 1.5 million samples.

The records are those of benchmarks/search_data.py; with ``--keep`` they are made once and stay in that directory. Each
question is asked through the same functions as over HTTP, of the last half hour, hour and day, each time of another
moment so that the engine has no answer ready, first while nothing else happens, then while 20,000 records a second are
put in through the door that the server uses for segments. A day made in a minute is still being merged, which is waited
for first. That is done twice, each time for half of the rounds, and what came in meanwhile is taken out again: a minute
of it is as much as the day has in an hour. Where others on the host took time of the machine's meanwhile, a question is
asked again, at most twice, and the calmest counts. Processor time is the least of all rounds: where the machine does
other work beside, it tells what is the question's own. ``missed`` names what took longer than promised, or more than
doubled under load.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import statistics
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count, cycle, product
from operator import itemgetter
from pathlib import Path
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any, Final

sys.path.insert(0, str(Path(__file__).parent))

from ingest import wait_for_merges
from search_data import DAY_S, LARGE_TRACE, LARGE_TRACE_SPANS, last_records, prepare
from sightline.query.analyses.overview import overview
from sightline.query.errors import describe, list_fingerprints
from sightline.query.facets import count_values
from sightline.query.logs import count_logs, search_logs
from sightline.query.metrics import RangeQuestion, list_metrics, metric_range
from sightline.query.search import LOGS
from sightline.query.services import list_services
from sightline.query.span_pages import page_spans, write_spans
from sightline.query.timerange import NS_PER_S, TimeRange
from sightline.query.traces import MAX_SPANS, read_trace, search_traces
from sightline.server.run import freeze_heap
from sightline.store.connect import Store
from sightline.store.inserts import RECORD_ENTRY
from stolen import stolen_ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

    from sightline.query.metrics import Aggregate

DASHBOARD_MS: Final = 100.0
TOKEN_MS: Final = 100.0
REGEX_HOUR_MS: Final = 500.0
TRACE_MS: Final = 30.0
PAGE_MS: Final = 100.0
LARGE_TRACE_MS: Final = 1000.0
UNDER_LOAD: Final = 2.0
"""How many times longer a question may take while records come in."""

UNPROMISED_ROUNDS: Final = 5
"""Most times that a question is asked of which nothing is promised."""

SETTLE_S: Final = 5.0
"""Seconds of load before anything is measured."""

TURNS: Final = 2
"""How often all is asked at rest and then under load, each time a share of the rounds."""

TRIES: Final = 3
"""How often a question is asked at most where others on the host take the machine's time."""

MERGED_S: Final = 15.0
"""Seconds without a merge after which there is none to come: the engine looks for one up to ten seconds later."""

TOKENS: Final = ("needle", "paid berlin", "accepted berlin", "haystack OR failed")
PHRASES: Final = ('"card of customer 42"', '"needle in haystack"', "confirm*")
ATTRIBUTES: Final = ("user_id:42", "user_id:{rare}", "order:{order}", "path:/orders/{order}", "duration_ms:>=299")
HISTOGRAMS: Final = ("needle", "accepted berlin")
REGEXES: Final = ('~"took 1[0-9]{2} ms"', '~"items to (Oslo|Rome)$"', '~"no such [a-z]+"')
HARD: Final = '~"[0-9]{{8}}[a-{first}][a-{second}]"'
"""Found nowhere, and without a word that an index could help with: every record is read. Each round has its own."""

FIELDS: Final = ("level:error", "service:shop level:>=warning")
TRACES: Final = ("status:error", "duration:>5s", "service:shop orders", "user.id:42", "url.path:/orders/{order}")
METRICS: Final[dict[str, Aggregate | None]] = {"system_cpu_percent": None, "http_requests_total": None, "wait": "p95"}
FILLED: Final = {
    "otel_logs": "Timestamp", "errors": "Timestamp", "otel_traces": "Timestamp", "log_minutes": "Time",
    "span_minutes": "Time", "request_sums": "Time", "trace_minutes": "Time",
}  # fmt: skip
"""Tables that records are put into, and their times."""

BEFORE_NS: Final = 3_700_000_000
"""How much earlier each round asks: the engine remembers which parts of a table had nothing for a condition."""


_SPAWN: Final = multiprocessing.get_context("spawn")
"""A process that begins anew: the engine's threads are not copied."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question, of the time before a moment, and the milliseconds that it may take; None without a promise."""

    ask: Callable[[int], Any]
    at_most_ms: float | None = None
    most: int = 0

    def rounds(self, rounds: int) -> int:
        """Tell how often it is asked: less often where it takes long, or nothing is promised."""
        return min(rounds, self.most or (rounds if self.at_most_ms else UNPROMISED_ROUNDS))


def before(question: Callable[[TimeRange], Any], seconds: int) -> Callable[[int], Any]:
    """Ask of the last *seconds* before a moment."""
    return lambda end_ns: question(TimeRange(end_ns - seconds * NS_PER_S, end_ns))


def questions(store: Store, end_ns: int) -> dict[str, Question]:
    """Give what is asked, by name."""
    hard = (HARD.format(first=first, second=second) for first, second in product(ascii_lowercase[1:], repeat=2))
    found: dict[str, Question] = {}
    found["logs, hour: a regex that is found nowhere"] = Question(
        before(lambda within: search_logs(store, next(hard), within), 3600), REGEX_HOUR_MS
    )
    for name, seconds in (("30 min", 1800), ("day", DAY_S)):
        found |= {
            f"{asked}, {name}": Question(before(ask, seconds), DASHBOARD_MS) for asked, ask in _pages(store).items()
        }
    found |= {name: Question(before(ask, DAY_S), at_most) for name, (ask, at_most) in _searches(store).items()}
    for pattern in REGEXES:
        found[f"logs, hour: {pattern}"] = Question(before(partial(search_logs, store, pattern), 3600), REGEX_HOUR_MS)
    third = TimeRange(end_ns - DAY_S * NS_PER_S, end_ns - DAY_S * NS_PER_S // 3)
    traces = cycle(search_traces(store, "", third, limit=100).traces)
    found["one trace"] = Question(lambda _: read_trace(store, next(traces).trace_id), TRACE_MS)
    first = page_spans(store, LARGE_TRACE)
    assert first is not None
    pages = partial(write_spans, store, LARGE_TRACE, cursor=first.next_cursor)
    found["a trace of 100,000 spans, its first 10,000"] = Question(
        lambda _: read_trace(store, LARGE_TRACE), LARGE_TRACE_MS
    )
    found["a trace of 100,000 spans, its first page"] = Question(lambda _: write_spans(store, LARGE_TRACE), PAGE_MS)
    found["a trace of 100,000 spans, its next page"] = Question(lambda _: pages(), PAGE_MS)
    found["a trace of 100,000 spans, all 10 pages"] = Question(lambda _: whole_trace(store), LARGE_TRACE_MS, most=10)
    # What something is promised of comes first: the longer the load lasts, the more there is to read.
    return dict(sorted(found.items(), key=lambda each: each[1].at_most_ms is None))


def _pages(store: Store) -> dict[str, Callable[[TimeRange], Any]]:
    asked: dict[str, Callable[[TimeRange], Any]] = {
        "overview": partial(overview, store),
        "overview of a service": partial(overview, store, service="shop"),
        "services": partial(list_services, store),
        "errors": partial(_errors, store),
        "values of fields": partial(count_values, store, LOGS, ""),
        "traces": partial(search_traces, store, ""),
        "metrics": lambda _: list_metrics(store),
    }
    for query in ("", *FIELDS):
        asked[f"logs {query}".rstrip()] = partial(search_logs, store, query)
        asked[f"histogram {query}".rstrip()] = partial(count_logs, store, query)
    for name, aggregate in METRICS.items():
        asked[f"metric {name}"] = partial(_metric, store, name, aggregate)
    return asked


def _errors(store: Store, within: TimeRange) -> Any:
    return describe(
        store, "", within, [each.fingerprint for each in list_fingerprints(store, "", within, "last_seen")[:50]]
    )


def _metric(store: Store, name: str, aggregate: Aggregate | None, within: TimeRange) -> Any:
    return metric_range(store, RangeQuestion(name, within, by=["endpoint"], aggregate=aggregate))


def _searches(store: Store) -> dict[str, tuple[Callable[[TimeRange], Any], float | None]]:
    place = {"order": 7_000_000 + 400_000, "rare": 31_337}
    asked: dict[str, tuple[Callable[[TimeRange], Any], float | None]] = {}
    for query in TOKENS:
        asked[f"logs, day: {query}"] = partial(search_logs, store, query), TOKEN_MS
    for query in (*PHRASES, *(text.format(**place) for text in ATTRIBUTES)):
        asked[f"logs, day: {query}"] = partial(search_logs, store, query), None
    for query in (text.format(**place) for text in TRACES):
        asked[f"traces, day: {query}"] = partial(search_traces, store, query), None
    for query in HISTOGRAMS:
        asked[f"histogram, day: {query}"] = partial(count_logs, store, query), None
    return asked


def whole_trace(store: Store) -> None:
    """Have the largest trace written page by page, and read no more of it than the cursor at each page's end."""
    spans, cursor = 0, ""
    while spans == 0 or cursor:
        page = write_spans(store, LARGE_TRACE, limit=MAX_SPANS, cursor=cursor or None)
        assert page is not None
        spans += page.count(b"\n") + 1
        cursor = json.loads(b"{" + page[page.rindex(b'"next_cursor"') :])["next_cursor"]
    assert spans == LARGE_TRACE_SPANS


Took = tuple[float, float]
"""What one asking took, in milliseconds of time and of processors."""


def ask_turn(
    asked: dict[str, Question], end_ns: Callable[[], int], rounds: int, turn: int, when: str
) -> dict[str, list[Took]]:
    """Ask each question this turn's share of all its rounds, one after the other."""
    found = {}
    for name, question in asked.items():
        print(f"{when}, {turn + 1} of {TURNS}: {name}", file=sys.stderr)
        most = question.rounds(rounds)
        numbers = range(most * turn // TURNS, most * (turn + 1) // TURNS)
        found[name] = [ask(question, end_ns() - (number + 1) * BEFORE_NS) for number in numbers]
    return found


def ask(question: Question, moment_ns: int) -> Took:
    """Ask once, or again where others on the host took time of the machine's meanwhile; the calmest counts."""
    tries: list[tuple[int, Took]] = []
    while len(tries) < TRIES and all(stolen for stolen, _ in tries):
        before = stolen_ticks()
        # Each try asks of another moment, too.
        took = ask_once(question, moment_ns - len(tries) * NS_PER_S)
        tries.append((stolen_ticks() - before, took))
    return min(tries, key=itemgetter(0))[1]


def ask_once(question: Question, moment_ns: int) -> Took:
    """Ask, whoever disturbs."""
    started, used = time.perf_counter(), time.process_time()
    question.ask(moment_ns)
    return (time.perf_counter() - started) * 1000, (time.process_time() - used) * 1000


def summed(took: list[Took]) -> dict[str, float]:
    """Give the middle, the 95th percentile and the least processor time."""
    times = sorted(each[0] for each in took)
    p95, least = times[math.ceil(len(times) * 0.95) - 1], min(each[1] for each in took)
    return {"p50_ms": round(statistics.median(times), 1), "p95_ms": round(p95, 1), "cpu_ms": round(least, 1)}


class Load:
    """
    Records that come in after the day's end, half a second's at a time, as the server takes them from segments.

    They are the day's last ones over again, each batch with ids of traces of its own: what is found under load differs
    from what is found at rest only in that it is new. A process of its own makes them, as applications do.
    """

    def __init__(self, store: Store, end_ns: int, rate: int) -> None:
        self._resources, records = last_records(store, end_ns, rate // 2)
        self._store, self._end_ns, self._rate, self._batch = store, end_ns, rate, len(records)
        self._made, theirs = _SPAWN.Pipe(duplex=False)
        lines = [_pieces(record) for record in records]
        self._maker = _SPAWN.Process(target=make_batches, args=(theirs, lines, end_ns, rate), daemon=True)
        self._maker.start()
        self._next = self._made.recv_bytes()
        self._started = time.monotonic()
        self._stop = threading.Event()
        self.done = 0

    def end_ns(self) -> int:
        """Tell how late it is in the store."""
        return self._end_ns + int((time.monotonic() - self._started) * NS_PER_S)

    def _due(self) -> float:
        """Tell when the records of the next half second have all been made."""
        return self._started + (self.done + self._batch) / self._rate

    def _put(self) -> None:
        while not self._stop.wait(max(0.0, self._due() - time.monotonic())):
            token = f"load-{self._started}-{self.done}"
            # The server sees that these are logs and spans alone, and takes them by this door.
            self._store.insert_lines([self._next], self._resources, token, door=RECORD_ENTRY)
            self.done += self._batch
            self._next = self._made.recv_bytes()

    @contextmanager
    def coming_in(self) -> Iterator[None]:
        """Put records in meanwhile, and take them out again, so that the day can be asked about once more."""
        worker = threading.Thread(target=self._put)
        worker.start()
        try:
            yield
        finally:
            self._stop.set()
            worker.join()
            self._maker.terminate()
            self._maker.join()
            for table, column in FILLED.items():
                condition = f"toUnixTimestamp({column}) >= {self._end_ns // NS_PER_S}"
                statement = f"ALTER TABLE {table} DELETE WHERE {condition} SETTINGS mutations_sync = 2"
                self._store.query(statement, readonly=False, seconds=600)


def make_batches(taken: Connection, lines: list[tuple[bytes, bytes, bytes]], end_ns: int, rate: int) -> None:
    """Make batch after batch, each when the one before is taken."""
    apart_ns = NS_PER_S // rate
    for number in count():
        own, first_ns = b"%08x" % number, end_ns + number * len(lines) * apart_ns
        taken.send_bytes(b"".join(
            b'%b"time":%d%b%b%b' % (head, first_ns + place * apart_ns, trace, own, rest)
            for place, (head, trace, rest) in enumerate(lines)
        ))  # fmt: skip


def _pieces(record: dict[str, Any]) -> tuple[bytes, bytes, bytes]:
    """Cut a record's line before its time, and at the end of its trace's id: eight digits of it are left out."""
    line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
    head, rest = line.split(b'"time":%d' % record["time"], 1)
    trace = record["trace"].encode()
    before, after = rest.split(trace, 1)
    return head, before + trace[:-8], after


def ask_all(directory: Path, end_ns: int, rounds: int, rate: int, only: str) -> tuple[dict[str, Any], int]:
    """Ask everything, at rest and, unless *rate* is 0, while records come in; tell how many did."""
    store = Store.open(f"chdb://{directory.resolve()}/store")
    found: dict[str, Any] = {}
    come: list[float] = []
    try:
        asked = {name: each for name, each in questions(store, end_ns).items() if only in name}
        rest: dict[str, list[Took]] = {name: [] for name in asked}
        loaded: dict[str, list[Took]] = {name: [] for name in asked}
        first: dict[str, Took] = {}
        freeze_heap()
        for turn in range(TURNS):
            wait_for_merges(store, MERGED_S)
            first = first or {name: ask_once(each, end_ns) for name, each in asked.items()}
            for name, took in ask_turn(asked, lambda: end_ns, rounds, turn, "at rest").items():
                rest[name] += took
            if not rate:
                continue
            load = Load(store, end_ns, rate)
            with load.coming_in():
                time.sleep(SETTLE_S)
                began, done = time.monotonic(), load.done
                for name, took in ask_turn(asked, load.end_ns, rounds, turn, "under load").items():
                    loaded[name] += took
                come.append((load.done - done) / (time.monotonic() - began))
        for name, each in asked.items():
            found[name] = {"first_ms": round(first[name][0], 1), **summed(rest[name]), "at_most_ms": each.at_most_ms}
            if rate:
                found[name] |= {f"loaded_{key}": value for key, value in summed(loaded[name]).items()}
    finally:
        store.close()
    return found, round(min(come, default=0))


def main() -> None:
    """Fill a store, ask, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--logs", type=int, default=20_000_000)
    parser.add_argument("--spans", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=40, help="times that each question is asked")
    parser.add_argument("--rate", type=int, default=20_000, help="records a second that come in meanwhile; 0: none")
    parser.add_argument("--keep", type=Path, help="directory to make the records in, or to find them in")
    parser.add_argument("--only", default="", help="ask only questions with this in their names")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as temporary:
        directory = arguments.keep or Path(temporary) / "day"
        end_ns = prepare(directory, arguments.logs, arguments.spans)
        found, come = ask_all(directory, end_ns, arguments.rounds, arguments.rate, arguments.only)
    missed = {name: why for name, figures in found.items() if (why := _missed(figures))}
    if arguments.json:
        told = {"logs": arguments.logs, "spans": arguments.spans, "records_per_second": come}
        json.dump({**told, "questions": found, "missed": missed}, sys.stdout)
        return
    print(f"{arguments.logs:,} logs, {arguments.spans:,} spans; loaded: {come:,} records a second come in")
    print(f"{'milliseconds':<56}{'first':>8}{'p50':>8}{'p95':>8}{'cpu':>8}{'at most':>9}{'loaded p50':>12}{'p95':>8}")
    for name, figures in found.items():
        print(f"{name:<56}" + "".join(f"{figures.get(key) or '':>{width}}" for key, width in (
            ("first_ms", 8), ("p50_ms", 8), ("p95_ms", 8), ("cpu_ms", 8), ("at_most_ms", 9), ("loaded_p50_ms", 12),
            ("loaded_p95_ms", 8))))  # fmt: skip
    print("\n".join(f"missed: {name}: {why}" for name, why in missed.items()) or "Nothing was missed.")


def _missed(figures: dict[str, Any]) -> str:
    """Say what a question that something is promised of took too long for; nothing where it did not."""
    if not (at_most := figures["at_most_ms"]):
        return ""
    if figures["p95_ms"] > at_most:
        return f"{figures['p95_ms']:g} ms instead of {at_most:g}"
    if (loaded := figures.get("loaded_p95_ms", 0.0)) > UNDER_LOAD * figures["p95_ms"]:
        return f"{loaded:g} ms under load, {figures['p95_ms']:g} without"
    return ""


if __name__ == "__main__":
    main()
