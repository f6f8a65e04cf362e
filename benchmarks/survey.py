"""What a survey costs beside the bare forward passes of the same texts.

    python -m benchmarks.survey [--texts 2000] [--model mini-gpt2] [--runs 3] [--workers 2]

Forward passes alone: the same texts in the same batches, attention on its fastest path, no weights recorded.
Prints Markdown: texts a second, the ratio of medians, and memory while it runs.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date

import torch

import attnlit
from attnlit.analysis.survey import partial
from attnlit.attention.reading import Reading, read
from attnlit.errors import AttnlitError
from attnlit.models.limits import set_threads
from attnlit.models.model import Model
from attnlit.scale import in_blocks, parts
from training.sentences import sentences

Texts = Sequence[tuple[str, None]]


def batches(model: Model, texts: Texts, together: int) -> Iterator[list[Reading]]:
    """Texts of equal lengths, so many at once: as a plain loop over the model would take them."""
    by_length: dict[int, list[Reading]] = {}
    for text in texts:
        try:
            reading = read(model, *text)
        except AttnlitError:  # too long for the model: a survey leaves it out, too
            continue
        by_length.setdefault(reading.lengths[0], []).append(reading)
    for some in by_length.values():
        for start in range(0, len(some), together):
            yield some[start : start + together]


def bare(model: Model, texts: Texts, together: int = 32) -> None:
    """The forward passes of the body alone, with the attention that the model would run by itself."""
    module = model.module.base_model
    before = module.config._attn_implementation
    module.config._attn_implementation = "sdpa"
    try:
        with torch.inference_mode():
            for batch in batches(model, texts, together):
                module(input_ids=torch.tensor([each.inputs["input_ids"] for each in batch]))
    finally:
        module.config._attn_implementation = before


def seconds(work: Callable[[], object]) -> float:
    """Of wall clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--model", default="mini-gpt2")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    set_threads()
    model = attnlit.load(asked.model)
    texts: Texts = [(sentence, None) for sentence in sentences(asked.texts)]
    bare(model, texts[:64])  # what is only done once
    partial(model, texts[:64])
    load = os.getloadavg()[0]
    alone, survey = [], []
    for _ in range(asked.runs):  # in turn, so that a load of others falls on both
        alone.append(seconds(lambda: bare(model, texts)))
        survey.append(seconds(lambda: partial(model, texts)))
    ratio = statistics.median(survey) / statistics.median(alone)
    machine = platform.processor() or platform.machine()
    print(f"{date.today():%d %B %Y}, {machine}, load {load:.1f} before the run.\n")
    print("| | texts a second |\n|---|---:|")
    print(f"| forward passes alone | {asked.texts / statistics.median(alone):.0f} |")
    print(f"| survey, one process | {asked.texts / statistics.median(survey):.0f} |")
    if asked.workers > 1:
        many = seconds(lambda: list(parts(model.source, in_blocks(texts), workers=asked.workers)))
        print(f"| survey, {asked.workers} workers, with their start | {asked.texts / many:.0f} |")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"\nThe survey takes {ratio:.2f} × the forward passes. Most memory of the process: {memory} MB.")


if __name__ == "__main__":
    main()
