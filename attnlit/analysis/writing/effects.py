"""What is lost of a word's logit with heads switched off: their total effect, whatever they do it through.

A head's own writing is gone then, and so is all that later heads and MLPs made of it; but these may also
repair the loss (Rushing & Nanda 2024, arXiv 2402.15390), so that this may be more than the head's direct
share, or less. It can be measured for every model that predicts words and whose attention can be changed,
masked models among them, whose logits are no sum of what heads write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from attnlit.analysis.predict import Progress, check_predicts, in_batches, log_probabilities
from attnlit.analysis.writing.attribution import Writes
from attnlit.analysis.writing.state import LAST, position_of
from attnlit.analysis.writing.vocabulary import word_id
from attnlit.attention.edits import HeadsAblated
from attnlit.attention.reading import read
from attnlit.attention.vocabulary import vocabulary_texts
from attnlit.errors import AttnlitError
from attnlit.models.model import Model


@dataclass(frozen=True, eq=False)
class Guess:
    """One place of a text, and the word that is asked for there, or two words that are compared."""

    inputs: Mapping[str, list[int]]  # as the model takes the text
    position: int  # row of the logits
    ids: tuple[int, ...]
    words: tuple[str, ...]  # as the vocabulary shows them
    probability: float  # of the first word, as the model predicts it here
    likeliest: bool  # whether the model finds no word likelier
    # Whether the word is guessed in a gap, and whether a token of the text was left out to make that gap.
    gap: bool
    left_out: bool


def guess(
    model: Model,
    text: str,
    word: str | None = None,
    against: str | None = None,
    position: int = LAST,
    *,
    pair: str | None = None,
) -> Guess:
    """What a model predicts at one place; the arguments are those of `attnlit.writes`.

    A masked model guesses the token at `position`, which is left out of the text for it.
    Raises AttnlitError for a model that predicts no words, and for words of several tokens.
    """
    check_predicts(model)
    reading = read(model, text, pair, write=False)
    tokens = reading.asked.tokens
    position = position_of(model, reading, position)
    inputs, left_out = {name: [*ids] for name, ids in reading.inputs.items()}, False
    mask = model.mask_id if model.masked else None
    if mask is not None and tokens[position].id != mask:
        if tokens[position].special:
            raise AttnlitError(
                f"“{tokens[position].text}” stands for no word, so {model.name} has none to guess there. "
                "Choose a word of the text."
            )
        inputs["input_ids"][position], left_out = mask, True
    logs = log_probabilities(model, inputs, [position])[0, 0]
    ids = [int(logs.argmax()) if word is None else word_id(model, word)]
    if against is not None:
        ids.append(word_id(model, against))
    return Guess(
        inputs=inputs,
        position=position,
        ids=tuple(ids),
        words=tuple(vocabulary_texts(model.tokenizer, ids)),
        probability=float(np.exp(logs[ids[0]])),
        likeliest=ids[0] == int(logs.argmax()),
        gap=mask is not None,
        left_out=left_out,
    )


def lost_without(
    model: Model, asked: Guess, heads: Sequence[tuple[str, int, int]], progress: Progress | None = None
) -> np.ndarray:
    """What is lost of the word's logit, or of the difference, with each of some heads off: float64 (heads,).

    heads: (kind, layer, head) each. Positive is what a head added. Without a second word the logit is
    measured against the mean of all words. It is measured behind a soft cap, where the model has one.
    progress(heads done, heads in all) is called after each forward pass; what it raises ends the work.
    """
    from attnlit.attention.recorder import Recorder  # imports torch

    recorder = Recorder(model.sites)
    inputs, places = dict(asked.inputs), [asked.position]
    before = log_probabilities(model, inputs, places, recorder=recorder)[0, 0]  # (V,)
    off = [[HeadsAblated(kind=kind, layer=layer, heads=(head,))] for kind, layer, head in heads]
    lost: list[float] = []
    for after in in_batches(model, inputs, places, off, recorder.weights):
        lost += [_of(asked, before) - _of(asked, each) for each in after[:, 0]]
        if progress is not None:
            progress(len(lost), len(heads))
    return np.array(lost)


def totals(found: Writes, heads: Sequence[tuple[str, int, int]]) -> np.ndarray:
    """`lost_without` of the logit, or the difference, that was split: to be held against direct shares.

    heads: (attention, layer, head), as the columns of `Writes.table`.
    """
    state = found.state
    asked = Guess(
        inputs=state.reading.inputs,
        position=state.position,
        ids=found.ids,
        words=found.words,
        probability=found.probability,
        likeliest=found.likeliest,
        gap=state.model.masked,
        left_out=False,
    )
    return lost_without(state.model, asked, heads)


def _of(asked: Guess, logs: np.ndarray) -> float:
    """The difference of the two words' logits, or of the word's and the mean of all, from (V,)."""
    one, *other = asked.ids
    return float(logs[one] - (logs[other[0]] if other else logs.mean()))
