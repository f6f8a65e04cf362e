"""Runs of two prompts in which some heads have their attention, or their output, from the other prompt.

The bias page and `attnlit.patch` ask other questions of the same runs. Attention is patched by Vig et al.
2020 (arXiv 2004.12265), outputs by Wang et al. 2022 (arXiv 2211.00593).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.predict import Progress, in_batches, log_probabilities
from attnlit.attention.edits import Edit, OutputPatched, PatternPatched
from attnlit.attention.recorder import Recorder
from attnlit.errors import AttnlitError
from attnlit.models.layers import row_of

if TYPE_CHECKING:
    from attnlit.analysis.alignment import Pairs
    from attnlit.analysis.patching.prompts import PromptText
    from attnlit.models.model import Model

PATTERN, OUTPUT = WHAT = ("pattern", "output")  # what is taken over: where heads look, or what they put out

SAME = 0.01  # nats: what heads have already changes a prediction by rounding alone, in 16 bits too

Heads = Sequence[tuple[int, tuple[int, ...]]]  # (layer, heads of it) that are patched in one run


@dataclass(frozen=True, eq=False)
class Runs:
    """How likely two words are after two prompts, as they are and with heads patched."""

    # Mean log probability of each word's tokens: float64 (2, 2), rows the prompts, columns the words.
    scores: np.ndarray
    # The same with patched heads, float64 (2, patches, 2); row 0: the first prompt with heads of the second.
    patched: np.ndarray


def measure(
    model: Model,
    texts: Sequence[Sequence[PromptText]],
    patches: Callable[[Sequence[int], int], Sequence[Heads]],
    *,
    what: str = PATTERN,
    pairs: Pairs | None = None,
    progress: Progress | None = None,
) -> Runs:
    """Both prompts, as they are and with each patch from the other one.

    texts: what is read to score the two words after each prompt. patches: made of the layers' numbers and
    of how many heads each has. what: "pattern" takes over the whole matrix of the prompt's tokens; "output"
    what heads put out at the tokens that line up (pairs; None: all one by one). The tokens of a continuation
    keep their own.
    progress(runs done, runs in all) is called after each forward pass; what it raises ends the work.
    """
    scores = np.empty((2, 2))
    passes: list[list[Recorder]] = [[], []]
    for row, of_prompt in enumerate(texts):
        for text in of_prompt:
            recorder = Recorder(model.sites, keep_outputs=what == OUTPUT)
            found = log_probabilities(model, text.inputs, text.places, recorder=recorder)
            scores[row, text.columns] = _scores(found, text)[0]
            passes[row].append(recorder)
            _check_identity(model, what, text, recorder, found)
    asked = patches(model.layer_numbers, model.heads)
    patched = np.empty((2, len(asked), 2))
    done, runs = 0, patched[..., 0].size * len(texts[0])
    for row, of_prompt in enumerate(texts):
        places = None if pairs is None else (pairs[row], pairs[1 - row])
        for text, own, other in zip(of_prompt, passes[row], passes[1 - row], strict=True):
            variants = [_edits(model, what, other, text.prompt, places, each) for each in asked]
            start = 0
            for found in in_batches(model, text.inputs, text.places, variants, own.weights):
                patched[row][start : start + len(found), text.columns] = _scores(found, text)
                start += len(found)
                done += len(found)
                if progress is not None:
                    progress(done, runs)
    return Runs(scores, patched)


def _check_identity(model: Model, what: str, text: PromptText, own: Recorder, found: np.ndarray) -> None:
    """Raises AttnlitError where heads that are given what they have change what the model predicts."""
    every = [(layer, tuple(range(model.heads))) for layer in model.layer_numbers]
    edits = _edits(model, what, own, text.prompt, None, every)
    again = log_probabilities(model, text.inputs, text.places, edits)
    known = np.isfinite(found)
    instead = "Patch the pattern, or choose another model." if what == OUTPUT else "Choose another model."
    if np.abs(again[known] - found[known]).max() > SAME:
        raise AttnlitError(
            f"{model.name} answers differently even when its heads are given their own {what}, so it cannot "
            f"be patched. {instead}"
        )


def _scores(found: np.ndarray, text: PromptText) -> np.ndarray:
    """Mean log probability of each word's tokens, of log probabilities (copies, places, words).

    float64 (copies, words).
    """
    tokens = np.array(text.tokens)  # (words, places)
    return found[:, np.arange(len(text.places)), tokens].mean(-1)


def _edits(
    model: Model, what: str, other: Recorder, prompt: int, places: Pairs | None, heads: Heads
) -> list[Edit]:
    """Edits that give heads what they have in another pass. places: ours, and those of the other pass."""
    rows = {layer: row_of(layer, model.layer_numbers, model.name) for layer, _ in heads}
    if what == PATTERN:
        weights = other.weights["self"]  # (L, H, Q, K)
        return [
            PatternPatched(
                kind="self",
                layer=layer,
                heads=some,
                weights=weights[rows[layer], list(some), :prompt],
                queries=prompt,
            )
            for layer, some in heads
        ]
    ours, theirs = (np.arange(prompt),) * 2 if places is None else places
    return [
        OutputPatched(
            kind="self",
            layer=layer,
            heads=some,
            outputs=other.outputs["self", rows[layer]][list(some)][:, theirs],
            queries=tuple(ours.tolist()),
        )
        for layer, some in heads
    ]
