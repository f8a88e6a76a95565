"""A real server with a made-up evening at a shop, and a real browser to look at it."""

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from tests.browser.shop import Shop
from tests.support.server import ServerProcess, eventually

BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")

expect.set_options(timeout=20_000)

WATCH = """
window.faults = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.faults.push(`policy: ${event.violatedDirective} ${event.blockedURI}`);
});
"""


class Watched:
    """A browser's context whose pages may not complain, break the policy, or ask another host."""

    def __init__(self, context: BrowserContext, home: str) -> None:
        self.context = context
        self.home = home
        self.faults: list[str] = []
        self.expected: tuple[str, ...] = ()
        context.add_init_script(WATCH)

    def open(self, path: str) -> Page:
        """Open a page and wait until it has drawn what it shows."""
        page = self.context.new_page()
        page.on("console", lambda message: self._said(message.type, message.text))
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("request", lambda request: self._asked(request.url))
        page.goto(self.home + path)
        page.locator("main").wait_for()
        return page

    def _said(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and not any(known in text for known in self.expected):
            self.faults.append(f"{kind}: {text}")

    def _asked(self, url: str) -> None:
        if not url.startswith((self.home, "data:", "blob:")):
            self.faults.append(f"another host: {url}")

    def close(self) -> None:
        """Close all pages and fail for what went wrong in them."""
        for page in self.context.pages:
            self.faults += page.evaluate("window.faults ?? []")
        self.context.close()
        assert self.faults == []


@pytest.fixture(scope="session")
def chromium() -> str:
    """Find the machine's own Chromium; nothing is downloaded."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("Chromium is not installed")
    return found


@pytest.fixture(scope="session")
def shop(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Run a server that holds the shop's records."""
    with ServerProcess(tmp_path_factory.mktemp("browser") / "home") as server:
        shop = Shop(server)
        shop.evening(time.time_ns())
        eventually(lambda: server.get("/api/v1/traces", query="checkout")["traces"])
        eventually(lambda: server.get("/api/v1/logs", query="declined")["records"])
        eventually(lambda: server.get("/api/v1/events")["records"])
        yield shop


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """
    Start Chromium.

    Not for the whole session: while it runs, Playwright's event loop does, and no other test could run one of its own.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture
def desk(browser: Browser, shop: Shop) -> Iterator[Watched]:
    """Sit at a desk: 1440 by 900, light."""
    watched = Watched(browser.new_context(viewport={"width": 1440, "height": 900}), shop.server.url)
    yield watched
    watched.close()


@pytest.fixture
def dark_desk(browser: Browser, shop: Shop) -> Iterator[Watched]:
    """Sit at a desk at night: 1440 by 900, dark."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="dark")
    watched = Watched(context, shop.server.url)
    yield watched
    watched.close()


@pytest.fixture
def phone(browser: Browser, shop: Shop) -> Iterator[Watched]:
    """Hold a phone: 390 by 844, touched, not clicked."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=2, is_mobile=True, has_touch=True
    )
    watched = Watched(context, shop.server.url)
    yield watched
    watched.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """Give axe-core's script, which checks accessibility inside the page."""
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page, axe: str) -> list[str]:
    """Give what axe finds wrong on *page*, one line each."""
    page.evaluate(axe)
    found = page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
    )
    return [
        f"{each['id']}: {each['help']}: {json.dumps([node['target'] for node in each['nodes'][:3]])}"
        for each in found["violations"]
    ]
