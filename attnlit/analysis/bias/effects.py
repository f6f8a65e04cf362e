"""The effects of the swapped word: in all, through each head's attention, and past it.

x is the first prompt and x' the second. Every effect is y after a change / y(x) - 1: 0 is none, 1 a doubling.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.bias.contrast import Contrast, contrast_of
from attnlit.analysis.patching.prompts import check_model, check_prompts, prompt_texts
from attnlit.analysis.patching.runs import Heads, measure
from attnlit.analysis.predict import Progress
from attnlit.attention.given import check_function
from attnlit.models.layers import heads_in_order
from attnlit.wording import InOneLine, quoted

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.models.model import Model

STRONGEST = 10  # heads whose effects are added up


@dataclass(frozen=True, eq=False, repr=False)
class Effects(InOneLine):
    """What the swapped word does, in all and through the heads' attention."""

    contrast: Contrast
    # Score of each continuation, exp of the mean log probability of its tokens: float64 (2, 2), rows the two
    # prompts, columns (expected, other).
    scores: np.ndarray
    # Ratio y with patched attention, float64 (2, heads + layers + 1): row 0 is the first prompt with the
    # attention of the second, row 1 the second with that of the first; each head, each layer, all heads.
    patched: np.ndarray
    layer_numbers: tuple[int, ...]  # in the model, of the layers that have attention
    heads_a_layer: int

    def _said(self) -> str:
        three = f"total {self.total:+.3g}, indirect {self.indirect:+.3g}, direct {self.direct:+.3g}"
        return f"{three}, {quoted(self.contrast.first)} against {quoted(self.contrast.second)}"

    def _shown_table(self) -> pd.DataFrame:
        return self.heads

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

        heads = heads_in_order(self.layer_numbers, self.heads_a_layer)
        table = pd.DataFrame(heads, columns=["layer", "head"])
        table["indirect"], table["direct"] = self._effects[:, : len(heads)]
        return table

    @property
    def layers(self) -> pd.DataFrame:
        """The same for all heads of a layer at once: `layer`, `indirect`, `direct`."""
        import pandas as pd

        table = pd.DataFrame({"layer": self.layer_numbers})
        table["indirect"], table["direct"] = self._effects[:, -1 - len(table) : -1]
        return table

    @property
    def strongest(self) -> float:
        """Sum of the ten largest indirect effects of single heads."""
        return float(self.heads["indirect"].nlargest(STRONGEST).sum())

    def turned(self) -> Effects:
        """The same measurement seen from the second prompt: it becomes x, and `other` is expected there."""
        old = self.contrast
        contrast = Contrast(old.second, old.first, old.other, old.expected)
        return replace(
            self, contrast=contrast, scores=self.scores[::-1, ::-1], patched=1 / self.patched[::-1]
        )

    @property
    def _effects(self) -> np.ndarray:
        return self.patched / self.ratios[0] - 1


def bias_effects(
    model: Model, contrast: Contrast | Sequence[str], *, progress: Progress | None = None
) -> Effects:
    """Total, indirect and direct effect of the swapped word, for all heads, each layer and each head.

    contrast: two prompts that differ in one word and two ways to go on, as a `Contrast` or its four texts.
    The whole attention matrix of the prompt's tokens is patched; the tokens of a continuation keep their own,
    as in the paper's code. progress(runs done, runs in all) is called after each forward pass; an exception
    that it raises ends the work.
    Raises AttnlitError for prompts that are equal or have different numbers of tokens; for a continuation
    whose tokens cannot be told apart from the prompt's, or that is not a single word in a model that fills
    gaps; and for models that predict no word, or that read one text and write another.
    """
    check_function(progress, "progress")
    return _measured(model, contrast_of(contrast), _patches, progress)


def total_effect(model: Model, contrast: Contrast | Sequence[str]) -> float:
    """The total effect of `bias_effects` alone, for a small part of its work: no head is patched."""
    return _measured(model, contrast_of(contrast), lambda layers, heads: []).total


def _measured(
    model: Model,
    contrast: Contrast,
    patches: Callable[[Sequence[int], int], Sequence[Heads]],
    progress: Progress | None = None,
) -> Effects:
    check_model(model)
    check_prompts(model, contrast.first, contrast.second)
    words = contrast.expected, contrast.other
    texts = [prompt_texts(model, each, words) for each in (contrast.first, contrast.second)]
    runs = measure(model, texts, patches, progress=progress)
    expected, other = np.exp(runs.patched[..., 0]), np.exp(runs.patched[..., 1])
    return Effects(contrast, np.exp(runs.scores), other / expected, model.layer_numbers, model.heads)


def _patches(layers: Sequence[int], heads: int) -> list[Heads]:
    """Whose attention is patched in each run: each head's, each whole layer's, and all."""
    single: list[Heads] = [[(layer, (head,))] for layer, head in heads_in_order(layers, heads)]
    whole = [(layer, tuple(range(heads))) for layer in layers]
    return [*single, *([each] for each in whole), whole]
