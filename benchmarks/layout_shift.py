"""How far each page jumps while it opens: the layout shift that browsers measure, of a new browser.

    python -m benchmarks.layout_shift [--width 1400]

Each shift is the share of the window that moved, times how far it moved; their sum is good below 0.1
(https://web.dev/articles/cls). Goes into benchmarks/results.md.
"""

from __future__ import annotations

import argparse
import os
import platform
from datetime import date

from playwright.sync_api import Browser

from attnlit.app.frame.cards import BY_SCRIPT, HOME
from benchmarks.load.server import app
from benchmarks.page_timing import fresh_page
from benchmarks.report import put
from tests.browser.chromium import chromium

HEIGHT = 900
STILL = 1500  # milliseconds after the last picture in the window is drawn
SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) if (!each.hadRecentInput) window.shifted += each.value;
}).observe({ type: "layout-shift", buffered: true });
"""
DRAWN = """() => document.querySelector("h1") && [
  ...document.querySelectorAll("[data-testid=stVegaLiteChart]")
].every(
  (each) => each.getBoundingClientRect().top > innerHeight || each.querySelector(".marks")
)"""


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--width", type=int, default=1400)
    width = arguments.parse_args().width
    load = os.getloadavg()[0]
    with app() as server, chromium() as browser:
        pages = [f"{server.url}/{'' if card is HOME else card.script}" for card in BY_SCRIPT.values()]
        for page in pages:  # what is measured or imported once is kept
            _shifted(browser, page, width)
        rows = [
            f"| {card.title if card is not HOME else 'Home'} | {_shifted(browser, page, width):.3f} |"
            for card, page in zip(BY_SCRIPT.values(), pages, strict=True)
        ]
    report = "\n".join(
        [
            "# Layout shift",
            "",
            f"{date.today():%-d %B %Y}, {os.cpu_count()} cores, {platform.machine()}, load {load:.1f} before "
            f"the run; {width} × {HEIGHT} pixels, warm server, new browser.",
            "",
            "| page | shift while it opens (good below 0.1) |",
            "|---|---:|",
            *rows,
        ]
    )
    put(report)
    print(report)


def _shifted(browser: Browser, address: str, width: int) -> float:
    with fresh_page(browser) as page:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        page.add_init_script(SHIFTS)
        page.goto(address)
        page.wait_for_function(DRAWN)
        page.wait_for_timeout(STILL)
        return page.evaluate("shifted")


if __name__ == "__main__":
    main()
