"""Plain statistics that several questions need: intervals, ranks, and distances drawn in the plane."""

from __future__ import annotations

import numpy as np


def interval(
    scores: np.ndarray,
    random: np.random.Generator,
    draws: int = 1000,
    level: float = 0.95,
    weights: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Bootstrap interval of the mean of scores (T, ...): lower and upper bound, each of shape (...).

    weights: how much each score counts, of the same shape (None: all alike); texts with nothing to score have
    NaN or no weight. NaN where no draw has a score. Efron and Tibshirani 1993, chapter 13 (percentiles).
    """
    scores = np.asarray(scores, np.float64)
    texts = len(scores)
    given = np.ones_like(scores) if weights is None else np.broadcast_to(weights, scores.shape)
    counted = np.where(np.isnan(scores), 0.0, given).reshape(texts, -1)
    values = np.nan_to_num(scores).reshape(texts, -1) * counted
    drawn = random.multinomial(texts, np.full(texts, 1 / texts), draws).astype(np.float64)  # (draws, T)
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


def rank_correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's rank correlation, -1 to 1; equal values share their mean rank. NaN where one is constant."""
    ranks = [_ranks(np.asarray(each, np.float64)) for each in (x, y)]
    x_rank, y_rank = (each - each.mean() for each in ranks)
    size = float(np.sqrt((x_rank**2).sum() * (y_rank**2).sum()))
    return float((x_rank * y_rank).sum()) / size if size > 0 else float("nan")


def _ranks(values: np.ndarray) -> np.ndarray:
    if np.isnan(values).any():
        return np.zeros(len(values))
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def classical_mds(distances: np.ndarray) -> np.ndarray:
    """Points in the plane whose distances are as near to the given ones as may be: float64 (points, 2).

    Classical multidimensional scaling (Torgerson 1952): the two largest eigenvectors of the centred squares.
    """
    centre = np.eye(len(distances)) - 1 / len(distances)
    values, vectors = np.linalg.eigh(-0.5 * centre @ distances**2 @ centre)
    points = np.zeros((len(distances), 2))  # a single point has one dimension only
    largest = np.arange(len(values))[:-3:-1]
    points[:, : len(largest)] = vectors[:, largest] * np.sqrt(np.maximum(values[largest], 0.0))
    return points
