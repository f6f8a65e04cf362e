"""Random tokens that repeat: the texts on which induction, duplicates and copying are measured.

With each goes one reading of words that are counted in an order, on which successor heads are measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.direct import direct_logits, has_direct_path
from attnlit.analysis.scores.evidence import evidence_of_random
from attnlit.analysis.scores.repeated import COPIES, DRAWS, PERIOD, repeated
from attnlit.analysis.survey.sums import Sums, merge, scored
from attnlit.analysis.survey.words_in_order import in_order
from attnlit.attention.reading import token_limit
from attnlit.attention.weights import weights_together

if TYPE_CHECKING:
    from attnlit.models.model import Model

_SEED = 0


def period(model: Model) -> int:
    """How many random tokens are repeated: 25, less in a model that takes too few tokens for four copies."""
    return min(PERIOD, (token_limit(model) - 1) // COPIES)


def random_sequences(model: Model, kind: str, draws: int = DRAWS) -> list[np.ndarray]:
    """Random tokens several times in a row, after the model's first token where it has one; always the same.

    The tokens are of the middle nine tenths of the vocabulary, which goes from common to rare in most. Empty
    for models that also look ahead, and for attention between two texts.
    """
    if not model.causal or kind != "self" or kind not in model.kinds:
        return []
    words = model.vocabulary_size
    middle = np.arange(words // 20, words - words // 20)
    middle = middle[~np.isin(middle, list(model.special_ids))]
    if len(middle) < period(model) or period(model) < 2:
        return []
    random = np.random.default_rng(_SEED)
    return [repeated(middle, random, model.first_id, period(model), COPIES) for _ in range(draws)]


def sums_of_random(model: Model, kind: str, sequences: Sequence[np.ndarray], first: int) -> Sums:
    """The sums of these sequences of random tokens, which are counted from `first`."""
    sums, known = Sums(), has_direct_path(model)
    weights = weights_together(model, [{"input_ids": row.tolist()} for row in sequences], kind)
    for index, (row, matrices) in enumerate(zip(sequences, weights, strict=True), first):
        once = list(dict.fromkeys(row.tolist()))[-period(model) :]
        logits = direct_logits(model, once) if known else None
        evidence = evidence_of_random(matrices, row, logits, in_order(model, index) if known else None)
        sums = merge(sums, Sums(bins={index: scored(evidence)}))
    return sums
