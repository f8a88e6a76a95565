"""Pages of a trace's spans, as the engine writes them."""

from collections.abc import Iterator
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.support.records import now_ns, span

from sightline.base.errors import QueryInvalid
from sightline.query.cursor import encode_cursor
from sightline.query.span_pages import page_spans, write_spans
from sightline.query.traces import read_trace
from sightline.store.connect import Store

TRACE = "0af7651916cd43dd8448eb211c80319c"
NOW = now_ns()
TOLD = {
    "parent": "b" * 16, "status": "Error", "status_message": 'no "money"\n/ left', "scope": "shop",
    "attributes": {"http.route": "/orders/{id}", "text": "a\nb \u2713"},
    "events": [{"time": NOW + 1, "name": "exception", "attributes": {"exception.type": "Broke"}}],
    "links": [{"trace": "c" * 32, "span": "d" * 16, "state": "a=b", "attributes": {"why": "retry"}}],
}  # fmt: skip


@pytest.fixture
def filled(address, tmp_path) -> Iterator[Store]:
    """Open a store with a trace: two spans of one moment, of which one has no id, and one that tells all it may."""
    store = Store.open(address(tmp_path), memory_bytes=512 * 1024 * 1024)
    lines = span("GET /", NOW, trace=TRACE, span="") + span("GET /", NOW, trace=TRACE, span="a" * 16)
    lines += span("pay", NOW + 1_500, trace=TRACE, span="e" * 16, span_kind="Client", **TOLD)
    store.insert_lines([lines], {"a" * 16: {"service.name": "shop"}}, "trace")
    yield store
    store.close()


def test_a_page_has_the_spans_that_the_trace_has(filled):
    """What the engine writes is what is made of rows elsewhere, with events, links, and signs of all kinds."""
    page = page_spans(filled, TRACE.upper())

    assert page.spans == read_trace(filled, TRACE).spans
    assert (len(page.spans), page.trace_id, page.next_cursor) == (3, TRACE, None)
    assert page.spans[2].events[0].attributes == {"exception.type": "Broke"}
    assert page.spans[2].links[0].trace_state == "a=b"


def test_pages_of_one_span_give_each_once(filled):
    """Spans of the same moment are neither repeated nor left out, nor is one without an id."""
    found, cursor = [], None
    while not found or cursor:
        page = msgspec.json.decode(write_spans(filled, TRACE, limit=1, cursor=cursor))
        found += page["spans"]
        cursor = page["next_cursor"]

    assert [each["span_id"] for each in found] == ["", "a" * 16, "e" * 16]
    assert found[2]["offset_ms"] == 0.0015


def test_what_is_no_utf_8_is_shown_by_a_sign(filled):
    """A page is JSON in UTF-8, also where a service sends bytes that are no text."""
    names = ["\u2713 money".encode(), b"mon\xffey", b"\xe2\x9c"]
    lines = [span(f"NAME{at}", NOW + at, trace="b" * 32, span=f"{at}" * 16) for at in range(3)]
    lines = [line.replace(b"NAME%d" % at, names[at]) for at, line in enumerate(lines)]
    filled.insert_lines(lines, {}, "bytes")

    found = msgspec.json.decode(write_spans(filled, "b" * 32))["spans"]

    assert [each["name"] for each in found] == [name.decode(errors="replace") for name in names]


HOSTILE = st.text(st.sampled_from('"\\{}[]:,x \n\x01\u2028\u2713'), max_size=12)


@given(st.lists(st.dictionaries(HOSTILE, HOSTILE, max_size=4), min_size=1, max_size=20))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([{"a": 'a","b":{"c":"d', "b": "e", "c": 'x"},"e":"y'}])
def test_what_looks_like_json_within_attributes_stays_within_them(filled, many):
    """Keys and values come back as they were sent, whatever signs they have: attributes are made by others."""
    trace = uuid4().hex
    lines = [
        span("x", NOW + at, trace=trace, span=f"{at:016x}", attributes=each, instance="b" * 16)
        for at, each in enumerate(many)
    ]
    filled.insert_lines(lines, {"b" * 16: many[0]}, trace)

    found = page_spans(filled, trace).spans

    assert found == read_trace(filled, trace).spans
    assert [each.attributes for each in found] == many


class Position(msgspec.Struct, array_like=True):
    """Where a page would have ended."""

    time_ns: int
    span_id: str
    start_ns: int
    end_ns: int


@pytest.mark.parametrize("times", [(2**62, 0, 2**63 - 1), (0, -(2**63), 2**63 - 1), (-5, 2**63 - 1, 0)])
def test_a_made_up_cursor_gives_no_more_than_spans(filled, times):
    """A cursor of times that cannot be breaks nothing."""
    time_ns, start_ns, end_ns = times

    page = page_spans(filled, TRACE, cursor=encode_cursor(Position(time_ns, "", start_ns, end_ns)))

    assert len(page.spans) in {0, 3}
    assert page.next_cursor is None


def test_what_is_no_cursor_is_refused(filled):
    """A cursor of another list is told from one of this."""
    with pytest.raises(QueryInvalid, match="cursor"):
        page_spans(filled, TRACE, cursor="WzFd")
