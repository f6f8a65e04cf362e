"""A real server and a real browser: what a visitor would see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from benchmarks.load.server import app
from tests.browser.chromium import FRUGAL, chromium
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
    with chromium(*FRUGAL) as started:
        yield started


def _profile(browser: Browser, width: int, height: int, **more: Any) -> BrowserContext:
    size = {"width": width, "height": height}
    context = browser.new_context(viewport=size, color_scheme="light", **more)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE * 1000)
    context.add_init_script("try { localStorage.clear() } catch {}")  # another test's theme
    context.add_init_script(LISTEN)
    return context


@pytest.fixture(scope="session")
def desktop(browser: Browser) -> Iterator[BrowserContext]:
    """One for all tests: what it has fetched once it keeps. Each visit is a session of its own.

    Its owner asked for no motion: what pulses while a page waits would be drawn sixty times a second.
    """
    context = _profile(browser, 1400, 900, reduced_motion="reduce")
    yield context
    context.close()


@pytest.fixture(scope="session")
def phones(browser: Browser) -> Iterator[BrowserContext]:
    """The same for tests with a finger."""
    context = _profile(browser, 390, 844, has_touch=True)
    yield context
    context.close()


@pytest.fixture(scope="session")
def tabs() -> dict[str, Page]:
    """One tab for each part that tests play: opening another takes twice the time of a new address."""
    return {}


@contextmanager
def turn(tabs: dict[str, Page], part: str, context: BrowserContext) -> Iterator[Page]:
    """The tab of a part, as if it were new: nothing is open, kept or set."""
    if part not in tabs or tabs[part].is_closed():
        tabs[part] = context.new_page()
    tabs[part].bring_to_front()  # behind another tab it would draw a frame a second
    tab, size = tabs[part], tabs[part].viewport_size
    yield tab
    if not tab.is_closed():
        tab.evaluate("try { sessionStorage.clear() } catch {}")  # the text that a reload finds again
        tab.goto("about:blank")  # ends the session
        tab.emulate_media(color_scheme="light")
        tab.set_viewport_size(size)  # type: ignore[arg-type]


@pytest.fixture
def page(tabs: dict[str, Page], desktop: BrowserContext) -> Iterator[Page]:
    """A visitor's tab."""
    with turn(tabs, "page", desktop) as tab:
        yield tab


@pytest.fixture
def other(tabs: dict[str, Page], desktop: BrowserContext) -> Iterator[Page]:
    """Somebody else's tab."""
    with turn(tabs, "other", desktop) as tab:
        yield tab


@pytest.fixture
def phone(tabs: dict[str, Page], phones: BrowserContext) -> Iterator[Page]:
    """A tab on a phone."""
    with turn(tabs, "phone", phones) as tab:
        yield tab
