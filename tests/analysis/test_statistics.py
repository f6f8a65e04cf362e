"""Intervals, ranks and maps, on numbers whose answer is known."""

import numpy as np
import pytest

from attnlit.analysis.statistics import classical_mds, interval, rank_correlation


def test_interval_holds_the_mean():
    scores = np.random.default_rng(0).normal(0.4, 0.1, (200, 2, 3))
    lower, upper = interval(scores, np.random.default_rng(1))
    assert lower.shape == (2, 3)
    assert (lower < scores.mean(0)).all()
    assert (scores.mean(0) < upper).all()
    np.testing.assert_allclose(upper - lower, 2 * 1.96 * 0.1 / np.sqrt(200), rtol=0.3)


def test_interval_leaves_out_texts_with_nothing_to_score_and_counts_by_weight():
    random = np.random.default_rng
    scores = random(0).normal(0.4, 0.1, (200, 3))
    scores[::2, 1], scores[:, 2] = np.nan, np.nan
    lower, upper = interval(scores, random(1))
    kept_lower, kept_upper = interval(scores[1::2, 1], random(1))
    np.testing.assert_allclose([lower[1], upper[1]], [kept_lower, kept_upper], atol=0.01)
    assert np.isnan([lower[2], upper[2]]).all()
    weights = np.where(np.arange(200) < 100, 3.0, 0.0)
    lower, upper = interval(np.where(weights > 0, 0.7, 0.1), random(1), weights=weights)
    assert (float(lower), float(upper)) == (pytest.approx(0.7), pytest.approx(0.7))


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ([1, 2, 3, 4], 1.0),
        ([9, 4, 1, 0], -1.0),
        ([1, 2, 2, 3], 4.5 / np.sqrt(5 * 4.5)),  # ranks 1, 2.5, 2.5, 4
        ([2, 1, 4, 3], 0.6),
    ],
)
def test_rank_correlation(y, expected):
    assert rank_correlation(np.arange(4), np.array(y)) == pytest.approx(expected)


def test_a_constant_has_no_rank_correlation():
    assert np.isnan(rank_correlation(np.arange(4), np.ones(4)))


def test_the_flat_map_keeps_distances_that_fit_into_the_plane():
    points = np.random.default_rng(0).normal(size=(9, 2))
    distances = np.linalg.norm(points[:, None] - points, axis=-1)
    placed = classical_mds(distances)
    np.testing.assert_allclose(np.linalg.norm(placed[:, None] - placed, axis=-1), distances, atol=1e-9)


def test_a_single_point_and_two_have_a_map():
    assert classical_mds(np.zeros((1, 1))).tolist() == [[0, 0]]
    two = classical_mds(np.array([[0.0, 3.0], [3.0, 0.0]]))
    assert np.linalg.norm(two[0] - two[1]) == pytest.approx(3)
