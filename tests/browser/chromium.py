"""The one Chromium of browser tests and benchmarks; `tests/install.sh` makes sure that there is one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# For tests, which take no time: no frames for what only moves, and no code made faster than it is used.
FRUGAL = ("--disable-threaded-animation", "--js-flags=--no-maglev")


@contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """The system's Chromium, else Playwright's own; without a window, and silent towards the network.

    more: arguments besides those that it always gets.
    """
    system = next((path for name in NAMES if (path := shutil.which(name))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=system, args=[*ARGUMENTS, *more])
        yield browser
        browser.close()
