"""The layered picture draws the shares: a line's thickness, a dot's and a bar's size, the numbers as text."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from attnlit.charts.flow import flow_picture, flow_view
from attnlit.charts.flow.data import LINE_BUDGET, drawing, parts_of
from attnlit.charts.flow.spec import LINE_OPACITY, THICKEST
from attnlit.charts.theme import DARK, LIGHT
from attnlit.wording import percent
from tests.charts.drawing import svg_of, texts
from tests.charts.flow.routes import Routes, random_routes
from tests.records import tokens


def thicknesses(svg: ElementTree.Element, colour: str) -> list[float]:
    """Of all lines of this colour, as shares. Below a pixel a line is paler instead of thinner."""
    lines = [each for each in svg.iter() if each.get("stroke") == colour and each.tag.endswith("line")]
    widths = [float(each.get("stroke-width", "1")) for each in lines]
    assert min(widths, default=1) >= 1  # viewers of PDFs would draw a thinner one a pixel wide
    ink = [width * float(each.get("stroke-opacity", "1")) for width, each in zip(widths, lines, strict=True)]
    return sorted(each / LINE_OPACITY / THICKEST for each in ink)


def pointed_at(routes: Routes, place: int) -> ElementTree.Element:
    return svg_of(flow_picture(routes), width=900, hover=[{"place": place}])


def test_every_line_is_as_thick_as_its_share_on_both_sides() -> None:
    routes = random_routes()
    svg = svg_of(flow_view(routes))
    for colour, edges in ((LIGHT.accent, routes.edges), (LIGHT.faint, routes.uniform_edges)):
        wanted = np.sort(edges[edges >= 0.0015])
        assert np.allclose(thicknesses(svg, colour), wanted, atol=0.0002)
        assert len(wanted) > 10


def test_shares_and_ratios_are_written_beside_the_tokens() -> None:
    routes = random_routes()
    shown = texts(svg_of(flow_view(routes)))
    shares, even = routes.edges[0].sum(axis=0), routes.uniform_edges[0].sum(axis=0)
    assert {"word0", "This model", "If attention were even", "× even", "less", "more"} <= set(shown)
    for share, uniform in zip(shares[:4], even[:4], strict=True):
        assert percent(share) in shown
        ratio = next(text for text in shown if text.startswith("×") and _is(text, share / uniform))
        shown.remove(ratio)
    assert sum(text.startswith("×") for text in shown) == 1  # the title: the last word is out of reach


def _is(text: str, ratio: float) -> bool:
    number = text[1:].strip()
    return re.fullmatch(r"[\d.]+", number) is not None and abs(float(number) - ratio) <= 0.006 + 0.05 * ratio


def test_what_the_sinks_took_is_a_row_of_its_own_and_lines_lead_to_it() -> None:
    routes = random_routes(kept=0.8)
    drawn = drawing(routes)
    assert drawn.texts[-1] == "nowhere"
    lost = 1 - 0.8**3
    assert drawn.shares[-1] == pytest.approx(lost)
    np.testing.assert_allclose(drawn.nodes["own"].sum(axis=1), 1)
    np.testing.assert_allclose(drawn.edges["own"].sum(axis=(1, 2)), 1)
    assert np.isnan(drawn.ratio[-1])  # even attention loses nothing
    shown = texts(svg_of(flow_view(routes)))
    assert "nowhere" in shown
    assert percent(lost) in shown
    assert "nowhere" not in texts(svg_of(flow_view(random_routes())))


def test_parts_say_what_of_a_token_ends_in_each_input() -> None:
    routes = random_routes()
    parts = parts_of(routes.edges)
    np.testing.assert_allclose(parts[-1][routes.query], routes.edges[0].sum(axis=0), atol=1e-9)
    held = routes.edges[1].sum(axis=1)  # above layer 1
    np.testing.assert_allclose(parts[1].sum(axis=1), held > 0, atol=1e-9)
    assert not parts[:, 4].any()  # after the chosen token


def test_pointing_at_an_input_leaves_the_ways_to_it_as_shares_of_what_comes_from_it() -> None:
    routes = random_routes()
    for place in (0, 3):
        svg = pointed_at(routes, place)
        parts = parts_of(routes.edges)[:, :, place]
        below = np.concatenate([np.eye(5)[place][None], parts[:-1]])  # (L, N)
        through = routes.edges * below[:, None, :] / routes.edges[0].sum(axis=0)[place]
        np.testing.assert_allclose(through.sum(axis=(1, 2)), 1)
        wanted = np.sort(through[through > 0])
        assert np.allclose(thicknesses(svg, LIGHT.accent)[-len(wanted) :], wanted, atol=0.002)
        assert sum(thicknesses(svg, LIGHT.accent)) == pytest.approx(3, abs=0.03)


def test_all_tokens_of_a_text_share_one_spec_and_long_ones_do_too() -> None:
    one, other = random_routes(query=3), random_routes(query=2)
    assert flow_picture(one).spec is flow_picture(other).spec
    assert flow_picture(one, theme=DARK).spec is not flow_picture(one).spec
    assert flow_picture(one).spec is flow_picture(random_routes(5, 30, 20)).spec
    long, longer = random_routes(2, 70, 60), random_routes(3, 90, 10)
    assert flow_picture(long).spec is flow_picture(longer).spec


def test_only_the_strongest_lines_are_drawn_and_a_note_says_how_much_that_is() -> None:
    assert flow_picture(random_routes()).notes == ()
    routes = random_routes(12, 60, 59)
    picture = flow_picture(routes)
    drawn = picture.tables["own_lines"]["shares"][0].as_py().split(",")
    assert len(drawn) <= LINE_BUDGET + 1
    share = np.sort(routes.edges.ravel())[-len(drawn) :].sum() / 12
    assert f"Only the model's {len(drawn):,} strongest lines are drawn: {share:.0%} of" in picture.notes[0]


def test_on_a_phone_both_graphs_stay_and_the_bars_go() -> None:
    routes = random_routes()
    svg = svg_of(flow_view(routes, width=358))
    shown = texts(svg)
    assert {"Model", "Even", "× even", "word0"} <= set(shown)
    assert percent(routes.edges[0, :, 0].sum()) in shown
    painted = [each for each in svg.iter() if each.get("fill") == LIGHT.negative]
    assert not [each for each in painted if each.tag.endswith("path")]  # no bars of the ratio
    assert len(thicknesses(svg, LIGHT.faint)) > 10


def test_a_token_cannot_be_markup() -> None:
    routes = random_routes()
    hostile = replace(routes, tokens=tokens(["</script><b>", "b", "c", "d", "e"]))
    assert "</script><b>" not in str(flow_view(hostile).to_dict())
