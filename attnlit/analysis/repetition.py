"""What a head does for a text that repeats itself: how much worse the model predicts it without that head.

The causal side of induction (Olsson et al. 2022, arXiv 2209.11895): on random tokens that repeat in
one order, only what came before can tell what follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.predict import in_batches
from attnlit.analysis.scores.repeated import COPIES
from attnlit.analysis.statistics import interval
from attnlit.analysis.survey import period, random_sequences
from attnlit.attention.edits import HeadsAblated
from attnlit.attention.weights import weights_together
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.models.model import Model

DRAWS = 5


def loss_on_repeated(model: Model, heads: Sequence[tuple[int, int]], *, draws: int = DRAWS) -> pd.DataFrame:
    """How badly the model foresees random tokens that it has read before, whole and with each head off.

    heads: (layer, head) each. The first row is the whole model, then one row a head: `off` ("" or "5-3"),
    `loss` in nats a token over copies 2 to 4, `rise` above the whole model, and `lower` and `upper`, the
    rise's 95 % bootstrap interval over the random draws. Raises AttnlitError for a model without a next word.
    """
    import pandas as pd

    drawn = random_sequences(model, "self", draws) if model.predicts else []
    if not drawn:
        raise AttnlitError(
            f"{model.name} does not predict the next word, so repeating words tells nothing. Choose a model "
            "that does, such as “mini-gpt2”."
        )
    variants = [[], *([HeadsAblated(kind="self", layer=layer, heads=(head,))] for layer, head in heads)]
    losses = np.array([_losses(model, row, variants) for row in drawn])  # (draws, variants)
    rises = losses - losses[:, :1]
    lower, upper = interval(rises, np.random.default_rng(0))
    return pd.DataFrame(
        {
            "off": ["", *(f"{layer}-{head}" for layer, head in heads)],
            "loss": losses.mean(0),
            "rise": rises.mean(0),
            "lower": lower,
            "upper": upper,
        }
    )


def _losses(model: Model, row: np.ndarray, variants: Sequence[Sequence[HeadsAblated]]) -> list[float]:
    """Mean loss over the copies after the first, in nats a token, of each variant."""
    foreseen = np.arange(len(row) - (COPIES - 1) * period(model), len(row))
    inputs = {"input_ids": row.tolist()}
    weights = {"self": weights_together(model, [inputs], "self")[0]}
    found: list[float] = []
    for logs in in_batches(model, inputs, (foreseen - 1).tolist(), variants, weights):
        found += (-logs[:, np.arange(len(foreseen)), row[foreseen]].mean(-1)).tolist()
    return found


def another_head(layer: int, head: int, others: Sequence[int]) -> int | None:
    """One of the others of a head's layer, drawn at random but always the same; None where there is none."""
    left = [each for each in others if each != head]
    return int(np.random.default_rng([layer, head]).choice(left)) if left else None
