"""What helps to search, in a real browser: completion, facets, patterns, comparison, the lines around one."""

import re
import time

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import Watched
from tests.browser.shop import Shop
from tests.browser.test_dashboard import query_of
from tests.support.server import eventually

pytestmark = pytest.mark.browser


def box_of(page: Page, name: str = "logs"):
    """Find the search box."""
    return page.get_by_role("combobox", name=f"Search {name}")


def offered(page: Page):
    """Find what the box suggests."""
    return page.get_by_role("listbox", name="Suggestions").get_by_role("option")


def test_a_name_and_then_its_values_are_completed(desk: Watched):
    """Arrows choose, Tab takes a field's name, its values follow at once, and Enter takes one."""
    page = desk.open("/logs")
    box = box_of(page)

    box.press_sequentially("lev")
    expect(offered(page).filter(has_text="level:")).to_be_visible()
    box.press("ArrowDown")
    box.press("Tab")
    expect(offered(page).filter(has_text="error")).to_be_visible()
    box.press_sequentially("err")
    expect(offered(page)).to_have_count(1)
    box.press("ArrowDown")
    box.press("Enter")
    expect(box).to_have_value("level:error ")
    box.press("Enter")

    expect(page.locator(".log-row")).to_have_count(1)


def test_the_box_says_what_it_offers_to_a_screen_reader(desk: Watched):
    """It is a combobox: open or not, which list, which option; the focus stays in it."""
    page = desk.open("/logs")
    box = box_of(page)
    expect(box).to_have_attribute("aria-expanded", "false")

    box.press("ArrowDown")
    expect(box).to_have_attribute("aria-expanded", "true")
    box.press("ArrowDown")

    option = page.locator(f"[id='{box.get_attribute('aria-activedescendant')}']")
    expect(option).to_have_attribute("aria-selected", "true")
    expect(box).to_be_focused()


def test_escape_closes_the_suggestions_and_tab_then_moves_on(desk: Watched):
    """Nobody is caught in the box: Escape closes the list, and Tab leaves."""
    page = desk.open("/logs")
    box = box_of(page)
    box.press_sequentially("ser")
    expect(page.get_by_role("listbox", name="Suggestions")).to_be_visible()

    box.press("Escape")
    expect(page.get_by_role("listbox", name="Suggestions")).to_have_count(0)
    box.press("Tab")

    expect(box).not_to_be_focused()
    expect(box).to_have_value("ser")


def test_a_suggestion_behind_an_emoji_takes_its_own_place(desk: Watched):
    """The server counts characters and the browser UTF-16 units; what stands before is not damaged."""
    page = desk.open("/logs")
    box = box_of(page)
    box.fill("🛒🛒 OR serv")
    box.press_sequentially("i")

    offered(page).filter(has_text="service:").click()

    expect(box).to_have_value("🛒🛒 OR service:")


def test_a_facet_narrows_and_its_minus_leaves_out(desk: Watched):
    """A press adds field:value to the search, another one takes it back, the minus excludes."""
    page = desk.open("/logs")
    facet = page.get_by_role("region", name="service")

    facet.get_by_role("button", name="payments").first.click()
    expect(box_of(page)).to_have_value("service:payments")
    expect(facet.get_by_role("button", pressed=True)).to_contain_text("payments")
    facet.get_by_role("button", pressed=True).click()
    expect(box_of(page)).to_have_value("")
    facet.get_by_role("button", name="Without service payments").click()

    expect(box_of(page)).to_have_value("-service:payments")
    expect(page.locator(".log-row", has_text="charge failed")).to_have_count(0)


def test_shift_leaves_a_facet_out(desk: Watched):
    """A press with Shift is the same as the minus."""
    page = desk.open("/logs")
    value = page.get_by_role("region", name="level").get_by_role("button", name="info").first

    value.click(modifiers=["Shift"])

    expect(box_of(page)).to_have_value("-level:info")


def test_facets_open_over_the_page_on_a_phone(phone: Watched):
    """They are a sheet there, and close again."""
    page = phone.open("/logs")
    expect(page.get_by_role("complementary", name="Facets")).to_have_count(0)

    page.get_by_role("button", name="Facets", exact=True).click()
    page.get_by_role("region", name="level").get_by_role("button", name="error").first.click()
    page.get_by_role("button", name="Hide the facets").click()

    expect(page.locator(".log-row")).to_have_count(1)


def test_the_lines_around_one_are_of_its_process(desk: Watched):
    """The lines before and after stand in their order with the one in the middle; other services on request."""
    page = desk.open("/logs?q=received")
    page.locator(".log-row").first.click()

    page.get_by_role("button", name="Around this line").click()
    around = page.get_by_role("list", name="Lines around it").get_by_role("listitem")
    expect(around.nth(9)).to_contain_text("page 0 shown")
    expect(around.nth(10)).to_contain_text("order received")
    page.get_by_role("button", name="Everything").click()

    expect(around.filter(has_text="charge failed")).to_have_count(1)
    assert query_of(page.url)["of"] == "everything"


def test_patterns_are_the_messages_of_a_search(desk: Watched):
    """A hundred lines are one message with a variable; its lines are a press away."""
    page = desk.open("/logs?q=shown&view=patterns")
    pattern = page.locator(".pattern", has_text=re.compile("page.*shown"))
    expect(pattern.locator(".hole")).to_have_count(1)

    pattern.get_by_role("button").first.click()
    expect(pattern.locator(".pattern-examples")).to_contain_text(re.compile(r"page \d+ shown"))
    pattern.get_by_role("button", name="Show its lines").click()

    expect(page.locator(".log-row", has_text="page 9 shown")).to_be_visible()
    assert "view" not in query_of(page.url)


def test_a_comparison_shows_what_tells_records_apart(desk: Watched):
    """The lines of a search are set beside all others; a press on a difference searches for it."""
    page = desk.open("/logs?q=stock&view=compare")

    first = page.locator(".compare-row").first
    expect(first).to_contain_text("100 %")
    first.click()

    expect(box_of(page)).to_have_value(re.compile(r"^stock \S+:\S+$"))
    expect(page.locator(".log-row")).to_have_count(8)


def test_an_issue_opens_with_its_stack_and_its_lines(desk: Watched):
    """Errors are searched like all else: an issue shows its newest stack trace and leads to its lines."""
    page = desk.open("/errors?q=declined")

    page.locator(".issue-row", has_text="shop.CardDeclined").click()
    panel = page.get_by_role("complementary", name="Issue")
    expect(panel).to_contain_text("/srv/shop/payments.py")
    panel.get_by_role("link", name="Its lines").click()

    expect(page.locator(".log-row", has_text="charge failed")).to_have_count(1)


def test_events_are_searched_and_opened(desk: Watched):
    """An event shows what it is about and its context; a value of it narrows the search."""
    page = desk.open("/events?q=amount:>10")

    page.locator(".event-row", has_text="order_placed").first.click()
    panel = page.get_by_role("complementary", name="Event")
    expect(panel).to_contain_text("19.90")
    row = panel.locator(".field-row", has_text="user_id")
    row.hover()
    row.get_by_role("button", name="Only").click()

    expect(box_of(page, "events")).to_have_value("amount:>10 user_id:ada")


def test_texts_of_others_are_shown_and_never_run(desk: Watched):
    """Markup in a message, a name and a service is text, however long; the fixture watches the policy."""
    page = desk.open("/logs?q=onerror")

    page.locator(".log-row").first.click()

    panel = page.get_by_role("complementary", name="Log record")
    expect(panel.locator(".record-body")).to_contain_text("<img src=x onerror=")
    expect(panel.locator(".service-name")).to_have_text("<b>mail</b>")
    assert page.evaluate("document.querySelectorAll('img[src=x], main i[style=\"\"]').length") == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 1440


def test_a_value_of_several_lines_can_be_searched_for(desk: Watched):
    """The box is one line: the breaks of a stack trace become a pattern that finds exactly it."""
    page = desk.open("/logs?q=declined")

    page.get_by_role("button", name=re.compile("more fields")).click()
    page.get_by_role("region", name="exception.stacktrace").get_by_role("button").first.click()

    expect(page.locator(".log-row")).to_have_count(1)
    expect(box_of(page)).to_have_value(re.compile("exception.stacktrace:~"))


def test_a_page_says_that_the_server_is_gone(desk: Watched):
    """Without a server the page says so, and shows the answer when it is back."""
    desk.expected = ("Failed to load resource", "ERR_")
    page = desk.open("/logs?q=declined")
    expect(page.locator(".log-row")).to_have_count(1)

    page.route("**/api/v1/logs?*", lambda route: route.abort())
    page.get_by_role("button", name="Search again").click()
    expect(page.get_by_text("The server cannot be reached")).to_be_visible()
    page.unroute("**/api/v1/logs?*")

    expect(page.locator(".log-row")).to_have_count(1, timeout=10_000)


HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_a_tab_that_nobody_looks_at_follows_nothing(desk: Watched, shop: Shop):
    """A hidden tab gives its connection back; looked at again, it finds what came meanwhile."""
    page = desk.open("/logs?q=letter&live=1")
    expect(page.get_by_text("Waiting for the next line")).to_be_visible()

    with page.expect_event("requestfailed", lambda request: "/logs/tail" in request.url):
        page.evaluate(HIDE, True)
    shop.log(time.time_ns(), "letter handed over")
    eventually(lambda: shop.server.get("/api/v1/logs", query="letter")["records"])
    with page.expect_response(re.compile("/api/v1/logs/tail")):
        page.evaluate(HIDE, False)

    expect(page.locator(".log-row", has_text="letter handed over")).to_have_count(1)
