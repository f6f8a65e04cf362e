"""The heat map is the matrix: a pixel a weight, and the numbers that a hover shows."""

from __future__ import annotations

import base64
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from attnlit.attention.record import Attention
from attnlit.charts.heatmap import (
    difference_map,
    difference_picture,
    difference_table,
    heatmap,
    heatmap_picture,
)
from attnlit.charts.picture import Picture
from attnlit.charts.theme import DARK, LIGHT, head_colour
from attnlit.errors import AttnlitError
from tests.charts.hand_made import random_record, record
from tests.charts.test_head import svg_of, texts


def pixels(attention: Attention, layer: int = 0, head: int = 0) -> np.ndarray:
    """The picture inside the chart: uint8 (queries, keys, red green blue alpha)."""
    return image_of(heatmap_picture(attention, layer, head))


def image_of(picture: Picture) -> np.ndarray:
    url = picture.tables["image"]["url"][0].as_py()
    image = Image.open(BytesIO(base64.b64decode(url.split(",")[1])))
    return np.asarray(image.convert("RGBA"))


@pytest.mark.parametrize(("queries", "keys"), [(4, 4), (3, 7), (33, 33)])
def test_each_pixel_has_its_heads_colour_and_its_weight_as_opacity(queries: int, keys: int) -> None:
    attention = random_record(queries=queries, keys=keys)
    image = pixels(attention, 1, 2)
    assert image.shape == (queries, keys, 4)
    assert np.allclose(image[..., 3] / 255, attention.weights[1, 2], atol=0.004)
    colour = tuple(bytes.fromhex(head_colour(2)[1:]))
    assert (image[..., :3] == colour).all()


def test_later_tokens_of_a_causal_model_are_not_available_and_earlier_zeros_are() -> None:
    attention = random_record(queries=4, causal=True)
    grey = (*bytes.fromhex(LIGHT.rule[1:]), 255)
    later = (pixels(attention) == grey).all(axis=-1)
    assert (later == ~np.tri(4, dtype=bool)).all()
    rows = heatmap_picture(attention, 0, 0).tables["rows"].to_pylist()
    assert rows[1]["weights"].split(",")[2:] == ["-", "-"]
    one_zero = record(np.array([[[[1, 0], [1, 0]]]]), ["a", "b"], causal=True)
    assert (pixels(one_zero)[1, 1] != grey).any()


def test_a_filtered_causal_record_knows_what_is_later_by_position() -> None:
    whole = random_record(queries=4, causal=True)
    part = replace(whole, weights=whole.weights[:, :, 2:, 1:], queries=whole.queries[2:], keys=whole.keys[1:])
    rows = [row["weights"].split(",") for row in heatmap_picture(part, 0, 0).tables["rows"].to_pylist()]
    assert [[value == "-" for value in row] for row in rows] == [[False, False, True], [False, False, False]]


def test_what_a_hover_shows_is_the_weight_in_thousandths() -> None:
    attention = random_record(queries=6)
    rows = heatmap_picture(attention, 0, 1).tables["rows"].to_pylist()
    shown = np.array([[int(value or 0) for value in row["weights"].split(",")] for row in rows])
    assert np.allclose(shown / 1000, attention.weights[0, 1], atol=0.0006)


def test_an_empty_row_is_not_available() -> None:
    weights = np.full((1, 1, 3, 3), 1 / 3)
    weights[0, 0, 1] = np.nan
    rows = heatmap_picture(record(weights, ["a", "b", "c"]), 0, 0).tables["rows"].to_pylist()
    assert rows[1]["weights"] == "-,-,-"


def test_the_chart_names_its_axes_tokens_and_scale() -> None:
    attention = record(np.tri(3)[None, None] / [[1], [2], [3]], ["the", "cat", "the"], causal=True)
    shown = texts(svg_of(heatmap(attention)))
    assert shown.count("the") == 4
    assert {"attends from", "attends to", "0", "100%", "not available"} <= set(shown)


def test_labels_thin_out_for_long_texts() -> None:
    attention = random_record(layers=1, heads=1, queries=200)
    shown = [text for text in texts(svg_of(heatmap(attention))) if text.startswith("from")]
    assert 20 < len(shown) < 80


def test_the_spec_is_the_same_for_every_layer_and_head() -> None:
    attention = random_record()
    spec = heatmap_picture(attention, 0, 0).spec
    assert heatmap_picture(attention, 1, 2).spec == spec
    assert heatmap_picture(attention, 1, 2, theme=DARK).spec != spec


def test_a_head_that_does_not_exist_is_answered_in_words() -> None:
    with pytest.raises(AttnlitError, match="has 3 heads, counted from 0: there is no head 9"):
        heatmap_picture(random_record(), 0, 9)


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
