"""The answer page in a real browser: a click on a word of the answer chooses it."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Page

from tests.browser.hand import address, box, drawn, pixels
from tests.browser.waiting import answered, eventually, visit


def test_a_click_on_a_word_shows_what_was_read_for_it(server: str, page: Page) -> None:
    visit(page, f"{server}/answer?length=20&temperature=0.0&word=2")
    drawn(page)
    place, before = box(page), pixels(page)
    x, y = place["x"] + 20, place["y"] + place["height"] - 25  # the first word of the last line
    page.mouse.move(x, y, steps=5)
    eventually(lambda: not np.array_equal(pixels(page), before))  # pointing alone shows it
    with answered(page):
        page.mouse.click(x, y)
    eventually(lambda: address(page).get("word", "2") != "2")
