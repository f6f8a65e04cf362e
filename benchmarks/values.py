"""What values cost: what is passed on, contributions, and a word's sum, beside the text's forward pass.

    python -m benchmarks.values            # writes its section of benchmarks/results.md

A GPT-2 of 12 layers of 12 heads, random weights. Works are taken in turns, and each is divided by the forward
pass of its own turn, so that a busy machine slows both sides alike: the median of these ratios. And by how
much each work, when it first runs, lifts the peak of the process's memory above that of all before it.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from attnlit.models.limits import set_threads, threads
from benchmarks.report import FILE, put
from benchmarks.subject import machine, text_of, tokenizer_of_words

if TYPE_CHECKING:
    from attnlit.models.model import Model

TIMES = 15


@dataclass(frozen=True)
class Cost:
    """What one work takes."""

    seconds: float  # the median
    ratio: float  # to the forward pass of the same turn, the median
    peak: float  # MB that its first run added to the peak of the process


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tokens", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--out", type=Path, default=FILE)
    asked = parser.parse_args()
    set_threads()
    where = f"{date.today():%-d %B %Y}. {machine()}. Threads: {threads()}."
    with tempfile.TemporaryDirectory() as folder:
        model = gpt2_of_base_size(Path(folder))
        tables = [
            table(measured(model, text_of(model.tokenizer, tokens), asked.times), tokens)
            for tokens in asked.tokens
        ]
    written = page(tables, where)
    print(written)
    put(written, asked.out)


def gpt2_of_base_size(folder: Path) -> Model:
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
    passes = taken["forward pass"]
    return {
        name: Cost(median(each), median(np.divide(each, passes).tolist()), peaks[name])
        for name, each in taken.items()
    }


def _peak() -> float:
    """MB of memory that the process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def table(found: dict[str, Cost], tokens: int) -> str:
    """The medians in milliseconds and as multiples of the forward pass, and the peaks, as Markdown."""
    rows = [
        f"| {name} | {1000 * each.seconds:.0f} | {each.ratio:.2f}× | {each.peak:.0f} |"
        for name, each in found.items()
    ]
    head = f"| 12 × 12, {tokens} tokens | ms | beside the forward pass | MB more at the peak |"
    return "\n".join([head, "|---|---|---|---|", *rows])


def page(tables: list[str], where: str) -> str:
    """All tables, and where and when they were measured, as Markdown."""
    about = """\
Made by `python -m benchmarks.values`: a GPT-2 of 12 layers of 12 heads with random weights. Works are
taken in turns; a ratio is the median of a work's time by that of the forward pass of its own turn. Last,
by how much the first run of a work lifts the peak of the process's memory."""
    return "\n\n".join(["# What values cost", where, about, *tables]) + "\n"


if __name__ == "__main__":
    main()
