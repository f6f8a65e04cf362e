"""BertViz 1.4.1, measured on the same attentions: its HTML built by itself, opened from a file."""

from __future__ import annotations

import subprocess
import tarfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from bertviz import head_view, model_view
from bertviz.neuron_view import show
from playwright.sync_api import Browser, BrowserContext, Page, Route

from attnlit.attention.record import Attention
from benchmarks.attnlit_side import FIRST_ROW, HOVERS
from benchmarks.page_timing import REST, Timing, fresh_page, opening, renderer_memory, sweep, timed
from benchmarks.report import Results

SLOW = 10_000  # ms: what takes longer is measured once

# What its pages fetch from cdnjs.cloudflare.com, and where npm has it (jquery 2.0.0 is not there).
SCRIPTS = {
    "require.js/2.3.6": ("requirejs@2.3.6", "package/require.js"),
    "d3/5.7.0": ("d3@5.7.0", "package/dist/d3.min.js"),
    "jquery/2.0.0": ("jquery@2.1.0", "package/dist/jquery.min.js"),
}


def fetch_scripts(folder: Path) -> dict[str, str]:
    """The three scripts, by a part of their address."""
    folder.mkdir(parents=True, exist_ok=True)
    scripts = {}
    for part, (package, member) in SCRIPTS.items():
        archive = folder / f"{package.replace('@', '-')}.tgz"
        if not archive.exists():
            subprocess.run(
                ["npm", "pack", "--silent", package], cwd=folder, check=True, stdout=subprocess.DEVNULL
            )
        with tarfile.open(archive) as opened:
            file = opened.extractfile(member)
            assert file, f"{package} holds no {member}"
            scripts[part] = file.read().decode()
    return scripts


def measure(
    results: Results,
    browser: Browser,
    record: Attention,
    view: str,
    scripts: dict[str, str],
    folder: Path,
    repeats: int,
) -> None:
    """Build a view's HTML and open it `repeats` times; in the last page also point, click and change."""
    tokens = len(record.queries)

    def note(what: str, value: float) -> float:
        results.add(view, what, "BertViz", tokens, value)
        return value

    html: Any = ""

    def build() -> float:
        nonlocal html
        begun = time.perf_counter()
        html = BUILDERS[view](record)
        return note("build", (time.perf_counter() - begun) * 1000)

    _repeat(repeats, build)
    file = folder / f"{view}-{tokens}.html"
    file.write_text(f"<!doctype html><meta charset=utf-8><body>{html}", encoding="utf-8")
    note("bytes", file.stat().st_size / 1000)

    def open_and_close() -> float:
        with fresh_page(browser, lambda context: _route(context, scripts)) as page:
            return _open(page)

    def _open(page: Page) -> float:
        visit = opening(page, file.as_uri())
        note("gap", visit.longest_gap)
        note("task", visit.longest_task)
        note("first", visit.painted)
        return note("open", visit.painted)

    with fresh_page(browser, lambda context: _route(context, scripts)) as page:
        took = _open(page)
        process, heap = renderer_memory(browser, page)
        note("memory", process)
        note("heap", heap)
        ACTIONS[view](note, page, repeats)
    if took <= SLOW:
        _repeat(repeats - 1, open_and_close)
    file.unlink()


def _repeat(times: int, action: Callable[[], float]) -> None:
    for _ in range(times):
        if action() > SLOW:
            return


def _route(context: BrowserContext, scripts: dict[str, str]) -> None:
    def answer(route: Route) -> None:
        script = next(text for part, text in scripts.items() if part in route.request.url)
        route.fulfill(body=script, content_type="text/javascript")

    context.route("https://cdnjs.cloudflare.com/**", answer)


# ------------------------------------------------------------------------------------------------- building


def _tensors(record: Attention) -> list[Any]:
    """The record as BertViz takes it: one tensor (1, heads, queries, keys) a layer."""
    return [torch.tensor(layer)[None] for layer in record.weights]


def _head_html(record: Attention) -> str:
    return head_view(_tensors(record), list(record.query_tokens), html_action="return").data


def _model_html(record: Attention) -> str:
    return model_view(_tensors(record), list(record.query_tokens), html_action="return").data


def _neuron_html(record: Attention) -> str:
    recorded = _Recorded(record)
    kind = "gpt2" if record.causal else "bert"
    return show(recorded, kind, recorded, "the recorded text", html_action="return").data


class _Recorded:
    """Stands in for model and tokenizer in BertViz's neuron view, and hands it the recorded attention.

    Its own models are copies of old code that load no checkpoint of today. So its neuron view shows the same
    numbers as ours, and its time holds no forward pass.
    """

    def __init__(self, record: Attention) -> None:
        self.record = record
        self.cls_token, *self.between, self.sep_token = record.query_tokens

    def eval(self) -> None:
        pass

    def tokenize(self, text: str) -> list[str]:
        return list(self.record.query_tokens) if self.record.causal else list(self.between)

    def convert_tokens_to_ids(self, tokens: list[str]) -> list[int]:
        return list(range(len(tokens)))

    def __call__(self, tokens: Any) -> tuple[list[dict[str, Any]]]:
        layers = []
        for layer, weights in enumerate(self.record.weights):
            heads = [self.record.vectors(layer, head) for head in range(self.record.heads)]
            queries = torch.stack([torch.tensor(head.q) for head in heads])[None]
            keys = torch.stack([torch.tensor(head.k) for head in heads])[None]
            layers.append({"attn": torch.tensor(weights)[None], "queries": queries, "keys": keys})
        return (layers,)


BUILDERS = {"head": _head_html, "model": _model_html, "neuron": _neuron_html}


# -------------------------------------------------------------------------------------------------- actions


def _head_actions(note: Callable[[str, float], float], page: Page, repeats: int) -> None:
    _hovers(note, page, "#left .background")
    _changes(note, page, "layer", "#layer", repeats)
    for head in range(repeats):
        note("switch", _click(page, "#vis > svg > g:last-of-type > rect", head).painted)


def _model_actions(note: Callable[[str, float], float], page: Page, repeats: int) -> None:
    layers = page.locator("[id$=_0].attn_background").count()
    for layer in range(layers - 1, layers - 1 - repeats, -1):
        # the first head's column: the opened detail lies over the other columns
        note("detail", _click(page, f"#attn_background_{layer}_0").painted)
    _hovers(note, page, "g.detail .token")


def _neuron_actions(note: Callable[[str, float], float], page: Page, repeats: int) -> None:
    """Its start shows less than ours; the "+" beside a token opens what ours shows at once."""
    note("expand", _click(page, "#collapsed #leftText rect:not(.highlight)", FIRST_ROW).painted)
    _hovers(note, page, "#expanded #leftText .token")
    _changes(note, page, "head", "#att_head", repeats)


ACTIONS = {"head": _head_actions, "model": _model_actions, "neuron": _neuron_actions}


def _hovers(note: Callable[[str, float], float], page: Page, selector: str) -> None:
    _show(page, selector, FIRST_ROW + HOVERS // 2)
    places = [_middle(page, selector, place) for place in range(FIRST_ROW, FIRST_ROW + HOVERS + 1)]
    for hover in sweep(page, places):
        note("hover", hover)


def _changes(note: Callable[[str, float], float], page: Page, what: str, selector: str, repeats: int) -> None:
    for number in range(1, repeats + 1):
        note(what, timed(page, "change", partial(page.select_option, selector, str(number))).painted)


def _click(page: Page, selector: str, number: int = 0) -> Timing:
    _show(page, selector, number)
    page.mouse.move(*_middle(page, selector, number))
    page.wait_for_timeout(REST)  # the pointer's arrival may highlight something

    def press() -> None:
        page.mouse.down()
        page.mouse.up()

    return timed(page, "click", press)


def _show(page: Page, selector: str, number: int) -> None:
    element = page.locator(selector).nth(number)
    element.evaluate("element => element.scrollIntoView({ block: 'center' })")


def _middle(page: Page, selector: str, number: int) -> tuple[float, float]:
    """The middle of an element in the window, the so-many-th that the selector finds."""
    x, y = page.evaluate(
        """([selector, number]) => {
            const box = document.querySelectorAll(selector)[number].getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        }""",
        [selector, number],
    )
    return x, y
