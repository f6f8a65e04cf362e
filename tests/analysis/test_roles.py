"""Head scores against patterns whose score is known without running the code."""

from dataclasses import replace

import numpy as np
import pytest

from attnlit.analysis import roles
from attnlit.attention import filters
from attnlit.attention.record import Attention, Token
from attnlit.errors import AttnlitError

N = 6


def planted(*matrices):
    """(1, heads, queries, keys): one layer, one head a matrix."""
    return np.stack(matrices)[None].astype(np.float32)


def looking_at(targets, keys=N):
    """Each query i puts all its attention on key targets[i]."""
    return np.eye(keys)[np.asarray(targets)]


PREVIOUS = looking_at([0, 0, 1, 2, 3, 4])
NEXT = looking_at([1, 2, 3, 4, 5, 5])
FIRST = looking_at([0] * N)
UNIFORM = np.full((N, N), 1 / N)
CAUSAL_UNIFORM = np.tril(np.ones((N, N))) / np.arange(1, N + 1)[:, None]


@pytest.mark.parametrize(
    ("score", "on", "off"),
    [
        (roles.previous_token, PREVIOUS, NEXT),
        (roles.next_token, NEXT, PREVIOUS),
        (roles.first_token, FIRST, NEXT),
    ],
)
def test_a_planted_position_scores_one_and_its_opposite_none(score, on, off):
    np.testing.assert_allclose(score(planted(on, off)), [[1, 0]])


def test_uniform_attention_scores_its_chance_value():
    weights = planted(UNIFORM, CAUSAL_UNIFORM)
    harmonic = sum(1 / n for n in range(1, N + 1))
    np.testing.assert_allclose(roles.previous_token(weights), [[1 / N, (harmonic - 1) / (N - 1)]], rtol=1e-6)
    np.testing.assert_allclose(roles.next_token(weights), [[1 / N, 0]], rtol=1e-6)
    np.testing.assert_allclose(roles.first_token(weights), [[1 / N, harmonic / N]], rtol=1e-6)
    np.testing.assert_allclose(roles.to_keys(weights[:, :1], np.arange(N) < 2), [[2 / N]], rtol=1e-6)
    np.testing.assert_allclose(roles.entropy(weights[:, :1]), [[np.log(N)]], rtol=1e-6)
    np.testing.assert_allclose(
        roles.entropy(weights[:, 1:]), [[np.log(np.arange(1, N + 1)).mean()]], rtol=1e-6
    )
    np.testing.assert_allclose(roles.distance(weights[:, :1]), [[0]], atol=1e-6)


def test_attention_to_chosen_keys():
    separators = np.array([False, False, True, False, False, True])
    weights = planted(looking_at([2, 5, 5, 2, 0, 1]), FIRST)
    np.testing.assert_allclose(roles.to_keys(weights, separators), [[4 / 6, 0]], rtol=1e-6)
    assert np.isnan(roles.to_keys(weights, np.zeros(N, bool))).all()


def test_same_token_counts_only_tokens_that_occur_elsewhere():
    ids = np.array([7, 8, 7, 9, 8, 7])
    half = looking_at([2, 4, 0, 3, 1, 0])
    half[3] = 1 / N  # token 9 occurs once: its row does not matter
    half[0] = [0, 0, 0.25, 0.5, 0, 0.25]
    np.testing.assert_allclose(roles.same_token(planted(half), ids), [[(0.5 + 1 + 1 + 1 + 1) / 5]])
    # causal: only the second and third occurrences have an earlier one
    np.testing.assert_allclose(roles.same_token(planted(half), ids, causal=True), [[1]])
    np.testing.assert_allclose(roles.duplicate_token(planted(half), ids), [[1]])


def test_a_token_looking_at_itself_is_not_the_same_token():
    np.testing.assert_allclose(roles.same_token(planted(np.eye(N)), np.array([7, 8, 7, 9, 8, 7])), [[0]])
    assert np.isnan(roles.same_token(planted(np.eye(N)), np.arange(N))).all()


def test_same_token_in_the_other_sentence_leaves_out_special_tokens_and_the_own_sentence():
    #               CLS  a  a  SEP a  SEP
    ids = np.array([1, 50, 50, 2, 50, 2])
    segments = [None, 0, 0, None, 1, None]
    crossing = planted(looking_at([0, 4, 4, 5, 1, 3]), looking_at([0, 2, 1, 5, 4, 3]))
    np.testing.assert_allclose(roles.same_token_elsewhere(crossing, ids, segments), [[1, 0]])


def test_prefix_matching_wants_the_token_after_the_earlier_occurrence():
    period, copies = 5, 3
    ids = roles.repeated(np.arange(100, 200), np.random.default_rng(0), first=0, period=period, copies=copies)
    assert len(ids) == 1 + period * copies
    n = len(ids)
    rows = np.arange(n)
    right = looking_at([max(i - period + 1, 0) for i in rows], n)  # what followed the earlier occurrence
    duplicate = looking_at([max(i - period, 0) for i in rows], n)  # the earlier occurrence itself
    reversed_ = looking_at([max(i - period - 1, 0) for i in rows], n)  # what came before it
    weights = planted(right, duplicate, reversed_)
    np.testing.assert_allclose(roles.induction(weights, ids), [[1, 0, 0]])
    np.testing.assert_allclose(roles.duplicate_token(weights, ids), [[0, 1, 0]])


def test_prefix_matching_of_uniform_attention_is_chance():
    ids = np.tile(np.arange(5), 2)
    uniform = np.tril(np.ones((10, 10))) / np.arange(1, 11)[:, None]
    expected = np.mean([1 / (i + 1) for i in range(5, 10)])  # one matching key among i + 1
    np.testing.assert_allclose(roles.induction(planted(uniform), ids), [[expected]], rtol=1e-6)


def test_distance_is_signed_and_can_leave_out_the_first_token():
    np.testing.assert_allclose(roles.distance(planted(PREVIOUS, NEXT)), [[5 / 6, -5 / 6]], rtol=1e-6)
    mixed = 0.5 * FIRST + 0.5 * PREVIOUS  # without the first token, only the previous one remains
    np.testing.assert_allclose(roles.distance(planted(mixed), without_first=True), [[1]], rtol=1e-6)
    np.testing.assert_allclose(roles.entropy(planted(mixed), without_first=True), [[0]], atol=1e-7)
    assert np.isnan(roles.entropy(planted(FIRST), without_first=True)).all()


def test_a_positional_head_keeps_one_offset():
    offset, share = roles.positional(
        planted(PREVIOUS, np.eye(N), NEXT, FIRST, looking_at([3, 4, 5, 0, 1, 2]))
    )
    np.testing.assert_array_equal(offset, [[-1, 0, 1, 0, -3]])
    # Only queries that have such a key count: the first token has none before it. A head that looks at the
    # first token keeps no offset, though the last token is the only one that has the offset 1 - N.
    np.testing.assert_allclose(share, [[1, 1, 1, 1 / N, 1]])


def test_variability_is_zero_for_position_and_one_half_for_two_disjoint_pictures():
    texts = [planted(PREVIOUS, PREVIOUS), planted(PREVIOUS, NEXT)]
    variability = roles.variability(texts, tokens=N)
    assert variability[0, 0] == 0
    np.testing.assert_allclose(variability[0, 1], 0.5)  # every weight is half its own size from the mean


def test_head_distances_of_equal_and_disjoint_heads():
    distances = roles.head_distances(planted(PREVIOUS, PREVIOUS, looking_at([5] * N)))
    np.testing.assert_allclose(distances, distances.T)
    np.testing.assert_allclose(distances[0], [0, 0, N * np.log(2)], atol=1e-9)


def test_permuting_heads_permutes_scores():
    weights = np.random.default_rng(0).dirichlet(np.ones(N), (1, 3, N))
    order = [2, 0, 1]
    for score in (roles.previous_token, roles.first_token, roles.entropy, roles.distance):
        np.testing.assert_allclose(score(weights[:, order]), score(weights)[:, order])


def test_interval_holds_the_mean():
    scores = np.random.default_rng(0).normal(0.4, 0.1, (200, 2, 3))
    lower, upper = roles.interval(scores, np.random.default_rng(1))
    assert lower.shape == (2, 3)
    assert (lower < scores.mean(0)).all()
    assert (scores.mean(0) < upper).all()
    np.testing.assert_allclose(upper - lower, 2 * 1.96 * 0.1 / np.sqrt(200), rtol=0.3)


def test_interval_leaves_out_texts_with_nothing_to_score_and_counts_by_weight():
    random = np.random.default_rng
    scores = random(0).normal(0.4, 0.1, (200, 3))
    scores[::2, 1], scores[:, 2] = np.nan, np.nan
    lower, upper = roles.interval(scores, random(1))
    kept_lower, kept_upper = roles.interval(scores[1::2, 1], random(1))
    np.testing.assert_allclose([lower[1], upper[1]], [kept_lower, kept_upper], atol=0.01)
    assert np.isnan([lower[2], upper[2]]).all()
    weights = np.where(np.arange(200) < 100, 3.0, 0.0)
    lower, upper = roles.interval(np.where(weights > 0, 0.7, 0.1), random(1), weights=weights)
    assert (float(lower), float(upper)) == (pytest.approx(0.7), pytest.approx(0.7))


def test_offset_counts_say_where_the_strongest_key_is():
    counts = roles.offset_counts(planted(PREVIOUS, FIRST), reach=2)
    assert counts.shape == (5, 1, 2)
    assert counts[:, 0, 0].tolist() == [0, N - 1, 1, 0, 0]
    assert counts[:, 0, 1].tolist() == [1, 1, 1, 0, 0]
    assert roles.queries_with_offset(planted(PREVIOUS), 2).tolist() == [N - 2, N - 1, N, N - 1, N - 2]
    assert roles.queries_with_offset(planted(np.ones((3, 5))), 4).tolist() == [0, 0, 1, 2, 3, 3, 3, 2, 1]


def test_copying_is_one_for_the_own_token_minus_one_for_others_and_empty_for_none():
    own, others = np.eye(5), np.eye(5)[[1, 2, 3, 4, 0]]
    half = own + others
    scores = roles.copying(np.stack([own, others, half, -own, np.zeros((5, 5))]))
    assert scores[:4].tolist() == pytest.approx([1, -1, 0, -1])
    assert np.isnan(scores[4])


def test_tokens_scored_counts_the_queries_behind_each_score():
    words = [("<s>", None), *((word, 0) for word in ("a", "b", "a", "c", "b", "a"))]
    counts = roles.tokens_scored(record(planted(np.eye(7), np.eye(7)[[0] * 7]), words, causal=True))
    for name in ("entropy_rest", "distance_rest"):  # each head's own: rows that look beyond the first token
        assert counts.pop(name).tolist() == [[6, 0]]
    assert counts == {"previous": 6, "next": 6, "same": 3, "same_other_sentence": 0}


def record(weights, words, causal, kind="self"):
    """words: (text, segment); a None segment marks a special token. Ids are the words' own."""
    known = {}
    tokens = tuple(
        Token(
            id=known.setdefault(text, len(known)),
            text=text,
            raw=text,
            special=segment is None,
            segment=segment,
            position=i,
        )
        for i, (text, segment) in enumerate(words)
    )
    return Attention(
        weights=weights,
        queries=tokens,
        keys=tokens,
        model="planted",
        kind=kind,
        causal=causal,
        text="",
        pair=None,
    )


PAIR = [("[CLS]", None), ("cat", 0), (".", 0), ("[SEP]", None), ("cat", 1), ("[SEP]", None)]


def test_head_roles_of_a_pair():
    separator = looking_at([3, 3, 5, 5, 5, 3])
    crossing = looking_at([0, 4, 2, 3, 1, 5])
    stop = looking_at([2] * N)
    table = roles.head_roles(record(planted(separator, crossing, stop, FIRST), PAIR, causal=False))
    assert list(zip(table["layer"], table["head"], strict=True)) == [(0, 0), (0, 1), (0, 2), (0, 3)]
    assert table["separators"].tolist() == pytest.approx([1, 2 / 6, 0, 0])
    assert table["same_other_sentence"].tolist() == [0, 1, 0, 0]
    assert table["punctuation"].tolist() == pytest.approx([0, 1 / 6, 1, 0])
    assert table["first"].tolist() == pytest.approx([0, 1 / 6, 0, 1])
    assert "next" in table
    assert "induction" not in table


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
    assert roles.is_punctuation(token) == is_mark
    assert not roles.is_punctuation(replace(token, special=True))


def test_head_roles_leaves_out_what_does_not_apply():
    words = [("<s>", None), *((letter, 0) for letter in "abcde")]
    table = roles.head_roles(record(planted(PREVIOUS, CAUSAL_UNIFORM), words, causal=True))
    assert not {"next", "same", "same_other_sentence", "separators", "punctuation", "induction"} & set(table)
    assert table["previous"][0] == 1
    crossed = roles.head_roles(record(planted(UNIFORM), words, causal=False, kind="cross"))
    assert not {"previous", "distance", "offset"} & set(crossed)
    assert crossed["entropy"][0] == pytest.approx(np.log(N))


def pair_record():
    weights = np.random.default_rng(0).dirichlet(np.ones(N), (1, 2, N)).astype(np.float32)
    return record(weights, PAIR, causal=False)


@pytest.mark.parametrize(
    "part",
    [
        lambda whole: filters.between(whole, "A→B"),  # two queries, one key
        lambda whole: filters.between(whole, "B→B"),  # as many queries as keys, from position 4
        filters.hide_special,
        lambda whole: filters.keep(whole, [0, 1, 2, 4, 5], [0, 1, 2, 4, 5]),  # a word of two pieces
        lambda whole: filters.hide_and_renormalise(whole, {0}),
        lambda whole: filters.hide_and_renormalise(whole, {N - 1}),
    ],
)
def test_roles_are_not_told_from_a_part_of_the_text(part):
    with pytest.raises(AttnlitError, match="whole text"):
        roles.head_roles(part(pair_record()))
    assert len(roles.head_roles(pair_record())) == 2


def test_cross_attention_needs_its_keys_whole_and_any_part_of_its_queries():
    cross = replace(pair_record(), kind="cross")
    later = roles.head_roles(filters.keep(cross, [2, 3, 4], range(N)))
    assert later["first"].tolist() == pytest.approx(cross.weights[0, :, 2:5, 0].mean(-1).tolist())
    with pytest.raises(AttnlitError, match="whole text"):
        roles.head_roles(filters.keep(cross, range(N), range(1, N)))


def test_rows_that_a_learned_sink_leaves_empty_are_skipped():
    weights = planted(
        [[0.6, 0.0, 0.0], [0.2, 0.2, 0.2], [0.0, 0.0, 0.0]]
    )  # a sink takes the rest of each row
    assert roles.entropy(weights, without_first=True).item() == pytest.approx(np.log(2))
