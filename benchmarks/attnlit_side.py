"""attnlit, measured as a visitor uses it: the real app, a real browser, real clicks."""

from __future__ import annotations

import copy
import gc
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Browser, Locator, Page

from attnlit.attention.record import Attention
from attnlit.charts.grid import LEFT, TOP
from attnlit.charts.head import head_picture
from attnlit.charts.labels import row_height
from attnlit.charts.model import model_picture
from attnlit.charts.model.spec import HIGHEST_CELL
from attnlit.charts.neuron import neuron_picture
from attnlit.charts.neuron.layout import TOP as NEURON_TOP
from benchmarks.page_timing import Timing, fresh_page, opening, renderer_memory, sweep, timed
from benchmarks.report import Results

TITLES = {"head": "Head view", "model": "Model view", "neuron": "Neuron view"}
HOVERS = 8
FIRST_ROW = 4  # of the tokens swept over: a causal model's first ones see hardly anything


def measure_server(results: Results, records: list[Attention]) -> None:
    """What the server does for a picture, beyond the forward pass: from the record to what is sent.

    The specifications are warm, as they are on a server after its first visitor; what is drawn is new.
    """
    tokens = len(records[0].queries)
    gc.collect()
    gc.freeze()  # as the app does
    head_picture(records[0], 0).to_dict()
    model_picture(copy.copy(records[0])).to_dict()
    neuron_picture(records[0], 0, 0).to_dict()
    for turn, record in enumerate(records, start=1):
        layer = turn % record.layers
        results.add(
            "head", "build", "attnlit", tokens, _took(lambda r=record, n=layer: head_picture(r, n).to_dict())
        )
        # A copy is a new record, of which no thumbnail has been drawn yet.
        fresh = copy.copy(record)
        results.add("model", "build", "attnlit", tokens, _took(lambda r=fresh: model_picture(r).to_dict()))
        results.add(
            "model", "build again", "attnlit", tokens, _took(lambda r=fresh: model_picture(r).to_dict())
        )
        results.add(
            "neuron",
            "build",
            "attnlit",
            tokens,
            _took(lambda r=record, n=layer: neuron_picture(r, n, n).to_dict()),
        )
        results.add("model", "picture", "attnlit", tokens, _kilobytes(model_picture(fresh).to_dict()))
    gc.unfreeze()


def _took(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def _kilobytes(picture: dict[str, Any]) -> float:
    """The specification as JSON, and its tables as they are."""
    tables = picture.pop("datasets")
    return (len(json.dumps(picture)) + sum(map(len, tables.values()))) / 1000


def address(server: str, view: str, model: str, text: str) -> str:
    """The link that shows a text in a view, as lines, however long it is: BertViz draws nothing else."""
    asked = {"model": model, "text": text} | ({"shape": "Columns"} if view == "head" else {})
    return f"{server}/{view}_view?" + urlencode(asked)


def warm_up(browser: Browser, server: str, model: str, text: str) -> None:
    """The server's first visitor: afterwards it has the model, and every view's specification."""
    with fresh_page(browser) as page:
        opening(page, server)
        for view in TITLES:
            opening(page, address(server, view, model, text))


def measure_browser(
    results: Results, browser: Browser, server: str, model: str, records: list[Attention]
) -> None:
    """Open each text, then every view from another one; in the last text also point, click and change."""
    tokens, repeats = len(records[0].queries), len(records)
    with fresh_page(browser) as page:
        opening(page, address(server, "head", model, "hello"))
        for record in records:
            page.get_by_label("Sentence A").fill(record.text)
            # The forward pass happens here, on the head view's page; nothing of this is measured.
            timed(page, "click", page.get_by_role("button", name="Show attention").click)
            for view in ("model", "neuron", "head"):
                opened = _open(page, view)
                results.add(view, "open", "attnlit", tokens, opened.painted)
                results.add(view, "bytes", "attnlit", tokens, opened.received / 1000)
                results.add(view, "answer", "attnlit", tokens, opened.answered)
                results.add(view, "task", "attnlit", tokens, opened.longest_task)
                results.add(view, "gap", "attnlit", tokens, opened.longest_gap)
        _head_view(results, page, tokens, repeats)
        _open(page, "model")
        _model_view(results, page, records[0], repeats)
        _open(page, "neuron")
        _neuron_view(results, page, tokens, repeats)


def measure_first_visit(results: Results, browser: Browser, link: str, view: str, tokens: int) -> None:
    """A visitor with an empty cache follows a link to a text that the server has seen before."""
    with fresh_page(browser) as page:
        visit = opening(page, link)
        results.add(view, "first", "attnlit", tokens, visit.painted)
        results.add(view, "first gap", "attnlit", tokens, visit.longest_gap)
        process, heap = renderer_memory(browser, page)
        results.add(view, "memory", "attnlit", tokens, process)
        results.add(view, "heap", "attnlit", tokens, heap)


def _open(page: Page, view: str) -> Timing:
    """Click a view in the navigation."""
    _rest_the_pointer(page)
    page.get_by_role("button", name="Views").click()
    return timed(page, "click", page.get_by_role("menuitem", name=TITLES[view]).click)


def _head_view(results: Results, page: Page, tokens: int, repeats: int) -> None:
    """Pointed at, changed and switched with all heads of a layer, as BertViz shows them."""
    every = page.get_by_test_id("stSidebar").get_by_role("button", name="All", exact=True)
    if every.count():  # a model of many heads has a list instead
        every.click()
        page.wait_for_timeout(2000)  # nothing may change, if all are on
    _hovers(results, page, _canvas(page), "head", tokens)
    for layer in range(1, repeats + 1):
        results.add("head", "layer", "attnlit", tokens, _choose(page, "Layer", layer).painted)
    box = _box(_canvas(page))
    for switch in range(repeats):
        # in the middle of the first row stand the switches; the pointer comes as a hand does, in steps
        page.mouse.move(
            box["x"] + box["width"] / 2 + 28 * (switch - repeats // 2) + 14, box["y"] + 10, steps=5
        )
        page.wait_for_timeout(300)
        switched = timed(page, "click", lambda: _press(page))
        results.add("head", "switch", "attnlit", tokens, switched.first_painted)
        results.add("head", "told", "attnlit", tokens, switched.painted)


def _model_view(results: Results, page: Page, record: Attention, repeats: int) -> None:
    tokens = len(record.queries)
    page.get_by_role("radio", name="Lines", exact=True).click()
    page.wait_for_timeout(2000)  # nothing may change, if the head is drawn as lines anyway
    box = _box(_canvas(page))
    width = (box["width"] - LEFT) // record.heads
    cell = min(width, HIGHEST_CELL)
    for layer in range(record.layers - 1, record.layers - 1 - repeats, -1):
        # as in BertViz the first head; the pointer comes as a hand does, in steps
        page.mouse.move(box["x"] + LEFT + width / 2, box["y"] + TOP + (layer + 0.5) * cell, steps=5)
        page.wait_for_timeout(300)
        results.add("model", "detail", "attnlit", tokens, timed(page, "click", lambda: _press(page)).painted)
    _hovers(results, page, _canvas(page, 1), "model", tokens)


def _neuron_view(results: Results, page: Page, tokens: int, repeats: int) -> None:
    for head in range(1, repeats + 1):
        results.add("neuron", "head", "attnlit", tokens, _choose(page, "Head", head).painted)
    box = _box(_canvas(page))
    row = row_height(tokens)
    x, top = box["x"] + 30, box["y"] + NEURON_TOP
    # A long text holds only the queries near the chosen one ready for the pointer: choose one among these.
    page.mouse.move(x, top + (FIRST_ROW + HOVERS // 2 + 0.5) * row, steps=5)
    timed(page, "click", lambda: _press(page))
    rows = range(FIRST_ROW, FIRST_ROW + HOVERS + 1)
    for hover in sweep(page, [(x, top + (place + 0.5) * row) for place in rows]):
        results.add("neuron", "hover", "attnlit", tokens, hover)
    _rest_the_pointer(page)


def _hovers(results: Results, page: Page, canvas: Locator, view: str, tokens: int) -> None:
    """Sweep over tokens of a head view's left column."""
    box = _box(canvas)
    row = row_height(tokens)
    top = box["y"] + box["height"] - 6 - tokens * row  # the tokens fill the picture down to its margin
    rows = range(FIRST_ROW, FIRST_ROW + HOVERS + 1)
    x = _left_column(page, box, top + (FIRST_ROW + 0.5) * row)
    for hover in sweep(page, [(x, top + (place + 0.5) * row) for place in rows]):
        results.add(view, "hover", "attnlit", tokens, hover)
    _rest_the_pointer(page)


def _left_column(page: Page, box: Any, y: float) -> float:
    """Where, from the left, the pointer first changes the picture: a token's area begins there."""
    for patience in (120, 1000):  # milliseconds; the second on a machine that has other work, too
        _rest_the_pointer(page)
        for x in range(int(box["x"]) + 4, int(box["x"] + box["width"] / 2), 20):
            page.evaluate("pageTiming.arm('pointermove')")
            page.mouse.move(x, y)
            page.wait_for_timeout(patience)
            if page.evaluate("pageTiming.hasChanged()"):
                return x + 12
    raise RuntimeError("no token under the pointer")


def _choose(page: Page, group: str, number: int) -> Timing:
    pill = page.get_by_role("radiogroup", name=group).get_by_role("radio", name=str(number), exact=True)
    pill.hover()
    page.wait_for_timeout(300)
    return timed(page, "click", pill.click)


def _press(page: Page) -> None:
    page.mouse.down()
    page.mouse.up()


def _rest_the_pointer(page: Page) -> None:
    page.mouse.move(700, 4, steps=3)
    page.wait_for_timeout(300)


def _canvas(page: Page, number: int = 0) -> Locator:
    return page.get_by_test_id("stVegaLiteChart").nth(number).locator("canvas")


def _box(canvas: Locator) -> Any:
    canvas.wait_for()
    return canvas.bounding_box()
