"""What holds for every chart of the registry: one specification a theme, whatever the data."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module

import numpy as np
import pandas as pd
import pytest

from attnlit.charts import SPECS
from attnlit.charts.dimensions import dimensions_picture
from attnlit.charts.distance import distance_picture
from attnlit.charts.flow import flow_picture
from attnlit.charts.head import PinnedToken, head_picture
from attnlit.charts.head_map import head_map_picture
from attnlit.charts.head_points import head_points_picture
from attnlit.charts.heatmap import difference_picture, heatmap_picture
from attnlit.charts.model import Roles, model_picture
from attnlit.charts.neuron import neuron_picture
from attnlit.charts.picture import Picture
from attnlit.charts.reading import reading_picture
from attnlit.charts.theme import DARK, LIGHT, Theme
from attnlit.charts.word_strip import word_strip_picture
from attnlit.charts.writing import writing_picture
from tests.answers import made_answer
from tests.charts.drawing import assert_vega_lite_takes, sources, svg_of, texts
from tests.charts.flow.routes import random_routes
from tests.charts.writing.sums import added_up, random_sum
from tests.records import random_record, record, vectors_record

HOSTILE = ["</script><script>alert(1)</script>", '"; drop', "\0\x1b\ufffe", "{{datum.text}}", "'+width+'"]


def curves(names: list[str], distances: list[int]) -> pd.DataFrame:
    rows = {"distance": distances, "value": np.linspace(0.5, 0.1, len(distances)), "pairs": 5}
    return pd.concat([pd.DataFrame({**rows, "curve": name}) for name in names])


def bars(count: int, sign: int = 1) -> pd.DataFrame:
    return pd.DataFrame({"dimension": range(count), "share": sign * np.arange(1, count + 1) / count})


def strange() -> np.ndarray:
    return np.full((1, 2, len(HOSTILE), len(HOSTILE)), 1 / len(HOSTILE))


# Of each chart two pictures that have as little as may be in common.
PAIRS: dict[str, tuple[Callable[[Theme], Picture], Callable[[Theme], Picture]]] = {
    "head": (
        lambda theme: head_picture(random_record(), theme=theme),
        lambda theme: head_picture(
            record(strange(), HOSTILE), 0, [1], theme=theme, pinned=PinnedToken("key", 1), answered=""
        ),
    ),
    "head_rows": (
        lambda theme: head_picture(random_record(), theme=theme, rows=True),
        lambda theme: head_picture(
            record(strange(), HOSTILE), 0, [1], theme=theme, pinned=PinnedToken("key", 1), answered="",
            rows=True,
        ),
    ),
    "model": (
        lambda theme: model_picture(random_record(layers=5, heads=9), theme=theme, selected=(2, 3)),
        lambda theme: model_picture(
            record(strange(), HOSTILE), theme=theme, roles=Roles(tuple(HOSTILE), ((0, None),))
        ),
    ),
    "neuron": (
        lambda theme: neuron_picture(vectors_record(causal=True), 1, 2, 3, theme=theme),
        lambda theme: neuron_picture(vectors_record(queries=30, dimensions=16, bias=True), theme=theme),
    ),
    "heatmap": (
        lambda theme: heatmap_picture(record(strange(), HOSTILE), 0, 1, theme=theme),
        lambda theme: difference_picture(random_record(), random_record(seed=3), theme=theme),
    ),
    "head_map": (
        lambda theme: head_map_picture(np.eye(3), title=HOSTILE[0], theme=theme),
        lambda theme: head_map_picture(
            -np.ones((12, 5)), title="", signed=True, selected=(1, 1), theme=theme
        ),
    ),
    "head_points": (
        lambda theme: head_points_picture(np.eye(2), 2, theme=theme),
        lambda theme: head_points_picture(
            np.random.default_rng(0).normal(size=(24, 2)), 4, selected=(1, 2), theme=theme
        ),
    ),
    "distance": (
        lambda theme: distance_picture(curves(HOSTILE, [0, 1, 2]), title=HOSTILE[1], form=".1%", theme=theme),
        lambda theme: distance_picture(
            curves(["one"], [-2, 5]), title="another", form=".3g", dashed=["one"], theme=theme
        ),
    ),
    "flow": (
        lambda theme: flow_picture(random_routes(), theme=theme),
        lambda theme: flow_picture(random_routes(7, 40, 39, kept=0.8), theme=theme),
    ),
    "flow_strips": (
        lambda theme: flow_picture(random_routes(2, 70, 60), theme=theme),
        lambda theme: flow_picture(random_routes(9, 100, 10, kept=0.8), theme=theme),
    ),
    "reading": (
        lambda theme: reading_picture(made_answer(), theme=theme),
        lambda theme: reading_picture(record(strange(), HOSTILE), ((0, 1),), [1, 2], theme=theme),
    ),
    "word_strip": (
        lambda theme: word_strip_picture(record(strange(), HOSTILE).keys, np.zeros(5), title="", theme=theme),
        lambda theme: word_strip_picture(
            random_routes(2, 70, 60).tokens, np.linspace(-3, 2, 70), title=HOSTILE[0], selected=3, theme=theme
        ),
    ),
    "writing": (
        lambda theme: writing_picture(added_up([("MLP", 0, None, None, 1.0)], HOSTILE[0]), theme=theme),
        lambda theme: writing_picture(random_sum(6, 8), selected=(1, 2), theme=theme),
    ),
    "dimensions": (
        lambda theme: dimensions_picture(bars(3), "share", form=".0%", theme=theme),
        lambda theme: dimensions_picture(bars(40, -1), "share", form=".2f", added=0.5, theme=theme),
    ),
}  # fmt: skip


def test_every_chart_of_the_registry_is_tried_here() -> None:
    assert PAIRS.keys() == SPECS.keys()


@pytest.mark.parametrize("name", SPECS)
def test_all_pictures_of_a_theme_share_one_specification(name: str) -> None:
    for theme in (LIGHT, DARK):
        one, other = (make(theme) for make in PAIRS[name])
        assert one.spec is other.spec is import_module(SPECS[name]).theme_spec(theme)
        before = json.dumps(one.spec)
        one.to_dict()
        other.to_dict()
        assert json.dumps(one.spec) == before
    assert PAIRS[name][0](LIGHT).spec != PAIRS[name][0](DARK).spec


@pytest.mark.parametrize("name", SPECS)
def test_every_table_has_its_place_and_every_place_its_table(name: str) -> None:
    for make in PAIRS[name]:
        picture = make(LIGHT)
        # Some tables are only read in expressions.
        read = {table for table in picture.tables if f"data('{table}')" in json.dumps(picture.spec)}
        assert sources(picture.spec) | read == picture.tables.keys()
        assert sources(picture.spec_by_itself) <= picture.tables.keys()


@pytest.mark.parametrize("name", SPECS)
def test_specs_are_what_vega_lite_takes(name: str) -> None:
    """They are built without Altair's check, which would take a third of the time: so it is made here."""
    picture = PAIRS[name][0](LIGHT)
    assert_vega_lite_takes(picture.spec)
    if picture.spec_by_itself is not picture.spec:
        assert_vega_lite_takes(picture.spec_by_itself)


@pytest.mark.parametrize("name", SPECS)
@pytest.mark.parametrize("width", [320, pytest.param(1500, marks=pytest.mark.whole)])
def test_pictures_are_as_high_as_they_say_and_draw_whatever_their_texts_are(name: str, width: int) -> None:
    for make in PAIRS[name]:
        picture = make(LIGHT)
        drawn = svg_of(picture, width=width)
        assert abs(int(drawn.get("height", 0)) - picture.height(width)) <= 8
        assert int(drawn.get("width", 0)) == pytest.approx(width, abs=8)
        assert not {"NaN", "undefined", "null"} & set(texts(drawn))
