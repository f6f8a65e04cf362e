"""Scores by token against patterns whose score is known without running the code."""

from dataclasses import replace

import numpy as np
import pytest

from attnlit.analysis.scores import tokens
from attnlit.attention.record import Token
from tests.analysis.scores.hand_made import FIRST, N, looking_at, planted


def test_attention_to_chosen_keys():
    separators = np.array([False, False, True, False, False, True])
    weights = planted(looking_at([2, 5, 5, 2, 0, 1]), FIRST)
    np.testing.assert_allclose(tokens.to_keys(weights, separators), [[4 / 6, 0]], rtol=1e-6)
    assert np.isnan(tokens.to_keys(weights, np.zeros(N, bool))).all()


def test_same_token_counts_only_tokens_that_occur_elsewhere():
    ids = np.array([7, 8, 7, 9, 8, 7])
    half = looking_at([2, 4, 0, 3, 1, 0])
    half[3] = 1 / N  # token 9 occurs once: its row does not matter
    half[0] = [0, 0, 0.25, 0.5, 0, 0.25]
    anywhere, earlier = (tokens.same(ids, causal=causal) for causal in (False, True))
    np.testing.assert_allclose(tokens.to_matching(planted(half), anywhere), [[(0.5 + 1 + 1 + 1 + 1) / 5]])
    # causal: only the second and third occurrences have an earlier one
    np.testing.assert_allclose(tokens.to_matching(planted(half), earlier), [[1]])


def test_a_token_looking_at_itself_is_not_the_same_token():
    again = tokens.same(np.array([7, 8, 7, 9, 8, 7]))
    np.testing.assert_allclose(tokens.to_matching(planted(np.eye(N)), again), [[0]])
    assert np.isnan(tokens.to_matching(planted(np.eye(N)), tokens.same(np.arange(N)))).all()


def test_same_token_in_the_other_sentence_leaves_out_special_tokens_and_the_own_sentence():
    #               CLS  a  a  SEP a  SEP
    ids = np.array([1, 50, 50, 2, 50, 2])
    segments = [None, 0, 0, None, 1, None]
    crossing = planted(looking_at([0, 4, 4, 5, 1, 3]), looking_at([0, 2, 1, 5, 4, 3]))
    matching = tokens.same_elsewhere(ids, tokens.sentence_of(segments))
    np.testing.assert_allclose(tokens.to_matching(crossing, matching), [[1, 0]])


@pytest.mark.parametrize(
    ("text", "source", "is_mark"),
    [
        (".", ".", True), ("“ 1/3", "“", True), ("”…", "", True), ("$", "$", True), ("—", "—", True),
        ("🙂 1/3", "🙂", False), ("🙂", "🙂", False), ("↵", "", False), ("a.", "a.", False),
        ("◌́", "\u0301", False), ("3", "3", False), ("[UNK]", "؟", True),
    ],
)  # fmt: skip
def test_punctuation_is_told_from_the_text_that_a_token_stands_for(text, source, is_mark):
    token = Token(0, text, text, special=False, segment=0, position=0, source=source)
    assert tokens.is_punctuation(token) == is_mark
    assert not tokens.is_punctuation(replace(token, special=True))
