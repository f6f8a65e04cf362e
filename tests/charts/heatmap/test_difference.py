"""What a head does differently in a second text: blue for more, orange for less."""

from __future__ import annotations

import numpy as np
import pytest

from attnlit.attention.record import Attention
from attnlit.charts.heatmap import difference_map, difference_picture, difference_table, heatmap_picture
from attnlit.charts.heatmap.layout import SAID
from attnlit.charts.theme import LIGHT
from attnlit.errors import AttnlitError
from tests.charts.drawing import image_of, place_of, svg_of, texts
from tests.records import random_record, record


def pair_of_records() -> tuple[Attention, Attention]:
    """Two causal texts that differ in their second token."""
    first = np.array([[1, 0, 0], [0.5, 0.5, 0], [0.2, 0.4, 0.4]])
    second = np.array([[1, 0, 0], [0.75, 0.25, 0], [0.2, 0.4, 0.4]])
    return (
        record(first[None, None], ["the", "she", "sat"], causal=True),
        record(second[None, None], ["the", "he", "sat"], causal=True),
    )


def test_a_difference_is_blue_where_the_second_text_has_more_and_orange_where_the_first_has() -> None:
    image = image_of(difference_picture(*pair_of_records(), 0, 0))
    assert tuple(image[1, 0]) == (*bytes.fromhex(LIGHT.positive[1:]), 255)
    assert tuple(image[1, 1]) == (*bytes.fromhex(LIGHT.negative[1:]), 255)
    assert (image[[0, 2, 2, 2], [0, 0, 1, 2], 3] == 0).all()  # no difference
    assert tuple(image[0, 2]) == (*bytes.fromhex(LIGHT.rule[1:]), 255)


def test_half_the_largest_difference_is_half_as_opaque() -> None:
    first, second = random_record(queries=6), random_record(queries=6, seed=1)
    change = second.weights[0, 1] - first.weights[0, 1]
    picture = difference_picture(first, second, 0, 1)
    assert np.allclose(image_of(picture)[..., 3] / 255, np.abs(change) / np.abs(change).max(), atol=0.006)
    rows = picture.tables["rows"].to_pylist()
    shown = np.array([[int(value or 0) for value in row["weights"].split(",")] for row in rows])
    assert np.allclose(shown / 1000 * np.abs(change).max(), change, atol=0.001)


def test_a_difference_names_both_words_and_both_ends_of_its_scale() -> None:
    shown = texts(svg_of(difference_map(*pair_of_records())))
    assert {"she / he", "the", "sat", "−25%", "+25%", "not available"} <= set(shown)
    assert "weight" not in shown


def test_above_a_difference_no_line_is_left_empty_that_would_say_where_a_token_looks() -> None:
    first, second = pair_of_records()
    said, unsaid = (
        picture.tables["setup"].to_pylist()[0]
        for picture in (heatmap_picture(first), difference_picture(second, second))
    )
    assert said["said_room"] == SAID
    assert unsaid["said_room"] == 0
    assert said["top"] - unsaid["top"] == SAID
    title = next(
        each for each in svg_of(difference_picture(first, second)).iter() if each.text == "attends to"
    )
    assert 0 < place_of(title)[1] < SAID


def test_the_table_of_a_difference_has_a_row_for_each_pair_of_tokens() -> None:
    table = difference_table(*pair_of_records(), 0, 0)
    assert len(table) == 6  # of three tokens, each sees itself and what is before
    row = table[(table["query position"] == 1) & (table["key position"] == 0)].iloc[0]
    assert row[["query", "key"]].tolist() == ["she / he", "the"]
    assert row[["first", "second", "difference"]].tolist() == [0.5, 0.75, 0.25]
    with pytest.raises(AttnlitError, match="have 5 and 6 tokens"):
        difference_table(random_record(), random_record(queries=6), 0, 0)


def test_a_text_against_itself_is_no_difference_at_all() -> None:
    attention = random_record()
    assert (image_of(difference_picture(attention, attention, 1, 2))[..., 3] == 0).all()


def test_texts_that_cannot_be_compared_are_answered_in_words() -> None:
    with pytest.raises(AttnlitError, match="have 5 and 6 tokens"):
        difference_picture(random_record(), random_record(queries=6), 0, 0)
    with pytest.raises(AttnlitError, match="no head 9"):
        difference_picture(random_record(), random_record(), 0, 9)
