"""Which words of a text a head helps with: the loss of each word with the head on, and with it off.

A decoder foresees each token from those before it. A masked model guesses each token in turn, which is left
out for it (the pseudo-likelihood of Salazar et al. 2020, arXiv 1910.14659).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.predict import NUMBERS_AT_ONCE, Progress, check_predicts
from attnlit.attention.capture import checked_kind
from attnlit.attention.edits import Edit, HeadsAblated
from attnlit.attention.forward import forward, logits_at
from attnlit.attention.given import checked_pairs
from attnlit.attention.numbers import to_numpy
from attnlit.attention.reading import Reading, read
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

    from attnlit.attention.record import Token
    from attnlit.models.model import Model


@dataclass(frozen=True, eq=False)
class WordLoss:
    """The loss of each token with some heads on, and off. N tokens; NaN where nothing foresees a token."""

    tokens: tuple[Token, ...]  # of an encoder-decoder those of its target
    on: np.ndarray  # float64 (N,), nats: −log of the probability that the model gave the token
    off: np.ndarray  # the same without the heads
    kind: str
    heads: tuple[tuple[int, int], ...]  # (layer, head) of those that are off

    @property
    def rise(self) -> np.ndarray:
        """What each token loses without the heads: (N,), nats. Positive where they help."""
        return self.off - self.on

    def table(self) -> pd.DataFrame:
        """One row a token: `position`, `token`, `on`, `off`, `rise`."""
        import pandas as pd

        return pd.DataFrame(
            {
                "position": [token.position for token in self.tokens],
                "token": [token.text for token in self.tokens],
                "on": self.on,
                "off": self.off,
                "rise": self.rise,
            }
        )


def loss_by_word(
    model: Model,
    text: str,
    heads: Sequence[tuple[int, int]],
    pair: str | None = None,
    kind: str | None = None,
    *,
    progress: Progress | None = None,
) -> WordLoss:
    """The loss of each token of a text with some heads on, and with their output set to 0.

    heads: (layer, head) each, of attention of the `kind` (one of `model.kinds`; None is the first). pair: as
    for `attnlit.attend`. progress(passes done, passes in all) is called after each forward pass.
    Raises AttnlitError for a model that predicts no words or whose attention cannot be changed, for heads
    that it lacks, and for a text in which no token is foreseen.
    """
    kind = checked_kind(model, kind)
    pairs = checked_pairs(heads)
    check_predicts(model)
    if not (model.masked or model.causal):
        raise AttnlitError(
            f"{model.name} neither writes from left to right nor fills gaps, so it predicts no word. Choose "
            "a model that does, such as “mini-gpt2”."
        )
    reading = read(model, text, pair)
    edits = [HeadsAblated(kind=kind, layer=layer, heads=(head,)) for layer, head in pairs]
    losses = _of_gaps if model.masked else _of_next
    on, off = losses(model, reading, [[], edits], progress)
    if np.isnan(on).all():
        raise AttnlitError("There is nothing to predict in this text: type at least two words.")
    side = reading.asked
    return WordLoss(side.tokens, on, off, kind, tuple(pairs))


def _of_next(
    model: Model, reading: Reading, variants: Sequence[Sequence[Edit]], progress: Progress | None
) -> list[np.ndarray]:
    """Of each variant the loss of each token, foreseen from those before it."""
    tokens = reading.asked.tokens
    ids = np.array([token.id for token in tokens])
    found = []
    for number, edits in enumerate(variants, start=1):
        losses = np.full(len(tokens), np.nan)
        logits = forward(model, [reading.inputs], None, edits).logits[0]  # (N, V)
        losses[1:] = [_loss(logits[place], id_) for place, id_ in enumerate(ids[1:])]
        found.append(losses)
        if progress is not None:
            progress(number, len(variants))
    return found


def _of_gaps(
    model: Model, reading: Reading, variants: Sequence[Sequence[Edit]], progress: Progress | None
) -> list[np.ndarray]:
    """Of each variant the loss of each token, left out for it; marks are none that could be."""
    tokens, mask = reading.source.tokens, model.mask_id
    places = [token.position for token in tokens if not token.special and token.id != mask]
    numbers = len(tokens) * max(model.vocabulary_size // 8, 1)  # a layer of each copy; logits are of few rows
    together = 1 if model.capture_route == "trace" else max(1, NUMBERS_AT_ONCE // numbers)
    found = [np.full(len(tokens), np.nan) for _ in variants]
    done, passes = 0, -(-len(places) // together) * len(variants)
    for start in range(0, len(places), together):
        some = places[start : start + together]
        batch = [_with_gap(reading, place, mask) for place in some]
        for losses, edits in zip(found, variants, strict=True):
            logits = logits_at(model, batch, some, edits=edits)  # (copies, places, V)
            losses[some] = [_loss(logits[row, row], tokens[place].id) for row, place in enumerate(some)]
            done += 1
            if progress is not None:
                progress(done, passes)
    return found


def _with_gap(reading: Reading, place: int, mask: int | None) -> dict[str, list[int]]:
    inputs = {name: [*ids] for name, ids in reading.inputs.items()}
    assert mask is not None  # a masked model has one
    inputs["input_ids"][place] = mask
    return inputs


def _loss(logits: Tensor, id_: int) -> float:
    """−log of the probability of a token, from (V,)."""
    return float(to_numpy(-logits.double().log_softmax(-1)[int(id_)]))
