"""Seconds to the first picture in a browser, beside a Streamlit page with one bar chart, in the same run.

    python -m benchmarks.first_picture [--runs 5]

Start: from the start of the process, on a warm disk that holds Python's bytecode, to the picture in a browser
that waits for the server.
New browser: from the navigation to the picture, with an empty cache, on the same server once it has rest.
The pages take turns, so that a busy machine slows all of them alike. Goes into benchmarks/results.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser

from attnlit.app.start import DRAWN_WITHIN
from benchmarks.load.server import ROOT, Server, app
from benchmarks.page_timing import fresh_page
from benchmarks.processes import processor
from benchmarks.report import put
from tests.browser.chromium import chromium

BAR_CHART = 'import streamlit as st\n\nst.bar_chart({"a": [3, 1, 2]})\n'
GOALS = {"start": 1.5, "new browser": 1.25}  # times the same of the page with one bar chart
REST = 0.05  # of a processor: with less the server is at rest
LONGEST = 60.0  # seconds to wait for that
# Milliseconds from the navigation to the frame after the one that shows the first picture.
FIRST_PICTURE = """() => new Promise(done => {
  const shown = () => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
  const look = () => {
    const picture = document.querySelector("[data-testid=stVegaLiteChart] .marks");
    picture?.getBoundingClientRect().height ? shown() : setTimeout(look, 10);
  };
  look();
})"""


@dataclass(frozen=True)
class Subject:
    """A page that is opened."""

    name: str
    script: Path
    path: str


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--runs", type=int, default=5)
    runs = arguments.parse_args().runs
    took: dict[tuple[str, str], list[float]] = defaultdict(list)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        bar = Path(folder, "bar_chart.py")
        bar.write_text(BAR_CHART)
        ours = ROOT / "streamlit_app.py"
        subjects = [
            Subject("one bar chart", bar, ""),
            Subject("home", ours, ""),
            Subject("head view", ours, "head_view"),
        ]
        for round_ in range(runs + 1):
            for subject in subjects:
                start, new = _times(browser, subject)
                if round_:  # the first one warms the disk
                    took["start", subject.name].append(start)
                    took["new browser", subject.name].append(new)
    report = "\n".join(_table(took, [each.name for each in subjects], runs, load))
    put(report)
    print(report)


def _times(browser: Browser, subject: Subject) -> tuple[float, float]:
    """Seconds to a start's first picture, and to that of a new browser afterwards."""
    began = time.perf_counter()
    with app(script=subject.script) as server:
        address = f"{server.url}/{subject.path}"
        waited = time.perf_counter() - began
        start = waited + _opened(browser, address)
        _wait_for_rest(server)
        new = _opened(browser, address)
    return start, new


def _opened(browser: Browser, address: str) -> float:
    """Seconds from the navigation of a browser that was never here to the first picture."""
    with fresh_page(browser) as page:
        page.goto(address, wait_until="commit")
        return page.evaluate(FIRST_PICTURE) / 1000


def _wait_for_rest(server: Server) -> None:
    """Until the server has no work: what it imports behind the first picture, and begins later, is there."""
    until = time.monotonic() + LONGEST
    time.sleep(DRAWN_WITHIN + 1)
    while time.monotonic() < until:
        before = processor(server.pid)
        time.sleep(1)
        if processor(server.pid) - before < REST:
            return


def _table(
    took: dict[tuple[str, str], list[float]], names: Sequence[str], runs: int, load: float
) -> list[str]:
    rows = []
    for what, goal in GOALS.items():
        first = median(took[what, names[0]])
        for name in names:
            middle = median(took[what, name])
            spread = f"{min(took[what, name]):.1f}–{max(took[what, name]):.1f}"
            ratio = "" if name == names[0] else f"{middle / first:.2f}× (goal {goal}×)"
            rows.append(f"| {what} | {name} | {middle:.1f} | {spread} | {ratio} |")
    return [
        "# First picture",
        "",
        f"{date.today():%-d %B %Y}, {os.cpu_count()} cores, {platform.machine()}, load {load:.1f} before the "
        f"run, Python {platform.python_version()}. Medians of {runs}, in turns; seconds.",
        "",
        "| | page | median | from–to | beside one bar chart |",
        "|---|---|---:|---:|---:|",
        *rows,
    ]


if __name__ == "__main__":
    main()
