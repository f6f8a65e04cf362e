"""Inactive heads, against lengths whose score is known without running the code."""

import numpy as np

from attnlit.analysis.scores.written import inactive


def test_a_head_is_inactive_at_the_tokens_into_which_it_writes_under_a_tenth_of_its_layers_mean():
    one_layer = [[0.0, 0.0, 0.2, 2.0], [1, 1, 1, 1], [1, 1, 1, 1]]  # (H, Q); means 2/3, 2/3, 0.73, 4/3
    np.testing.assert_array_equal(inactive(np.array([one_layer])), [[0.5, 0, 0]])


def test_heads_that_are_merely_unlike_and_layers_that_write_nothing_have_none():
    unlike = np.random.default_rng(0).uniform(1, 2, (2, 8, 50))
    assert not inactive(unlike).any()
    assert not inactive(np.zeros((1, 4, 5))).any()
