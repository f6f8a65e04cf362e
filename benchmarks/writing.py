"""How long a model takes to write: with the keys and values that it keeps, and without them.

    python -m benchmarks.writing           # mini-gpt2, and a GPT-2 of 12 layers of 12 heads, random weights

Both ways are taken in turns, so that a busy machine slows both alike.
"""

from __future__ import annotations

import argparse
import copy
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.values import gpt2_of_base_size

if TYPE_CHECKING:
    from attnlit.models.model import Model

PROMPT = "The old sailor told the children a story about a ship that never came home."
TIMES = 3


def main() -> None:
    import attnlit

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tokens", type=int, default=100)
    parser.add_argument("--times", type=int, default=TIMES)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        models = {
            "mini-gpt2": attnlit.load("mini-gpt2"),
            "GPT-2, 124 million weights": gpt2_of_base_size(Path(folder)),
        }
        found = {name: measured(model, asked.tokens, asked.times) for name, model in models.items()}
        print(table(found, asked.tokens))


def measured(model: Model, tokens: int, times: int) -> dict[str, tuple[float, float]]:
    """Medians in seconds until the first token is there, and until all are: kept, and not kept."""
    from attnlit.attention.answers import ask, say

    ways = {"kept": model, "not kept": _that_keeps_nothing(model)}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for turn in range(times + 1):
        for name, each in ways.items():
            started = time.perf_counter()
            words = say(each, ask(each, PROMPT), max_tokens=tokens, temperature=1.0, seed=turn)
            next(words)
            first = time.perf_counter() - started
            written = 1 + sum(1 for _ in words)
            if turn:  # the first one warms up
                taken[name].append((first, (time.perf_counter() - started) * tokens / written))
    return {
        name: (median(first for first, _ in each), median(whole for _, whole in each))
        for name, each in taken.items()
    }


def _that_keeps_nothing(model: Model) -> Model:
    """The same model, whose forward pass does not say that it could keep anything."""
    module = copy.copy(model.module)
    own = model.module.forward

    def forward(_: Any, input_ids: Any = None, attention_mask: Any = None, logits_to_keep: Any = 0) -> Any:
        return own(input_ids, attention_mask=attention_mask, logits_to_keep=logits_to_keep)

    module.__class__ = type("KeepsNothing", (type(module),), {"forward": forward})
    return replace(model, module=module)


def table(found: dict[str, dict[str, tuple[float, float]]], tokens: int) -> str:
    """The medians as Markdown."""
    rows = [
        f"| {name} | {way} | {first:.3f} | {whole:.2f} |"
        for name, ways in found.items()
        for way, (first, whole) in ways.items()
    ]
    head = f"| model | keys and values | first token, s | {tokens} tokens, s |"
    return "\n".join([head, "|---|---|---:|---:|", *rows])


if __name__ == "__main__":
    main()
