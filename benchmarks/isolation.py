"""Captures with and without edits, in many threads on shared models: does any of them meet another?

`python -m benchmarks.isolation` runs 8 threads, each with 1,000 captures on each of three models, and says
how many were not what the same capture is alone; then it opens a model 20 times, looks at a text with it and
drops it, and says what memory the process has after each. Models by name or folder may be given.
`tests/benchmarks/test_isolation.py` runs a few.
"""

from __future__ import annotations

import gc
import itertools
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from attnlit.attention.capture import attend_all, load
from attnlit.attention.edits import Edit, HeadsAblated
from attnlit.models.model import Model
from benchmarks.processes import resident_megabytes

TEXTS = ("The cat sat on the mat.", "A doctor asked the nurse a question.", "Nobody believed them, at first.")
MIXED = 1e-3  # what another text or edit changes is far larger, and rounding far smaller
THREADS, CAPTURES, OPENINGS = 8, 1000, 20


@dataclass(frozen=True)
class Found:
    """What came of many captures."""

    captures: int
    mixed: int
    seconds: float


def run(models: Sequence[Model], threads: int, captures: int) -> Found:
    """Each thread captures so many times on each model, another text or edit each time."""
    jobs = [(model, text, edits) for model in models for text in TEXTS for edits in _edits(model)]
    alone = [_weights(*job) for job in jobs]

    def work(thread: int) -> int:
        mixed = 0
        order = itertools.islice(itertools.cycle(range(len(jobs))), thread, None)
        for number in itertools.islice(order, captures * len(models)):
            found = _weights(*jobs[number])
            mixed += not _same(found, alone[number])
        return mixed

    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        mixed = sum(pool.map(work, range(threads)))
    return Found(threads * captures * len(models), mixed, time.perf_counter() - start)


def memory(names: Sequence[str], times: int) -> list[float]:
    """Resident megabytes after each time that one of these models was opened, used once, and dropped."""
    after = []
    for number in range(times):
        attend_all(load(names[number % len(names)]), TEXTS[0])
        gc.collect()
        after.append(resident_megabytes(os.getpid()))
    return after


def _edits(model: Model) -> list[list[Edit]]:
    """Nothing, and a head of the first layer switched off, which changes all later layers."""
    kind, first = model.kinds[0], model.layer_numbers[0]
    off = [[HeadsAblated(kind=kind, layer=first, heads=(head,))] for head in range(min(2, model.heads))]
    return [[], *off]


def _weights(model: Model, text: str, edits: list[Edit]) -> dict[str, np.ndarray]:
    target = "The dog." if model.pairs == "target" else None  # else the model would write one
    return {kind: record.weights for kind, record in attend_all(model, text, target, edits).items()}


def _same(found: dict[str, np.ndarray], alone: dict[str, np.ndarray]) -> bool:
    return all(
        own.shape == found[kind].shape and float(abs(own - found[kind]).max()) <= MIXED
        for kind, own in alone.items()
    )


def main() -> None:
    names = sys.argv[1:] or ["mini-gpt2", "mini-bert", "mini-gpt2"]
    found = run([load(name) for name in names], THREADS, CAPTURES)
    print(f"{found.captures:,} captures in {found.seconds:,.0f} s: {found.mixed} mixed", flush=True)
    megabytes = memory(names, OPENINGS)
    print(f"{OPENINGS} openings, MB after each: {', '.join(f'{each:.0f}' for each in megabytes)}")


if __name__ == "__main__":
    main()
