"""Scores on random tokens that repeat: where a head can find nothing but what stood there before."""

from __future__ import annotations

import numpy as np

DRAWS, PERIOD, COPIES = 10, 25, 4  # sequences, tokens, times in a row (Olsson et al. 2022, appendix)


def repeated(
    vocabulary: np.ndarray,
    random: np.random.Generator,
    first: int | None = None,
    period: int = PERIOD,
    copies: int = COPIES,
) -> np.ndarray:
    """`period` different tokens drawn from `vocabulary`, `copies` times in a row, after the token `first`.

    int64 (copies · period,) or one more. Olsson et al. 2022 (arXiv 2209.11895): neither the most nor the
    least common words.
    """
    row = np.tile(random.choice(vocabulary, period, replace=False), copies).astype(np.int64)
    return row if first is None else np.concatenate([[first], row])


def followed(ids: np.ndarray) -> np.ndarray:
    """Which earlier keys follow an occurrence of the query's own token: bool (N, N). ids: (N,)

    Attention to them is the prefix-matching score of Olsson et al. 2022, appendix, which is meant for
    `repeated` tokens; the printed wording has the direction reversed.
    """
    ids = np.asarray(ids)
    after = np.zeros((len(ids), len(ids)), bool)
    after[:, 1:] = ids[:, None] == ids[None, :-1]
    return np.tril(after, -1)


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


def suppressing(logits: np.ndarray) -> np.ndarray:
    """How much a head lowers the very token that it looks at: 1 where only that one, -1 where never.

    The mirror of `copying`, of the same logits. A head of copy suppression (McDougall et al. 2023, arXiv
    2310.04625) lowers what it looks at, and looks at words that are about to be said again; this is the first
    half of it.
    """
    return copying(-logits)
