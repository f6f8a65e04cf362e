"""The page of recurring patterns in a real browser: clicks choose heads, long work can be left any time."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Browser, Page, expect

from attnlit.analysis.sample import SENTENCES
from attnlit.charts.grid import WIDER
from attnlit.charts.head_map import HIGHEST_CELL
from tests.browser.conftest import open_page, settled


def long_text(sentences: int, seed: int) -> str:
    """Sentences that nobody has scored before."""
    words = " ".join(SENTENCES).lower().split()
    random = np.random.default_rng(seed)
    return "\n".join(" ".join(random.choice(words, 20)) for _ in range(sentences))


def start_long_text(page: Page, server: str, seed: int) -> None:
    page.goto(f"{server}/patterns?over=A+longer+text")
    settled(page)
    file = {"name": "long.txt", "mimeType": "text/plain", "buffer": long_text(3000, seed).encode()}
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("long.txt")).to_be_visible()
    page.get_by_role("button", name="Score all heads on it").click()
    expect(page.get_by_text("Reading the texts …")).to_be_visible()


def test_a_click_on_the_map_chooses_that_head(page: Page, server: str) -> None:
    page.goto(f"{server}/patterns")
    settled(page)
    expect(page.get_by_role("heading", name="Layer 3, head 2")).to_be_visible()
    box = page.get_by_test_id("stVegaLiteChart").first.bounding_box()
    assert box
    across = min((box["width"] - 34) // 8, WIDER * HIGHEST_CELL)
    down = min(HIGHEST_CELL, across)
    page.mouse.move(box["x"] + 34 + 4.3 * across, box["y"] + 34 + 1.3 * down, steps=4)
    page.mouse.move(box["x"] + 34 + 4.5 * across, box["y"] + 34 + 1.5 * down, steps=4)
    page.wait_for_timeout(250)
    page.mouse.down()
    page.mouse.up()
    expect(page.get_by_role("heading", name="Layer 1, head 4")).to_be_visible()
    settled(page)
    assert "layer=1" in page.url
    assert "head=4" in page.url


def test_back_from_another_page_finds_what_was_chosen(page: Page, server: str) -> None:
    page.goto(f"{server}/patterns")
    settled(page)
    page.get_by_text("This text", exact=True).click()
    settled(page)
    page.get_by_role("radiogroup", name="Layer").get_by_role("radio", name="1", exact=True).click()
    settled(page)
    open_page(page, "Head view")
    page.go_back()
    settled(page)
    expect(page.get_by_role("heading", name="Layer 1, head 2")).to_be_visible()
    expect(page.get_by_role("radio", name="This text")).to_be_checked()
    assert "over=This+text" in page.url


def test_a_long_text_can_be_cancelled_and_goes_on(page: Page, server: str) -> None:
    start_long_text(page, server, seed=1)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Stopped")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Reading the texts …")).to_be_visible()


def test_another_visitor_is_served_while_a_long_text_is_read(
    page: Page, server: str, browser: Browser
) -> None:
    start_long_text(page, server, seed=2)
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    other = context.new_page()
    other.goto(f"{server}/head_view?text=Somebody+else+asks+something+new+meanwhile.")
    settled(other)
    expect(other.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    expect(page.get_by_text("Reading the texts …")).to_be_visible()  # the long text is still at work
    context.close()
    open_page(page, "Model view")  # another page ends it
    expect(page.get_by_role("heading", name="Model view")).to_be_visible()
