"""Scores and roles of heads on one text."""

from dataclasses import replace

import numpy as np
import pytest

from attnlit.analysis.scores import BY_NAME, FEWEST_TOKENS, head_roles, main_roles, roles_on_text
from attnlit.attention import filters
from attnlit.attention.record import PASSED_ON
from attnlit.errors import AttnlitError
from tests import records
from tests.analysis.scores.hand_made import (
    CAUSAL_UNIFORM,
    FIRST,
    PAIR,
    PREVIOUS,
    UNIFORM,
    N,
    looking_at,
    pair_record,
    planted,
    record,
)  # fmt: skip


def test_head_roles_of_a_pair():
    separator = looking_at([3, 3, 5, 5, 5, 3])
    crossing = looking_at([0, 4, 2, 3, 1, 5])
    stop = looking_at([2] * N)
    table = head_roles(record(planted(separator, crossing, stop, FIRST), PAIR, causal=False))
    assert list(zip(table["layer"], table["head"], strict=True)) == [(0, 0), (0, 1), (0, 2), (0, 3)]
    assert table["separators"].tolist() == pytest.approx([1, 2 / 6, 0, 0])
    assert table["same_other_sentence"].tolist() == [0, 1, 0, 0]
    assert table["punctuation"].tolist() == pytest.approx([0, 1 / 6, 1, 0])
    assert table["first"].tolist() == pytest.approx([0, 1 / 6, 0, 1])
    assert "next" in table
    assert "induction" not in table


def test_head_roles_leaves_out_what_does_not_apply():
    words = [("<s>", None), *((letter, 0) for letter in "abcde")]
    table = head_roles(record(planted(PREVIOUS, CAUSAL_UNIFORM), words, causal=True))
    assert not {"next", "same", "same_other_sentence", "separators", "punctuation", "induction"} & set(table)
    assert table["previous"][0] == 1
    crossed = head_roles(record(planted(UNIFORM), words, causal=False, kind="cross"))
    assert not {"previous", "distance", "offset"} & set(crossed)
    assert crossed["entropy"][0] == pytest.approx(np.log(N))


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
        head_roles(part(pair_record()))
    assert len(head_roles(pair_record())) == 2


def test_cross_attention_needs_its_keys_whole_and_any_part_of_its_queries():
    cross = replace(pair_record(), kind="cross")
    later = head_roles(filters.keep(cross, [2, 3, 4], range(N)))
    assert later["first"].tolist() == pytest.approx(cross.weights[0, :, 2:5, 0].mean(-1).tolist())
    with pytest.raises(AttnlitError, match="whole text"):
        head_roles(filters.keep(cross, range(N), range(1, N)))


def test_roles_are_not_told_from_lengths_of_vectors():
    with pytest.raises(AttnlitError, match="holds lengths of vectors"):
        head_roles(replace(pair_record(), weighs=PASSED_ON))


@pytest.mark.parametrize("causal", [True, False])
def test_the_main_role_of_each_head_is_the_first_of_its_roles(causal):
    tokens = 16
    back, first = np.eye(tokens, k=-1), np.eye(tokens)[[0] * tokens]
    back[0, 0] = 1
    even = np.tri(tokens) / np.arange(1, tokens + 1)[:, None]
    heads = [back, first, even, 0.5 * back + 0.5 * first, 0.6 * even + 0.4 * first, 0.45 * back + 0.55 * even]
    itself = np.eye(tokens)
    heads += [0.6 * itself + 0.4 * first, 0.5 * back + 0.5 * itself]
    attention = records.record(np.reshape(heads, (4, 2, tokens, tokens)), causal=causal)
    titles, of = main_roles(attention)
    named = []
    for layer, head in np.ndindex(4, 2):
        roles, place = roles_on_text(attention, layer, head), of[layer][head]
        assert (place is None) == (roles == [])
        if place is not None:
            (score,) = (each for each in BY_NAME.values() if each.title == titles[place])
            assert score.role is roles[0][0]
            named.append(score.name)
    assert named[:3] == ["previous", "first", "previous"]  # resting comes last, however much of it there is
    assert named[-2:] == ["current", "previous"]  # then looking at itself


def test_no_head_has_a_main_role_in_a_short_text():
    short = records.record(np.full((2, 3, *[FEWEST_TOKENS - 1] * 2), 1 / (FEWEST_TOKENS - 1)))
    assert main_roles(short)[1] == ((None,) * 3,) * 2
