"""Lenses: which words a head raises and lowers, and what the model would say after each layer.

A vector that enters the unembedding is read as words (nostalgebraist 2020, “Interpreting GPT: the logit
lens”). For a head it is all that it wrote, or what it brought from one token; for a layer, the state after
it, put through the model's own last norm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.writing.attribution import Writes, probabilities
from attnlit.analysis.writing.state import State
from attnlit.analysis.writing.vocabulary import raised_and_lowered, unembedded
from attnlit.attention.given import checked_head, checked_token
from attnlit.attention.numbers import to_numpy
from attnlit.attention.vocabulary import vocabulary_texts
from attnlit.errors import AttnlitError
from attnlit.wording import either

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.analysis.writing.path import Call


def head_words(state: State, layer: int, head: int, attention: str = "", *, top: int = 8) -> pd.DataFrame:
    """The words that one head raises and lowers here, by all that it wrote.

    One row a word, `top` raised and `top` lowered: `token`, `id`, and `logit`, against the mean of all words.
    attention: “self”, “decoder” or “cross”; empty is the first. Raises AttnlitError for a head that the model
    lacks.
    """
    call = _call(state, layer, head, attention)
    return _words(state, to_numpy(call.head(head)), top)


def look_words(
    state: State, layer: int, head: int, key: int, attention: str = "", *, top: int = 8
) -> pd.DataFrame:
    """As `head_words`, by what the head brought from one token alone: “from *Paris* it writes ...”.

    key: the token's position. What all tokens give a word adds up to what `head_words` gives it.
    """
    looks = to_numpy(_call(state, layer, head, attention).looks(head))  # (K, D)
    return _words(state, looks[checked_token(key, len(looks))], top)


def look_logits(found: Writes, layer: int, head: int, attention: str = "") -> np.ndarray:
    """How much of a head's share of a logit comes from each token: float64 (K,), adding up to the share."""
    looks = to_numpy(_call(found.state, layer, head, attention).looks(head))
    return found.state.factor * (looks @ found.direction)


def logit_lens(state: State, *, top: int = 5) -> pd.DataFrame:
    """What the model would say if it stopped after each layer: its state there, read by its own last norm.

    One row a layer and word, likeliest first: `layer` (the model's number; -1 for the embeddings), `rank`,
    `token`, `id`, `probability`. Raises AttnlitError for a model that norms its states after each layer,
    because its last norm is not made for the earlier ones.
    """
    import pandas as pd
    import torch

    if not state.spine:
        raise AttnlitError(
            f"{state.model.name} norms its state after each layer, so there is no single norm to read "
            "them all with. Look at its last layer, or choose another model."
        )
    after = {-1 if number is None else number: row for number, row in state.spine}  # the last of each layer
    entered = state.last.anew(torch.stack(list(after.values())), state.spine[-1][1])
    logits = state.factor * (unembedded(state.model, to_numpy(entered)) + state.bias)
    logits = logits if state.cap is None else state.cap * np.tanh(logits / state.cap)
    shares = probabilities(logits.astype(np.float64))
    rows = []
    for layer, words in zip(after, shares, strict=True):
        best = np.argsort(-words, kind="stable")[:top]
        texts = vocabulary_texts(state.model.tokenizer, best)
        rows += [
            {"layer": layer, "rank": rank, "token": text, "id": int(id_), "probability": float(words[id_])}
            for rank, (id_, text) in enumerate(zip(best, texts, strict=True), start=1)
        ]
    return pd.DataFrame(rows)


def _words(state: State, vector: np.ndarray, top: int) -> pd.DataFrame:
    return raised_and_lowered(state.model, state.factor * unembedded(state.model, vector), top)


def _call(state: State, layer: int, head: int, attention: str) -> Call:
    """Raises AttnlitError for a layer or head that did not write into this state."""
    kind = attention or ("decoder" if "decoder" in state.model.kinds else "self")
    call = state.calls.get((kind, layer))
    if call is None:
        layers = sorted(number for other, number in state.calls if other == kind)
        raise AttnlitError(
            f"No {kind} attention of layer {layer} of {state.model.name} writes into this state. Choose "
            f"layer {either(layers)}."
            if layers
            else f"No {kind} attention of {state.model.name} writes into this state. Choose another kind."
        )
    checked_head(head, call.written.passed.heads, state.model.name)
    return call
