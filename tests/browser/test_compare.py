"""Two texts side by side in a real browser: the second picture takes clicks as the first one does."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.hand import address, chart, click, ink, pixels
from tests.browser.heads import heads, row, switch
from tests.browser.waiting import eventually, visit

SECOND = 1  # the picture on the right
TEXTS = "text=The+cat+sat+on+the+mat.&second=The+old+cat+sat+on+the+mat."


def test_a_click_in_the_second_picture_pins_what_lines_up_and_chooses_heads(server: str, page: Page) -> None:
    # Texts of other lengths have no patterns to patch, so that nothing is measured below the pictures.
    visit(page, f"{server}/compare?patched=Pattern&layer=3&heads=2&query=-1&{TEXTS}")
    eventually(lambda: ink(pixels(page, SECOND)) > 1000)
    chart(page, SECOND).scroll_into_view_if_needed()
    click(page, 0.2, row(3), SECOND)
    eventually(lambda: address(page).get("query") == "2")  # the first text's "cat"
    click(page, *switch(page, 5, SECOND), SECOND)
    eventually(lambda: heads(page) == ["2", "5"])
