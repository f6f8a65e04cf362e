"""A text with a number for each word: where words stand, which colour they have, what a click says."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from attnlit.charts.theme import LIGHT
from attnlit.charts.word_strip import LINE, WIDTHS, word_strip, word_strip_picture
from attnlit.errors import AttnlitError
from tests.charts.drawing import svg_of, texts
from tests.charts.flow.routes import random_routes

TOKENS = random_routes(2, 40, 5).tokens


def test_the_largest_number_has_the_full_colour_of_its_sign_and_none_has_the_panels() -> None:
    values = np.linspace(-1, 2, 40)
    values[7] = np.nan
    rows = word_strip_picture(TOKENS, values, title="rise").tables["words"].to_pylist()
    assert rows[-1]["colour"] == LIGHT.positive
    assert rows[7]["colour"] == LIGHT.panel
    assert rows[7]["number"] == "–"
    assert rows[0]["number"] == "−1.00"
    (strong,) = (
        word_strip_picture(TOKENS[:1], np.array([-3.0]), title="", limit=1).tables["words"].to_pylist()
    )
    assert strong["colour"] == LIGHT.negative


@pytest.mark.parametrize("number", range(len(WIDTHS)))
def test_words_stand_side_by_side_within_every_width(number: int) -> None:
    picture = word_strip_picture(TOKENS, np.zeros(40), title="")
    rows = picture.tables["words"].to_pylist()
    for one, other in pairwise(rows):
        same_line = other[f"line{number}"] == one[f"line{number}"]
        assert same_line or other[f"line{number}"] == one[f"line{number}"] + 1
        assert other[f"left{number}"] == (one[f"left{number}"] + one["room"] + 3 if same_line else 0)
        assert one[f"left{number}"] + one["room"] <= WIDTHS[number]
    lines = rows[-1][f"line{number}"] + 1
    assert picture.height(WIDTHS[number] + 10) == lines * LINE + 40


def test_a_narrow_window_has_more_lines() -> None:
    picture = word_strip_picture(TOKENS, np.zeros(40), title="")
    narrow, wide = (float(svg_of(picture, width=width).get("height", 0)) for width in (320, 1100))
    assert narrow > wide + 2 * LINE


def test_it_shows_every_word_and_what_the_number_is() -> None:
    shown = texts(svg_of(word_strip(TOKENS, np.linspace(-0.5, 0.5, 40), title="rise of the loss")))
    assert {token.text for token in TOKENS} | {"rise of the loss", "−0.50", "+0.50"} <= set(shown)


def test_a_number_for_each_word_is_needed() -> None:
    with pytest.raises(AttnlitError, match="each of the 40 tokens"):
        word_strip_picture(TOKENS, np.zeros(39), title="")
