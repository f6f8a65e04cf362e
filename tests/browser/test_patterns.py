"""The page of recurring patterns in a real browser: clicks choose heads, long work can be left any time."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Page, expect

from attnlit.analysis.sample import SENTENCES
from attnlit.charts.grid import WIDER
from attnlit.charts.head_map import HIGHEST_CELL
from tests.browser.hand import address, box, drawn
from tests.browser.waiting import answered, eventually, open_page, settled, visit


def long_text(sentences: int, seed: int) -> str:
    """Sentences that nobody has scored before."""
    words = " ".join(SENTENCES).lower().split()
    random = np.random.default_rng(seed)
    return "\n".join(" ".join(random.choice(words, 20)) for _ in range(sentences))


def test_a_click_on_the_map_chooses_that_head(page: Page, server: str) -> None:
    visit(page, f"{server}/patterns")
    expect(page.get_by_role("heading", name="Layer 3, head 2")).to_be_visible()
    drawn(page)
    place = box(page)
    across = min((place["width"] - 34) // 8, WIDER * HIGHEST_CELL)
    down = min(HIGHEST_CELL, across)
    page.mouse.move(place["x"] + 34 + 4.3 * across, place["y"] + 34 + 1.3 * down, steps=4)
    page.mouse.move(place["x"] + 34 + 4.5 * across, place["y"] + 34 + 1.5 * down, steps=4)
    with answered(page):
        page.mouse.down()
        page.mouse.up()
    expect(page.get_by_role("heading", name="Layer 1, head 4")).to_be_visible()
    eventually(lambda: (address(page).get("layer"), address(page).get("head")) == ("1", "4"))


def test_back_from_another_page_finds_what_was_chosen(page: Page, server: str) -> None:
    visit(page, f"{server}/patterns")
    with answered(page):
        page.get_by_text("This text", exact=True).click()
    with answered(page):
        page.get_by_role("radiogroup", name="Layer").get_by_role("radio", name="1", exact=True).click()
    open_page(page, "Head view")
    with answered(page):
        page.go_back()
    expect(page.get_by_role("heading", name="Layer 1, head 2")).to_be_visible()
    expect(page.get_by_role("radio", name="This text")).to_be_checked()
    eventually(lambda: address(page).get("over") == "This text")


def test_a_long_text_lets_others_be_served_can_be_cancelled_goes_on_and_is_left(
    page: Page, other: Page, server: str
) -> None:
    visit(page, f"{server}/patterns?over=A+longer+text")
    file = {"name": "long.txt", "mimeType": "text/plain", "buffer": long_text(3000, seed=1).encode()}
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("long.txt")).to_be_visible()
    page.get_by_role("button", name="Score all heads on it").click()
    reading = page.get_by_text("Reading the texts …")
    expect(reading).to_be_visible()
    visit(other, f"{server}/head_view?text=Somebody+else+asks+something+new+meanwhile.")
    drawn(other)
    expect(reading).to_be_visible()  # the long text is still at work
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Stopped")).to_be_visible()
    settled(page)
    page.get_by_test_id("stMain").get_by_role("button", name="Go on").click()
    expect(reading).to_be_visible()
    open_page(page, "Model view")  # another page ends it
    expect(page.get_by_role("heading", name="Model view")).to_be_visible()
