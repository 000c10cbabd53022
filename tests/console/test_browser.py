"""Two officers at two consoles in Chromium, over two real nodes, as a visitor lives it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--enable-unsafe-swiftshader",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_S = 300.0
WAIT_MS = 20_000

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]


class Tab:
    """One console in a browser of its own, and everything it complained of."""

    def __init__(self, browser: Any, party: str, link: str) -> None:
        self.party = party
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._heard)
        page.on(
            "request",
            lambda request: self.hosts.add(re.sub(r"^(\w+:(//[^/]*)?).*", r"\1", request.url)),
        )
        page.goto(link)
        page.wait_for_url("**/console/")
        page.get_by_role("link", name="northern-watch").click()
        page.wait_for_url("**/console/lines/northern-watch")
        page.wait_for_selector("#map[data-ready]")
        # A reload would lose this.
        page.evaluate("window.arrived = true")
        self.page = page

    def _heard(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def press(self, selector: str, within: str = "") -> None:
        self.page.click(f"{within} {selector}".strip())

    def sees(self, selector: str) -> Any:
        return self.page.wait_for_selector(selector)

    def confirm_on_desk(self) -> None:
        """Press the desk's main button, and wait until the node has done it."""
        self.sees("#desk form")
        self.press("#desk button.main")
        self.page.wait_for_selector("#desk form", state="detached")
        self.sees("#said .ok")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, str], Path]]:
    """`detente demo` in a process of its own: each party's log-in link, and the nodes' folder."""
    folder = tmp_path_factory.mktemp("demo")
    process = subprocess.Popen(
        [sys.executable, "-m", "detente", "demo", "--data", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    stop = threading.Timer(START_S, process.kill)
    stop.start()
    said: list[str] = []
    try:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            if line.startswith("Ctrl-C stops"):
                break
        links = re.findall(r"http://[^/\s]+/login\?t=\S+", "".join(said))
        assert len(links) == 3, "".join(said)
        stop.cancel()
        yield dict(zip(("us", "ru"), links, strict=False)), folder / "nodes"
    finally:
        stop.cancel()
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def tabs(demo: tuple[dict[str, str], Path]) -> Iterator[tuple[Tab, Tab]]:
    """The consoles of ``us`` and ``ru``, both open."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        opened = [Tab(browser, party, link) for party, link in demo[0].items()]
        yield opened[0], opened[1]
        browser.close()


def test_a_released_activity_arrives_without_reload(tabs: tuple[Tab, Tab]) -> None:
    us, ru = tabs
    row = '[data-select="activity:us/orbit-west"]'
    assert ru.page.locator(row).count() == 0
    us.press(row)
    us.sees("text=no other party knows of it")
    us.press("#release-coarse")
    us.sees("text=Exactly this is what ru would see")
    us.confirm_on_desk()
    ru.sees(row)
    assert ru.page.evaluate("window.arrived") is True


def test_an_urgent_message_is_seen_and_its_acknowledgement_comes_back(
    tabs: tuple[Tab, Tab],
) -> None:
    us, ru = tabs
    us.press("#write")
    us.page.fill("#desk textarea", "EXERCISE. Smoke in the cabin <b>near</b> Ayvaj")
    us.page.check("#desk input[value=urgent-safety]")
    us.confirm_on_desk()
    alert = ru.sees(".alert.urgent")
    assert "Smoke in the cabin <b>near</b> Ayvaj" in alert.inner_text()
    assert re.match(r"\(\d+\) ", ru.page.title())
    us.sees("text=/ru: received .* not yet understood/")
    ru.press(".alert.urgent button")
    us.sees(".message.urgent >> text=/ru: understood/")
    ru.page.wait_for_selector(".alert.urgent", state="detached")


def test_news_never_takes_what_an_officer_is_typing(tabs: tuple[Tab, Tab]) -> None:
    us, ru = tabs
    ru.press("#write")
    ru.page.fill("#desk textarea", "half a sentence")
    us.press("#write")
    us.page.fill("#desk textarea", "EXERCISE. News")
    us.confirm_on_desk()
    ru.sees(".message >> text=EXERCISE. News")
    assert ru.page.input_value("#desk textarea") == "half a sentence"
    assert ru.page.evaluate("document.activeElement.name") == "text"
    ru.page.once("dialog", lambda dialog: dialog.dismiss())
    ru.page.keyboard.press("Escape")
    assert ru.page.input_value("#desk textarea") == "half a sentence"
    ru.page.once("dialog", lambda dialog: dialog.accept())
    ru.page.keyboard.press("Escape")
    assert ru.page.locator("#desk").inner_html() == ""


def test_two_visitors_settle_the_open_conflict(tabs: tuple[Tab, Tab]) -> None:
    us, ru = tabs
    us.sees(".hint >> text=/press “Assent….*← you/")
    us.press("[data-select^='conflict:']", ".hint")
    us.press("a:has-text('Assent…')", "#detail")
    us.confirm_on_desk()
    ru.sees(".hint >> text=/press “Carry out….*← you/")
    ru.press("a:has-text('Carry out…')", "#detail")
    ru.confirm_on_desk()
    for tab in (us, ru):
        tab.sees("#conflicts >> text=No known conflict")
        tab.sees("#detail >> text=/ended/")
        tab.sees(".hint >> text=/^settled: no conflict/")


def test_lists_and_map_share_one_selection(tabs: tuple[Tab, Tab]) -> None:
    us, _ = tabs
    us.press('[data-select="activity:ru/patrol-panj"]')
    us.sees("#detail >> text=patrol-panj")
    box = us.page.locator("#map").bounding_box()
    us.page.wait_for_timeout(1500)
    # The view has moved to what was chosen, so its outline lies under the middle of the map.
    us.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2 - 17)
    us.sees('[aria-current="true"][data-select^="activity:"]')


def test_nothing_came_from_elsewhere_and_nothing_failed(tabs: tuple[Tab, Tab]) -> None:
    for tab in tabs:
        own = re.match(r"http://127\.0\.0\.1:\d+", tab.page.url)
        assert own is not None
        assert {h for h in tab.hosts if not h.startswith(("data:", "blob:"))} == {own[0]}
        assert tab.complaints == []


def test_a_page_that_has_lost_its_node_says_so(
    tabs: tuple[Tab, Tab], demo: tuple[dict[str, str], Path]
) -> None:
    us, _ = tabs
    pid = json.loads((demo[1] / "us" / "run.json").read_text())["pid"]
    assert us.page.locator(".silence").is_hidden()
    os.kill(pid, signal.SIGSTOP)
    try:
        us.page.wait_for_selector(".silence", state="visible", timeout=30_000)
        state = us.page.evaluate(
            "getComputedStyle(document.querySelector('.link .state'), '::after').content"
        )
        assert state == '"UNKNOWN"'
    finally:
        os.kill(pid, signal.SIGCONT)
    us.page.wait_for_selector(".silence", state="hidden", timeout=30_000)
