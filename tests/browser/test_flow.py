"""The flow page in a real browser: a click follows another token, pointing changes what is drawn."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import eventually, settled

TOP, ROW = 46, 24  # pixels of the picture above the first token, and for each


def move_to(page: Page, place: int) -> tuple[float, float]:
    chart = page.get_by_test_id("stVegaLiteChart").locator("canvas")
    box = chart.bounding_box()
    assert box is not None
    x, y = box["x"] + 60, box["y"] + TOP + ROW * (place + 0.5)
    page.mouse.move(x, y, steps=5)
    return x, y


def test_a_click_asks_what_that_token_is_made_of(server: str, page: Page) -> None:
    page.goto(f"{server}/flow?text=The+cat+sat+on+the+mat.&pair=")
    settled(page)
    page.get_by_text("of mat comes from").wait_for()
    page.mouse.click(*move_to(page, 3))
    settled(page)
    page.get_by_text("of sat comes from").wait_for()
    assert "query=3" in page.url


def test_pointing_leaves_one_tokens_way(server: str, page: Page) -> None:
    page.goto(f"{server}/flow?text=The+cat+sat+on+the+mat.&pair=")
    settled(page)
    chart = page.get_by_test_id("stVegaLiteChart").locator("canvas")
    move_to(page, 1)
    page.wait_for_timeout(300)
    first = chart.screenshot()
    move_to(page, 4)
    eventually(lambda: chart.screenshot() != first)
    assert page.locator("#vg-tooltip-element").inner_text().count("%") == 2


@pytest.mark.parametrize("width", [390, 1024, 1400])
def test_it_fits_every_window(server: str, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{server}/flow")
    settled(page)
    box = page.get_by_test_id("stVegaLiteChart").locator("canvas").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
