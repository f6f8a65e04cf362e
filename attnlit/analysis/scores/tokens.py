"""Scores by token: special tokens, punctuation, the same token again.

Every function takes weights (L, H, Q, K), whose rows sum to 1 (less with a learned sink), and gives (L, H).
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.scores.positions import mean

if TYPE_CHECKING:
    from attnlit.attention.record import Token


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


def to_keys(weights: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Mean over the queries of the attention to the chosen keys, bool (K,). NaN where none is chosen.

    For delimiters and punctuation: Clark et al. 2019, section 3.2, label a head above 0.6.
    """
    chosen = np.asarray(chosen, bool)
    if not chosen.any():
        return np.full(weights.shape[:2], np.nan)
    return mean(weights[..., chosen].sum(-1, dtype=np.float64))


def to_matching(weights: np.ndarray, matching: np.ndarray) -> np.ndarray:
    """Mean attention to all matching keys, of the queries that have any. matching: bool (Q, K)"""
    looking = np.count_nonzero(matching.any(1))
    if not looking:
        return np.full(weights.shape[:2], np.nan)
    return weights[:, :, matching].sum(-1, dtype=np.float64) / looking


def same(ids: np.ndarray, causal: bool = False) -> np.ndarray:
    """Which keys are the query's own token at another place: bool (N, N). Vig 2019 (arXiv 1904.02679), 4.2.

    ids: vocabulary ids (N,). In a causal model only earlier places count: on random tokens that repeat,
    attention to them is the score of a duplicate-token head (Wang et al. 2022, arXiv 2211.00593).
    """
    ids = np.asarray(ids)
    matching = (ids[:, None] == ids[None]) & ~np.eye(len(ids), dtype=bool)
    return np.tril(matching) if causal else matching


def same_elsewhere(ids: np.ndarray, sentences: np.ndarray, causal: bool = False) -> np.ndarray:
    """Which keys are the query's own token in the other sentence: bool (N, N).

    sentences: int (N,), 0 or 1, and -1 for special tokens.
    """
    other = (sentences[:, None] != sentences[None]) & (sentences[:, None] >= 0) & (sentences[None] >= 0)
    return same(ids, causal) & other


def sentence_of(segments: Sequence[int | None]) -> np.ndarray:
    """Segments as numbers: int (N,), -1 for a special token."""
    return np.array([-1 if segment is None else segment for segment in segments])
