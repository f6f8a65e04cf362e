"""Small pictures: opacity is the weight, and a token is text whatever it is made of."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from attnlit.attention.record import Attention
from attnlit.charts.theme import LIGHT, head_colour
from attnlit.charts.thumbnails import head_thumbnail, model_thumbnail, row_thumbnail

SVG = "{http://www.w3.org/2000/svg}"
WEIGHTS = np.array([[1.0, 0, 0], [0.75, 0.25, 0], [0.02, 0.38, 0.6]])


@pytest.fixture
def record() -> Attention:
    other = np.tile(np.eye(3), (1, 1, 1))
    weights = np.stack([np.stack([WEIGHTS, other[0]])] * 2)  # (2 layers, 2 heads, 3, 3)
    return Attention.from_arrays(weights, ["<b>one", "two", "</svg><script>"])


def test_opacity_is_the_weight_and_one_query_has_the_colour_of_the_head(
    record: Attention,
) -> None:
    drawing = ElementTree.fromstring(head_thumbnail(record, 0, 0, 1, alt='a "head"'))
    lines = [
        (line.get("stroke"), float(line.get("stroke-opacity", ""))) for line in drawing.iter(f"{SVG}line")
    ]
    assert [shade for _, shade in lines] == [1.0, 0.75, 0.25, 0.38, 0.6]  # .02 would not be seen
    colour = head_colour(0, LIGHT)
    assert [stroke == colour for stroke, _ in lines] == [False, True, True, False, False]
    assert drawing.get("aria-label") == 'a "head"'


def test_tokens_are_text(record: Attention) -> None:
    for drawing in (head_thumbnail(record, 0, 0, 1), row_thumbnail(record, 0, 0, 2)):
        words = [word.text for word in ElementTree.fromstring(drawing).iter(f"{SVG}text")]
        assert {"<b>one", "</svg><scrip…"} <= set(words)
        assert "<script" not in drawing


def test_bars_are_as_long_as_their_weights(record: Attention) -> None:
    drawing = ElementTree.fromstring(row_thumbnail(record, 0, 0, 2))
    long = [float(bar.get("width", "")) for bar in drawing.iter(f"{SVG}rect")]
    assert long[1] / long[2] == pytest.approx(0.38 / 0.6, abs=0.01)


def test_every_head_is_there_and_one_is_framed(record: Attention) -> None:
    drawing = ElementTree.fromstring(model_thumbnail(record, 1, 0))
    cells = [*drawing.iter(f"{SVG}rect")]
    assert [cell.get("stroke") == LIGHT.accent for cell in cells] == [False, False, True, False]
    first, second, *_ = (path.get("d", "") for path in drawing.iter(f"{SVG}path"))
    ends = re.findall(r"L[\d.]+ ([\d.]+)", first)
    assert ends[0] == ends[1] != ends[2]  # the first two look at the first token
    assert len(set(re.findall(r"L[\d.]+ ([\d.]+)", second))) == 3
