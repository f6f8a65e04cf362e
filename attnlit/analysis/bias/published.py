"""What others have measured with their sentences, to stand beside ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from attnlit.analysis.bias.contrast import Contrast
from attnlit.analysis.bias.templates import PRESETS


@dataclass(frozen=True)
class Published:
    """Effects that a paper reports."""

    source: str
    total: float
    indirect: float  # all heads
    direct: float
    heads: Mapping[tuple[int, int], float]  # indirect effects of the heads that are named


_PAPER = "Vig et al. 2020, and the results in the repository of its code"
PUBLISHED_SET = {
    "gpt2": Published(
        f"{_PAPER}: GPT-2 small, 87 filtered sentences of WinoBias",
        0.249, 0.182, 0.079,
        {(5, 8): 0.0549, (5, 10): 0.0357, (4, 6): 0.0317, (5, 9): 0.0298, (6, 0): 0.0144, (4, 3): 0.0107},
    ),
    "distilgpt2": Published(
        f"{_PAPER}: DistilGPT-2, filtered sentences of WinoBias", 0.118, 0.033, 0.087, {(3, 1): 0.0237}
    ),
}  # fmt: skip
PUBLISHED_SENTENCE = Published(
    f"{_PAPER}: GPT-2 small, this sentence",
    0.66698, 1.03889, 0.04703,
    {(5, 10): 0.4425, (4, 6): 0.1713, (5, 9): 0.1487},
)  # fmt: skip
# Hub ids, and the short names under which their numbers stand.
NAMES = {"openai-community/gpt2": "gpt2", "distilbert/distilgpt2": "distilgpt2"}


def published_set(source: str) -> Published | None:
    """What is published of a set of sentences, for the model that `attnlit.load(source)` opens, or None."""
    return PUBLISHED_SET.get(NAMES.get(source, source))


def published_sentence(source: str, contrast: Contrast) -> Published | None:
    """What is published of this one pair of prompts, or None."""
    known = NAMES.get(source, source) == "gpt2" and contrast == PRESETS["injuries"].contrast
    return PUBLISHED_SENTENCE if known else None
