"""Bars for dimensions: the first ones have a bar each, nothing is lost, and numbers stand beside them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from attnlit.charts.dimensions import MOST_BARS, NAMES, NUMBER, dimensions_chart, dimensions_picture
from attnlit.charts.theme import DARK, LIGHT
from tests.charts.drawing import place_of, svg_of, texts

SHARES = np.array([0.5, 0.3, -0.1, *np.full(17, 0.3 / 17)])
TABLE = pd.DataFrame({"dimension": np.arange(20)[::-1], "share": SHARES})


def bars(**options) -> dict[str, list]:
    picture = dimensions_picture(TABLE, "share", form=".0%", **options)
    return picture.tables["bars"].to_pydict()


def test_the_first_dimensions_have_bars_of_their_own_in_their_order() -> None:
    drawn = bars()
    assert drawn["name"][:2] == ["dimension 19", "dimension 18"]
    assert drawn["value"][:3] == [0.5, 0.3, -0.1]
    assert drawn["text"][:3] == ["50%", "30%", "−10%"]
    assert len(drawn["name"]) == MOST_BARS + 1


def test_all_bars_together_are_the_whole() -> None:
    drawn = bars(added=0.25)
    assert drawn["name"][-2:] == ["8 others together", "added by the model"]
    assert sum(drawn["value"]) == pytest.approx(1.25)


def test_colours_say_the_sign_and_what_is_not_one_dimension() -> None:
    for theme in (LIGHT, DARK):
        colours = bars(theme=theme)["colour"]
        assert colours[:3] == [theme.positive, theme.positive, theme.negative]
        assert colours[-1] == theme.faint


def test_what_is_not_known_has_a_dash_and_no_bar() -> None:
    picture = dimensions_picture(TABLE.assign(share=np.nan), "share", form=".0%")
    drawn = picture.tables["bars"].to_pydict()
    assert set(drawn["value"]) == {0.0}
    assert set(drawn["text"]) == {"–"}


def test_a_picture_is_as_high_as_its_bars() -> None:
    few = dimensions_picture(TABLE.iloc[:4], "share", form=".0%")
    many = dimensions_picture(TABLE, "share", form=".0%")
    assert few.height(480) < many.height(480)
    assert int(svg_of(few).get("height", 0)) == few.height(480)
    assert few.spec is many.spec


def test_names_and_numbers_are_drawn_and_numbers_fit_beside_negative_bars() -> None:
    chart = dimensions_chart(TABLE, "share", form=".0%")
    drawn = svg_of(chart)
    assert {"dimension 19", "50%", "−10%", "8 others together"} <= set(texts(drawn))
    places = {each.text: place_of(each)[0] for each in drawn.iter() if each.tag.endswith("text")}
    assert places["−10%"] >= NAMES + NUMBER - 6, "beside the names, and not on them"
    assert places["50%"] <= 480 - NUMBER + 6
    positive = svg_of(dimensions_chart(TABLE.iloc[:2], "share", form=".0%"))
    (zero,) = (each for each in positive.iter() if each.get("stroke", "").upper() == LIGHT.rule)
    assert place_of(zero)[0] == NAMES, "no room is left where nothing is negative"
