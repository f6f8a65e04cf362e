"""The layers of a hybrid that have no attention: where their bands lie, and that nothing else moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnlit.attention.record import Attention
from attnlit.charts.grid import OTHERS, TOP
from attnlit.charts.model import model_picture
from tests.charts.drawing import place_of, svg_of, texts
from tests.records import record as weights_record
from tests.records import vectors_record as record

KINDS = ("mamba", "mamba", "attention", "MLP", "mamba", "attention", "attention", "MLP")
BANDS = ["layers 0–1: mamba", "layer 3: MLP", "layer 4: mamba", "layer 7: MLP"]


def hybrid() -> Attention:
    return replace(record(layers=3, heads=4), layer_numbers=(2, 5, 6), layer_kinds=KINDS)


def test_other_layers_are_named_in_their_places() -> None:
    picture = model_picture(hybrid(), selected=(5, 1))
    others = picture.tables["others"].to_pydict()
    assert others == {"row": [0, 1, 1, 3], "bands": [0, 1, 2, 3], "text": BANDS}
    assert picture.tables["cells"].to_pydict()["bands"] == [1] * 4 + [3] * 8
    assert picture.tables["current"].to_pydict() == {"row": [1], "column": [1], "bands": [3]}
    svg = svg_of(picture, width=800)
    assert {*BANDS, "2", "5", "6"} <= set(texts(svg))
    tops = {each.text: place_of(each)[1] for each in svg.iter() if each.tag.endswith("text") and each.text}
    order = [BANDS[0], "2", BANDS[1], BANDS[2], "5", "6", BANDS[3]]
    assert sorted(order, key=lambda each: tops[each]) == order


def test_thumbnails_stand_where_their_layers_do() -> None:
    images = [
        each for each in svg_of(model_picture(hybrid()), width=800).iter() if each.tag.endswith("image")
    ]
    cell = 140  # as high as it may be
    tops = sorted({place_of(each)[1] for each in images})
    assert tops == [TOP + OTHERS, TOP + cell + 3 * OTHERS]  # layers 5 and 6 are one picture
    assert sorted({float(each.get("height", 0)) for each in images}) == [cell, 2 * cell]


def test_the_picture_is_as_much_higher_as_its_bands() -> None:
    plain = record(layers=3, heads=4)
    for width in (360, 1400):
        assert model_picture(hybrid()).height(width) == model_picture(plain).height(width) + 4 * OTHERS
        drawn = float(svg_of(model_picture(hybrid()), width=width).get("height", 0))
        assert drawn == pytest.approx(model_picture(hybrid()).height(width), abs=12)


def test_the_lens_enlarges_the_head_that_is_pointed_at() -> None:
    """Head 2 of layer 5 stands alone: its thumbnail is all dark, and so is what the lens shows."""
    weights = np.zeros((3, 12, 6, 6))
    weights[..., 0] = 1
    whole = replace(weights_record(weights), layer_numbers=(2, 5, 6), layer_kinds=KINDS)
    svg = svg_of(model_picture(whole), width=390, hover=[{"id": 12 + 2}])
    images = [each for each in svg.iter() if each.tag.endswith("image")]
    usual = [each for each in images if float(each.get("width", 0)) < 40]
    (large,) = [each for each in images if float(each.get("width", 0)) > 40]
    rows = float(large.get("height", 0)) / float(large.get("width", 0))
    assert len(usual) == 2 * 12
    assert 1.9 < rows < 2.4  # the strip of layers 5 and 6


def test_nothing_changes_where_every_layer_has_attention_or_some_are_chosen() -> None:
    plain = record(layers=3, heads=4)
    for each in (
        model_picture(plain),
        model_picture(replace(plain, layer_kinds=("attention",) * 3)),
        model_picture(hybrid(), layers=[5, 2]),
    ):
        assert each.tables["others"].num_rows == 0
        assert set(each.tables["cells"]["bands"].to_pylist()) == {0}
    assert model_picture(hybrid()).spec is model_picture(plain).spec
