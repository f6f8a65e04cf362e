"""What a model predicts all through a text, and how well, with and without edits.

A decoder is asked for each next word. A masked model is asked for words that are masked: one after another
where each word's own loss is wanted (Salazar et al. 2020, arXiv 1910.14659), or every seventh at once, about
as many as in its training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.predict import check_predicts, in_batches, kl_divergence, log_probabilities
from attnlit.attention.capture import checked_kind
from attnlit.attention.edits import Edit, HeadsAblated
from attnlit.attention.reading import read
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.attention.record import Token
    from attnlit.models.model import Model

MASK_EVERY = 7  # of a masked model's words, where several are masked at once: 14 %, as it was trained


@dataclass(frozen=True)
class Asked:
    """One forward pass's inputs, at which rows of the logits words are asked for, and which are right."""

    inputs: Mapping[str, Sequence[int]]
    places: tuple[int, ...]
    answers: tuple[Token, ...]  # the token that stands, or stood, at each asked place


def one_after_another(model: Model, text: str, pair: str | None = None) -> list[Asked]:
    """Every token of a text, but a decoder's first, asked for once: one pass, or one a token if masked.

    Raises AttnlitError for a model that predicts no words, and for a text with nothing to ask.
    """
    inputs, tokens, first = _read(model, text, pair)
    words = [place for place, token in enumerate(tokens) if not token.special and place >= first]
    if model.masked:
        return [_with_masks(model, inputs, tokens, [place]) for place in words]
    asked = tuple(place - 1 for place in words)
    return [Asked(inputs, asked, tuple(tokens[place] for place in words))]


def all_at_once(model: Model, text: str, pair: str | None = None) -> Asked:
    """As much of a text as one pass can be asked for: each next token, or every seventh, masked."""
    if not model.masked:
        return one_after_another(model, text, pair)[0]
    inputs, tokens, _ = _read(model, text, pair)
    words = [place for place, token in enumerate(tokens) if not token.special]
    return _with_masks(model, inputs, tokens, words[len(words) // 2 % MASK_EVERY :: MASK_EVERY])


def _read(model: Model, text: str, pair: str | None) -> tuple[dict[str, list[int]], Sequence[Token], int]:
    """(inputs, tokens whose words are predicted, the first of them that can be asked for)."""
    check_predicts(model)
    reading = read(model, text, pair)
    tokens = (reading.source if reading.target is None else reading.target).tokens
    if not model.masked and not model.causal:
        raise AttnlitError(f"{model.name} does not write from left to right, so it has no next word to ask.")
    first = 0 if model.masked else 1
    if all(token.special for token in tokens[first:]):
        raise AttnlitError("This text is too short: there is no word to predict. Type a few more.")
    return dict(reading.inputs), tokens, first


def _with_masks(
    model: Model, inputs: dict[str, list[int]], tokens: Sequence[Token], places: Sequence[int]
) -> Asked:
    assert model.mask_id is not None
    ids = list(inputs["input_ids"])
    for place in places:
        ids[place] = model.mask_id
    return Asked({**inputs, "input_ids": ids}, tuple(places), tuple(tokens[place] for place in places))


@dataclass(frozen=True, eq=False)
class Compared:
    """Losses and divergences at every asked place of one `Asked`; V variants of the edits, P places."""

    losses: np.ndarray  # float64 (1 + V, P), nats: of the model as it is, then with each variant
    kls: np.ndarray  # float64 (V, P), nats: KL(as it is || variant)


def compare(model: Model, asked: Asked, variants: Sequence[Sequence[Edit]]) -> Compared:
    """How well a model predicts, as it is and under each of several sets of edits."""
    from attnlit.attention.recorder import Recorder  # imports torch

    recorder = Recorder(model.sites)
    inputs = {name: list(ids) for name, ids in asked.inputs.items()}
    before = log_probabilities(model, inputs, asked.places, recorder=recorder)[0]  # (P, words)
    right = np.arange(len(asked.places)), [token.id for token in asked.answers]
    losses, kls = [-before[right]], []
    for after in in_batches(model, inputs, asked.places, variants, recorder.weights):
        for logs in after:
            losses.append(-logs[right])
            kls.append(kl_divergence(before, logs))
    return Compared(np.array(losses), np.array(kls).reshape(len(variants), len(asked.places)))


def loss_by_word(
    model: Model,
    text: str,
    heads: Sequence[tuple[int, int]],
    *,
    pair: str | None = None,
    mean: bool = False,
    kind: str | None = None,
) -> pd.DataFrame:
    """Which words of a text some heads help with: each token's loss with all heads, and with these off.

    heads: (layer, head) each, of the `kind`, off together; mean: each puts out its mean over the text
    instead of nothing. One row a token that is asked for: `position`, `token`, `word` (its number in its
    text), `before` and `after` (the loss in nats), and `rise`. The losses of a word's pieces add up to its
    own.
    Raises AttnlitError for a model that predicts no words, and for heads that it lacks.
    """
    import pandas as pd

    kind = checked_kind(model, kind)
    off = [HeadsAblated(kind=kind, layer=layer, heads=(head,), mean=mean) for layer, head in heads]
    rows = []
    for asked in one_after_another(model, text, pair):
        before, after = compare(model, asked, [off]).losses
        rows += [
            {"position": token.position, "token": token.text, "word": token.word, "before": old, "after": new}
            for token, old, new in zip(asked.answers, before, after, strict=True)
        ]
    table = pd.DataFrame(rows)
    return table.assign(rise=table["after"] - table["before"])
