"""The engine and the live tail's matcher give the same answer to the same search."""

from collections.abc import Iterator

import msgspec
import pytest
from tests.support.records import NS, SERVICE, log, now_ns, span

from sightline.query.logs import search_logs
from sightline.query.search import LOGS, TRACES, compile_search, matcher
from sightline.query.timerange import TimeRange
from sightline.query.traces import read_trace, search_traces
from sightline.store.connect import Store

NOW = now_ns()

BODIES = [
    "Order 7 was paid",
    "ORDER 17 was not paid in time",
    "order-17 refused: /orders/17/pay",
    "Größe der Bestellung: 42",
    "größenwahn",
    "",
    "a\ttab, a \"quote\", a 'tick' and a \\ backslash",
    "paying 12:30:00 🙂",
    "idle",
    "100% sure_thing [x] (y) {z}",
]

SEARCHES = [
    "",
    "*",
    "order",
    "ORDER",
    "paid",
    "pai",
    "pai*",
    "*aid",
    "*ai*",
    "order-17",
    '"was paid"',
    '"was not paid"',
    "größe",
    "Größe",
    "größ*",
    "GRÖSS*",
    "🙂",
    "12:30:00",
    "%",
    "_",
    "sure_thing",
    "sure*",
    "[x]",
    '"(y)"',
    "{z}",
    "\\",
    "'tick'",
    '"a \\"quote\\""',
    "-order",
    "-paid order",
    '~"order.+(paid|refused)"',
    "~^a.tab",
    '~"(?i)größe"',
    "-~[0-9]",
    '~"\\\\ back"',
    "message:(idle OR ~^order)",
    "message:[a TO p]",
    "message:{idle TO *]",
    "body:idle",
    "BODY:Order*",
    "body:~^order",
    "body:*",
    "-body:*",
    "attributes.body:idle",
    "attributes.body:*",
    "order OR idle",
    "(order OR idle) -not",
    "level:error",
    "level:>=warning",
    "level:<warning",
    "level:info",
    "-level:info",
    "level:>error",
    "service:shop",
    "service:sh*",
    "service:pay",
    "logger:shop.orders",
    "logger:*",
    "trace:*",
    "-trace:*",
    f"trace:{'A' * 32}",
    "user_id:42",
    "user_id:4",
    "user_id:4*",
    "user_id:>41",
    "user_id:<=42",
    "user_id:*",
    "-user_id:*",
    "host.name:h1",
    "resource.host.name:h1",
    "resource.user_id:42",
    "attributes.user_id:42",
    "attributes.host.name:h1",
    'user_id:""',
    "amount:>=1.5",
    "amount:<0",
    'note:"a b"',
    "empty:*",
]

SPAN_SEARCHES = [
    "",
    "orders",
    "GET",
    "get",
    "kind:server",
    "kind:client",
    "status:error",
    "status:ok",
    "-status:error",
    "duration:>10ms",
    "duration:<=10ms",
    "duration:=0.01s",
    "name:render",
    'name:"GET /orders"',
    "name:GET*",
    "parent:*",
    "-parent:*",
    "http.route:/orders",
    "http.route:*",
    "orders OR render",
    "scope:x",
    "service:shop",
]


def lines() -> bytes:
    """Write one log a body, with what the searches ask for, and spans that make a trace each."""
    logs = [
        log(
            body,
            NOW - index * NS,
            level=("INFO", "WARNING", "ERROR", "INFO")[index % 4],
            severity=(9, 13, 17, 0)[index % 4],
            trace="a" * 32 if index % 3 == 0 else "",
            attributes=(
                {"user_id": 42, "amount": 1.5 * index - 3},
                {"note": "a b", "empty": "", "body": "idle"},
                {},
            )[index % 3],
        )
        for index, body in enumerate(BODIES)
    ]
    names = ["GET /orders", "render", "SELECT orders", "GET /"]
    spans = [
        span(
            name,
            NOW - index * NS,
            trace=f"{index:032x}",
            span=f"{index:016x}",
            parent="" if index % 2 else "b" * 16,
            duration_ms=index * 10,
            span_kind=("Server", "Client", "", "Server")[index % 4],
            status=("Error", "Ok", "", "")[index % 4],
            scope="x" if index == 1 else "",
            attributes={"http.route": "/orders"} if "GET" in name else {},
        )
        for index, name in enumerate(names)
    ]
    return b"".join(logs + spans)


@pytest.fixture(scope="module")
def store(address, tmp_path_factory) -> Iterator[Store]:
    """Open a store that holds the records."""
    store = Store.open(address(tmp_path_factory.mktemp("search")), memory_bytes=512 * 1024 * 1024)
    store.insert_lines([lines()], {"a" * 16: SERVICE}, "one")
    yield store
    store.close()


RANGE = TimeRange(NOW - 3600 * NS, NOW + NS)


@pytest.mark.parametrize("query", SEARCHES)
def test_engine_and_matcher_agree_on_logs(store, query):
    """A search finds the same logs in the store as it lets through to the tail."""
    every = [msgspec.to_builtins(record) for record in search_logs(store, "", RANGE).records]
    assert len(every) == len(BODIES)

    found = [record.body for record in search_logs(store, query, RANGE).records]

    assert found == [record["body"] for record in every if matcher(query, LOGS)(record)]


@pytest.mark.parametrize("query", SPAN_SEARCHES)
def test_engine_and_matcher_agree_on_spans(store, query):
    """A search finds the traces whose span it lets through to the tail."""
    every = {trace.trace_id for trace in search_traces(store, "", RANGE).traces}
    spans = {trace: msgspec.to_builtins(read_trace(store, trace).spans[0]) for trace in every}
    assert len(spans) == 4

    found = {trace.trace_id for trace in search_traces(store, query, RANGE).traces}

    assert found == {trace for trace, record in spans.items() if matcher(query, TRACES)(record)}


@pytest.mark.parametrize(
    ("query", "index"), [("paid", "idx_body"), ('"was not paid"', "idx_body"), (f"trace:{'a' * 32}", "idx_trace_id")]
)
def test_words_and_ids_are_looked_up_in_an_index(store, query, index):
    """The engine answers a search for words or an id from an index, not by reading all bodies."""
    condition = compile_search(query, LOGS)

    plan = store.query(f"EXPLAIN indexes = 1 SELECT Body FROM otel_logs WHERE {condition.sql}", condition.parameters)

    assert index in "".join(row[0] for row in plan.rows)
