"""What scores are computed from: the attention of one text, and what is known of its tokens."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.scores.repeated import followed
from attnlit.analysis.scores.shapes import shapes
from attnlit.analysis.scores.spread import Spread, spread
from attnlit.analysis.scores.tokens import is_punctuation, same, same_elsewhere, sentence_of
from attnlit.attention.record import ATTENTION, check_record
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    from attnlit.attention.record import Attention

# With fewer, an even spread in a causal model reaches the 0.3 of a head that rests on the first token: the
# first tokens see little else.
FEWEST_TOKENS = 10


@dataclass(frozen=True, eq=False)
class InOrder:
    """What each head raises when it looks at one of several words that are counted in an order."""

    logits: np.ndarray  # float64 (L, H, attended, raised), both in that order
    has_next: np.ndarray  # bool (attended,): whether the next word of the order is there, too


@dataclass(frozen=True, eq=False)
class Evidence:
    """The weights of one text, and its tokens as keys. What several scores need is computed once."""

    # float32 (L, H, Q, K); rows sum to 1 (less with a learned sink)
    weights: np.ndarray
    kind: str
    causal: bool
    # int (K,): vocabulary ids, a different negative one for each special token, so that none is ever the same
    ids: np.ndarray
    special: np.ndarray  # bool (K,)
    punctuation: np.ndarray  # bool (K,)
    sentences: np.ndarray  # int (K,): 0 or 1, and -1 for special tokens
    # Random tokens several times in a row, rather than a text that somebody wrote.
    random: bool = False
    # float64 (L, H, attended, raised): what each head adds to the logits of the random tokens, where known
    logits: np.ndarray | None = None
    # The same of words that are counted in an order, where the vocabulary has them
    in_order: InOrder | None = None
    # float32 (L, H, Q): how long all is that each head writes into each token, where that was measured
    lengths: np.ndarray | None = None

    @property
    def queries(self) -> int:
        """How many tokens look."""
        return self.weights.shape[2]

    @property
    def within(self) -> bool:
        """Whether queries and keys are the same text."""
        return self.kind != "cross"

    @cached_property
    def same(self) -> np.ndarray:
        """Which keys are the query's own token at another place: bool (N, N)."""
        return same(self.ids, self.causal)

    @cached_property
    def same_elsewhere(self) -> np.ndarray:
        """Which keys are the query's own token in the other sentence: bool (N, N)."""
        return same_elsewhere(self.ids, self.sentences, self.causal)

    @cached_property
    def followed(self) -> np.ndarray:
        """Which keys follow an earlier occurrence of the query's own token: bool (N, N)."""
        return followed(self.ids)

    @cached_property
    def spread(self) -> Spread:
        """How widely the heads look, with and without the first token."""
        return spread(self.weights)

    @cached_property
    def shapes(self) -> dict[str, np.ndarray]:
        """Which of the five shapes each head has: bool (L, H) by name."""
        return shapes(self.weights, self.special, self.sentences)


def evidence_of(attention: Attention, lengths: np.ndarray | None = None) -> Evidence:
    """What the scores of a recorded text are computed from.

    lengths: float32 (L, H, Q), how long all is that each head writes into each token; None where unknown.
    Raises AttnlitError for a record that a filter has cut, or whose pieces are put together into words: its
    indices are no positions any more, and its rows hold only a share of the attention. In cross-attention
    the keys must be whole; any part of the queries will do. It does so, too, for lengths of vectors.
    """
    check_record(attention)
    if attention.weighs != ATTENTION:
        raise AttnlitError(
            "What a head does is told from where it looks, but this record holds lengths of vectors. Record "
            "the text with attnlit.attend."
        )
    queries = [token.position for token in attention.queries]
    keys = [token.position for token in attention.keys]
    if keys != list(range(len(keys))) or (attention.kind != "cross" and queries != keys):
        raise AttnlitError(
            "What a head does can be told only from the whole text, token by token. Some tokens are hidden "
            "here, or put together into words: use the record from before that."
        )
    ids = np.array([token.id for token in attention.keys])
    special = np.array([token.special for token in attention.keys])
    return Evidence(
        weights=attention.weights,
        kind=attention.kind,
        causal=attention.causal,
        ids=np.where(special, -1 - np.arange(len(ids)), ids),
        special=special,
        punctuation=np.array([is_punctuation(token) for token in attention.keys]),
        sentences=sentence_of(attention.key_segments),
        lengths=lengths,
    )


def evidence_of_random(
    weights: np.ndarray, ids: np.ndarray, logits: np.ndarray | None = None, in_order: InOrder | None = None
) -> Evidence:
    """The same of random tokens that repeat, read by a causal model. weights: (L, H, N, N); ids: int (N,)

    logits: what `attnlit.analysis.direct.direct_logits` says of the tokens that repeat; in_order: what it
    says of words that are counted in an order. None where unknown.
    """
    nothing = np.zeros(len(ids), bool)
    return Evidence(
        weights=weights,
        kind="self",
        causal=True,
        ids=np.asarray(ids),
        special=nothing,
        punctuation=nothing,
        sentences=np.zeros(len(ids), int),
        random=True,
        logits=logits,
        in_order=in_order,
    )
