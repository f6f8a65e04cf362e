"""The neurons page in a real browser: a new text gives new bars, in their own order."""

from __future__ import annotations

import numpy as np
from PIL import ImageColor
from playwright.sync_api import Page

from attnlit.charts.dimensions import MOST_BARS
from attnlit.charts.theme import LIGHT
from tests.browser.hand import pixels
from tests.browser.waiting import answered, eventually, visit


def bars(page: Page) -> list[int]:
    """How long the bars of one pair of tokens are, in pixels, from the top down."""
    picture = pixels(page, 4).astype(int)
    signs = [ImageColor.getrgb(colour) for colour in (LIGHT.positive, LIGHT.negative)]
    painted = np.any([np.abs(picture - sign).max(axis=-1) < 24 for sign in signs], axis=0)
    across = painted.sum(axis=1)  # of each row of pixels
    parts = np.split(across, np.flatnonzero(np.diff(across > 0)) + 1)
    return [int(part.max()) for part in parts if part.any()]


def test_the_bars_of_a_new_text_are_in_their_own_order(server: str, page: Page) -> None:
    visit(page, f"{server}/neurons?layer=1&head=4")
    eventually(lambda: bars(page) != [])
    for text in ("My old dog ran away from home.", "Words that nobody else typed."):
        before = bars(page)
        page.get_by_label("Sentence A").fill(text)
        page.get_by_label("Sentence B (optional)").fill("")
        with answered(page):
            page.get_by_role("button", name="Show attention").click()
        eventually(lambda before=before: bars(page) not in (before, []))
        lengths = np.array(bars(page))
        assert len(lengths) > MOST_BARS // 2  # the least may be shorter than a pixel
        assert (np.diff(lengths) <= 1).all()
