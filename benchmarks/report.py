"""Medians, ratios and budgets of the measurements, as Markdown."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

FILE = Path(__file__).with_name("results.md")

ATTNLIT, BERTVIZ = "attnlit", "BertViz"
MEASURED_OFTEN = 5
EXACT = {"bytes", "picture"}  # the same at every try

# What was measured of each view, in the order of its table.
ROWS = {
    "head": {
        "build": "server, beyond the forward pass, ms",
        "answer": "whole rerun of the server, ms",
        "bytes": "to the browser, kB",
        "open": "opened to painted, ms",
        "first": "first visit to painted, ms",
        "hover": "hover on a token to painted, ms",
        "layer": "change of layer to painted, ms",
        "switch": "one head off to painted, ms",
        "told": "the same until the server has answered, ms",
        "gap": "longest freeze while opening, ms",
        "task": "longest task while opening, ms",
        "memory": "renderer process, MB",
        "heap": "its JavaScript heap, MB",
    },
    "model": {
        "build": "server, beyond the forward pass, ms",
        "build again": "server, the same text again, ms",
        "answer": "whole rerun of the server, ms",
        "bytes": "to the browser, kB",
        "picture": "of these the thumbnails, kB",
        "open": "opened to painted, ms",
        "first": "first visit to painted, ms",
        "detail": "click on a thumbnail to painted detail, ms",
        "hover": "hover in the detail to painted, ms",
        "gap": "longest freeze while opening, ms",
        "task": "longest task while opening, ms",
        "memory": "renderer process, MB",
        "heap": "its JavaScript heap, MB",
    },
    "neuron": {
        "build": "server, beyond the forward pass, ms",
        "answer": "whole rerun of the server, ms",
        "bytes": "to the browser, kB",
        "open": "opened to painted, ms",
        "first": "first visit to painted, ms",
        "expand": "“+” to everything painted, ms",
        "hover": "hover on a query to painted, ms",
        "head": "change of head to painted, ms",
        "gap": "longest freeze while opening, ms",
        "task": "longest task while opening, ms",
        "memory": "renderer process, MB",
        "heap": "its JavaScript heap, MB",
    },
}


@dataclass
class Results:
    """All values measured, by (view, what, tool, tokens)."""

    values: dict[tuple[str, str, str, int], list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, view: str, what: str, tool: str, tokens: int, value: float | None) -> None:
        if value is not None:
            self.values[view, what, tool, tokens].append(value)

    def median(self, view: str, what: str, tool: str, tokens: int) -> float | None:
        values = self.values.get((view, what, tool, tokens))
        return median(values) if values else None

    def ratio(self, view: str, what: str, tokens: int) -> float | None:
        """How many times less attnlit needs."""
        ours, theirs = (self.median(view, what, tool, tokens) for tool in (ATTNLIT, BERTVIZ))
        return theirs / ours if ours and theirs else None

    def lengths(self) -> list[int]:
        return sorted({tokens for *_, tokens in self.values})


def tables(results: Results) -> str:
    """One table a view: a row for each tool, and one for the ratio."""
    parts = []
    for view, rows in ROWS.items():
        lengths = results.lengths()
        lines = [
            f"### {view.capitalize()} view\n",
            "| | | " + " | ".join(f"N = {tokens}" for tokens in lengths) + " |",
            "|---|---|" + "---:|" * len(lengths),
        ]
        for what, label in rows.items():
            lines += _rows(results, view, what, label, lengths)
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _rows(results: Results, view: str, what: str, label: str, lengths: Sequence[int]) -> list[str]:
    lines = []
    for tool in (ATTNLIT, BERTVIZ):
        cells = [_cell(what, results.values.get((view, what, tool, tokens))) for tokens in lengths]
        if any(cells):
            lines.append(f"| {label} | {tool} | " + " | ".join(cells) + " |")
            label = ""
    ratios = [results.ratio(view, what, tokens) for tokens in lengths]
    if any(ratios):
        lines.append(
            "| | **ratio** | " + " | ".join("" if r is None else f"**{number(r)}×**" for r in ratios) + " |"
        )
    return lines


def _cell(what: str, values: Sequence[float] | None) -> str:
    if not values:
        return ""
    few = f" ({len(values)})" if len(values) < MEASURED_OFTEN and what not in EXACT else ""
    return number(median(values)) + few


def number(value: float) -> str:
    """Three digits at most below a thousand, none after the point above."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 20 else f"{value:.1f}"


# ------------------------------------------------------------------------------------------------- budgets


@dataclass(frozen=True)
class Budget:
    """A goal: what is measured may not exceed `most`, or must reach `least`."""

    words: str
    measure: Callable[[Results], Sequence[float | None]]
    most: float | None = None
    least: float | None = None

    def met(self, values: Sequence[float]) -> bool:
        return all(self.most is None or value <= self.most for value in values) and all(
            self.least is None or value >= self.least for value in values
        )


def _ours(view: str, what: str, *lengths: int) -> Callable[[Results], Sequence[float | None]]:
    return lambda results: [results.median(view, what, ATTNLIT, tokens) for tokens in lengths]


def _ratio(view: str, what: str, tokens: int) -> Callable[[Results], Sequence[float | None]]:
    return lambda results: [results.ratio(view, what, tokens)]


EVERY = (16, 32, 64, 128, 256, 512)
UP_TO_128 = (16, 32, 64, 128)
FRAME = 17.4  # ms: 16.7, as far as a browser's frames are punctual
BUDGETS = (
    Budget("Model view to the browser: at most 400 kB", _ours("model", "picture", *EVERY), most=400),
    Budget("Model view opened, N = 32: 10 × faster", _ratio("model", "open", 32), least=10),
    Budget("Model view opened, N = 64: 25 × faster", _ratio("model", "open", 64), least=25),
    Budget("Model view opened, N = 128: 100 × faster", _ratio("model", "open", 128), least=100),
    Budget("Head view opened, N = 64: 5 × faster", _ratio("head", "open", 64), least=5),
    Budget("Head view opened, N = 128: 14 × faster", _ratio("head", "open", 128), least=14),
    Budget("Head view, another layer, N = 128: 20 × faster", _ratio("head", "layer", 128), least=20),
    Budget("Head view, hover, N ≤ 128: one frame, 17 ms", _ours("head", "hover", *UP_TO_128), most=FRAME),
    Budget("Neuron view opened, N = 128: 12 × faster", _ratio("neuron", "open", 128), least=12),
    Budget("Neuron view, another query, N ≤ 128: a frame", _ours("neuron", "hover", *UP_TO_128), most=FRAME),
    Budget("Neuron view, another head, N = 128: 15 × faster", _ratio("neuron", "head", 128), least=15),
    Budget("Server, head view, N = 64: at most 10 ms", _ours("head", "build", 64), most=10),
    Budget("Server, neuron view, N = 64: at most 10 ms", _ours("neuron", "build", 64), most=10),
    Budget("Server, 144 new thumbnails: at most 60 ms", _ours("model", "build", *EVERY), most=60),
    Budget("Server, 144 seen thumbnails: at most 2 ms", _ours("model", "build again", *EVERY), most=2),
    Budget("Head view opens, N = 512: no freeze above 200 ms", _ours("head", "gap", 512), most=200),
    Budget("Model view opens, N = 512: no freeze above 200 ms", _ours("model", "gap", 512), most=200),
    Budget("Neuron view opens, N = 512: no freeze above 200 ms", _ours("neuron", "gap", 512), most=200),
)  # fmt: skip


def budget_table(results: Results) -> str:
    lines = ["| goal | measured | met |", "|---|---:|---|"]
    for budget in BUDGETS:
        values = [value for value in budget.measure(results) if value is not None]
        if values:
            unit = "×" if budget.least else ""
            measured = ", ".join(number(value) + unit for value in values)
            lines.append(f"| {budget.words} | {measured} | {'yes' if budget.met(values) else '**no**'} |")
    return "\n".join(lines)


def put(section: str, file: Path = FILE) -> None:
    """Write a section into a file of results, in place of the one with the same first line ("# title")."""
    old = file.read_text(encoding="utf-8") if file.exists() else ""
    sections = [each.strip("\n") for each in re.split(r"^(?=# )", old, flags=re.MULTILINE) if each.strip()]
    titles = [each.splitlines()[0] for each in sections]
    new = section.strip("\n")
    if new.splitlines()[0] in titles:
        sections[titles.index(new.splitlines()[0])] = new
    else:
        sections.append(new)
    file.write_text("\n\n".join(sections) + "\n", encoding="utf-8")
