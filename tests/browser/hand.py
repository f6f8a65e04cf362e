"""What a visitor does with a picture, and sees of it."""

from __future__ import annotations

import base64
import io
from urllib.parse import parse_qs

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page

from tests.browser.waiting import answered, eventually, settled

# A picture on the page's own ground, as a PNG. A screenshot would make the browser draw the whole page anew.
_PICTURE = """canvas => {
  const flat = document.createElement("canvas"), pen = flat.getContext("2d");
  [flat.width, flat.height] = [canvas.width, canvas.height];
  pen.fillStyle = getComputedStyle(document.querySelector(".stApp")).backgroundColor;
  pen.fillRect(0, 0, flat.width, flat.height);
  pen.drawImage(canvas, 0, 0);
  return flat.toDataURL().split(",")[1];
}"""

# Taps on one place, as a finger makes them, a tenth of a second apart by the page's own clock.
_TAPS = """async (canvas, [x, y, times]) => {
  for (let tap = 0; tap < times; tap++) {
    const touch = new Touch({identifier: tap, target: canvas, clientX: x, clientY: y});
    for (const [name, touches] of [["touchstart", [touch]], ["touchend", []]])
      canvas.dispatchEvent(new TouchEvent(
        name, {touches, changedTouches: [touch], bubbles: true, cancelable: true}
      ));
    await new Promise(then => setTimeout(then, 100));
  }
}"""


def chart(page: Page, number: int = 0) -> Locator:
    return page.get_by_test_id("stVegaLiteChart").nth(number)


def radio(page: Page, group: str, choice: str | int) -> Locator:
    return page.get_by_role("radiogroup", name=group).get_by_role("radio", name=str(choice), exact=True)


def address(page: Page) -> dict[str, str]:
    """What the address says. Asked of the page: `page.url` stands still while nothing else is asked of it."""
    found = parse_qs(page.evaluate("location.search").removeprefix("?"))
    return {name: values[-1] for name, values in found.items()}


def pixels(page: Page, place: int = 0) -> np.ndarray:
    """The first picture, or a later one, as it looks now: uint8 (height, width, 3)."""
    canvas = chart(page, place).locator("canvas")
    drawn = base64.b64decode(canvas.evaluate(_PICTURE))
    return np.asarray(Image.open(io.BytesIO(drawn)).convert("RGB"))


def ink(picture: np.ndarray) -> int:
    """How many pixels are not background."""
    return int((np.abs(picture.astype(int) - picture[-1, -1].astype(int)).sum(axis=-1) > 24).sum())


def colour(picture: np.ndarray) -> int:
    """How many pixels are neither grey nor white nor black."""
    return int((np.ptp(picture[..., :3].astype(int), axis=-1) > 24).sum())


def drawn(page: Page) -> int:
    """Wait until the first picture is painted; returns its ink."""
    eventually(lambda: ink(pixels(page)) > 1000)
    return ink(pixels(page))


def box(page: Page, number: int = 0) -> dict[str, float]:
    """Where the first picture is, or a later one, once it lies still."""
    seen: list[object] = []

    def lies_still() -> bool:
        seen.append(chart(page, number).bounding_box())
        return seen[-1] is not None and seen[-1] in seen[-2:-1]

    eventually(lies_still)
    return seen[-1]  # type: ignore[return-value]


def point(page: Page, across: float, down: float, number: int = 0) -> tuple[float, float]:
    """Move the pointer, in steps as a hand does, to a share of the chart's width and so many pixels down."""
    place = box(page, number)
    x, y = place["x"] + across * place["width"], place["y"] + down
    page.mouse.move(x - 4, y - 2, steps=3)
    page.mouse.move(x, y, steps=3)
    return x, y


def click(page: Page, across: float, down: float, number: int = 0) -> None:
    """Click there, and wait for what the server makes of it."""
    place = point(page, across, down, number)
    with answered(page):
        page.mouse.click(*place)


def leave(page: Page) -> None:
    """Move the pointer away from the picture; where it was clicked, that tells the server a moment later."""
    page.mouse.move(2, 2)
    _later(page, 300)
    settled(page)


def tap(page: Page, across: float, down: float) -> None:
    """Tap there, as a finger does, and wait for what the server makes of it."""
    place = box(page)
    with answered(page):
        page.touchscreen.tap(place["x"] + across * place["width"], place["y"] + down)
    _later(page, 350)  # else the next were the second of two


def double_tap(page: Page, across: float, down: float) -> None:
    """Two quick taps: quick by the page's clock, since a busy machine would bring them too far apart."""
    place = box(page)
    with answered(page):
        spot = [place["x"] + across * place["width"], place["y"] + down, 2]
        chart(page).locator("canvas").evaluate(_TAPS, spot)
    _later(page, 350)


def _later(page: Page, milliseconds: int) -> None:
    """Wait by the page's own clock: what it means to do sooner is done by then, however busy it is."""
    page.evaluate("time => new Promise(then => setTimeout(then, time))", milliseconds)


def overflows(page: Page) -> list[str]:
    """What of the page is wider than the window: nothing, or what it is."""
    width = page.viewport_size["width"]  # type: ignore[index]
    found = ["the page"] if page.evaluate("document.documentElement.scrollWidth") > width else []
    for canvas in page.get_by_test_id("stVegaLiteChart").locator("canvas").all():
        place = canvas.bounding_box()
        if place and (place["x"] < 0 or place["x"] + place["width"] > width):
            found.append(f"a picture from {place['x']:.0f} to {place['x'] + place['width']:.0f}")
    return found
