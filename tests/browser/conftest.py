"""A real server and a real browser: what a visitor would see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from benchmarks.load.server import app
from tests.browser.chromium import chromium
from tests.browser.one_server import shared_server
from tests.browser.waiting import LISTEN, PATIENCE

expect.set_options(timeout=PATIENCE * 1000)


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Marks what needs a server, so that `pytest -m "not server"` leaves it out.

    Of this folder alone: elsewhere a `page` may be the name of one.
    """
    for item in items:
        here = Path(__file__).parent in item.path.parents
        if here and {"server", "cold_server", "page", "phone"} & set(item.fixturenames):
            item.add_marker("server")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """The address of the app, in a process of its own; workers side by side share it."""
    if worker_id == "master":  # there are no others
        with app() as started:
            yield started.url
    else:
        with shared_server(tmp_path_factory.getbasetemp().parent) as address:
            yield address


@pytest.fixture
def cold_server() -> Iterator[str]:
    """A server that nobody has visited yet."""
    with app() as started:
        yield started.url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def _profile(browser: Browser, width: int, height: int, *, touch: bool = False) -> BrowserContext:
    size = {"width": width, "height": height}
    context = browser.new_context(viewport=size, has_touch=touch, color_scheme="light")  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE * 1000)
    context.add_init_script("try { localStorage.clear() } catch {}")  # another test's theme
    context.add_init_script(LISTEN)
    return context


@pytest.fixture(scope="session")
def desktop(browser: Browser) -> Iterator[BrowserContext]:
    """One for all tests: what it has fetched once it keeps. Each tab is a session of its own."""
    context = _profile(browser, 1400, 900)
    yield context
    context.close()


@pytest.fixture(scope="session")
def phones(browser: Browser) -> Iterator[BrowserContext]:
    """The same for tests with a finger."""
    context = _profile(browser, 390, 844, touch=True)
    yield context
    context.close()


@pytest.fixture
def page(desktop: BrowserContext) -> Iterator[Page]:
    """A new tab."""
    tab = desktop.new_page()
    yield tab
    tab.close()


@pytest.fixture
def other(desktop: BrowserContext) -> Iterator[Page]:
    """Somebody else's tab."""
    tab = desktop.new_page()
    yield tab
    tab.close()


@pytest.fixture
def phone(phones: BrowserContext) -> Iterator[Page]:
    """A new tab on a phone."""
    tab = phones.new_page()
    yield tab
    tab.close()
