"""Direct logit attribution: how much of a word's logit each head, MLP and bias has written itself.

The last state of a token is a sum, the last norm is held at the scale that it had, and the unembedding is a
matrix, so the logit of a word is a sum, too: one number for each part (Elhage et al. 2021, “A mathematical
framework for transformer circuits”; Wang et al. 2022, arXiv 2211.00593, for the difference of two words).
What a head does through later heads and MLPs is not in its number: see `attnlit.analysis.writing.effects`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.writing.parts import HEAD
from attnlit.analysis.writing.state import LAST, State, take_apart
from attnlit.analysis.writing.vocabulary import mean_row, rows_of, word_id
from attnlit.attention.vocabulary import vocabulary_texts
from attnlit.errors import AttnlitError
from attnlit.wording import InOneLine, percent, quoted

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.models.model import Model

WORD_BIAS = "word bias"  # of the unembedding
EVERY_WORD = "every word alike"  # the mean logit of all words, which decides nothing


@dataclass(frozen=True, eq=False, repr=False)
class WordSum(InOneLine):
    """A word's logit, or the difference of two words' logits, as a sum of what each part wrote: the numbers.

    They can be kept without the model that they are of.
    """

    # A row a part, in the order of the forward pass: kind (see `parts`, WORD_BIAS or EVERY_WORD), number (the
    # model's of its layer), layer, head, attention, and logit. The logits add up to `total`.
    table: pd.DataFrame
    total: float  # the logit of the word, less that of the other one if one was given
    # The same behind the model's soft cap, where it has one; else `total`.
    logit: float
    word: str  # as the vocabulary shows it
    against: str | None
    ids: tuple[int, ...]  # of the word, and of the other one
    probability: float  # of the word, as the model predicts it here
    likeliest: bool  # whether the model finds no word likelier
    direction: np.ndarray  # float64 (D,): what a vector that enters the unembedding is multiplied with

    def _said(self) -> str:
        words = " over ".join(quoted(word) for word in self.words)
        sum_of = f"{len(self.table)} parts that add up to {self.total:.3g}"
        return f"{words}, {sum_of}, {percent(self.probability)} likely"

    def _shown_table(self) -> pd.DataFrame:
        return self.table

    @property
    def words(self) -> tuple[str, ...]:
        """The word, and the other one if there is one."""
        return (self.word,) if self.against is None else (self.word, self.against)

    @property
    def heads(self) -> pd.DataFrame:
        """The rows of heads alone."""
        return self.table[self.table["kind"] == HEAD]


@dataclass(frozen=True, eq=False, repr=False)
class Writes(WordSum):
    """The same, with the state that was taken apart."""

    state: State

    @property
    def numbers(self) -> WordSum:
        """The numbers alone."""
        return WordSum(**{each.name: getattr(self, each.name) for each in fields(WordSum)})


def writes(
    model: Model,
    text: str,
    word: str | None = None,
    against: str | None = None,
    position: int = LAST,
    *,
    pair: str | None = None,
) -> Writes:
    """How much of a word's logit each part of the model has written, where the text goes on.

    word: one token of the vocabulary, with a space before it where the vocabulary has both; None is the
    likeliest. against: another word, to split the difference of the two logits; without one each part is
    measured against the mean of all words, and that mean is a row of its own. position: of the token after
    which the word is predicted, negative from the end. pair: as for `attnlit.attend`; of an encoder-decoder
    the target so far.
    Raises AttnlitError for a word of several tokens, and for a model whose logits are no such sum, such as
    BERT, whose prediction head is not linear.
    """
    return of_word(take_apart(model, text, pair, position), word, against)


def of_word(state: State, word: str | None = None, against: str | None = None) -> Writes:
    """The same, of a state that is taken apart already: see `writes`."""
    import pandas as pd

    model = state.model
    ids = [int(np.argmax(state.logits)) if word is None else word_id(model, word)]
    if against is not None:
        ids.append(word_id(model, against))
        if ids[0] == ids[1]:
            raise AttnlitError(
                "The two words are the same, so there is no difference. Choose two that differ."
            )
    signs = np.array([1.0, -1.0])[: len(ids)]
    direction = signs @ rows_of(model, ids)  # (D,)
    if against is None:
        direction = direction - mean_row(model)
    parts = [
        {"kind": part.kind, "number": part.number, "layer": part.layer, "head": part.head}
        | {"attention": part.attention, "logit": logit}
        for part, logit in zip(state.parts, state.factor * (state.vectors @ direction), strict=True)
    ]
    total = state.factor * float(signs @ state.scores[ids])
    parts += _without_a_layer(state, float(signs @ state.bias[ids]), alone=against is None)
    table = pd.DataFrame(parts).astype({"number": "Int64", "layer": "Int64", "head": "Int64"})
    texts = vocabulary_texts(model.tokenizer, ids)
    return Writes(
        table=table,
        total=total,
        logit=float(signs @ state.logits[ids]),
        word=texts[0],
        against=texts[1] if against is not None else None,
        ids=tuple(ids),
        probability=float(probabilities(state.logits)[ids[0]]),
        likeliest=ids[0] == int(np.argmax(state.logits)),
        direction=direction,
        state=state,
    )


def _without_a_layer(state: State, bias: float, *, alone: bool) -> list[dict[str, object]]:
    """Rows for the unembedding's bias, and for what every word gets, where a word stands alone."""
    rows: list[dict[str, object]] = []
    if state.bias.any():
        mean = float(state.bias.mean()) if alone else 0.0
        rows.append({"kind": WORD_BIAS, "attention": "", "logit": state.factor * (bias - mean)})
    if alone:
        mean = state.factor * float(state.scores.mean())
        rows.append({"kind": EVERY_WORD, "attention": "", "logit": mean})
    return rows


def probabilities(logits: np.ndarray) -> np.ndarray:
    """The softmax of logits (..., V)."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)
