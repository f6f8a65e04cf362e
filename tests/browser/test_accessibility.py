"""Every page by the rules of axe-core, light and dark; and a token pinned without a mouse."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from attnlit.app.frame.cards import BY_SCRIPT, HOME
from tests.browser.conftest import eventually, settled

AXE = Axe()
GRAVE = ("serious", "critical")


def faults(page: Page, *rules: str) -> list[tuple[str, str]]:
    """What axe-core finds by these rules, or by all."""
    only = {"runOnly": [*rules]} if rules else {}
    found = AXE.run(page, options={"resultTypes": ["violations"], **only}).response["violations"]
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in found if each["impact"] in GRAVE]


@pytest.fixture(scope="module")
def visitor(browser: Browser) -> Iterator[Page]:
    """One visitor for all pages: what a browser has fetched once it keeps."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, color_scheme="light")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("script", BY_SCRIPT)
def test_no_page_has_a_serious_fault(server: str, visitor: Page, script: str) -> None:
    page = visitor
    page.emulate_media(color_scheme="light")
    page.goto(f"{server}/{'' if script == HOME.script else script}")
    settled(page)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    assert faults(page) == []
    page.emulate_media(color_scheme="dark")
    settled(page)
    ground = "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
    eventually(lambda: page.evaluate(ground) != "rgb(255, 255, 255)")
    assert faults(page, "color-contrast") == []  # all that a theme changes


@pytest.mark.whole
def test_the_check_finds_a_fault(page: Page) -> None:
    page.set_content("<html lang=en><title>x</title><main><h1>x</h1><p style='color:#bbb'>pale</p></main>")
    assert [name for name, _ in faults(page)] == ["color-contrast"]


def test_a_token_is_pinned_by_keyboard_from_the_home_page_on(server: str, page: Page) -> None:
    page.goto(server)
    settled(page)
    page.get_by_role("link", name="Open layer 3, head 2 in the head view").focus()
    page.keyboard.press("Enter")
    settled(page)
    page.get_by_role("combobox", name="Query token").focus()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    settled(page)
    eventually(lambda: "query=" in page.url and "query=3" not in page.url)
