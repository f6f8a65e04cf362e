"""What scoring costs beside the forward pass, for models of any number of heads: on made-up weights.

    python -m benchmarks.scoring [--layers 16] [--heads 32] [--tokens 37] [--texts 24]

Weights are random and causal; what is measured is all that a survey does with them, in one process. Prints
milliseconds of a processor a text: the median, and the least, which other work on the machine lengthens less.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

import numpy as np

from attnlit.analysis.survey import summarise
from attnlit.attention.record import Attention

_RUNS = 7
_WORDS = [",", ".", *(f"word{number}" for number in range(18))]


def records(layers: int, heads: int, tokens: int, texts: int) -> list[Attention]:
    """Texts of random words, with attention that nobody planted: a few looks stand out."""
    random = np.random.default_rng(0)
    found = []
    for _ in range(texts):
        weights = np.tril(random.exponential(size=(layers, heads, tokens, tokens)) ** 4)
        weights = (weights / weights.sum(-1, keepdims=True)).astype(np.float32)
        words = [str(each) for each in random.choice(_WORDS, tokens)]
        found.append(Attention.from_arrays(weights, words, causal=True))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    for name, default in (("layers", 16), ("heads", 32), ("tokens", 37), ("texts", 24)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    texts = records(asked.layers, asked.heads, asked.tokens, asked.texts)
    places = range(1000, 1000 + asked.texts)  # not the first, which are also compared with each other
    load, times = os.getloadavg()[0], []
    for _ in range(_RUNS):
        start = time.process_time()
        summarise(texts, places)
        times.append((time.process_time() - start) / asked.texts * 1000)
    print(
        f"{asked.layers} × {asked.heads} heads, {asked.tokens} tokens, load {load:.1f}: "
        f"{statistics.median(times):.1f} ms a text, {min(times):.1f} at least."
    )


if __name__ == "__main__":
    main()
