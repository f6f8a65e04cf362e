"""The model view: what its cells say against the definitions, what its spec depends on, and its clicks."""

from __future__ import annotations

import gc
import json
import re
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from attnlit.analysis.scores import head_roles
from attnlit.attention.filters import keep
from attnlit.attention.record import PASSED_ON, TOGETHER, Attention
from attnlit.charts import grid
from attnlit.charts.model import NO_ROLE, Roles, drawn, model_picture, model_view
from attnlit.charts.model.roles import VEILED
from attnlit.charts.model.spec import HIGHEST_CELL, LENS
from attnlit.charts.theme import DARK, LIGHT
from attnlit.errors import AttnlitError
from tests.charts.drawing import pixels, place_of, sources, svg_of, texts
from tests.records import record, vectors_record


def cells(attention: Attention, **options: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = model_picture(attention, **options).tables["cells"].to_pylist()
    return rows


def test_cells_describe_known_heads() -> None:
    n = 8
    uniform = np.full((n, n), 1 / n)
    previous = np.eye(n, k=-1) + np.outer(np.eye(n)[0], np.eye(n)[0])
    first, second, third = cells(record(np.stack([[uniform, np.eye(n), previous]])))
    assert first["spread"] == f"{n} tokens"
    assert second["spread"] == third["spread"] == "1 token"
    assert [cell["back"] for cell in (first, second, third)] == [
        "as far back as ahead",
        "as far back as ahead",
        f"{(n - 1) / n:.1f} tokens back",
    ]
    assert second["strongest"] == "t0 → t0, 100%"


def test_a_column_that_stands_for_all_heads_is_called_all() -> None:
    whole = replace(record(np.full((2, 1, 9, 9), 1 / 9)), weighs=PASSED_ON + TOGETHER)
    assert model_picture(whole).tables["head_labels"]["text"].to_pylist() == ["all"]
    assert model_picture(replace(whole, weighs=PASSED_ON)).tables["head_labels"]["text"].to_pylist() == ["0"]


def test_distance_is_signed_and_counts_positions() -> None:
    ahead, back = np.eye(4)[[1, 2, 3, 3]], np.eye(4)[[0, 0, 0, 0]]
    attention = record(np.stack([[ahead, back]]))
    assert [cell["back"] for cell in cells(attention)] == ["0.8 tokens ahead", "1.5 tokens back"]
    other_sentence = keep(record(np.full((1, 1, 9, 9), 1 / 9)), [0, 1], [7, 8])
    assert [cell["back"] for cell in cells(other_sentence)] == ["7 tokens ahead"]
    tooltip = json.dumps(model_picture(attention).spec)
    assert "'Looks': datum.back" in tooltip


def test_distance_in_the_tooltip_is_that_of_the_table_of_heads() -> None:
    attention = vectors_record(layers=3, heads=4, queries=12)
    in_table = head_roles(attention)["distance"]
    said = [cell["back"].replace("as far back as ahead", "0 tokens back") for cell in cells(attention)]
    found = [re.fullmatch(r"([\d.]+) tokens? (back|ahead)", each) for each in said]
    numbers = [float(each[1]) * (1 if each[2] == "back" else -1) for each in found]
    np.testing.assert_allclose(numbers, in_table, atol=0.051)


def test_long_texts_are_measured_in_some_rows_and_say_so() -> None:
    n = 160
    uniform, third_back = np.full((n, n), 1 / n), np.eye(n)[np.maximum(np.arange(n) - 3, 0)]
    uniform[5, 7] = 0.5
    first, second = cells(record(np.stack([[uniform, third_back]])))
    assert first["strongest"] == "t5 → t7, 50%"  # of all rows
    assert first["spread"] == f"about {n} tokens"
    assert second["spread"] == "about 1 token"
    assert second["back"] == "about 3 tokens back"


def test_empty_rows_spoil_neither_thumbnails_nor_facts() -> None:
    weights = np.random.default_rng(0).dirichlet(np.ones(6), (2, 3, 6)).astype(np.float32)
    zeros = weights.copy()
    zeros[:, :, 2] = 0
    zeros[1, 2] = 0
    empty = np.where(zeros.sum(axis=-1, keepdims=True) == 0, np.float32(np.nan), zeros)
    picture, expected = model_picture(record(empty)), model_picture(record(zeros))
    assert picture.tables["strips"] == expected.tables["strips"]
    assert picture.tables["cells"] == expected.tables["cells"]
    facts = picture.tables["cells"].to_pylist()[-1]  # a head with nothing left
    assert [facts[name] for name in ("strongest", "spread", "back")] == ["–", "–", "–"]


def test_strongest_pair_names_query_then_key() -> None:
    weights = np.full((1, 1, 3, 4), 0.1)
    weights[0, 0, 2, 1] = 0.7
    (cell,) = cells(record(weights))
    assert cell["strongest"] == "t2 → t1, 70%"


def test_filtered_rows_are_described_as_shares_of_what_is_left() -> None:
    left = np.array([[0.2, 0.2], [0.0, 0.0]])  # the second row's keys are all hidden
    (cell,) = cells(record(left[None, None]))
    assert cell["spread"] == "2 tokens"


def test_cross_attention_has_no_distance() -> None:
    (cell,) = cells(record(np.full((1, 1, 3, 5), 0.2), kind="cross"))
    assert cell["back"] == "–"


def test_selected_head_is_data_and_the_spec_serves_every_model() -> None:
    attention = vectors_record(layers=3, heads=5)
    picture = model_picture(attention, selected=(2, 4))
    assert picture.tables["current"].to_pylist() == [{"row": 2, "column": 4}]
    assert model_picture(attention).tables["current"].num_rows == 0
    assert model_picture(vectors_record(layers=2, heads=2, queries=40), selected=(0, 0)).spec is picture.spec
    assert model_picture(attention, theme=DARK).spec != picture.spec
    assert sources(picture.spec) == set(picture.tables)


def test_subset_of_layers_keeps_their_numbers() -> None:
    attention = vectors_record(layers=6, heads=2)
    picture = model_picture(attention, layers=[1, 5], selected=(5, 1))
    assert picture.tables["current"].to_pylist() == [{"row": 1, "column": 1}]
    assert [cell["layer"] for cell in picture.tables["cells"].to_pylist()] == [1, 1, 5, 5]
    assert picture.tables["layer_labels"]["text"].to_pylist() == ["1", "5"]
    assert model_picture(attention, layers=[1], selected=(5, 1)).tables["current"].num_rows == 0
    assert picture.tables["strips"] != model_picture(attention, layers=[0, 5]).tables["strips"]


def test_layers_stand_in_the_order_asked_for() -> None:
    attention = vectors_record(layers=2, heads=2)
    first, second = cells(attention)[:2], cells(attention)[2:]
    swapped = cells(attention, layers=[1, 0])
    assert [cell["layer"] for cell in swapped] == [1, 1, 0, 0]
    assert [cell["strongest"] for cell in swapped] == [cell["strongest"] for cell in second + first]


@pytest.mark.parametrize(
    "wrong", [{"selected": (2, 0)}, {"selected": (0, 9)}, {"layers": [0, 7]}, {"layers": []}]
)
def test_what_does_not_exist_is_said_in_words(wrong: dict[str, Any]) -> None:
    with pytest.raises(AttnlitError, match=r"There is no|there is no|No layer"):
        model_picture(vectors_record(layers=2, heads=4), **wrong)


def test_thumbnails_are_drawn_once_and_go_with_the_record() -> None:
    gc.collect()  # the records of other tests
    attention = vectors_record()
    first = model_picture(attention, selected=(0, 1)).tables["strips"]
    assert model_picture(attention, selected=(1, 1)).tables["strips"] is first
    assert model_picture(attention, theme=DARK).tables["strips"] != first  # its own colours
    kept = len(drawn)
    gone = weakref.ref(attention)
    del attention
    gc.collect()
    assert gone() is None
    assert len(drawn) == kept - 2


@pytest.mark.parametrize(
    ("queries", "keys"), [(2, 2), (16, 16), pytest.param(512, 512, marks=pytest.mark.whole), (9, 70)]
)
def test_any_length_is_light(queries: int, keys: int) -> None:
    attention = record(np.full((12, 12, queries, keys), 1 / keys, np.float32))
    picture = model_picture(attention)
    assert sum(map(len, picture.to_dict()["datasets"].values())) < 400_000
    assert picture.tables["strips"].num_rows == 12


@pytest.mark.parametrize(
    ("layers", "heads", "width"),
    [(2, 2, 360), (6, 8, 800), (12, 12, 360), pytest.param(32, 32, 1400, marks=pytest.mark.whole)],
)
def test_grid_fills_the_width(layers: int, heads: int, width: int) -> None:
    picture = model_picture(record(np.full((layers, heads, 3, 3), 1 / 3)))
    drawn = ElementTree.tostring(svg_of(picture, width=width), encoding="unicode").replace("ns0:", "")
    cell = min(max((width - grid.LEFT) // heads, 8), HIGHEST_CELL)
    height = grid.TOP + layers * cell + 2
    assert picture.height(width) == height
    assert re.search(rf'width="{width}" height="{height}"', drawn)
    images = [
        {name: float(value) for name, value in re.findall(r'(\w+)="([\d.]+)"', image)}
        for image in re.findall(r"<image ([^>]*)>", drawn)
    ]
    assert len(images) == heads
    places = [float(x) for x in re.findall(r'<image [^>]*transform="translate\(([\d.]+)', drawn)]
    assert max(place + image["width"] for place, image in zip(places, images, strict=True)) <= width
    assert {image["height"] for image in images} == {layers * cell}
    widest = max(place + image["width"] for place, image in zip(places, images, strict=True))
    assert widest >= min(width, grid.LEFT + 2 * HIGHEST_CELL * heads) - heads - HIGHEST_CELL / 36, (
        "the whole width is used"
    )


@pytest.mark.whole
def test_view_is_an_altair_chart_that_saves(tmp_path: Path) -> None:
    attention = vectors_record(layers=2, heads=2, queries=3)
    ending = replace(attention.queries[0], text="</script><script>alert(1)</script>")
    attention = replace(attention, queries=(ending,) * 3, keys=(ending,) * 3)
    chart = model_view(attention, theme=DARK)
    for suffix in ("html", "svg", "png"):
        chart.save(str(tmp_path / f"grid.{suffix}"))
    page = (tmp_path / "grid.html").read_text()
    assert page.count("</script>") == 4  # those of the page itself, none from the token
    assert (tmp_path / "grid.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "grid.svg").read_text().count("<image") == 2


def page_with_grid() -> None:
    import streamlit as st

    from attnlit.charts.model import model_picture
    from tests.records import vectors_record

    picture = model_picture(vectors_record(layers=3, heads=5), selected=(0, 0))
    event = st.altair_chart(
        picture, key="grid", theme=None, on_select="rerun", selection_mode=["cell"], width="stretch"
    )
    st.text(str(event["selection"]["cell"]))


def test_streamlit_takes_the_picture_and_gives_the_click_back() -> None:
    app = AppTest.from_function(page_with_grid)
    app.run()
    assert not app.exception
    assert app.text[0].value == "{}"
    sent = app.get("vega_lite_chart")[0].proto
    assert list(sent.selection_mode) == ["cell"]
    picture = model_picture(vectors_record(layers=3, heads=5), selected=(0, 0), theme=LIGHT)
    assert {dataset.name for dataset in sent.datasets} == set(picture.tables)
    spec = json.loads(sent.spec)
    assert spec["layer"] == picture.spec["layer"]
    cell = next(param for param in spec["params"] if param["name"] == "cell")
    assert cell["select"]["fields"] == ["layer", "head"]
    assert [event["type"] for event in cell["select"]["on"]["merge"]] == ["click", "touchend"]
    app.session_state["grid"] = {"selection": {"cell": [{"layer": 2, "head": 4}]}}
    app.run()
    assert app.text[0].value == "[{'layer': 2, 'head': 4}]"


def test_the_first_token_and_special_ones_are_not_the_strongest() -> None:
    causal = np.array([[[[1, 0, 0], [0.9, 0.1, 0], [0.2, 0.7, 0.1]]]])
    attention = replace(record(causal), causal=True)
    assert cells(attention)[0]["strongest"] == "t1 → t0, 90%"
    first, *others = attention.keys
    marked = replace(attention, keys=(replace(first, special=True), *others))
    assert cells(marked)[0]["strongest"] == "t2 → t1, 70%"
    nothing_else = replace(record(np.array([[[[1.0, 0], [1, 0]]]])), keys=marked.keys[:2])
    assert cells(nothing_else)[0]["strongest"] == "t0 → t0, 100%"


ROLES = Roles(("previous token", "first token"), ((None, 0), (0, 1)))


def test_colour_means_the_role_and_one_ink_means_none() -> None:
    attention = vectors_record(layers=2, heads=2, queries=4)
    assert len({tuple(each) for each in colours(attention)}) == 1
    inks = colours(attention, roles=ROLES)
    (none, previous), (again, first) = inks
    assert none == LIGHT.ink
    assert previous == again
    assert {previous, first} < set(LIGHT.heads)
    picture = model_picture(attention, roles=ROLES)
    assert [cell["role"] for cell in picture.tables["cells"].to_pylist()] == [
        NO_ROLE, "previous token", "previous token", "first token",
    ]  # fmt: skip
    legend = {"previous token · 2", "first token · 1", f"{NO_ROLE} · 1"}
    assert legend <= set(texts(svg_of(picture)))
    assert not legend & set(texts(svg_of(model_picture(attention))))


def test_eight_roles_have_eight_hues_and_none_is_the_ink_of_heads_without_one() -> None:
    roles = Roles(tuple("abcdefgh"), ((*range(8), None),))
    for theme in (LIGHT, DARK):
        picture = model_picture(vectors_record(layers=1, heads=9, queries=4), roles=roles, theme=theme)
        hues = picture.tables["roles"]["colour"].to_pylist()
        assert {*hues[:-1]} == {*theme.heads}
        assert hues[-1] == theme.ink


def test_heads_of_other_roles_than_the_chosen_one_fade_and_a_second_click_leads_back() -> None:
    attention = vectors_record(layers=2, heads=2, queries=4)
    every = model_picture(attention, roles=ROLES)
    assert every.tables["faded"].num_rows == 0
    assert every.tables["roles"]["to"].to_pylist() == ["previous token", "first token", NO_ROLE]
    one = model_picture(attention, roles=ROLES, only="previous token")
    veiled = {(cell["row"], cell["column"]) for cell in one.tables["faded"].to_pylist()}
    assert veiled == {(0, 0), (1, 1)}
    assert one.tables["roles"]["to"].to_pylist() == ["", "first token", NO_ROLE]
    assert one.tables["strips"] is every.tables["strips"], "nothing is drawn again"
    by_itself = veils(svg_of(one, role=[{"role": "previous token"}]))
    assert len(veils(svg_of(one))) == len(by_itself) == 2
    assert veils(svg_of(every)) == veils(svg_of(every, role=[])) == []
    assert one.begins_with == {"role": [{"role": "previous token"}]}
    for wrong in ("next token", 3):
        with pytest.raises(AttnlitError, match="previous token, first token or No clear role"):
            model_picture(attention, roles=ROLES, only=wrong)  # type: ignore[arg-type]


def veils(svg: ElementTree.Element) -> list[str]:
    """What lies over faded heads."""
    return [each.get("d", "") for each in svg.iter() if each.get("opacity") == str(VEILED)]


def test_where_cells_are_too_small_for_a_finger_the_chosen_layer_stands_below_in_large_ones() -> None:
    many = vectors_record(layers=3, heads=32, queries=5)
    picture = model_picture(many, selected=(1, 20))
    svg = svg_of(picture, width=358)
    assert "Layer 1, larger" in texts(svg)
    images = [each for each in svg.iter() if each.tag.endswith("image")]
    large = [each for each in images if float(each.get("width", 0)) >= 38]
    assert len(large) == 32
    places = sorted(place_of(each)[::-1] for each in large)
    grid_ends = grid.TOP + 3 * ((358 - grid.LEFT) // 32)
    assert places[0][0] > grid_ends
    assert places[-1][0] + 40 < picture.height(358)
    assert float(svg.get("height", 0)) == pytest.approx(picture.height(358), abs=12)
    assert picture.tables["near"]["head"].to_pylist() == list(range(32))
    assert set(picture.tables["near"]["layer"].to_pylist()) == {1}
    spec = json.dumps(picture.spec["params"])
    assert '"near_cells_marks"' in spec, "a tap there chooses, too"
    assert sources(picture.spec) == set(picture.tables)
    few = model_picture(vectors_record(layers=3, heads=8, queries=5), selected=(1, 2))
    assert len(few.spec["layer"]) < len(picture.spec["layer"]), "a browser has no more to do than before"


@pytest.mark.parametrize(
    ("heads", "width", "selected"), [(12, 358, (1, 2)), (32, 1000, (1, 2)), (32, 358, None)]
)
def test_large_cells_stand_nowhere_else(heads: int, width: int, selected: tuple[int, int] | None) -> None:
    picture = model_picture(vectors_record(layers=3, heads=heads, queries=5), selected=selected)
    svg = svg_of(picture, width=width)
    assert not any("larger" in text for text in texts(svg))
    assert float(svg.get("height", 0)) == pytest.approx(picture.height(width), abs=12)


def colours(attention: Attention, **options: Any) -> list[list[str]]:
    """The colour of each thumbnail, by layer and head."""
    strips = [pixels(url) for url in model_picture(attention, **options).tables["strips"]["url"].to_pylist()]
    cell = len(strips[0]) // attention.layers
    found = []
    for layer in range(attention.layers):
        parts = [strip[layer * cell : (layer + 1) * cell] for strip in strips]
        inks = [part[part[..., 3] > 0][:, :3] for part in parts]
        assert all((each == each[0]).all() for each in inks)
        found.append(["#" + bytes(each[0]).hex().upper() for each in inks])
    return found


def test_roles_that_do_not_cover_every_head_are_refused_in_words() -> None:
    with pytest.raises(AttnlitError, match="none for 0-2"):
        model_picture(vectors_record(layers=2, heads=3), roles=ROLES)


def test_heads_of_a_layer_stand_closer_than_layers() -> None:
    attention = record(np.full((6, 8, 3, 3), 1 / 3))
    for width in (360, 800, 1500):
        images = [
            each
            for each in svg_of(model_picture(attention), width=width).iter()
            if each.tag.endswith("image")
        ]
        lefts = sorted(float(re.findall(r"[\d.]+", each.get("transform", ""))[0]) for each in images)
        between_heads = lefts[1] - lefts[0] - float(images[0].get("width", 0))
        cell = float(images[0].get("height", 0)) / 6
        assert between_heads < cell / 9, "than the gap below a thumbnail"


def lens(width: int, head: int) -> tuple[list[dict[str, float]], int]:
    """Images that are larger than a strip, with their places; how many clips there are."""
    svg = svg_of(
        model_picture(vectors_record(layers=4, heads=12, queries=5)), width=width, hover=[{"id": head}]
    )
    images = [each for each in svg.iter() if each.tag.endswith("image")]
    usual = min(float(each.get("height", 0)) for each in images)
    large = [each for each in images if float(each.get("height", 0)) > usual]
    places = [
        {
            **dict(zip(("x", "y"), place_of(each), strict=True)),
            "width": float(each.get("width", 0)),
            "height": float(each.get("height", 0)),
        }
        for each in large
    ]
    return places, sum(each.tag.endswith("clipPath") for each in svg.iter())


def test_a_small_thumbnail_is_enlarged_under_the_pointer_and_a_large_one_is_not() -> None:
    (image,), clips = lens(500, 2 * 12 + 7)
    zoom = image["height"] / (4 * ((500 - grid.LEFT) // 12))
    assert zoom * ((500 - grid.LEFT) // 12) * 8 / 9 == pytest.approx(LENS, rel=0.01)
    assert clips >= 1, "the rest of the strip is cut off"
    row = image["y"] + 2 * image["height"] / 4  # where the head's own thumbnail begins
    assert 0 <= row <= 4 * 38 + grid.TOP
    assert image["x"] >= 0
    assert image["x"] + image["width"] < grid.LEFT + 7 * 38, "it lies beside its thumbnail, not on it"
    (on_the_right,), _ = lens(500, 2 * 12)
    assert on_the_right["x"] > grid.LEFT + 38
    assert lens(2000, 2 * 12 + 7)[0] == []
