"""The neurons page in a real browser: a new text gives new bars, in their own order."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageColor
from playwright.sync_api import Page

from attnlit.charts.dimensions import MOST_BARS
from attnlit.charts.theme import LIGHT
from tests.browser.conftest import eventually, settled


def bars(page: Page) -> list[int]:
    """How long the bars of one pair of tokens are, in pixels, from the top down."""
    chart = page.get_by_test_id("stVegaLiteChart").nth(4)
    picture = np.asarray(Image.open(io.BytesIO(chart.screenshot())).convert("RGB")).astype(int)
    signs = [ImageColor.getrgb(colour) for colour in (LIGHT.positive, LIGHT.negative)]
    painted = np.any([np.abs(picture - sign).max(axis=-1) < 24 for sign in signs], axis=0)
    across = painted.sum(axis=1)  # of each row of pixels
    parts = np.split(across, np.flatnonzero(np.diff(across > 0)) + 1)
    return [int(part.max()) for part in parts if part.any()]


def test_the_bars_of_a_new_text_are_in_their_own_order(server: str, page: Page) -> None:
    page.goto(f"{server}/neurons?layer=1&head=4")
    settled(page)
    for text in ("My old dog ran away from home.", "Words that nobody else typed."):
        before = bars(page)
        page.get_by_label("Sentence A").fill(text)
        page.get_by_label("Sentence B (optional)").fill("")
        page.get_by_role("button", name="Show attention").click()
        settled(page)
        eventually(lambda before=before: bars(page) not in (before, []))
        lengths = np.array(bars(page))
        assert len(lengths) > MOST_BARS // 2  # the least may be shorter than a pixel
        assert (np.diff(lengths) <= 1).all()
