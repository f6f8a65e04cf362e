"""The layers x heads map: which colour a number has, what stands where, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from attnlit.charts.head_map import head_map, head_map_picture
from attnlit.charts.theme import DARK, LIGHT
from attnlit.errors import AttnlitError


def cells(values, **options):
    return head_map_picture(np.array(values, float), title="Score", **options).tables["cells"].to_pydict()


def test_each_cell_carries_its_layer_head_and_number():
    drawn = cells([[0.0, 0.25], [0.5, 1.0], [0.75, np.nan]], form=".0%")
    assert drawn["layer"] == [0, 0, 1, 1, 2, 2]
    assert drawn["head"] == [0, 1] * 3
    assert drawn["text"] == ["0%", "25%", "50%", "100%", "75%", "–"]


def test_the_largest_number_has_the_accent_and_zero_the_panel():
    drawn = cells([[0.0, 2.0, np.nan]])
    assert drawn["colour"] == [LIGHT.panel, LIGHT.accent, LIGHT.panel]


def test_signed_numbers_are_blue_above_and_orange_below_zero_on_one_scale():
    drawn = cells([[-4.0, 0.0, 2.0, 4.0]], signed=True, theme=DARK)
    assert drawn["colour"][0] == DARK.negative
    assert drawn["colour"][1] == DARK.panel
    assert drawn["colour"][3] == DARK.positive
    assert drawn["colour"][2] not in (DARK.panel, DARK.positive)


def test_limits_fix_the_scale_so_that_two_maps_can_be_compared():
    assert cells([[0.5]], limits=(0.0, 1.0))["colour"] == cells([[0.5, 1.0]])["colour"][:1]


@pytest.mark.parametrize("signed", [False, True])
def test_one_number_for_all_heads_still_draws(signed):
    assert len(cells(np.zeros((3, 4)), signed=signed)["colour"]) == 12
    assert len(cells(np.full((2, 2), np.nan), signed=signed)["colour"]) == 4


def test_the_selected_head_is_framed_and_a_missing_one_refused():
    picture = head_map_picture(np.zeros((2, 3)), title="Score", selected=(1, 2))
    assert picture.tables["current"].to_pydict() == {"row": [1], "column": [2]}
    with pytest.raises(AttnlitError, match="layer from 0 to 1"):
        head_map_picture(np.zeros((2, 3)), title="Score", selected=(2, 0))
    with pytest.raises(AttnlitError, match="one number for each head"):
        head_map_picture(np.zeros(3), title="Score")


def test_all_maps_of_a_theme_share_one_specification():
    one = head_map_picture(np.zeros((2, 3)), title="One")
    other = head_map_picture(np.ones((12, 12)), title="Other", signed=True)
    assert one.spec is other.spec


@pytest.mark.whole
def test_the_map_saves_with_its_numbers(tmp_path):
    chart = head_map(np.array([[0.25, 0.5], [0.75, 1.0]]), title="Score <b>", form=".0%")
    chart.save(tmp_path / "map.svg")
    drawn = (tmp_path / "map.svg").read_text()
    for text in ("25%", "50%", "75%", "100%", "Layer", "Head"):
        assert f">{text}</text>" in drawn
