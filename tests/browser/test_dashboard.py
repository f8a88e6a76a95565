"""The dashboard in a real browser, against a real server."""

import re
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Watched, violations
from tests.browser.shop import TRACE, Shop

pytestmark = pytest.mark.browser

DRAWN = {
    "/": ".tile-value",
    "/logs": ".log-row",
    "/logs?view=patterns": ".pattern",
    "/logs?view=compare&q=level:error": ".view-note",
    "/traces": ".trace-row",
    "/errors": ".issue-row",
    "/events": ".event-row time",
    f"/traces/{TRACE}": ".span-row",
    f"/traces/{TRACE}?with={TRACE}": ".changes tbody tr",
}
PAGES = tuple(DRAWN)
FAULTY = "Failed to load resource: the server responded with a status of 400"


def query_of(url: str) -> dict[str, str]:
    """Give an address's parameters."""
    return {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_draws_without_a_complaint_or_a_request_elsewhere(desk: Watched, path: str):
    """Each page shows its data; the fixture holds it to the policy and to this host."""
    page = desk.open(path)

    expect(page.locator(DRAWN[path]).first).to_be_visible()
    expect(page).to_have_title(re.compile("Sightline"))


def test_the_policy_is_strict(shop: Shop):
    """Pages come with a policy that forbids everything but this server's own files."""
    policy = shop.server.http.get("/").headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", PAGES)
def test_a_phone_scrolls_only_up_and_down(phone: Watched, path: str):
    """At 390 pixels nothing is wider than the screen."""
    page = phone.open(path)
    expect(page.locator(DRAWN[path]).first).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("path", PAGES)
def test_a_page_meets_wcag_in_the_light(desk: Watched, axe: str, path: str):
    """No rule of axe for WCAG 2.2 AA is broken in the light theme."""
    page = desk.open(path)
    expect(page.locator(DRAWN[path]).first).to_be_visible()

    assert violations(page, axe) == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_meets_wcag_in_the_dark(dark_desk: Watched, axe: str, path: str):
    """No rule of axe for WCAG 2.2 AA is broken in the dark theme."""
    page = dark_desk.open(path)
    expect(page.locator(DRAWN[path]).first).to_be_visible()

    assert violations(page, axe) == []


@pytest.mark.parametrize("path", ["/logs", "/errors", f"/traces/{TRACE}"])
def test_a_page_meets_wcag_on_a_phone(phone: Watched, axe: str, path: str):
    """What is only a picture on a small screen still has a name."""
    page = phone.open(path)
    expect(page.locator(DRAWN[path]).first).to_be_visible()

    assert violations(page, axe) == []


def test_the_overview_counts_the_requests(desk: Watched):
    """Server spans are requests: the endpoint is listed with its share of failures."""
    page = desk.open("/")

    row = page.get_by_role("row").filter(has_text="POST /checkout")

    expect(row).to_contain_text("100 %")


def test_a_search_narrows_the_list_and_enters_the_address(desk: Watched):
    """What is typed is searched for on Enter, highlighted, and kept in the address."""
    page = desk.open("/logs")
    box = page.get_by_role("combobox", name="Search logs")

    box.fill("level:error declined")
    box.press("Enter")

    expect(page.locator(".log-row")).to_have_count(1)
    expect(page.locator(".log-row mark").first).to_have_text("declined")
    assert query_of(page.url)["q"] == "level:error declined"


def test_a_fault_in_a_search_is_pointed_at(desk: Watched):
    """The server's message stands below the box, with the character marked."""
    desk.expected = (FAULTY,)
    page = desk.open('/logs?q=level:error "open')

    fault = page.get_by_role("alert")

    expect(fault).to_contain_text("quote")
    expect(fault.locator("pre")).to_have_text('level:error "open')
    expect(fault.locator("mark")).to_have_text('"')


def test_a_record_opens_with_its_fields_and_its_stack(desk: Watched):
    """A press on a line shows its attributes, its stack trace, and the way to its trace."""
    page = desk.open("/logs?q=declined")

    page.locator(".log-row").first.click()

    panel = page.get_by_role("complementary", name="Log record")
    expect(panel).to_contain_text("shop.CardDeclined")
    expect(panel).to_contain_text("/srv/shop/payments.py")
    expect(panel.get_by_role("link", name="Open its trace")).to_have_attribute("href", re.compile(TRACE))


def test_a_value_can_be_filtered_away(desk: Watched):
    """Minus beside a field excludes its value from the search."""
    page = desk.open("/logs?q=shown")
    page.locator(".log-row").first.click()
    row = page.locator(".field-row", has_text="user_id")
    value = row.locator("dd").inner_text()

    row.hover()
    row.get_by_role("button", name="Without").click()

    expect(page.get_by_role("combobox", name="Search logs")).to_have_value(f"shown -user_id:{value}")


def test_an_address_brings_back_the_whole_view(desk: Watched):
    """A second browser tab with the same address shows the same search, range, service and record."""
    first = desk.open("/logs?q=declined&range=1h&service=payments")
    first.locator(".log-row").first.click()
    expect(first.get_by_role("complementary", name="Log record")).to_be_visible()

    second = desk.open(first.url.removeprefix(desk.home))

    expect(second.get_by_role("combobox", name="Search logs")).to_have_value("declined")
    expect(second.get_by_role("button", name="Time range: Last hour")).to_be_visible()
    expect(second.get_by_role("button", name="Service: payments")).to_be_visible()
    expect(second.get_by_role("complementary", name="Log record")).to_contain_text("charge failed, card declined")


def test_a_record_opens_from_its_link_beyond_the_search(desk: Watched):
    """A link holds its record also where the list beside it does not."""
    page = desk.open("/logs?q=declined")
    page.locator(".log-row").first.click()
    record = query_of(page.url)["record"]

    other = desk.open(f"/logs?q=received&record={record}")

    expect(other.get_by_role("complementary", name="Log record")).to_contain_text("charge failed, card declined")


def test_the_tail_shows_a_line_as_it_arrives(desk: Watched, shop: Shop):
    """With the tail on, a matching line is there within a moment and without a reload."""
    page = desk.open("/logs?q=parcel")
    with page.expect_response(re.compile("/api/v1/logs/tail")):
        page.get_by_role("button", name="Live").click()

    shop.log(time.time_ns(), "parcel handed over", user_id="grace")

    expect(page.locator(".log-row", has_text="parcel handed over")).to_have_count(1)
    assert query_of(page.url)["live"] == "1"


def test_the_tail_waits_while_older_lines_are_read(desk: Watched, shop: Shop):
    """Scrolled away from the newest, the list stands still and counts what is new."""
    page = desk.open("/logs?q=shown&range=1h")
    expect(page.locator(".log-row").first).to_be_visible()
    with page.expect_response(re.compile("/api/v1/logs/tail")):
        page.get_by_role("button", name="Live").click()
    page.locator(".log-scroll").evaluate("(list) => { list.scrollTop = 600 }")
    expect(page.get_by_role("button", name="Paused")).to_be_visible()

    shop.log(time.time_ns(), "last page shown", user_id="u1")
    page.get_by_role("button", name="1 new").click()

    expect(page.locator(".log-row").first).to_contain_text("last page shown")


def test_a_brush_on_the_overview_is_one_step(desk: Watched):
    """All charts zoom together, and the back button takes it back."""
    page = desk.open("/")
    expect(page.locator(".u-over").first).to_be_visible()
    box = page.locator(".u-over").first.bounding_box()
    assert box is not None

    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 20, steps=4)
    page.mouse.up()
    expect(page.get_by_role("button", name="Back to the latest")).to_be_visible()
    page.go_back()

    expect(page.get_by_role("button", name="Time range: Last 15 minutes")).to_be_visible()


def test_an_unknown_trace_says_what_to_do(desk: Watched):
    """A trace that is not there is explained, with the way back to all of them."""
    desk.expected = ("the server responded with a status of 404",)
    page = desk.open(f"/traces/{'ab' * 16}")

    expect(page.get_by_text("This trace is not here")).to_be_visible()
    expect(page.get_by_role("link", name="All traces")).to_be_visible()


def test_a_brush_over_the_histogram_zooms(desk: Watched):
    """Dragging over the bars sets the time range."""
    page = desk.open("/logs")
    expect(page.locator(".log-histogram h2")).to_contain_text("lines")
    box = page.locator(".log-histogram .u-over").bounding_box()
    assert box is not None

    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 20, steps=4)
    page.mouse.up()

    expect(page.get_by_role("button", name="Back to the latest")).to_be_visible()
    assert {"from", "to"} <= query_of(page.url).keys()


def test_a_level_is_chosen_in_the_legend(desk: Watched):
    """A press on a level narrows the search to it, another one takes that back."""
    page = desk.open("/logs")

    page.locator(".legend").get_by_role("button", name="ERROR").click()
    expect(page.get_by_role("combobox", name="Search logs")).to_have_value("level:error")
    page.get_by_role("button", name="level:error").click()

    expect(page.get_by_role("combobox", name="Search logs")).to_have_value("")


def test_keys_go_through_the_list(desk: Watched):
    """/ goes to the search, j and Enter open a record, Escape closes it, ? shows the keys."""
    page = desk.open("/logs")
    expect(page.locator(".log-row").first).to_be_visible()

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".log-row").nth(1)).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("complementary", name="Log record")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("complementary", name="Log record")).to_have_count(0)
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search logs")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()


def test_a_trace_shows_its_spans_beside_its_logs(desk: Watched):
    """The waterfall has every span in its place, and the lines that were logged meanwhile."""
    page = desk.open("/traces?q=checkout")

    page.get_by_role("link", name="POST /checkout").click()

    spans = page.get_by_role("treeitem")
    expect(spans).to_have_count(3)
    expect(spans.nth(2)).to_have_attribute("aria-level", "3")
    expect(page.locator(".trace-log")).to_have_count(2)
    expect(page.locator(".span-log")).to_have_count(2)


def test_a_span_opens_from_its_address(desk: Watched):
    """The selected span is part of the link."""
    page = desk.open(f"/traces/{TRACE}?span={'c' * 16}")

    expect(page.get_by_role("heading", name="card.authorise")).to_be_visible()
    expect(page.get_by_role("complementary", name="Details")).to_contain_text("card declined")


def test_the_chosen_theme_lasts(desk: Watched):
    """Dark, once chosen, is there on the next page without a flash of light."""
    page = desk.open("/")
    page.get_by_role("button", name="Theme").click()
    page.get_by_role("radio", name="Dark").click()

    again = desk.open("/traces")

    assert again.evaluate("document.documentElement.dataset.theme") == "dark"
    assert again.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(11, 13, 18)"
