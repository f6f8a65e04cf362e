"""What a survey costs beside the bare forward passes of the same texts.

    python -m benchmarks.survey [--book BOOK] [--texts 2000] [--model mini-gpt2] [--runs 3] [--workers 2]

Bare forward passes: the body of the model alone, on texts whose tokens are there already, up to 32 of one
length at once, of whatever window; attention on its fastest path; nothing is recorded. So tokenising is no
part of them, but it is of the survey. Both run in turn in one process. Without a book the sentences are our
own. Prints Markdown: texts a second, the ratio of medians, and memory while it runs.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import torch

import attnlit
from attnlit.analysis.scores import FEWEST_TOKENS
from attnlit.analysis.survey import partial
from attnlit.attention.reading import read
from attnlit.errors import AttnlitError
from attnlit.models.limits import set_threads
from attnlit.models.model import Model
from attnlit.scale import in_blocks, parts
from benchmarks.book import draw
from training.sentences import sentences

Texts = Sequence[tuple[str, None]]
_TOGETHER = 32  # texts of one bare pass


def batches(model: Model, texts: Texts) -> list[torch.Tensor]:
    """The tokens of the texts that a survey scores, those of equal lengths together, ready for the model."""
    by_length: dict[int, list[list[int]]] = {}
    for text in texts:
        try:
            ids = read(model, *text).inputs["input_ids"]
        except AttnlitError:  # too long for the model
            continue
        if len(ids) >= FEWEST_TOKENS:
            by_length.setdefault(len(ids), []).append(ids)
    return [
        torch.tensor(some[start : start + _TOGETHER])
        for some in by_length.values()
        for start in range(0, len(some), _TOGETHER)
    ]


def bare(model: Model, some: Sequence[torch.Tensor]) -> None:
    """The forward passes of the body alone, with the attention that the model would run by itself."""
    module = model.module.base_model
    before = module.config._attn_implementation
    module.config._attn_implementation = "sdpa"
    try:
        with torch.inference_mode():
            for batch in some:
                module(input_ids=batch)
    finally:
        module.config._attn_implementation = before


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of wall clock, and of this process on processors."""
    start, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - used


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--book", type=Path)
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--model", default="mini-gpt2")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    set_threads()
    model = attnlit.load(asked.model)
    some = draw(asked.book, asked.texts) if asked.book else [*sentences(asked.texts)]
    texts: Texts = [(sentence, None) for sentence in some]
    ready = batches(model, texts)
    tokens = sum(batch.numel() for batch in ready)
    bare(model, ready[:2])  # what is only done once
    partial(model, texts[:64])
    load = os.getloadavg()[0]
    alone, survey = [], []
    for _ in range(asked.runs):  # in turn, so that a load of others falls on both
        alone.append(spent(lambda: bare(model, ready)))
        survey.append(spent(lambda: partial(model, texts)))
    machine = platform.processor() or platform.machine()
    print(f"{date.today():%d %B %Y}, {machine}, load {load:.1f} before the run, {asked.model}.")
    print(f"{asked.texts:,} sentences, {tokens:,} tokens of those that are scored; {asked.runs} runs.\n")
    print("| | texts a second | in a second of a processor |\n|---|---:|---:|")
    for name, times in (("forward passes alone", alone), ("survey, one process", survey)):
        rates = " | ".join(
            f"{asked.texts / statistics.median(each):.0f}" for each in zip(*times, strict=True)
        )
        print(f"| {name} | {rates} |")
    if asked.workers > 1:
        many, _ = spent(lambda: list(parts(model.source, in_blocks(texts), workers=asked.workers)))
        print(f"| survey, {asked.workers} workers, with their start | {asked.texts / many:.0f} | |")
    ratios = [
        statistics.median(mine) / statistics.median(theirs)
        for mine, theirs in zip(zip(*survey, strict=True), zip(*alone, strict=True), strict=True)
    ]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"\nThe survey takes {ratios[1]:.2f} × the forward passes in seconds of a processor, and")
    print(f"{ratios[0]:.2f} × by the clock. Most memory of the process: {memory} MB.")


if __name__ == "__main__":
    main()
