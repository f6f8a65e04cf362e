"""Times what a page shows, alike for both tools: see page_timing.js for what "painted" means."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, Page

from benchmarks.processes import resident_megabytes

SCRIPT = Path(__file__).with_name("page_timing.js")
REST = 400  # ms without a change after which a picture is complete
SHORT_REST = 150  # the same for a hover, which asks no server


@dataclass(frozen=True)
class Timing:
    """One action, in milliseconds and bytes."""

    painted: float  # from the input or navigation to the frame after the one with the last change
    first_painted: float  # the same for the first change
    answered: float | None  # from the first websocket message sent to the last received
    received: int  # bytes of all websocket messages
    longest_task: float  # of the main thread, in those that Chromium calls long (50 ms and more), else 0
    longest_gap: float  # between two animation frames: no input is answered in it


@contextmanager
def fresh_page(browser: Browser, prepare: Callable[[BrowserContext], Any] | None = None) -> Iterator[Page]:
    """A page of a visitor who was never here: nothing is cached, and no other page shares its process."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, color_scheme="light")
    context.set_default_timeout(180_000)
    context.add_init_script(path=SCRIPT)
    if prepare:
        prepare(context)
    yield context.new_page()
    context.close()


def opening(page: Page, address: str) -> Timing:
    """Open an address and wait until its picture is complete."""
    page.goto(address, wait_until="commit")
    return _when_quiet(page, REST)


def timed(page: Page, event: str, act: Callable[[], Any], rest: int = REST) -> Timing:
    """Do something whose first `event` (click, change, pointermove) starts the clock."""
    page.evaluate("event => pageTiming.arm(event)", event)
    act()
    return _when_quiet(page, rest)


def _when_quiet(page: Page, rest: int) -> Timing:
    try:
        measured = page.evaluate("milliseconds => pageTiming.whenQuiet(milliseconds)", rest)
    except Error as failure:
        raise RuntimeError(f"{failure.message}; the page says: {page.inner_text('body')[:500]}") from None
    return Timing(
        measured["painted"],
        measured["firstPainted"],
        measured["answered"],
        measured["bytes"],
        measured["longestTask"],
        measured["longestGap"],
    )


def sweep(page: Page, places: list[tuple[float, float]]) -> list[float]:
    """Milliseconds of hovers: the pointer comes to the first place and then goes from one to the next.

    To the frame after the first change. Nothing visible changes later, but the neuron view draws again when
    it has loaded, unseen, what the rows beside the new one will need.
    """
    start, *others = places
    page.mouse.move(*start)
    page.wait_for_timeout(REST)
    hovers = [timed(page, "pointermove", partial(page.mouse.move, *place), SHORT_REST) for place in others]
    return [hover.first_painted for hover in hovers]


def renderer_memory(browser: Browser, page: Page) -> tuple[float, float]:
    """Megabytes that the page's process holds, and those of its JavaScript heap.

    Call it while only one page is open: the largest renderer is taken to be that page's.
    """
    with_page = page.context.new_cdp_session(page)
    with_page.send("Performance.enable")
    metrics = {entry["name"]: entry["value"] for entry in with_page.send("Performance.getMetrics")["metrics"]}
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    renderers = [process["id"] for process in processes if process["type"] == "renderer"]
    return max(map(resident_megabytes, renderers)), metrics["JSHeapUsedSize"] / 2**20
