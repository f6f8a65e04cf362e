"""What a head does, as numbers: does it look at the previous word, the first token, the same word again?

Every score takes weights (layers, heads, queries, keys), float, whose rows sum to 1, and gives
(layers, heads): an attention between 0 and 1 unless another unit is named, NaN where the text has nothing
to score (no repeated token, say). Layers and heads count from 0. A score on one text is a picture; give it on
many texts, with `interval`, before calling it a finding.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.attention.record import Attention, Token

SKIPPED_ABOVE = (
    0.9  # rows with more than this on the first token are left out of scores "without the first token"
)


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over the last axis, NaN and no warning where it is empty."""
    if values.shape[-1] == 0:
        return np.full(values.shape[:-1], np.nan)
    return values.mean(-1, dtype=np.float64)


def at_offset(weights: np.ndarray, offset: int) -> np.ndarray:
    """Mean A[i, i + offset] over the queries that have such a key."""
    return _mean(np.diagonal(weights, offset, -2, -1))


def previous_token(weights: np.ndarray) -> np.ndarray:
    """Mean A[i, i - 1]; a head of this kind above 0.5 (Clark et al. 2019, arXiv 1906.04341, section 3.1)."""
    return at_offset(weights, -1)


def next_token(weights: np.ndarray) -> np.ndarray:
    """Mean A[i, i + 1]; only for models that see what follows. Clark et al. 2019, section 3.1."""
    return at_offset(weights, 1)


def first_token(weights: np.ndarray) -> np.ndarray:
    """Mean A[i, 0] over all queries: an attention sink above 0.3 (Gu et al. 2024, arXiv 2410.10781).

    A causal model's first query sees nothing else and counts as 1.
    """
    return _mean(weights[..., 0])


def to_keys(weights: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Mean over the queries of the attention to the chosen keys, bool (keys,). NaN where none is chosen.

    For delimiters and punctuation: Clark et al. 2019, section 3.2, label a head above 0.6.
    """
    chosen = np.asarray(chosen, bool)
    if not chosen.any():
        return np.full(weights.shape[:2], np.nan)
    return _mean(weights[..., chosen].sum(-1, dtype=np.float64))


def _to_matching(weights: np.ndarray, matching: np.ndarray) -> np.ndarray:
    """Mean attention to all matching keys, of the queries that have any. matching: (queries, keys)"""
    queries = matching.any(1)
    return _mean(np.einsum("lhqk,qk->lhq", weights[:, :, queries], matching[queries], dtype=np.float64))


def _same(ids: np.ndarray, causal: bool, special: np.ndarray | None) -> np.ndarray:
    """True where key and query are the same token at two places, neither special. (tokens, tokens)"""
    ids = np.asarray(ids)
    same = (ids[:, None] == ids[None]) & ~np.eye(len(ids), dtype=bool)
    if causal:
        same = np.tril(same)
    if special is not None:
        same &= ~np.asarray(special, bool)
    return same


def same_token(
    weights: np.ndarray,
    ids: np.ndarray,
    causal: bool = False,
    special: np.ndarray | None = None,
) -> np.ndarray:
    """Attention to the other occurrences of the query's own token, where there are any.

    ids: vocabulary ids (tokens,). special: bool (tokens,), left out as queries and keys. In a causal model
    only earlier occurrences count. Vig 2019 (arXiv 1904.02679), section 4.2.
    """
    return _to_matching(weights, _same(ids, causal, special))


def same_token_elsewhere(
    weights: np.ndarray, ids: np.ndarray, segments: Sequence[int | None], causal: bool = False
) -> np.ndarray:
    """Attention to the query's own token in the other sentence. segments: 0, 1 or None (special token)."""
    return _to_matching(weights, _same_elsewhere(ids, segments, causal))


def _same_elsewhere(ids: np.ndarray, segments: Sequence[int | None], causal: bool) -> np.ndarray:
    """True where key and query are the same token in two sentences. (tokens, tokens)"""
    sides = np.array([-1 if segment is None else segment for segment in segments])
    other = (sides[:, None] != sides[None]) & (sides[:, None] >= 0) & (sides[None] >= 0)
    return _same(ids, causal, None) & other


def duplicate_token(weights: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Attention to earlier occurrences of the query's token (Wang et al. 2022, arXiv 2211.00593).

    On `repeated` tokens this is the score of a duplicate-token head.
    """
    return same_token(weights, ids, causal=True)


def induction(weights: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Prefix matching: attention to the tokens that followed earlier occurrences of the query's token.

    Mean over the queries i whose token occurred before, of the sum of A[i, j] over j < i with token j - 1
    equal to token i. Meant for `repeated` tokens, as the mean of ten draws.
    Olsson et al. 2022 (arXiv 2209.11895), appendix; the printed wording has the direction reversed.
    """
    ids = np.asarray(ids)
    after = np.zeros((len(ids), len(ids)), bool)
    after[:, 1:] = ids[:, None] == ids[None, :-1]
    return _to_matching(weights, np.tril(after, -1))


def repeated(
    vocabulary: np.ndarray,
    random: np.random.Generator,
    first: int | None = None,
    period: int = 25,
    copies: int = 4,
) -> np.ndarray:
    """`period` different tokens drawn from `vocabulary`, `copies` times in a row, after the token `first`.

    int64 (copies * period,) or one more. Olsson et al. 2022: 25 tokens, 4 copies, neither the most nor the
    least common words.
    """
    row = np.tile(random.choice(vocabulary, period, replace=False), copies).astype(np.int64)
    return row if first is None else np.concatenate([[first], row])


def distance(weights: np.ndarray, without_first: bool = False) -> np.ndarray:
    """How far back a head looks, in tokens: sum of A (i - j) / sum of A; negative where it looks ahead.

    Vig and Belinkov 2019 (arXiv 1906.04284), section 4.2; without_first as in `entropy`.
    """
    if without_first:
        keys = np.arange(1, weights.shape[-1])
        return _rows_without_first(weights, lambda rows: np.arange(rows.shape[-2]) - rows @ keys)
    back = np.arange(weights.shape[-2])[:, None] - np.arange(weights.shape[-1])
    total = weights.sum((-2, -1), dtype=np.float64)
    return np.einsum("lhqk,qk->lh", weights, back, dtype=np.float64) / total


def _entropy(rows: np.ndarray) -> np.ndarray:
    rows = rows.astype(np.float64)
    return -(rows * np.log(np.where(rows > 0, rows, 1.0))).sum(-1)


def entropy(weights: np.ndarray, without_first: bool = False) -> np.ndarray:
    """How widely a head spreads its attention, in nats: mean over the queries of -sum of A log A.

    Clark et al. 2019, section 3.3: broad above 3.8 nats. without_first: the first key is left out and each
    row divided by what remains; rows with over 90 % on the first key are skipped (Vig and Belinkov 2019).
    """
    if without_first:
        return _rows_without_first(weights, _entropy)
    return np.stack([_mean(_entropy(layer)) for layer in weights])  # a layer at a time: long texts are large


def _looks_beyond_first(matrices: np.ndarray) -> np.ndarray:
    """Which rows of (heads, queries, keys) have enough beyond the first key: bool (heads, queries).

    A learned sink may have taken all the rest of a row.
    """
    left = matrices[..., 1:].sum(-1, dtype=np.float64)
    return (matrices[..., 0] <= SKIPPED_ABOVE * matrices.sum(-1, dtype=np.float64)) & (left > 0)


def _rows_without_first(weights: np.ndarray, score: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Mean score of the rows that look beyond the first key. score: of rows (heads, queries, keys)."""
    result = np.full(weights.shape[:2], np.nan)
    for layer, matrices in enumerate(weights):
        rest = matrices[..., 1:].astype(np.float64)  # (heads, queries, keys - 1)
        left = rest.sum(-1)  # (heads, queries)
        kept = _looks_beyond_first(matrices)
        scores = np.where(kept, score(rest / np.where(kept, left, 1.0)[..., None]), 0.0)
        rows = kept.sum(-1)
        result[layer] = np.where(rows > 0, scores.sum(-1) / np.maximum(rows, 1), np.nan)
    return result


def positional(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The most frequent offset j - i of the strongest key, and the share it has.

    The share is of the queries that have a key at this offset: the first token has none before it. A
    positional head from 0.9 on (Voita et al. 2019, arXiv 1905.09418). int and float (layers, heads).
    """
    reach = max(weights.shape[-2:]) - 1
    counts = offset_counts(weights, reach)
    best = most_frequent(counts)  # (layers, heads)
    possible = queries_with_offset(weights, reach)
    return best - reach, np.take_along_axis(counts, best[None], 0)[0] / possible[best]


def offset_counts(weights: np.ndarray, reach: int) -> np.ndarray:
    """How many queries have their strongest key at each offset j - i from -reach to reach.

    int (2 * reach + 1, layers, heads).
    """
    offsets = weights.argmax(-1) - np.arange(weights.shape[-2])  # (layers, heads, queries)
    return np.stack([(offsets == offset).sum(-1) for offset in range(-reach, reach + 1)])


def queries_with_offset(weights: np.ndarray, reach: int) -> np.ndarray:
    """How many queries i have a key i + offset, for each offset from -reach to reach: int (2 * reach + 1,)"""
    queries, keys = weights.shape[2:]
    offsets = np.arange(-reach, reach + 1)
    return np.maximum(np.minimum(queries, keys - offsets) - np.maximum(0, -offsets), 0)


def most_frequent(counts: np.ndarray) -> np.ndarray:
    """Which of `offset_counts` is the largest, (layers, heads); of equal ones the nearest to the query.

    Not the one with the largest share: far offsets are had by one or two queries of a text.
    """
    middle = len(counts) // 2
    nearest_first = np.array(sorted(range(len(counts)), key=lambda place: abs(place - middle)))
    return nearest_first[counts[nearest_first].argmax(0)]


def copying(logits: np.ndarray) -> np.ndarray:
    """How much a head raises the very token that it looks at: 1 where only that one, -1 where never.

    logits: what the head adds on its direct path to each token's logit (..., attended, raised) when it looks
    at each of some random tokens. Minus their mean over the raised tokens, and only above zero; the mean
    share of the attended token, scaled from 0 .. 1 to -1 .. 1. Olsson et al. 2022, appendix. NaN where
    nothing is raised.
    """
    raised = np.maximum(logits - logits.mean(-1, keepdims=True), 0.0)
    total = raised.sum(-1)
    own = np.diagonal(raised, axis1=-2, axis2=-1)
    share = np.where(total > 0, own / np.where(total > 0, total, 1.0), np.nan)
    return 2 * share.mean(-1) - 1


def variability(weights: Sequence[np.ndarray], tokens: int = 10) -> np.ndarray:
    """How much a head's picture changes with the words: 0 for a head that follows position alone, up to 1.

    weights: one array a text, of which the first `tokens` tokens are compared (Vig and Belinkov 2019, 4.3).
    """
    stack = np.stack([each[..., :tokens, :tokens] for each in weights]).astype(np.float64)
    return np.abs(stack - stack.mean(0)).sum((0, -2, -1)) / (2 * stack.sum((0, -2, -1)))


def head_distances(weights: np.ndarray) -> np.ndarray:
    """How differently two heads look: Jensen-Shannon divergence of their rows, summed over the queries.

    float64 (layers * heads, layers * heads), in nats, for the map of heads. Clark et al. 2019, section 6.
    """
    rows = weights.reshape(-1, *weights.shape[-2:]).astype(np.float64)
    own = _entropy(rows).sum(-1)
    distances = np.zeros((len(rows), len(rows)))
    for i in range(len(rows)):
        middle = _entropy((rows[i] + rows[i:]) / 2).sum(-1)
        distances[i, i:] = distances[i:, i] = middle - (own[i] + own[i:]) / 2
    return np.maximum(distances, 0.0)


def interval(
    scores: np.ndarray,
    random: np.random.Generator,
    draws: int = 1000,
    level: float = 0.95,
    weights: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Bootstrap interval of the mean of scores (texts, ...): lower and upper bound, each of shape (...).

    weights: how much each score counts, of the same shape (None: all alike); texts with nothing to score have
    NaN or no weight. NaN where no draw has a score.
    """
    scores = np.asarray(scores, np.float64)
    texts = len(scores)
    given = np.ones_like(scores) if weights is None else np.broadcast_to(weights, scores.shape)
    counted = np.where(np.isnan(scores), 0.0, given).reshape(texts, -1)
    values = np.nan_to_num(scores).reshape(texts, -1) * counted
    drawn = random.multinomial(texts, np.full(texts, 1 / texts), draws).astype(np.float64)  # (draws, texts)
    with np.errstate(invalid="ignore"):
        means = (drawn @ values) / (drawn @ counted)  # (draws, all the rest); NaN where nothing was drawn
    # Sorting puts NaN last, so that the quantiles are of the draws that have a score.
    means.sort(axis=0)
    known = np.isfinite(means).sum(0)
    bounds = []
    for share in ((1 - level) / 2, (1 + level) / 2):
        place = np.rint(share * (np.maximum(known, 1) - 1)).astype(int)
        bounds.append(means[place, np.arange(means.shape[1])].reshape(scores.shape[1:]))
    return bounds[0], bounds[1]


def _check_whole(attention: Attention) -> None:
    """Raises AttnlitError unless each token's index is its position, and no key is missing between."""
    queries = [token.position for token in attention.queries]
    keys = [token.position for token in attention.keys]
    if keys != list(range(len(keys))) or (attention.kind != "cross" and queries != keys):
        raise AttnlitError(
            "What a head does can be told only from the whole text, token by token. Some tokens are hidden "
            "here, or put together into words: use the record from before that."
        )


def is_punctuation(token: Token) -> bool:
    """Whether a token stands for punctuation marks alone; a special token is none.

    Told from the text that the token stands for: what is drawn, such as “ 1/3 for a piece of a quotation
    mark, has digits of its own.
    """
    marks = (token.source or token.text).strip()
    return (
        bool(marks)
        and not token.special
        and all(each in string.punctuation or unicodedata.category(each).startswith("P") for each in marks)
    )


def head_roles(attention: Attention) -> pd.DataFrame:
    """One row a head: `layer`, `head`, and every score that applies to this record.

    Self-attention: previous, next (not in causal models), first, same, same_other_sentence (pairs), induction
    (causal), offset and offset_share, distance and distance_rest in tokens. All kinds: first, separators
    (special tokens but the first key), punctuation, entropy and entropy_rest in nats; `_rest` leaves the
    first key out. A score is left out where the text has nothing to score.

    Raises AttnlitError for a record that a filter has cut, or whose pieces are put together into words: its
    indices are no positions any more, and its rows hold only a share of the attention. In cross-attention
    the keys must be whole; any part of the queries will do.
    """
    import pandas as pd

    scores = head_scores(attention)
    if attention.kind != "cross":
        scores["offset"], scores["offset_share"] = positional(attention.weights)
    layers, heads = np.indices(attention.weights.shape[:2])
    table = pd.DataFrame(
        {
            "layer": layers.ravel(),
            "head": heads.ravel(),
            **{name: values.ravel() for name, values in scores.items()},
        }
    )
    return table.dropna(axis=1, how="all")


def head_scores(attention: Attention, only: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """The scores of `head_roles` but the offsets: (layers, heads) each, NaN where nothing is to be scored.

    only: the names of those to compute; all where it is left out.
    """
    _check_whole(attention)
    weights, keys = attention.weights, attention.keys
    special, punctuation = _special(attention), _punctuation_keys(attention)
    ids = np.array([token.id for token in keys])
    nothing = np.full(weights.shape[:2], np.nan)
    causal = attention.causal
    of_all_kinds: dict[str, Callable[[], np.ndarray]] = {
        "first": lambda: first_token(weights),
        "separators": lambda: to_keys(weights, special & (np.arange(len(keys)) > 0)),
        "punctuation": lambda: to_keys(weights, punctuation),
        "entropy": lambda: entropy(weights),
        "entropy_rest": lambda: entropy(weights, without_first=True),
    }
    of_self: dict[str, Callable[[], np.ndarray]] = {
        "previous": lambda: previous_token(weights),
        "next": lambda: nothing if causal else next_token(weights),
        **of_all_kinds,
        "same": lambda: same_token(weights, ids, causal, special),
        "same_other_sentence": lambda: same_token_elsewhere(weights, ids, attention.key_segments, causal),
        "induction": lambda: (
            induction(weights, np.where(special, -1 - np.arange(len(ids)), ids)) if causal else nothing
        ),
        "distance": lambda: distance(weights),
        "distance_rest": lambda: distance(weights, without_first=True),
    }
    scores = of_all_kinds if attention.kind == "cross" else of_self
    return {name: score() for name, score in scores.items() if only is None or name in only}


def tokens_scored(attention: Attention) -> dict[str, int | np.ndarray]:
    """How many query tokens stand behind each score of `head_scores`: all where a name is missing.

    Of scores without the first token each head has its own number, (layers, heads).
    """
    queries = len(attention.queries)
    ids = np.array([token.id for token in attention.keys])
    kept = np.stack([_looks_beyond_first(layer).sum(-1) for layer in attention.weights])
    if attention.kind == "cross":
        return {"entropy_rest": kept}
    same = _same(ids, attention.causal, _special(attention))
    elsewhere = _same_elsewhere(ids, attention.key_segments, attention.causal)
    return {
        "previous": queries - 1,
        "next": queries - 1,
        "same": int(same.any(1).sum()),
        "same_other_sentence": int(elsewhere.any(1).sum()),
        "entropy_rest": kept,
        "distance_rest": kept,
    }


def _special(attention: Attention) -> np.ndarray:
    return np.array([token.special for token in attention.keys])


def _punctuation_keys(attention: Attention) -> np.ndarray:
    return np.array([is_punctuation(token) for token in attention.keys])
