"""How widely and how differently heads look, on patterns whose score is known without running the code."""

import numpy as np
import pytest

from attnlit.analysis.scores import spread
from tests.analysis.scores.hand_made import FIRST, NEXT, PREVIOUS, N, looking_at, planted


def test_what_remains_without_the_first_token():
    mixed = 0.5 * FIRST + 0.5 * PREVIOUS  # without the first token, only the previous one remains
    found = spread.spread(planted(mixed, FIRST))
    np.testing.assert_allclose(found.distance_rest[0, 0], 1, rtol=1e-6)
    np.testing.assert_allclose(found.entropy_rest[0, 0], 0, atol=1e-7)
    assert found.rows_rest.tolist() == [[4, 0]]  # the first two tokens have nobody else to look at
    assert np.isnan([found.entropy_rest[0, 1], found.distance_rest[0, 1]]).all()


def test_variability_is_zero_for_position_and_one_half_for_two_disjoint_pictures():
    texts = [planted(PREVIOUS, PREVIOUS), planted(PREVIOUS, NEXT)]
    variability = spread.variability(texts, tokens=N)
    assert variability[0, 0] == 0
    np.testing.assert_allclose(variability[0, 1], 0.5)  # every weight is half its own size from the mean


def test_head_distances_of_equal_and_disjoint_heads():
    distances = spread.divergence(planted(PREVIOUS, PREVIOUS, looking_at([5] * N)))
    np.testing.assert_allclose(distances, distances.T)
    np.testing.assert_allclose(distances[0], [0, 0, N * np.log(2)], atol=1e-9)


def test_rows_that_a_learned_sink_leaves_empty_are_skipped():
    # A sink takes the rest of each row.
    weights = planted([[0.6, 0.0, 0.0], [0.2, 0.2, 0.2], [0.0, 0.0, 0.0]])
    assert spread.spread(weights).entropy_rest.item() == pytest.approx(np.log(2))


def test_what_remains_is_the_entropy_of_each_row_divided_by_what_is_left():
    weights = np.random.default_rng(0).dirichlet(np.full(9, 0.3), (2, 3, 9)).astype(np.float32)
    found = spread.spread(weights)
    for layer, head in np.ndindex(2, 3):
        rows = [row[1:].astype(float) / row[1:].sum() for row in weights[layer, head] if row[0] <= 0.9]
        entropies = [-(row * np.log(np.where(row > 0, row, 1))).sum() for row in rows]
        assert found.entropy_rest[layer, head] == pytest.approx(np.mean(entropies), abs=1e-6)
        assert found.rows_rest[layer, head] == len(rows)


def test_permuting_heads_permutes_their_spread():
    weights = np.random.default_rng(0).dirichlet(np.ones(N), (1, 3, N))
    order = [2, 0, 1]
    one, other = (vars(spread.spread(each)) for each in (weights, weights[:, order]))
    for name, values in one.items():
        np.testing.assert_allclose(other[name], values[:, order])
