"""What values cost: what is passed on, contributions, and a word's sum, beside the text's forward pass.

    python -m benchmarks.values            # a GPT-2 of 12 layers of 12 heads, random weights, 64 tokens

Ratios of medians, taken in turns, so that a busy machine slows both sides alike; and by how much each work,
when it first runs, lifts the peak of the process's memory above that of all before it.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.subject import text_of, tokenizer_of_words

if TYPE_CHECKING:
    from attnlit.models.model import Model

TIMES = 15


@dataclass(frozen=True)
class Cost:
    """What one work takes."""

    seconds: float  # the median
    peak: float  # MB that its first run added to the peak of the process


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--times", type=int, default=TIMES)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = _model(Path(folder))
        text = text_of(model.tokenizer, asked.tokens)
        print(f"{date.today():%-d %B %Y}, {platform.machine()}, load {os.getloadavg()[0]:.1f}:\n")
        print(table(measured(model, text, asked.times), asked.tokens))


def _model(folder: Path) -> Model:
    """A GPT-2 of base size with random weights, opened as any model is."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    import attnlit

    tokenizer = tokenizer_of_words()
    tokenizer.save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        GPT2LMHeadModel(GPT2Config(vocab_size=50_257)).save_pretrained(folder)
    return attnlit.load(str(folder))


def measured(model: Model, text: str, times: int) -> dict[str, Cost]:
    """The cost of each work, in turns."""
    from attnlit.analysis.flow import contributions_and_even
    from attnlit.analysis.writing import writes
    from attnlit.attention import attend, passed_on
    from attnlit.attention.forward import forward
    from attnlit.attention.reading import read

    inputs, record = read(model, text).inputs, attend(model, text)
    works: dict[str, Callable[[], object]] = {
        "forward pass": lambda: forward(model, [inputs]),
        "attend": lambda: attend(model, text),
        "passed_on": lambda: passed_on(model, text),
        "writes": lambda: writes(model, text),
        "contributions_and_even": lambda: contributions_and_even(model, record),
    }
    peaks = {}
    for name, work in works.items():  # the first time, which warms up
        before = _peak()
        work()
        peaks[name] = _peak() - before
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(times):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            taken[name].append(time.perf_counter() - started)
    return {name: Cost(median(each), peaks[name]) for name, each in taken.items()}


def _peak() -> float:
    """MB of memory that the process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(found: dict[str, Cost], tokens: int) -> str:
    """The medians in milliseconds and as multiples of the forward pass, and the peaks, as Markdown."""
    forward = found["forward pass"].seconds
    rows = [
        f"| {name} | {1000 * each.seconds:.0f} | {each.seconds / forward:.2f}× | {each.peak:.0f} |"
        for name, each in found.items()
    ]
    head = f"| 12 × 12, {tokens} tokens | ms | beside the forward pass | MB more at the peak |"
    return "\n".join([head, "|---|---|---|---|", *rows])


if __name__ == "__main__":
    main()
