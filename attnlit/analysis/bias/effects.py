"""The effects of the swapped word: in all, through each head's attention, and past it.

x is the first prompt and x' the second. Every effect is y after a change / y(x) - 1: 0 is none, 1 a doubling.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.bias.contrast import Contrast
from attnlit.analysis.bias.prompts import PromptText, check_model, check_prompts, prompt_texts
from attnlit.analysis.predict import in_batches, log_probabilities
from attnlit.attention.edits import Edit, PatternPatched
from attnlit.attention.recorder import Recorder

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.models.model import Model

STRONGEST = 10  # heads whose effects are added up

Progress = Callable[[int, int], None]
_Patch = list[tuple[int, tuple[int, ...]]]  # (layer, heads) whose attention is patched in one run


@dataclass(frozen=True, eq=False)
class Effects:
    """What the swapped word does, in all and through the heads' attention."""

    contrast: Contrast
    # Score of each continuation, exp of the mean log probability of its tokens: float64 (2, 2), rows the two
    # prompts, columns (expected, other).
    scores: np.ndarray
    # Ratio y with patched attention, float64 (2, heads + layers + 1): row 0 is the first prompt with the
    # attention of the second, row 1 the second with that of the first; each head, each layer, all heads.
    patched: np.ndarray
    shape: tuple[int, int]  # layers, heads a layer

    @property
    def ratios(self) -> tuple[float, float]:
        """y of the first prompt, and of the second."""
        first, second = self.scores[:, 1] / self.scores[:, 0]
        return float(first), float(second)

    @property
    def total(self) -> float:
        """Total effect: y(x') / y(x) - 1."""
        return self.ratios[1] / self.ratios[0] - 1

    @property
    def indirect(self) -> float:
        """Natural indirect effect of all heads: x with all attention of x'."""
        return float(self._effects[0, -1])

    @property
    def direct(self) -> float:
        """Natural direct effect: x' with all attention of x, so only what does not go through attention."""
        return float(self._effects[1, -1])

    @property
    def heads(self) -> pd.DataFrame:
        """One row a head: `layer`, `head`, `indirect`, `direct`.

        indirect: x where this head alone has its attention from x'. direct: x' where this head alone has its
        attention from x, so what is left of the total effect without this head's part in it.
        """
        import pandas as pd

        layers, heads = self.shape
        table = pd.DataFrame(np.ndindex(layers, heads), columns=["layer", "head"])
        table["indirect"], table["direct"] = self._effects[:, : layers * heads]
        return table

    @property
    def layers(self) -> pd.DataFrame:
        """The same for all heads of a layer at once: `layer`, `indirect`, `direct`."""
        import pandas as pd

        layers, heads = self.shape
        table = pd.DataFrame({"layer": range(layers)})
        table["indirect"], table["direct"] = self._effects[:, layers * heads : -1]
        return table

    @property
    def strongest(self) -> float:
        """Sum of the ten largest indirect effects of single heads."""
        return float(self.heads["indirect"].nlargest(STRONGEST).sum())

    def turned(self) -> Effects:
        """The same measurement seen from the second prompt: it becomes x, and `other` is expected there."""
        old = self.contrast
        contrast = Contrast(old.second, old.first, old.other, old.expected)
        return Effects(contrast, self.scores[::-1, ::-1], 1 / self.patched[::-1], self.shape)

    @property
    def _effects(self) -> np.ndarray:
        return self.patched / self.ratios[0] - 1


def effects(model: Model, contrast: Contrast, *, progress: Progress | None = None) -> Effects:
    """Total, indirect and direct effect of the swapped word, for all heads, each layer and each head.

    Patched is the attention of the prompt's tokens, the whole matrix; the tokens of a continuation keep their
    own, as in the paper's code. progress(runs done, runs in all) is called after each forward pass; what it
    raises ends the work.
    Raises AttnlitError for prompts of unequal numbers of tokens, or that are the same; for a continuation
    whose tokens cannot be told from the prompt's, or that is no single word in a model that fills gaps; and
    for models that predict no word, or that read one text and write another.
    """
    check_model(model)
    check_prompts(model, contrast.first, contrast.second)
    first, second = (prompt_texts(model, each, contrast) for each in (contrast.first, contrast.second))
    scores = np.empty((2, 2))
    weights: list[list[np.ndarray]] = [[], []]  # of each prompt's texts, (layers, heads, queries, keys)
    for row, texts in enumerate((first, second)):
        for text in texts:
            recorder = Recorder(model.sites)
            found = log_probabilities(model, text.inputs, text.places, recorder=recorder)
            scores[row, text.columns] = _scores(found, text)[0]
            weights[row].append(recorder.weights["self"])
    layers, heads = weights[0][0].shape[:2]
    patches = _patches(layers, heads)
    patched = np.empty((2, len(patches), 2))
    done, runs = 0, patched[..., 0].size * len(first)
    for row, texts in enumerate((first, second)):
        for text, own, others in zip(texts, weights[row], weights[1 - row], strict=True):
            variants = [_patched(others, text.prompt, patch) for patch in patches]
            start = 0
            for found in in_batches(model, text.inputs, text.places, variants, {"self": own}):
                patched[row][start : start + len(found), text.columns] = _scores(found, text)
                start += len(found)
                done += len(found)
                if progress is not None:
                    progress(done, runs)
    return Effects(contrast, scores, patched[..., 1] / patched[..., 0], (layers, heads))


def _scores(found: np.ndarray, text: PromptText) -> np.ndarray:
    """exp of the mean log probability of each continuation, from log probabilities (copies, places, words).

    float64 (copies, continuations).
    """
    tokens = np.array(text.tokens)  # (continuations, places)
    chosen = found[:, np.arange(len(text.places)), tokens]  # (copies, continuations, places)
    return np.exp(chosen.mean(-1))


def _patches(layers: int, heads: int) -> list[_Patch]:
    """Whose attention is patched in each run: each head's, each whole layer's, and all."""
    single: list[_Patch] = [[(layer, (head,))] for layer, head in np.ndindex(layers, heads)]
    whole = [(layer, tuple(range(heads))) for layer in range(layers)]
    return [*single, *([each] for each in whole), whole]


def _patched(weights: np.ndarray, prompt: int, patch: _Patch) -> list[Edit]:
    """Edits that give heads the attention of another prompt. weights: (layers, heads, queries, keys)"""
    return [
        PatternPatched(
            kind="self",
            layer=layer,
            heads=heads,
            weights=weights[layer, list(heads), :prompt],
            queries=prompt,
        )
        for layer, heads in patch
    ]
