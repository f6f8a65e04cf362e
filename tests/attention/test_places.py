"""Numbers of tokens and heads: integers of any type that are there, and a sentence for all others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnlit.attention.places import checked_head, checked_pairs, checked_token
from attnlit.errors import AttnlitError


def test_integers_of_any_type_count() -> None:
    assert checked_token(np.int64(2), 3) == 2
    assert checked_head(0, 1, "m") == 0
    assert checked_pairs(np.array([[1, 2], [1, 2], [0, 3]])) == [(1, 2), (0, 3)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [(3, "token 3"), (-1, "token -1"), ("cat", "token cat"), (1.0, "token 1.0"), (None, "None")],
)
def test_what_is_not_there_is_named(wrong: Any, said: str) -> None:
    with pytest.raises(AttnlitError, match=f"This text has 3 tokens, counted from 0: there is no .*{said}"):
        checked_token(wrong, 3)
    with pytest.raises(AttnlitError, match="m has 1 head, counted from 0"):
        checked_head(3, 1, "m")


@pytest.mark.parametrize("wrong", [3, (0, 1), "01", [(0, 1, 2)], ["01"], [([1], 2)], None])
def test_heads_are_pairs(wrong: Any) -> None:
    with pytest.raises(AttnlitError, match="Give heads as pairs of a layer and a head"):
        checked_pairs(wrong)
