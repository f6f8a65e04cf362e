"""The answer page in a real browser: a click on a word of the answer chooses it."""

from __future__ import annotations

import re

from playwright.sync_api import Page

from tests.browser.conftest import eventually, settled


def test_a_click_on_a_word_shows_what_was_read_for_it(server: str, page: Page) -> None:
    page.goto(f"{server}/answer?length=20&temperature=0.0&word=2")
    chart = page.get_by_test_id("stVegaLiteChart").locator("canvas")
    chart.wait_for(timeout=90_000)  # it may be the server's first page
    settled(page)
    box = chart.bounding_box()
    assert box is not None
    before = chart.screenshot()
    x, y = box["x"] + 20, box["y"] + box["height"] - 25  # the first word of the last line
    page.mouse.move(x, y, steps=5)
    eventually(lambda: chart.screenshot() != before)  # pointing alone shows it
    page.mouse.click(x, y)
    settled(page)
    eventually(lambda: re.search(r"word=(\d+)", page.url) is not None and "word=2&" not in f"{page.url}&")
