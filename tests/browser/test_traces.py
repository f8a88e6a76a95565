"""One trace in a real browser: of any size, its critical path, what failed in it, another one beside it."""

import re
import time

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Watched
from tests.browser.shop import LARGE, LARGE_SPANS, TRACE, Shop
from tests.support.server import eventually

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def large(shop: Shop) -> str:
    """Give the path of a trace that has more spans than one answer holds."""
    shop.large_trace(time.time_ns())
    eventually(lambda: shop.server.http.get(f"/api/v1/traces/{LARGE}/spans", params={"limit": 1}).is_success)
    return f"/traces/{LARGE}"


def test_a_large_trace_is_loaded_page_by_page_and_drawn_in_part(desk: Watched, large: str):
    """Every span is there in the end, a few dozen rows are drawn, and the last one is found by scrolling."""
    page = desk.open(large)
    expect(page.locator(".span-row").first).to_be_visible()
    expect(page.locator(".trace-title")).to_contain_text(f"{LARGE_SPANS:,} spans", timeout=60_000)
    expect(page.locator(".trace-title")).not_to_contain_text("loading")

    page.locator(".waterfall-rows").evaluate("(rows) => { rows.scrollTop = rows.scrollHeight }")

    last = page.locator(".span-row").last
    expect(last).to_contain_text("step")
    assert page.locator(".span-row").count() < 100
    assert int(page.locator(".waterfall-rows").evaluate("(rows) => rows.scrollHeight")) == LARGE_SPANS * 30


def test_a_span_far_down_opens_from_its_address(desk: Watched, large: str):
    """A link to a span beyond the first page scrolls to it when it is there."""
    page = desk.open(f"{large}?span={LARGE_SPANS:016x}")

    expect(page.get_by_role("heading", name=f"step {LARGE_SPANS}")).to_be_visible(timeout=60_000)


def test_the_critical_path_is_marked_and_summed_up(desk: Watched):
    """Bars have a line where the end of the trace waited for them; the tab ranks the spans by it."""
    page = desk.open(f"/traces/{TRACE}")
    expect(page.locator(".span-path").first).to_be_visible()

    page.get_by_role("tab", name="Path").click()

    expect(page.locator(".path-share")).to_have_count(3)
    expect(page.locator(".path-share").first).to_contain_text("%")


def test_failed_spans_are_listed_beside(desk: Watched):
    """The tab of errors counts them, and a press selects the span."""
    page = desk.open(f"/traces/{TRACE}")

    page.get_by_role("tab", name=re.compile("Errors")).click()
    expect(page.locator(".trace-log")).to_have_count(3)
    page.locator(".trace-log", has_text="card.authorise").click()

    expect(page.get_by_role("treeitem", selected=True)).to_contain_text("card.authorise")


def test_two_traces_stand_beside_each_other(desk: Watched, large: str):
    """A trace is compared with another by its id: what is new, what is gone, and the way back."""
    page = desk.open(f"/traces/{TRACE}")

    page.get_by_role("button", name="Compare with another trace").click()
    page.get_by_role("textbox", name="Id of the other trace").fill(TRACE.upper())
    page.get_by_role("button", name="Compare", exact=True).click()

    expect(page.locator(".changes tbody tr")).to_have_count(3)
    expect(page.locator(".changes tbody tr").first).to_contain_text("0 ms")
    page.get_by_role("button", name="Stop comparing").click()
    expect(page.get_by_role("treeitem")).to_have_count(3)
