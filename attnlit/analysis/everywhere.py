"""What edits change in all that a model predicts of a text.

A decoder is asked for each next word. A masked model is asked for every seventh word, masked: about as many
at once as in its training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.predict import check_predicts, in_batches, kl_divergence, log_probabilities
from attnlit.attention.reading import read
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    from attnlit.attention.edits import Edit
    from attnlit.models.model import Model

MASK_EVERY = 7  # of a masked model's words: 14 %, as it was trained


@dataclass(frozen=True)
class Asked:
    """One forward pass's inputs, and at which rows of the logits words are asked for."""

    inputs: Mapping[str, Sequence[int]]
    places: tuple[int, ...]


def all_at_once(model: Model, text: str, pair: str | None = None) -> Asked:
    """As much of a text as one pass can be asked for: each next token, or every seventh, masked.

    Raises AttnlitError for a model that predicts no words, and for a text with nothing to ask.
    """
    check_predicts(model)
    reading = read(model, text, pair)
    tokens = reading.asked.tokens
    if not model.masked and not model.causal:
        raise AttnlitError(f"{model.name} does not write from left to right, so it predicts no next word.")
    first = 0 if model.masked else 1  # nothing stands before a decoder's first token
    words = [place for place, token in enumerate(tokens) if not token.special and place >= first]
    if not words:
        raise AttnlitError("This text is too short: there is no word to predict. Type a few more.")
    if not model.masked:
        return Asked(reading.inputs, tuple(place - 1 for place in words))
    assert model.mask_id is not None
    places = words[len(words) // 2 % MASK_EVERY :: MASK_EVERY]
    ids = [*reading.inputs["input_ids"]]
    for place in places:
        ids[place] = model.mask_id
    return Asked({**reading.inputs, "input_ids": ids}, tuple(places))


def divergences(model: Model, asked: Asked, variants: Sequence[Sequence[Edit]]) -> np.ndarray:
    """How much each of several sets of edits changes each prediction: float64 (variants, places), nats.

    KL(the model as it is || the model with the edits).
    """
    from attnlit.attention.recorder import Recorder  # imports torch

    recorder = Recorder(model.sites)
    inputs = {name: list(ids) for name, ids in asked.inputs.items()}
    before = log_probabilities(model, inputs, asked.places, recorder=recorder)[0]  # (places, words)
    found = [
        kl_divergence(before, logs)
        for after in in_batches(model, inputs, asked.places, variants, recorder.weights)
        for logs in after
    ]
    return np.array(found).reshape(len(variants), len(asked.places))
