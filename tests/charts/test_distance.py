"""Curves by distance: every point is there, names its key and its pairs; what one compares with is grey."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from attnlit.charts.distance import distance_chart, distance_picture
from attnlit.charts.theme import DARK, LIGHT
from tests.charts.drawing import svg_of, texts


def table(distances, **curves: list[float]) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"distance": distances, "curve": name.replace("_", " "), "value": values, "pairs": 1200})
        for name, values in curves.items()
    ]
    return pd.concat(parts, ignore_index=True)


ONE_WAY = table([0, 1, 2], head=[0.5, 0.25, 0.125], all_alike=[0.1, 0.1, 0.1])
BOTH_WAYS = table([-2, -1, 0, 1, 2], head=[0.1, 0.2, 0.3, 0.2, 0.1])


def drawn(rows: pd.DataFrame, **options) -> dict[str, list]:
    picture = distance_picture(rows, title="mean attention", form=".1%", **options)
    return picture.tables["points"].to_pydict()


def test_every_point_says_which_key_it_is_of_and_how_many_pairs_it_rests_on() -> None:
    points = drawn(BOTH_WAYS)
    assert points["value"] == [0.1, 0.2, 0.3, 0.2, 0.1]
    assert points["where"] == [
        "2 tokens after",
        "1 token after",
        "the token itself",
        "1 token before",
        "2 tokens before",
    ]
    assert set(points["pairs"]) == {"1,200"}


def test_what_is_not_known_is_not_drawn() -> None:
    rows = ONE_WAY.assign(value=[0.5, np.nan, 0.125, 0.1, 0.1, 0.1])
    assert drawn(rows)["distance"] == [0, 2, 0, 1, 2]
    assert drawn(rows.assign(value=np.nan))["distance"] == []


def test_the_first_curve_has_the_first_colour_and_dashed_ones_are_grey() -> None:
    for theme in (LIGHT, DARK):
        picture = distance_picture(
            ONE_WAY, title="mean attention", form=".1%", dashed=("all alike",), theme=theme
        )
        curves = picture.tables["curves"].to_pydict()
        assert curves["curve"] == ["head", "all alike"]
        assert curves["colour"] == [theme.heads[0], theme.faint]
        assert curves["dashed"] == [False, True]


def test_all_curves_share_one_specification() -> None:
    one = distance_picture(ONE_WAY, title="mean attention", form=".1%")
    renamed = BOTH_WAYS.assign(curve="head 3-5")
    other = distance_picture(renamed, title="product", form=".2f", dashed=("head 3-5",))
    assert one.spec is other.spec


def test_one_way_runs_to_the_right_and_both_ways_have_the_keys_before_on_the_left() -> None:
    one = svg_of(distance_chart(ONE_WAY, title="mean attention", form=".1%", dashed=("all alike",)))
    assert {"mean attention", "distance: tokens back", "head", "all alike", "0", "2"} <= set(texts(one))
    both = svg_of(distance_chart(BOTH_WAYS, title="mean attention", form=".1%"))
    assert "← tokens before the query · tokens after it →" in texts(both)
    assert not any("−" in text or text.startswith("-") for text in texts(both))
    rising = distance_chart(table([-1, 0, 1], head=[0.0, 0.5, 1.0]), title="mean attention", form=".1%")
    path = next(each.get("d") for each in svg_of(rising).iter() if each.get("stroke") == LIGHT.heads[0])
    (x, y), *_, (to_x, to_y) = (map(float, each.split(",")) for each in re.findall(r"[\d.]+,[\d.]+", path))
    assert (to_x < x) == (to_y < y)  # what is before the query, 1.0, is high and on the left


def test_a_single_curve_needs_no_name_and_numbers_are_written_as_asked() -> None:
    drawing = distance_picture(BOTH_WAYS, title="mean attention", form=".1%")
    assert "head" not in texts(svg_of(drawing))
    assert drawing.tables["points"]["text"].to_pylist()[:2] == ["10.0%", "20.0%"]
    assert {"10%", "30%"} <= set(texts(svg_of(drawing)))
    plain = distance_picture(BOTH_WAYS, title="product", form=".2f")
    assert {"0.1", "0.3"} <= set(texts(svg_of(plain)))
