"""A real server and a real browser: what a visitor would see."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from attnlit.app.frame.cards import PAGES
from benchmarks.load.server import app
from tests.browser.chromium import chromium

expect.set_options(timeout=15_000)


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Marks what needs a server, so that `pytest -m "not server"` leaves it out."""
    for item in items:
        if {"server", "cold_server"} & set(item.fixturenames):
            item.add_marker("server")


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of the app, in a process of its own."""
    with app() as started:
        yield started.url


@pytest.fixture
def cold_server() -> Iterator[str]:
    """A server that nobody has visited yet."""
    with app() as started:
        yield started.url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1400, "height": 900}, color_scheme="light")
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def settled(page: Page) -> None:
    """Wait until the app is connected, has drawn a page and its script is done."""
    page.locator('[data-testid="stApp"][data-test-connection-state="CONNECTED"]').wait_for()
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_timeout(300)  # a click's message may not have left yet
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    page.wait_for_timeout(100)


def open_page(page: Page, title: str) -> None:
    """Choose a page in the navigation: a link, or an item of the menu of its section."""
    section = next(card.section for card in PAGES if card.title == title)
    if section:
        page.get_by_test_id("stTopNav").get_by_role("button", name=section).click()
        page.get_by_role("menuitem", name=title).click()
    else:
        page.get_by_test_id("stTopNav").get_by_role("link", name=title).click()
    settled(page)


def eventually(holds: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until it holds, as browsers paint after the script is done; fail if it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold in time"
        time.sleep(0.1)
