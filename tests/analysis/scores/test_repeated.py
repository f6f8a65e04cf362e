"""Scores on random tokens that repeat, against patterns whose score is known without running the code."""

import numpy as np
import pytest

from attnlit.analysis.scores import repeated
from attnlit.analysis.scores.tokens import same, to_matching
from tests.analysis.scores.hand_made import looking_at, planted


def test_prefix_matching_wants_the_token_after_the_earlier_occurrence():
    period, copies = 5, 3
    ids = repeated.repeated(
        np.arange(100, 200), np.random.default_rng(0), first=0, period=period, copies=copies
    )
    assert len(ids) == 1 + period * copies
    n = len(ids)
    rows = np.arange(n)
    right = looking_at([max(i - period + 1, 0) for i in rows], n)  # what followed the earlier occurrence
    duplicate = looking_at([max(i - period, 0) for i in rows], n)  # the earlier occurrence itself
    reversed_ = looking_at([max(i - period - 1, 0) for i in rows], n)  # what came before it
    weights = planted(right, duplicate, reversed_)
    np.testing.assert_allclose(to_matching(weights, repeated.followed(ids)), [[1, 0, 0]])
    np.testing.assert_allclose(to_matching(weights, same(ids, causal=True)), [[0, 1, 0]])


def test_prefix_matching_of_uniform_attention_is_chance():
    ids = np.tile(np.arange(5), 2)
    uniform = np.tril(np.ones((10, 10))) / np.arange(1, 11)[:, None]
    expected = np.mean([1 / (i + 1) for i in range(5, 10)])  # one matching key among i + 1
    found = to_matching(planted(uniform), repeated.followed(ids))
    np.testing.assert_allclose(found, [[expected]], rtol=1e-6)


def test_copying_is_one_for_the_own_token_minus_one_for_others_and_empty_for_none():
    own, others = np.eye(5), np.eye(5)[[1, 2, 3, 4, 0]]
    half = own + others
    scores = repeated.copying(np.stack([own, others, half, -own, np.zeros((5, 5))]))
    assert scores[:4].tolist() == pytest.approx([1, -1, 0, -1])
    assert np.isnan(scores[4])


def test_suppressing_is_one_where_only_the_own_token_is_lowered():
    own, others = np.eye(5), np.eye(5)[[1, 2, 3, 4, 0]]
    scores = repeated.suppressing(np.stack([-own, -others, own, np.zeros((5, 5))]))
    assert scores[:3].tolist() == pytest.approx([1, -1, -1])
    assert np.isnan(scores[3])


def test_suppressing_by_chance_is_the_share_of_one_token():
    noise = np.random.default_rng(0).normal(size=(2000, 25, 25))
    assert repeated.suppressing(noise).mean() == pytest.approx(2 / 25 - 1, abs=0.002)
