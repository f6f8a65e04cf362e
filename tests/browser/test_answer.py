"""The answer page in a real browser: a click on a word of the answer chooses it."""

from __future__ import annotations

import re

import numpy as np
from playwright.sync_api import Page, expect

from tests.browser.hand import address, box, drawn, pixels
from tests.browser.waiting import answered, eventually, settled, visit

# Clicks “Cancel” the moment that it is there, however soon the answer is whole.
CANCEL = """() => new MutationObserver(() => {
  const found = [...document.querySelectorAll("button")].find((each) => each.innerText.includes("Cancel"));
  if (found && !window.cancelled) { window.cancelled = true; found.click(); }
}).observe(document, {childList: true, subtree: true});
"""


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


def test_an_answer_can_be_stopped_and_gone_on_with(server: str, page: Page) -> None:
    page.goto(
        f"{server}/answer?length=160&temperature=1.0&seed=7&prompt=The+sailors+saw", wait_until="commit"
    )
    page.evaluate(CANCEL)
    expect(page.get_by_text("Stopped at")).to_be_visible()
    settled(page)
    drawn(page)  # what there is of it
    some = re.search(r"It wrote (\d+) tokens", page.get_by_test_id("stMain").inner_text())
    assert some is not None
    assert 1 < int(some[1]) < 160
    with answered(page):
        page.get_by_test_id("stMain").get_by_role("button", name="Go on").click()
    expect(page.get_by_text("It wrote 160 tokens")).to_be_visible()
