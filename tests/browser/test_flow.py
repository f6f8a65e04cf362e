"""The flow page in a real browser: pointing changes what is drawn, a click follows another token."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Page, expect

from tests.browser.hand import address, box, drawn, pixels
from tests.browser.waiting import answered, eventually, visit

TOP, ROW = 46, 24  # pixels of the picture above the first token, and for each


def move_to(page: Page, place: int) -> tuple[float, float]:
    where = box(page)
    x, y = where["x"] + 60, where["y"] + TOP + ROW * (place + 0.5)
    page.mouse.move(x, y, steps=5)
    return x, y


def test_pointing_leaves_one_tokens_way_and_a_click_asks_what_it_is_made_of(server: str, page: Page) -> None:
    visit(page, f"{server}/flow?text=The+cat+sat+on+the+mat.&pair=")
    expect(page.get_by_text("of mat comes from")).to_be_visible()
    drawn(page)
    idle = pixels(page)
    move_to(page, 1)
    eventually(lambda: not np.array_equal(pixels(page), idle))
    first = pixels(page)
    move_to(page, 4)
    eventually(lambda: not np.array_equal(pixels(page), first))
    eventually(lambda: page.locator("#vg-tooltip-element").inner_text().count("%") == 2)
    place = move_to(page, 3)
    with answered(page):
        page.mouse.click(*place)
    expect(page.get_by_text("of sat comes from")).to_be_visible()
    eventually(lambda: address(page).get("query") == "3")
