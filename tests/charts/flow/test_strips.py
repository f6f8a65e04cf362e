"""The strips of a long text: a pixel a token and layer, shaded by tens; the ratio in blue and orange."""

from __future__ import annotations

import base64
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from attnlit.charts.flow import flow_picture, flow_view, how_to
from attnlit.charts.picture import Picture
from attnlit.charts.theme import DARK, LIGHT
from tests.charts.drawing import svg_of, texts
from tests.charts.flow.routes import random_routes


def strip(picture: Picture, name: str) -> np.ndarray:
    """(rows, tokens, red green blue alpha)"""
    images = {row["strip"]: row["url"] for row in picture.tables["images"].to_pylist()}
    image = Image.open(BytesIO(base64.b64decode(images[name].split(",")[1])))
    return np.asarray(image.convert("RGBA")).astype(int)


def test_up_to_64_tokens_are_drawn_in_layers_and_more_as_strips() -> None:
    assert "images" not in flow_picture(random_routes(2, 64, 40)).tables
    assert "images" in flow_picture(random_routes(2, 65, 40)).tables
    assert "only the way that it took" in how_to(random_routes(2, 64, 40))
    assert "its numbers" in how_to(random_routes(2, 65, 40))


@pytest.mark.parametrize("side", ["own", "even"])
def test_a_shade_is_the_logarithm_of_the_share_with_the_inputs_at_the_bottom(side: str) -> None:
    routes = random_routes(3, 80, 70)
    edges = routes.edges if side == "own" else routes.uniform_edges
    pixels = strip(flow_picture(routes), side)
    assert pixels.shape == (4, 80, 4)
    held = np.concatenate([np.eye(80)[70][None], edges.sum(axis=1)[::-1]])
    with np.errstate(divide="ignore"):
        wanted = np.clip(1 + np.log10(held) / 4, 0, 1)
    np.testing.assert_allclose(pixels[..., 3] / 255, wanted, atol=0.003)
    assert pixels[0, 70, 3] == 255
    assert pixels[0].any(axis=-1).sum() >= 1


def test_the_ratio_is_blue_above_one_orange_below_and_clear_where_there_is_none() -> None:
    routes = random_routes(3, 80, 70)
    pixels = strip(flow_picture(routes), "ratio")[0]
    shares, even = routes.edges[0].sum(axis=0), routes.uniform_edges[0].sum(axis=0)
    for place in range(71):
        ratio = shares[place] / even[place]
        if abs(np.log2(ratio)) < 0.1 or max(shares[place], even[place]) < 0.0005:
            continue
        colour = LIGHT.positive if ratio > 1 else LIGHT.negative
        assert tuple(pixels[place, :3]) == tuple(bytes.fromhex(colour[1:]))
        assert pixels[place, 3] / 255 == pytest.approx(min(1, abs(np.log2(ratio)) / 3), abs=0.01)
    assert not pixels[71:, 3].any()


def test_it_names_its_strips_its_tokens_and_its_scale() -> None:
    shown = texts(svg_of(flow_view(random_routes(3, 80, 70))))
    assert {"This model", "If attention were even", "× even", "after layer 2", "input", "word70"} <= set(
        shown
    )
    assert {"0.01%", "0.1%", "1%", "10%", "100%"} <= set(shown)
    assert 20 < sum(text.startswith("word") for text in shown) < 80
    assert "ten times as large" in flow_picture(random_routes(3, 80, 70)).notes[0]


def test_each_theme_has_its_own_colours() -> None:
    routes = random_routes(3, 80, 70)
    dark = strip(flow_picture(routes, theme=DARK), "own")
    assert tuple(dark[0, 70, :3]) == tuple(bytes.fromhex(DARK.accent[1:]))
