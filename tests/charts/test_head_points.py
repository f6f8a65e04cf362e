"""The map of heads: every head a dot at its place, names that can be read, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from attnlit.charts.head_points import HEIGHT, NAME_HEIGHT, NAME_WIDTH, head_points_picture
from attnlit.charts.theme import DARK, LIGHT
from attnlit.errors import AttnlitError

POINTS = np.array([[0.0, 0.0], [2.0, 4.0], [1.0, 1.0], [1.0, 1.0], [1.0, 3.0], [0.5, 2.0]])  # 2 layers of 3


def dots(**options):
    return head_points_picture(POINTS, 3, **options).tables["points"].to_pydict()


def test_each_head_is_a_dot_at_its_share_of_the_map():
    drawn = dots()
    assert list(zip(drawn["layer"], drawn["head"], strict=True)) == [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 0),
        (1, 1),
        (1, 2),
    ]
    assert drawn["across"] == [0, 1, 0.5, 0.5, 0.5, 0.25]
    assert drawn["down"] == [0, 1, 0.25, 0.25, 0.75, 0.5]
    assert drawn["strength"][0] < drawn["strength"][3] == 1  # later layers are stronger


def names(points, heads, selected, near):
    """Middles of the names that are written, as share of the width, pixels right of it, and pixels down."""
    drawn = head_points_picture(points, heads, selected=selected, near=near).tables["points"].to_pydict()
    return {
        drawn["name"][row]: (
            drawn["across"][row],
            drawn["name_across"][row] + np.sign(drawn["name_across"][row]) * NAME_WIDTH / 2,
            16 + drawn["down"][row] * (HEIGHT - 32) + drawn["name_down"][row],
        )
        for row in np.flatnonzero(drawn["named"])
    }


@pytest.mark.parametrize("spread", [0.0, 0.01, 0.1, 1.0])
@pytest.mark.parametrize("width", [300, 358, 480, 700])
def test_no_name_lies_on_another_nor_outside_however_alike_the_heads_are(spread, width):
    random = np.random.default_rng(3)
    points = np.vstack([random.normal(size=(6, 2)) * spread, random.normal(size=(42, 2)) + 3])
    near = [(0, head) for head in range(1, 6)]
    written = names(points, 8, (0, 0), near)
    assert "0-0" in written  # the chosen one always has its name
    if spread:
        assert len(written) >= 4
    middles = [(20 + across * (width - 40) + right, down) for across, right, down in written.values()]
    for place, (x, y) in enumerate(middles):
        assert NAME_WIDTH / 2 <= x <= width - NAME_WIDTH / 2
        assert NAME_HEIGHT / 2 <= y <= HEIGHT - NAME_HEIGHT / 2
        for other_x, other_y in middles[:place]:
            assert abs(x - other_x) >= NAME_WIDTH - 0.5 or abs(y - other_y) >= NAME_HEIGHT - 0.5


def test_heads_without_room_for_a_name_are_ringed_all_the_same():
    drawn = dots(selected=(0, 2), near=[(1, 0)])
    assert drawn["current"] == [False, False, True, False, False, False]
    assert drawn["ringed"] == [False, False, True, True, False, False]
    assert dots()["ringed"] == dots()["named"] == [False] * 6


def test_heads_that_are_all_alike_are_one_dot():
    table = head_points_picture(np.zeros((4, 2)), 2).tables["points"].to_pydict()
    assert table["across"] == table["down"] == [0] * 4


@pytest.mark.parametrize("points", [np.zeros((5, 2)), np.zeros((4, 3)), np.full((4, 2), np.nan)])
def test_points_that_are_no_map_are_refused(points):
    with pytest.raises(AttnlitError, match="two numbers for each head"):
        head_points_picture(points, 2)


def test_a_click_gives_layer_and_head_and_one_specification_serves_all():
    one, other = head_points_picture(POINTS, 3), head_points_picture(POINTS[:4], 2)
    assert one.spec is other.spec
    assert one.spec is not head_points_picture(POINTS, 3, theme=DARK).spec
    assert LIGHT.accent in str(one.spec)
    (cell,) = [each for each in one.spec["params"] if each["name"] == "cell"]
    assert cell["select"]["fields"] == ["layer", "head"]
