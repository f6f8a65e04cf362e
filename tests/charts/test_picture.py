"""A picture: Arrow tables beside a frozen specification, as Streamlit takes it."""

from __future__ import annotations

import json

import pyarrow as pa

from attnlit.charts.head import head_picture
from attnlit.charts.picture import arrow_stream, with_values
from tests.records import random_record


def test_a_table_survives_the_journey() -> None:
    table = pa.table({"place": [1, 2], "text": ["a", "é"]})
    assert pa.ipc.open_stream(arrow_stream(table)).read_all() == table


def test_values_are_set_on_a_copy() -> None:
    spec = {"height": 1, "params": [{"name": "row", "value": 0}, {"name": "sum", "expr": "row + 1"}]}
    before = json.dumps(spec)
    assert with_values(spec, {"row": 24}) == {
        "height": 1,
        "params": [{"name": "row", "value": 24}, {"name": "sum", "expr": "row + 1"}],
    }
    assert json.dumps(spec) == before


def test_what_a_picture_begins_with_is_in_the_specification_that_nobody_answers_only() -> None:
    picture = head_picture(random_record(), 0, pinned=("query", 2))
    assert picture.begins_with == {"pin": [{"side": "query", "index": 2}]}
    assert picture.begins_with["pin"] in [each.get("value") for each in picture.spec_by_itself["params"]]
    assert picture.begins_with["pin"] not in [each.get("value") for each in picture.spec["params"]]


def _page() -> None:
    import streamlit as st

    from attnlit.charts.head import head_picture
    from tests.records import random_record

    layer = st.number_input("layer", 0, 1, 0)
    picture = head_picture(random_record(), layer)
    event = st.altair_chart(
        picture, key="view", theme=None, width="stretch", on_select="rerun", selection_mode=["pin"]
    )
    st.text(str(event["selection"]["pin"]))


def test_streamlit_takes_a_picture_lets_its_pin_be_selected_and_leaves_the_spec_alone() -> None:
    from streamlit.testing.v1 import AppTest

    frozen = json.dumps(head_picture(random_record(), 0).spec)
    app = AppTest.from_function(_page).run(timeout=30)
    assert not app.exception
    chart = app.get("vega_lite_chart")[0].proto
    assert list(chart.selection_mode) == ["pin"]
    assert {dataset.name for dataset in chart.datasets} == {"tokens", "lines", "rows", "switches", "setup"}
    first_lines = next(dataset.data.data for dataset in chart.datasets if dataset.name == "lines")

    app.number_input[0].set_value(1).run(timeout=30)
    other = app.get("vega_lite_chart")[0].proto
    assert other.spec == chart.spec, "a change of layer must not change the specification"
    assert next(dataset.data.data for dataset in other.datasets if dataset.name == "lines") != first_lines

    app.session_state["view"] = {"selection": {"pin": [{"side": "query", "index": 3}]}}
    app.run(timeout=30)
    assert app.text[0].value == "[{'side': 'query', 'index': 3}]"
    assert json.dumps(head_picture(random_record(), 0).spec) == frozen
