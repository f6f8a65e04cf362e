"""Every page by the rules of axe-core, light and dark, and in narrow windows; and a way without a mouse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, expect

from attnlit.app.frame.cards import BY_SCRIPT, HOME, VIEWS
from tests.browser.conftest import turn
from tests.browser.hand import address, drawn, overflows, pixels
from tests.browser.waiting import answered, eventually, open_page, visit

AXE = Axe()
GRAVE = ("serious", "critical")
OURS = ("heading-order",)  # of what axe-core calls moderate: what Streamlit's own frame has no part in
WIDE, HIGH = 1400, 900
GROUND = "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
WHITE = "rgb(255, 255, 255)"


def faults(page: Page, *rules: str) -> list[tuple[str, str]]:
    """What axe-core finds by these rules, or by all: what is grave, or ours to mend."""
    only = {"runOnly": [*rules]} if rules else {}
    found = AXE.run(page, options={"resultTypes": ["violations"], **only}).response["violations"]
    ours = [each for each in found if each["impact"] in GRAVE or each["id"] in OURS]
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in ours]


@pytest.fixture(scope="module")
def visitor(tabs: dict[str, Page], desktop: BrowserContext) -> Iterator[Page]:
    """One visitor, who walks from page to page."""
    with turn(tabs, "page", desktop) as tab:
        yield tab


def choose_theme(page: Page, name: Literal["light", "dark"]) -> None:
    """By night, or by day: the server draws the pictures anew, and the page is as it stays."""
    if page.url == "about:blank":
        page.emulate_media(color_scheme=name)
    elif (page.evaluate(GROUND) == WHITE) != (name == "light"):
        with answered(page):
            page.emulate_media(color_scheme=name)


def walk(page: Page, server: str, script: str) -> None:
    """To a page, in a wide window by night."""
    page.set_viewport_size({"width": WIDE, "height": HIGH})
    choose_theme(page, "dark")
    if script == HOME.script or page.url == "about:blank":
        visit(page, server)
    if script != HOME.script:
        open_page(page, BY_SCRIPT[script].title)
    if "model" in BY_SCRIPT[script].controls:  # a narrow window has closed the sidebar
        opener = page.get_by_test_id("stExpandSidebarButton")
        if opener.is_visible():
            opener.click()
        expect(page.get_by_role("combobox", name="Model")).to_be_visible()
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    eventually(lambda: page.evaluate(GROUND) != WHITE)
    expect(page.locator("[role='graphics-document']:not([aria-describedby])")).to_have_count(0)


@pytest.mark.parametrize("script", BY_SCRIPT)
def test_no_page_has_a_serious_fault_or_is_cut_off(server: str, visitor: Page, script: str) -> None:
    page = visitor
    walk(page, server, script)
    if BY_SCRIPT[script].section == VIEWS:
        drawn(page)
        eventually(lambda: bool(np.median(pixels(page)) < 64))  # a dark page has dark pictures
    assert faults(page, "color-contrast") == []  # all that a theme changes
    choose_theme(page, "light")
    eventually(lambda: page.evaluate(GROUND) == WHITE)
    if BY_SCRIPT[script].section == VIEWS:
        eventually(lambda: bool(np.median(pixels(page)) > 160))  # the picture follows by itself
    assert faults(page) == []
    for width in (1024, 390):
        page.set_viewport_size({"width": width, "height": HIGH})
        eventually(lambda: overflows(page) == [])


@pytest.mark.whole
def test_the_check_finds_a_fault(page: Page) -> None:
    page.set_content("<html lang=en><title>x</title><main><h1>x</h1><p style='color:#bbb'>pale</p></main>")
    assert [name for name, _ in faults(page)] == ["color-contrast"]


def test_a_picture_leads_to_the_words_that_say_what_it_shows(server: str, visitor: Page) -> None:
    page = visitor
    walk(page, server, "head_view")
    picture = page.locator(".st-key-picture_head_picture [role='graphics-document']")
    expect(picture).to_have_attribute("aria-describedby", "told_head_picture")
    expect(page.locator("#told_head_picture")).to_contain_text("previous-token head")


# Whether what has the focus, or what stands around it, has an outline; the page itself has a fainter one.
FOCUS_SHOWS = """() => {
  let near = document.activeElement;
  if (near.matches("body, [data-testid='stMain']")) return true;
  for (let up = 0; up < 4 && near; up++, near = near.parentElement) {
    const { outlineStyle, outlineWidth } = getComputedStyle(near);
    if (outlineStyle === "solid" && parseFloat(outlineWidth) >= 1)
      return near.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  }
  return false;
}"""


def walk_to(page: Page, goal: Locator) -> int:
    """Press Tab until the focus is there, which shows at every step; returns how often that took."""
    for presses in range(1, 50):
        page.keyboard.press("Tab")
        eventually(lambda: page.evaluate(FOCUS_SHOWS))
        if goal.evaluate("it => it === document.activeElement"):
            return presses
    raise AssertionError("fifty Tabs do not lead there")


def test_a_token_and_a_head_are_chosen_by_keyboard_alone_from_the_home_page_on(
    server: str, page: Page
) -> None:
    visit(page, server)
    walk_to(page, page.get_by_role("link", name="Skip to main content"))
    page.keyboard.press("Enter")
    assert walk_to(page, page.get_by_role("link", name="Open layer 3, head 2 in the head view")) <= 8
    with answered(page):
        page.keyboard.press("Enter")
    begun = address(page)["query"]
    walk_to(page, page.get_by_role("button", name="The head after"))
    with answered(page):
        page.keyboard.press("Enter")
    eventually(lambda: address(page)["heads"] == "3")
    assert walk_to(page, page.get_by_role("combobox", name="Query token")) <= 8
    with answered(page):
        for key in ("ArrowDown", "ArrowDown", "Enter"):
            page.keyboard.press(key)
    eventually(lambda: address(page).get("query", begun) != begun)
    save = page.get_by_role("button", name="Save")
    walk_to(page, save)
    opens_and_closes(page, save, "[role=dialog]")


def opens_and_closes(page: Page, button: Locator, inside: str) -> None:
    """The button, which has the focus, opens something that takes it; Escape gives it back."""
    page.keyboard.press("Enter")
    eventually(lambda: page.evaluate("inside => !!document.activeElement.closest(inside)", inside))
    assert page.evaluate(FOCUS_SHOWS)
    page.keyboard.press("Escape")
    expect(button).to_be_focused()


def test_what_a_menu_holds_can_be_reached_by_keyboard(server: str, page: Page) -> None:
    visit(page, f"{server}/answer")
    eventually(lambda: page.evaluate("'attnlitIntoMenus' in window"))  # comes last, and nobody is as quick
    menu = page.get_by_role("button", name="How it writes")
    menu.focus()
    opens_and_closes(page, menu, "[data-testid=stPopoverBody]")
