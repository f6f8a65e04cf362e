"""The model view: what its cells say against the definitions, what its spec depends on, and its clicks."""

from __future__ import annotations

import gc
import json
import re
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vl_convert
from streamlit.testing.v1 import AppTest

from attnlit.analysis.scores import positions
from attnlit.attention.filters import keep
from attnlit.attention.record import Attention
from attnlit.charts import grid, model
from attnlit.charts.model import model_picture, model_view
from attnlit.charts.theme import DARK, LIGHT
from attnlit.errors import AttnlitError
from tests.charts.records import record, weights_record


def cells(attention: Attention, **options: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = model_picture(attention, **options).tables["cells"].to_pylist()
    return rows


def sources(spec: Any) -> set[str]:
    """The names of all data sources in a specification."""
    if isinstance(spec, dict):
        own = {spec["data"]["name"]} if "name" in (spec.get("data") or {}) else set()
        return own.union(*(sources(part) for part in spec.values()), set())
    return set().union(*(sources(part) for part in spec)) if isinstance(spec, list) else set()


def test_cells_describe_known_heads() -> None:
    n = 8
    uniform = np.full((n, n), 1 / n)
    previous = np.eye(n, k=-1) + np.outer(np.eye(n)[0], np.eye(n)[0])
    first, second, third = cells(weights_record(np.stack([[uniform, np.eye(n), previous]])))
    assert first["entropy"] == f"{np.log(n):.2f} nats"
    assert second["entropy"] == third["entropy"] == "0.00 nats"
    assert [cell["distance"] for cell in (first, second, third)] == [
        "0.0 tokens",  # as far back as ahead
        "0.0 tokens",
        f"{(n - 1) / n:.1f} tokens",
    ]
    assert second["strongest"] == "t0 → t0  1.00"


def test_distance_is_signed_and_counts_positions() -> None:
    ahead, back = np.eye(4)[[1, 2, 3, 3]], np.eye(4)[[0, 0, 0, 0]]
    attention = weights_record(np.stack([[ahead, back]]))
    assert [cell["distance"] for cell in cells(attention)] == ["-0.8 tokens", "1.5 tokens"]
    other_sentence = keep(weights_record(np.full((1, 1, 9, 9), 1 / 9)), [0, 1], [7, 8])
    assert [cell["distance"] for cell in cells(other_sentence)] == ["-7.0 tokens"]
    tooltip = json.dumps(model_picture(attention).spec)
    assert '"field": "distance", "title": "Mean distance back"' in tooltip


def test_distance_in_the_tooltip_is_that_of_the_table_of_heads() -> None:
    attention = record(layers=3, heads=4, queries=12)
    in_table = positions.distance(attention.weights).ravel()
    assert [cell["distance"] for cell in cells(attention)] == [f"{value:z.1f} tokens" for value in in_table]


def test_long_texts_are_measured_in_some_rows_and_say_so() -> None:
    n = 160
    uniform, third_back = np.full((n, n), 1 / n), np.eye(n)[np.maximum(np.arange(n) - 3, 0)]
    uniform[5, 7] = 0.5
    first, second = cells(weights_record(np.stack([[uniform, third_back]])))
    assert first["strongest"] == "t5 → t7  0.50"  # of all rows
    assert first["entropy"] == f"≈ {np.log(n):.1f} nats"
    assert second["entropy"] == "≈ 0.0 nats"
    assert second["distance"] == "≈ 3 tokens"


def test_empty_rows_spoil_neither_thumbnails_nor_facts() -> None:
    weights = np.random.default_rng(0).dirichlet(np.ones(6), (2, 3, 6)).astype(np.float32)
    zeros = weights.copy()
    zeros[:, :, 2] = 0
    zeros[1, 2] = 0
    empty = np.where(zeros.sum(axis=-1, keepdims=True) == 0, np.float32(np.nan), zeros)
    picture, expected = model_picture(weights_record(empty)), model_picture(weights_record(zeros))
    assert picture.tables["strips"] == expected.tables["strips"]
    assert picture.tables["cells"] == expected.tables["cells"]
    facts = picture.tables["cells"].to_pylist()[-1]  # a head with nothing left
    assert [facts[name] for name in ("strongest", "entropy", "distance")] == ["–", "–", "–"]


def test_strongest_pair_names_query_then_key() -> None:
    weights = np.full((1, 1, 3, 4), 0.1)
    weights[0, 0, 2, 1] = 0.7
    (cell,) = cells(weights_record(weights))
    assert cell["strongest"] == "t2 → t1  0.70"


def test_filtered_rows_are_described_as_shares_of_what_is_left() -> None:
    left = np.array([[0.2, 0.2], [0.0, 0.0]])  # the second row's keys are all hidden
    (cell,) = cells(weights_record(left[None, None]))
    assert cell["entropy"] == f"{np.log(2):.2f} nats"


def test_cross_attention_has_no_distance() -> None:
    (cell,) = cells(weights_record(np.full((1, 1, 3, 5), 0.2), kind="cross"))
    assert cell["distance"] == "–"


def test_selected_head_is_data_and_the_spec_serves_every_model() -> None:
    attention = record(layers=3, heads=5)
    picture = model_picture(attention, selected=(2, 4))
    assert picture.tables["current"].to_pylist() == [{"row": 2, "column": 4}]
    assert model_picture(attention).tables["current"].num_rows == 0
    assert model_picture(record(layers=2, heads=2, queries=40), selected=(0, 0)).spec is picture.spec
    assert model_picture(attention, theme=DARK).spec != picture.spec
    assert sources(picture.spec) == set(picture.tables)


def test_subset_of_layers_keeps_their_numbers() -> None:
    attention = record(layers=6, heads=2)
    picture = model_picture(attention, layers=[1, 5], selected=(5, 1))
    assert picture.tables["current"].to_pylist() == [{"row": 1, "column": 1}]
    assert [cell["layer"] for cell in picture.tables["cells"].to_pylist()] == [1, 1, 5, 5]
    assert picture.tables["layer_labels"]["text"].to_pylist() == ["1", "5"]
    assert model_picture(attention, layers=[1], selected=(5, 1)).tables["current"].num_rows == 0
    assert picture.tables["strips"] != model_picture(attention, layers=[0, 5]).tables["strips"]


def test_layers_stand_in_the_order_asked_for() -> None:
    attention = record(layers=2, heads=2)
    first, second = cells(attention)[:2], cells(attention)[2:]
    swapped = cells(attention, layers=[1, 0])
    assert [cell["layer"] for cell in swapped] == [1, 1, 0, 0]
    assert [cell["strongest"] for cell in swapped] == [cell["strongest"] for cell in second + first]


@pytest.mark.parametrize(
    "wrong", [{"selected": (2, 0)}, {"selected": (0, 9)}, {"layers": [0, 7]}, {"layers": []}]
)
def test_what_does_not_exist_is_said_in_words(wrong: dict[str, Any]) -> None:
    with pytest.raises(AttnlitError, match=r"There is no|there is no|No layer"):
        model_picture(record(layers=2, heads=4), **wrong)


def test_thumbnails_are_drawn_once_and_go_with_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    draw = model.line_strips
    monkeypatch.setattr(model, "line_strips", lambda *all_of_it: drawn.append(1) or draw(*all_of_it))
    attention = record()
    model_picture(attention, selected=(0, 1))
    model_picture(attention, selected=(1, 1))
    assert len(drawn) == 1
    light = model_picture(attention).tables["strips"]
    assert model_picture(attention, theme=DARK).tables["strips"] != light  # its own colours
    for subset in ([0], [1], [1, 0], [0, 0], [1, 1]):
        model_picture(attention, layers=subset)
    assert len(model._drawn[attention]) == model.DRAWN_PER_RECORD
    gone = weakref.ref(attention)
    del attention
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize(("queries", "keys"), [(2, 2), (16, 16), (512, 512), (9, 70)])
def test_any_length_is_light(queries: int, keys: int) -> None:
    attention = weights_record(np.full((12, 12, queries, keys), 1 / keys, np.float32))
    picture = model_picture(attention)
    assert sum(map(len, picture.to_dict()["datasets"].values())) < 400_000
    assert picture.tables["strips"].num_rows == 12


def svg(attention: Attention, width: int, **options: Any) -> str:
    return str(vl_convert.vegalite_to_svg(model_view(attention, width=width, **options).to_dict()))


@pytest.mark.parametrize(
    ("layers", "heads", "width"), [(2, 2, 360), (6, 8, 800), (12, 12, 360), (32, 32, 1400)]
)
def test_grid_fills_the_width_with_square_cells(layers: int, heads: int, width: int) -> None:
    drawn = svg(weights_record(np.full((layers, heads, 3, 3), 1 / 3)), width)
    cell = min(max((width - grid.LEFT) // heads, 8), model.LARGEST_CELL)
    height = grid.TOP + layers * cell + 2
    assert f'width="{width}" height="{height}"' in drawn
    images = [
        {name: float(value) for name, value in re.findall(r'(\w+)="([\d.]+)"', image)}
        for image in re.findall(r"<image ([^>]*)>", drawn)
    ]
    assert len(images) == heads
    places = [float(x) for x in re.findall(r'<image [^>]*transform="translate\(([\d.]+)', drawn)]
    assert max(place + image["width"] for place, image in zip(places, images, strict=True)) <= width
    assert {image["height"] for image in images} == {layers * cell}


def test_view_is_an_altair_chart_that_saves(tmp_path: Path) -> None:
    attention = record(layers=2, heads=2, queries=3)
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
    from tests.charts.records import record

    picture = model_picture(record(layers=3, heads=5), selected=(0, 0))
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
    picture = model_picture(record(layers=3, heads=5), selected=(0, 0), theme=LIGHT)
    assert {dataset.name for dataset in sent.datasets} == set(picture.tables)
    spec = json.loads(sent.spec)
    assert spec["layer"] == picture.spec["layer"]
    cell = next(param for param in spec["params"] if param["name"] == "cell")
    assert cell["select"]["fields"] == ["layer", "head"]
    assert [event["type"] for event in cell["select"]["on"]["merge"]] == ["click", "touchend"]
    app.session_state["grid"] = {"selection": {"cell": [{"layer": 2, "head": 4}]}}
    app.run()
    assert app.text[0].value == "[{'layer': 2, 'head': 4}]"
