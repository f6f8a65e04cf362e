"""Scores by position against patterns whose score is known without running the code."""

import numpy as np
import pytest

from attnlit.analysis.scores import positions, spread, tokens
from tests.analysis.scores.hand_made import (
    CAUSAL_UNIFORM,
    FIRST,
    NEXT,
    PREVIOUS,
    UNIFORM,
    N,
    looking_at,
    planted,
)


@pytest.mark.parametrize(
    ("score", "on", "off"),
    [
        (positions.previous_token, PREVIOUS, NEXT),
        (positions.next_token, NEXT, PREVIOUS),
        (positions.current_token, np.eye(N), PREVIOUS),
        (positions.first_token, FIRST, NEXT),
    ],
)
def test_a_planted_position_scores_one_and_its_opposite_none(score, on, off):
    np.testing.assert_allclose(score(planted(on, off)), [[1, 0]])


def test_uniform_attention_scores_its_chance_value():
    weights = planted(UNIFORM, CAUSAL_UNIFORM)
    harmonic = sum(1 / n for n in range(1, N + 1))
    np.testing.assert_allclose(
        positions.previous_token(weights), [[1 / N, (harmonic - 1) / (N - 1)]], rtol=1e-6
    )
    np.testing.assert_allclose(positions.next_token(weights), [[1 / N, 0]], rtol=1e-6)
    np.testing.assert_allclose(
        positions.current_token(weights), [[1 / N, (harmonic - 1) / (N - 1)]], rtol=1e-6
    )
    np.testing.assert_allclose(positions.first_token(weights), [[1 / N, harmonic / N]], rtol=1e-6)
    np.testing.assert_allclose(tokens.to_keys(weights[:, :1], np.arange(N) < 2), [[2 / N]], rtol=1e-6)
    np.testing.assert_allclose(spread.spread(weights[:, :1]).entropy, [[np.log(N)]], rtol=1e-6)
    np.testing.assert_allclose(
        spread.spread(weights[:, 1:]).entropy, [[np.log(np.arange(1, N + 1)).mean()]], rtol=1e-6
    )
    np.testing.assert_allclose(spread.spread(weights[:, :1]).distance, [[0]], atol=1e-6)


def test_distance_is_signed():
    np.testing.assert_allclose(spread.spread(planted(PREVIOUS, NEXT)).distance, [[5 / 6, -5 / 6]], rtol=1e-6)


def test_a_positional_head_keeps_one_offset():
    offset, share = positions.positional(
        planted(PREVIOUS, np.eye(N), NEXT, FIRST, looking_at([3, 4, 5, 0, 1, 2]))
    )
    np.testing.assert_array_equal(offset, [[-1, 0, 1, 0, -3]])
    # Only queries that have such a key count: the first token has none before it. A head that looks at the
    # first token keeps no offset, though the last token is the only one that has the offset 1 - N.
    np.testing.assert_allclose(share, [[1, 1, 1, 1 / N, 1]])


def test_offset_counts_say_where_the_strongest_key_is():
    counts = positions.offset_counts(planted(PREVIOUS, FIRST), reach=2)
    assert counts.shape == (5, 1, 2)
    assert counts[:, 0, 0].tolist() == [0, N - 1, 1, 0, 0]
    assert counts[:, 0, 1].tolist() == [1, 1, 1, 0, 0]
    assert positions.queries_with_offset(planted(PREVIOUS), 2).tolist() == [N - 2, N - 1, N, N - 1, N - 2]
    assert positions.queries_with_offset(planted(np.ones((3, 5))), 4).tolist() == [0, 0, 1, 2, 3, 3, 3, 2, 1]
    shares = positions.offset_shares(planted(PREVIOUS, FIRST), reach=2)
    assert shares[:, 0, 0].tolist() == pytest.approx([0, 1, 1 / N, 0, 0])
    assert np.isnan(positions.offset_shares(planted(np.ones((1, 1))), reach=1)[:, 0, 0]).tolist() == [
        True,
        False,
        True,
    ]


def test_permuting_heads_permutes_scores():
    weights = np.random.default_rng(0).dirichlet(np.ones(N), (1, 3, N))
    order = [2, 0, 1]
    for score in (positions.previous_token, positions.first_token, positions.next_token):
        np.testing.assert_allclose(score(weights[:, order]), score(weights)[:, order])
