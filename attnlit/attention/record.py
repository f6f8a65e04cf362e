"""What one forward pass leaves behind: plain, read-only numpy, with no model inside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Token:
    """One token as people should see it."""

    id: int  # in the vocabulary
    text: str  # what to draw: a slice of the source text, a special token's name, "🙂 1/3" for a piece of a character
    raw: str  # the vocabulary's own spelling, for hover
    special: bool  # put there by the tokenizer: [CLS], [SEP], <s>, <|endoftext|> ...
    segment: int | None  # 0 for text A, 1 for text B, None for special tokens
    position: int  # in the sequence that the model saw: stays the same when tokens are filtered away
    word: int | None = None  # index of the word of its segment that it belongs to


@dataclass(frozen=True)
class Vectors:
    """What entered one head's softmax.

    The softmax of ``scores`` over keys is the head's row of weights, to 1e-5. ``scores`` is
    ``scaling * q @ k.T`` plus whatever the model itself adds (mask, position bias, soft cap).
    """

    q: np.ndarray  # float32 (queries, d)
    k: np.ndarray  # float32 (keys, d)
    scores: np.ndarray  # float32 (queries, keys); masked keys are -inf
    scaling: float
    key_head: int  # index of the key head that this query head uses
    shared_with: tuple[int, ...] = ()  # the other query heads on the same key head (grouped queries)
    adds: tuple[str, ...] = ()  # plain names of what the model adds to scaling * q.k: "causal mask", "position bias" ...
