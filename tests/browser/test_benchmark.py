"""The benchmark finds in the page what it measures, in a text that opens as a heat map too."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from attnlit.app.frame.sidebar import FIRST_MODEL
from attnlit.app.shape import LONG_FROM
from attnlit.attention import attend, load
from benchmarks import attnlit_side
from benchmarks.report import ATTNLIT, Results

MEASURED = {
    "head": ("open", "hover", "layer", "switch", "told"),
    "model": ("open", "detail", "hover"),
    "neuron": ("open", "hover", "head"),
}


def test_every_row_of_the_table_is_measured(
    server: str, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attnlit_side, "HOVERS", 2)  # each takes half a second
    model = load(FIRST_MODEL)
    record = attend(model, " ".join(["the cat sat on the mat"] * (LONG_FROM // 6 + 1)))
    tokens = len(record.queries)
    assert tokens >= LONG_FROM
    results = Results()
    attnlit_side.measure_browser(results, browser, server, FIRST_MODEL, [record])
    for view, rows in MEASURED.items():
        for row in rows:
            assert results.median(view, row, ATTNLIT, tokens), (view, row)
