"""What is passed on, in sentences: shares of a token's row or column, and of the layer's strongest row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attnlit.attention import Attention
from attnlit.attention.record import PASSED_ON, RESIDUAL, TOGETHER
from attnlit.words.read_out import read_out
from tests.records import record

WORDS = ["the", "cat", "saw", "the"]


def norms(*heads: list[list[float]]) -> Attention:
    return replace(record(np.array([heads], float), WORDS), weighs=PASSED_ON)


ONE = norms([[5, 0, 0, 0], [1, 3, 0, 0], [6, 2, 2, 0], [0, 0, 0, 0]])


def test_what_a_head_brings_to_a_token_and_how_much_that_is() -> None:
    assert read_out(ONE, 0, [0], 1) == [
        "Of what head 0-0 brings to *cat*, 75% comes from itself, then 25% from the 1st *the*.",
        "In all, that is 40% of the most that any head of this layer brings to one token.",
    ]


def test_what_a_head_brings_from_a_token() -> None:
    assert read_out(ONE, 0, [0], key=1) == [
        "Of what head 0-0 brings from *cat*, 60% goes to *cat*, then 40% to *saw*.",
    ]


def test_several_heads_are_added_up() -> None:
    two = norms([[1, 0, 0, 0]] * 4, [[0, 3, 0, 0]] * 4)
    assert read_out(two, 0, [0, 1], 2) == [
        "Of what these 2 heads bring to *saw*, 75% comes from *cat*, then 25% from the 1st *the*.",
        "The lengths of what the heads bring are added up.",
    ]


def test_nothing_is_said_to_be_nothing() -> None:
    assert read_out(ONE, 0, [0], 3) == [
        "Head 0-0 brings nothing to the 2nd *the* from the tokens shown here."
    ]
    assert read_out(ONE, 0, [0], key=3) == [
        "Head 0-0 brings nothing from the 2nd *the* to the tokens shown here."
    ]
    empty = ONE.weights.copy()
    empty[0, 0, 2] = np.nan  # a filter has emptied the row
    assert "brings nothing to *saw*" in read_out(replace(ONE, weights=empty), 0, [0], 2)[0]


def test_a_record_of_whole_layers_is_no_heads() -> None:
    whole = replace(ONE, weighs=PASSED_ON + TOGETHER)
    assert read_out(whole, 0, [0], 1) == [
        "Of what layer 0 brings to *cat*, 75% comes from itself, then 25% from the 1st *the*.",
        "In all, that is 40% of the most that this layer brings to one token.",
    ]
    assert read_out(whole, 0, [0], key=1)[0].startswith("Of what layer 0 brings from *cat*")
    kept = replace(ONE, weighs=PASSED_ON + TOGETHER + RESIDUAL)
    last = read_out(kept, 0, [0], 1)[-1]
    assert last == "What a token keeps of its own state counts as brought from itself."
