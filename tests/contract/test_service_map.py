"""The map of services, from spans; and the spans of a trace, paged."""

from collections.abc import Iterator

import pytest
from tests.support.records import NS, now_ns, span

from sightline.query.analyses.service_map import service_map
from sightline.query.span_pages import page_spans
from sightline.query.timerange import TimeRange
from sightline.store.connect import Store

NOW = now_ns()
RANGE = TimeRange(NOW - 3600 * NS, NOW + NS)


def calls() -> dict[str, bytes]:
    """Write ten traces: shop calls pay, and asks a database; pay calls a host that sends nothing. Mail is alone."""
    shop, pay = b"", b""
    for n in range(10):
        trace, at = f"{n + 1:032x}", NOW - n * NS
        ids = [f"{n:08x}{part:08x}" for part in range(1, 6)]
        shop += span("GET /", at, trace=trace, span=ids[0], span_kind="Server", duration_ms=50)
        shop += span("POST /pay", at, trace=trace, span=ids[1], parent=ids[0], span_kind="Client",
                     attributes={"server.address": "pay.internal"})  # fmt: skip
        shop += span("SELECT", at, trace=trace, span=ids[2], parent=ids[0], span_kind="Client",
                     attributes={"db.system.name": "postgresql", "server.address": "db1"})  # fmt: skip
        pay += span("POST /pay", at, trace=trace, span=ids[3], parent=ids[1], span_kind="Server",
                    duration_ms=20, status="Error" if n < 2 else "")  # fmt: skip
        pay += span("GET bank", at, trace=trace, span=ids[4], parent=ids[3], span_kind="Client",
                    attributes={"server.address": "bank.example"})  # fmt: skip
    mail = span("POST /letters", NOW - 120 * NS, trace="e" * 32, span="e" * 16, span_kind="Server", status="Error")
    mail += span("clean", NOW - 1800 * NS, trace="d" * 32, span="d" * 16)
    return {"shop": shop, "pay": pay.replace(b"a" * 16, b"b" * 16), "mail": mail.replace(b"a" * 16, b"c" * 16)}


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Iterator[Store]:
    """Open a store that holds the calls."""
    store = Store.open(f"chdb://{tmp_path_factory.mktemp('map')}/store")
    for instance, (service, lines) in zip("abc", calls().items(), strict=True):
        store.insert_lines([lines], {instance * 16: {"service.name": service}}, service)
    yield store
    store.close()


def test_the_map_has_services_databases_and_hosts(store):
    """A call that another service answers is an edge to it; others go to what their span names."""
    found = service_map(store, RANGE)

    assert {(edge.caller, edge.called): (edge.calls, edge.errors) for edge in found.edges} == {
        ("shop", "pay"): (10, 2), ("shop", "postgresql"): (10, 0), ("pay", "bank.example"): (10, 0),
    }  # fmt: skip
    kinds = {node.name: node.kind for node in found.nodes}
    assert kinds == {
        "shop": "service", "pay": "service", "mail": "service", "postgresql": "database", "bank.example": "external",
    }  # fmt: skip
    assert not found.sampled


def test_every_service_is_on_the_map_with_its_requests(store):
    """A service that neither calls nor is called is there too; requests are those of the whole range."""
    found = service_map(store, RANGE)

    assert {node.name: (node.requests, node.request_errors) for node in found.nodes} == {
        "shop": (10, 0), "pay": (10, 2), "mail": (1, 1), "postgresql": (None, None), "bank.example": (None, None),
    }  # fmt: skip


def test_only_services_with_spans_in_the_range_are_on_the_map(store):
    """Where the range holds nothing but a span that is no request, its service is there with none."""
    found = service_map(store, TimeRange(NOW - 1801 * NS, NOW - 1799 * NS))

    assert [(node.name, node.calls, node.requests) for node in found.nodes] == [("mail", 0, 0)]


def test_the_map_of_one_service_has_its_neighbours(store):
    """Only edges that begin or end at the service are given, and no service beside these."""
    found = service_map(store, RANGE, service="pay")

    assert {(edge.caller, edge.called) for edge in found.edges} == {("shop", "pay"), ("pay", "bank.example")}
    assert {node.name for node in found.nodes} == {"shop", "pay", "bank.example"}


def test_the_map_of_a_service_that_is_alone_has_just_it(store):
    """A service without calls is the only node of its map."""
    found = service_map(store, RANGE, service="mail")

    assert ([node.name for node in found.nodes], found.edges) == (["mail"], [])


def test_the_spans_of_a_trace_come_in_pages(store):
    """Pages give every span once, in order, and offsets count from the start of the trace."""
    cursor, found = None, []
    while True:
        page = page_spans(store, f"{1:032x}", limit=2, cursor=cursor)
        found += page.spans
        cursor = page.next_cursor
        if cursor is None:
            break

    assert len({span.span_id for span in found}) == len(found) == 5
    assert page_spans(store, "f" * 32) is None
