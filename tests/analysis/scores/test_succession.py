"""Successors, against logits whose score is known without running the code."""

import numpy as np
import pytest

from attnlit.analysis.scores.succession import successor

ALL_BUT_LAST = np.array([True] * 6 + [False])


def test_a_head_that_raises_the_next_most_is_one_and_a_copier_zero():
    next_one = np.roll(np.eye(7), 1, axis=1)
    scores = successor(np.stack([next_one, np.eye(7), next_one.T, np.zeros((7, 7))]), ALL_BUT_LAST)
    assert scores[:3].tolist() == [1, 0, 0]
    assert np.isnan(scores[3])  # raises nothing


def test_only_words_whose_next_is_known_count():
    """Of Monday, Tuesday and Saturday, Tuesday has no next here, and no head is asked for it."""
    logits = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1.0]])
    assert successor(logits, np.array([True, False, False])) == 1


def test_by_chance_it_is_the_share_of_one_word():
    noise = np.random.default_rng(0).normal(size=(4000, 7, 7))
    assert successor(noise, ALL_BUT_LAST).mean() == pytest.approx(1 / 7, abs=0.01)
