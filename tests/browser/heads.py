"""Where the head view's tokens and switches are, and which heads are on."""

from __future__ import annotations

from functools import cache

from playwright.sync_api import Page

import attnlit
from attnlit.charts.head import head_shape
from attnlit.charts.head.layout import SWITCHES_LEFT
from tests.browser.hand import box

TEXT = "The cat sat on the mat because it was warm."
HEADS = 8


@cache
def row(token: int) -> float:
    """How far down a token stands, in pixels."""
    shape = head_shape(attnlit.attend(attnlit.load("mini-gpt2"), TEXT), HEADS)
    return shape.top + (token + 0.5) * shape.row


def switch(page: Page, head: int, number: int = 0) -> tuple[float, float]:
    """Where a head's switch is in a picture: a share of the chart's width, and pixels down."""
    across = box(page, number)["width"]
    width = min(30, (across - SWITCHES_LEFT) // HEADS)
    return (SWITCHES_LEFT + head * width + 10) / across, 11


def heads(page: Page) -> list[str]:
    """Those in the address."""
    return page.evaluate("new URLSearchParams(location.search).getAll('heads')")
