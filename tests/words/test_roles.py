"""Roles in words, on heads whose pattern is planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnlit.analysis.scores import FEWEST_TOKENS, main_roles
from attnlit.attention.filters import keep
from attnlit.attention.record import Attention
from attnlit.errors import AttnlitError
from attnlit.words.roles import heads_of_role, role_in_words
from tests import records


def record(weights: np.ndarray, causal: bool = True) -> Attention:
    """A record of one layer and one head over different plain words."""
    return records.record(weights[None, None], records.numbered(len(weights), "w"), causal=causal)


def test_a_head_that_looks_one_token_back_is_named() -> None:
    back = np.eye(12, k=-1)
    back[0, 0] = 1
    assert "**previous-token head**: 100% of its attention" in role_in_words(record(back), 0, 0)


def test_a_head_that_looks_one_token_ahead_is_named_only_where_tokens_see_ahead() -> None:
    ahead = np.eye(12, k=1)
    ahead[-1, -1] = 1
    assert "next-token head" in role_in_words(record(ahead, causal=False), 0, 0)


def even(tokens: int) -> np.ndarray:
    """What a causal head without any preference does."""
    return np.tri(tokens) / np.arange(1, tokens + 1)[:, None]


def test_a_head_on_the_first_token_is_named_a_sink_from_30_percent_and_never_parked() -> None:
    first, itself = np.eye(12)[[0] * 12], np.eye(12)
    sentence = role_in_words(record(0.55 * first + 0.45 * itself), 0, 0)
    assert "**first-token head (attention sink)**: 59% of its attention goes to the first token" in sentence
    assert "30%" in sentence
    assert "parked" not in sentence
    assert role_in_words(record(0.4 * first + 0.6 * itself), 0, 0) == (
        "On this text a **current-token head**: 60% of its attention goes to the token itself (the threshold "
        "is 50%). Besides, it rests on the first token, which gets 45% of all its attention."
    )


def test_what_a_head_looks_for_comes_before_where_it_rests_and_both_are_said() -> None:
    """An induction head has something to look for at few tokens: elsewhere it rests on the first."""
    weights = np.eye(14)[[0] * 14]
    words = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 10]
    for place, earlier in ((10, 2), (11, 3), (12, 4)):
        weights[place] = 0.03 * np.eye(14)[0] + 0.97 * np.eye(14)[earlier]
    whole = record(weights)
    tokens = tuple(replace(token, id=id_) for token, id_ in zip(whole.queries, words, strict=True))
    sentence = role_in_words(replace(whole, queries=tokens, keys=tokens), 0, 0)
    assert sentence == (
        "On this text an **induction head**: where a token has occurred before, 97% of its attention goes to "
        "what followed it then (the threshold is 30%). Elsewhere it rests on the first token, which gets 79% "
        "of all its attention."
    )
    back = 0.5 * np.eye(12, k=-1) + 0.5 * np.eye(12)[[0] * 12]
    back[0] = np.eye(12)[0]
    sentence = role_in_words(record(back), 0, 0)
    assert "a **previous-token head**: 55% of its attention goes to the token before" in sentence
    assert sentence.endswith("Besides, it rests on the first token, which gets 58% of all its attention.")
    plain = role_in_words(record(back), 0, 0, threshold=False)
    assert plain == sentence.replace(" (the threshold is 50%)", "") != sentence


@pytest.mark.parametrize("causal", [True, False])
def test_even_attention_gets_no_role(causal: bool) -> None:
    for tokens in range(1, 25):
        weights = even(tokens) if causal else np.full((tokens, tokens), 1 / tokens)
        sentence = role_in_words(record(weights, causal), 0, 0)
        assert sentence.startswith("Too few tokens" if tokens < FEWEST_TOKENS else "No clear role")


def test_a_role_is_not_told_from_a_part_of_the_text() -> None:
    attention = record(even(14))
    with pytest.raises(AttnlitError, match="whole text"):
        role_in_words(keep(attention, range(2, 14), range(2, 14)), 0, 0)


def test_a_head_that_does_not_exist_is_answered_in_words() -> None:
    with pytest.raises(AttnlitError, match="there is no head 3"):
        role_in_words(record(np.eye(4)), 0, 3)


def test_heads_of_a_role_are_counted_and_named_while_they_are_few() -> None:
    tokens = 14
    back = np.eye(tokens, k=-1)
    back[0, 0] = 1
    heads = np.stack([[back, even(tokens)], [back, even(tokens)]])
    attention = records.record(heads, records.numbered(tokens, "w"), causal=True)
    titles, main = main_roles(attention)
    previous = titles.index("Previous token")
    assert heads_of_role(attention, main, previous) == (
        "On this text 2 of 4 heads are previous-token heads (0-0 and 1-0): 50% or more of their attention "
        "goes to the token before."
    )
    one = ((previous, None), (None, None))
    assert "1 of 4 heads is a previous-token head (0-0): 50% or more of its attention" in heads_of_role(
        attention, one, previous
    )
    assert heads_of_role(attention, one, None) == (
        "On this text 3 of 4 heads (0-1, 1-0 and 1-1) follow none of the simple patterns clearly."
    )
    assert heads_of_role(attention, main, previous, brief=True) == (
        "2 of 4 heads are previous-token heads; the others are faded"
    )
    assert heads_of_role(attention, one, None, brief=True).endswith("clearly; the others are faded")
    many = records.record(np.stack([[back] * 12]), records.numbered(tokens, "w"), causal=True)
    said = heads_of_role(many, ((titles.index("Induction"),) * 12,), titles.index("Induction"))
    assert said.startswith("On this text 12 of 12 heads are induction heads: where a token has occurred")
