"""The head view under a pointer: pointing, pinning, and the switches of its heads."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.hand import address, click, drawn, ink, leave, pixels, point, radio
from tests.browser.heads import TEXT, heads, row, switch
from tests.browser.waiting import answered, eventually, visit


def test_pointing_at_a_token_isolates_it_and_a_click_pins_it(server: str, page: Page) -> None:
    visit(page, f"{server}/head_view?layer=0&query=-1&text={TEXT}")  # every head, and nothing pinned
    idle = drawn(page)
    point(page, 0.2, row(2))
    eventually(lambda: ink(pixels(page)) < idle / 2)
    click(page, 0.2, row(2))
    leave(page)
    eventually(lambda: ink(pixels(page)) < idle / 2)
    eventually(lambda: address(page).get("query") == "2")
    expect(page.get_by_text(re.compile(r"cat looks"))).to_be_visible()
    # a change of layer leaves the pin
    with answered(page):
        radio(page, "Layer", 1).click()
    eventually(lambda: ink(pixels(page)) < idle / 2)
    # a second click lets go
    click(page, 0.2, row(2))
    leave(page)
    eventually(lambda: ink(pixels(page)) > idle / 2)


def test_a_click_on_a_switch_chooses_heads_everywhere(server: str, page: Page) -> None:
    visit(page, f"{server}/head_view?heads=3&query=-1&text={TEXT}")
    one = drawn(page)
    click(page, *switch(page, 3))  # the last one stays on
    click(page, *switch(page, 5))
    leave(page)
    eventually(lambda: ink(pixels(page)) > one * 1.1)
    eventually(lambda: heads(page) == ["3", "5"])
    expect(page.get_by_text("Switch these 2 heads off")).to_be_visible()
    click(page, 0.2, row(2))
    expect(page.get_by_text("On average over 2 heads")).to_be_visible()
    click(page, *switch(page, 3))
    eventually(lambda: heads(page) == ["5"])
    for head, then in ((5, []), (2, ["2"])):  # 5 is alone: all come back
        place = point(page, *switch(page, head))
        with answered(page):
            page.mouse.dblclick(*place)
        eventually(lambda then=then: heads(page) == then)
