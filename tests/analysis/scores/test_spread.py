"""How widely and how differently heads look, on patterns whose score is known without running the code."""

import numpy as np
import pytest

from attnlit.analysis.scores import spread
from tests.analysis.scores.hand_made import FIRST, NEXT, PREVIOUS, N, looking_at, planted


def test_what_remains_without_the_first_token():
    mixed = 0.5 * FIRST + 0.5 * PREVIOUS  # without the first token, only the previous one remains
    found = spread.beyond_first(planted(mixed, FIRST))
    np.testing.assert_allclose(found.distance[0, 0], 1, rtol=1e-6)
    np.testing.assert_allclose(found.entropy[0, 0], 0, atol=1e-7)
    assert found.rows.tolist() == [[4, 0]]  # the first two tokens have nobody else to look at
    assert np.isnan([found.entropy[0, 1], found.distance[0, 1]]).all()


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
    assert spread.beyond_first(weights).entropy.item() == pytest.approx(np.log(2))
