"""The heat map is the matrix: a pixel a weight, and the numbers that a hover shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnlit.charts.heatmap import heatmap, heatmap_picture
from attnlit.charts.theme import DARK, LIGHT, head_colour
from attnlit.errors import AttnlitError
from attnlit.wording import percent
from tests.charts.drawing import Svg, image_of, svg_of, texts
from tests.records import random_record, record, vectors_record


@pytest.mark.parametrize(("queries", "keys"), [(4, 4), (3, 7), (33, 33)])
def test_each_pixel_has_its_heads_colour_and_its_weight_as_opacity(queries: int, keys: int) -> None:
    attention = random_record(queries=queries, keys=keys)
    image = image_of(heatmap_picture(attention, 1, 2))
    assert image.shape == (queries, keys, 4)
    assert np.allclose(image[..., 3] / 255, attention.weights[1, 2], atol=0.004)
    colour = tuple(bytes.fromhex(head_colour(2)[1:]))
    assert (image[..., :3] == colour).all()


def test_later_tokens_of_a_causal_model_are_not_available_and_earlier_zeros_are() -> None:
    attention = random_record(queries=4, causal=True)
    grey = (*bytes.fromhex(LIGHT.rule[1:]), 255)
    later = (image_of(heatmap_picture(attention)) == grey).all(axis=-1)
    assert (later == ~np.tri(4, dtype=bool)).all()
    rows = heatmap_picture(attention, 0, 0).tables["rows"].to_pylist()
    assert rows[1]["weights"].split(",")[2:] == ["-", "-"]
    one_zero = record(np.array([[[[1, 0], [1, 0]]]]), ["a", "b"], causal=True)
    assert (image_of(heatmap_picture(one_zero))[1, 1] != grey).any()


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


def test_of_several_heads_it_is_the_mean_and_says_so() -> None:
    attention = random_record()
    picture = heatmap_picture(attention, 1, [2, 0])
    assert np.allclose(image_of(picture)[..., 3] / 255, attention.weights[1, [0, 2]].mean(axis=0), atol=0.004)
    assert "A cell is the mean over heads 0 and 2." in picture.notes
    assert {"mean", "On average “from1” gives"} <= {
        text if text == "mean" else text[:24]
        for text in texts(svg_of(heatmap(attention, 1, [0, 2], pinned=("query", 1))))
    }
    assert not any("mean" in note for note in heatmap_picture(attention, 1, 2).notes)


def test_a_head_whose_row_is_empty_does_not_count_in_the_mean() -> None:
    weights = np.full((1, 2, 3, 3), 1 / 3)
    weights[0, 0, 1] = np.nan
    rows = heatmap_picture(record(weights, ["a", "b", "c"]), 0, [0, 1]).tables["rows"].to_pylist()
    assert rows[1]["weights"] == rows[0]["weights"] == "333,333,333"


def frames(svg: Svg) -> list[str]:
    """What is framed in the accent colour."""
    return [path for each in svg.iter() if each.get("stroke") == LIGHT.accent and (path := each.get("d"))]


def test_the_pinned_token_has_a_frame_a_bold_label_and_a_sentence() -> None:
    attention = random_record(
        layers=1, heads=1, queries=200
    )  # labels are thinned out, and the pinned one is not
    weights = attention.weights[0, 0]
    plain, of_query, of_key = (
        svg_of(heatmap(attention, pinned=pin)) for pin in (None, ("query", 101), ("key", 33))
    )
    assert [len(frames(svg)) for svg in (plain, of_query, of_key)] == [0, 1, 1]
    bold = [each.text for each in of_query.iter() if each.get("font-weight") == "700"]
    assert bold == ["from101"]
    said = f"“from101” gives {percent(weights[101].max())} to “to{weights[101].argmax()}”"
    assert said in texts(of_query)
    assert not any(" gives " in text for text in texts(of_key))
    assert [each.text for each in of_key.iter() if each.get("font-weight") == "700"] == ["to33"]


def test_both_ends_of_a_long_text_fit_on_a_screen() -> None:
    heights = [
        heatmap_picture(random_record(layers=1, heads=1, queries=count)).height(760)
        for count in (60, 208, 500)
    ]
    assert max(heights) < 800


def test_the_spec_is_the_same_for_every_layer_and_head() -> None:
    attention = random_record()
    spec = heatmap_picture(attention, 0, 0).spec
    assert heatmap_picture(attention, 1, 2).spec is spec
    assert heatmap_picture(attention, 1, 2, theme=DARK).spec != spec


def test_a_head_that_does_not_exist_is_answered_in_words() -> None:
    with pytest.raises(AttnlitError, match="has 3 heads, counted from 0: there is no head 9"):
        heatmap_picture(random_record(), 0, 9)


def test_pieces_of_a_word_are_marked_as_joined() -> None:
    attention = record(np.full((1, 1, 2, 2), 0.5), ["p", "izza"])
    pieces = tuple(replace(token, word=0) for token in attention.keys)
    drawn = texts(svg_of(heatmap_picture(replace(attention, keys=pieces))))
    assert {"izza", "·izza"} <= set(drawn)


def test_what_a_window_hides_is_grey_and_said() -> None:
    whole = vectors_record(layers=1, queries=6, causal=True)
    back = np.arange(6)[:, None] - np.arange(6)
    seen = (back >= 0) & (back < 2)
    mask = np.where(seen, 0, np.finfo(np.float32).min).astype(np.float32)[None]
    cut = replace(whole, inputs=(replace(whole.inputs[0], mask=mask),))
    picture = heatmap_picture(cut)
    rows = picture.tables["rows"]["weights"].to_pylist()
    assert [[part == "-" for part in row.split(",")] for row in rows] == (~seen).tolist()
    assert "Sliding window of 2 tokens: what lies beyond is hidden from this layer" in " ".join(picture.notes)
    assert "indow" not in " ".join(heatmap_picture(whole).notes)


def test_a_learned_sink_has_a_column_of_its_own() -> None:
    whole = vectors_record(layers=1, heads=2, queries=3)
    sinks = replace(whole.inputs[0], sinks=np.zeros(2, np.float32))
    sunk = replace(whole, weights=whole.weights * np.float32(0.75), inputs=(sinks,))
    picture = heatmap_picture(sunk, 0, 1)
    assert picture.tables["columns"]["text"].to_pylist() == ["t0", "t1", "t2", "no token"]
    assert [row.split(",")[-1] for row in picture.tables["rows"]["weights"].to_pylist()] == ["250"] * 3
    assert "learned sink" in " ".join(picture.notes)
    assert heatmap_picture(whole).tables["columns"].num_rows == 3
