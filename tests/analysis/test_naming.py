"""Roles in words, on heads whose pattern is planted."""

from __future__ import annotations

import numpy as np
import pytest

from attnlit.analysis.naming import role_in_words
from attnlit.attention.record import Attention, Token
from attnlit.errors import AttnlitError


def record(weights: np.ndarray, causal: bool = True) -> Attention:
    """A record of one layer and one head over different plain words."""
    tokens = tuple(
        Token(id=place, text=f"w{place}", raw=f"w{place}", special=False, segment=0, position=place)
        for place in range(len(weights))
    )
    return Attention(
        weights=weights[None, None].astype(np.float32),
        query=tokens, key=tokens, model="planted", kind="self", causal=causal, text="", pair=None,
    )  # fmt: skip


def test_a_head_that_looks_one_token_back_is_named() -> None:
    back = np.eye(8, k=-1)
    back[0, 0] = 1
    assert "**previous-token head**: 100% of its attention" in role_in_words(record(back), 0, 0)


def test_a_head_that_looks_one_token_ahead_is_named_only_where_tokens_see_ahead() -> None:
    ahead = np.eye(8, k=1)
    ahead[-1, -1] = 1
    assert "next-token head" in role_in_words(record(ahead, causal=False), 0, 0)


def test_a_head_that_rests_on_the_first_token_is_parked() -> None:
    parked = np.zeros((8, 8))
    parked[:, 0] = 1
    assert "parked head" in role_in_words(record(parked), 0, 0)


def test_uniform_attention_gets_no_role() -> None:
    assert "No plain role" in role_in_words(record(np.full((8, 8), 1 / 8), causal=False), 0, 0)


def test_a_head_that_does_not_exist_is_answered_in_words() -> None:
    with pytest.raises(AttnlitError, match="there is no head 3"):
        role_in_words(record(np.eye(4)), 0, 3)
