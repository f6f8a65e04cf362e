"""The neuron view: its numbers against the definition of attention, and what stands where there is none."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from attnlit.attention.filters import keep
from attnlit.attention.record import Attention
from attnlit.charts.neuron import neuron_picture, neuron_table, neuron_view
from attnlit.charts.neuron.data import SCORE_UNIT, WEIGHT_UNIT
from attnlit.charts.neuron.layout import FARTHEST, TOP, WIDE
from attnlit.charts.picture import Picture, rows_of, with_values
from attnlit.charts.rendering import rendered
from attnlit.charts.theme import DARK, LIGHT
from attnlit.errors import AttnlitError
from tests.charts.drawing import pixels, sources
from tests.records import MASKED, record, vectors_record


def numbers(picture: Picture, column: str, unit: float) -> np.ndarray:
    """What the browser decodes from the comma strings: (loaded queries, keys), NaN for no number."""
    rows = picture.tables["rows"][column].to_pylist()
    return np.array([[float(part) * unit if part else np.nan for part in row.split(",")] for row in rows])


def shown_scores(picture: Picture) -> np.ndarray:
    return numbers(picture, "scores", SCORE_UNIT)


def shown_weights(picture: Picture) -> np.ndarray:
    return numbers(picture, "weights", WEIGHT_UNIT)


def setup(picture: Picture) -> dict[str, Any]:
    (row,) = picture.tables["setup"].to_pylist()
    return dict(row)


def captions(picture: Picture) -> dict[tuple[str, int], str]:
    return {(row["column"], row["line"]): row["text"] for row in picture.tables["captions"].to_pylist()}


def strip(address: str) -> np.ndarray:
    """Signed values from -1 to 1 as a strip shows them in the light theme."""
    colours = pixels(address).astype(float)
    blue = tuple(int(LIGHT.positive[start : start + 2], 16) for start in (1, 3, 5))
    sign = np.where((colours[..., :3] == blue).all(axis=-1), 1, -1)
    return sign * colours[..., 3] / 255


CASES: list[dict[str, Any]] = [
    {},
    {"causal": True},
    {"bias": True},
    {"causal": True, "bias": True, "key_heads": 2, "scaling": 1.0},
    {"queries": 4, "keys": 9},
    {"queries": 30, "dimensions": 33, "causal": True},
]


@pytest.mark.parametrize("case", CASES)
def test_softmax_of_the_scores_shown_is_the_weight_shown(case: dict[str, Any]) -> None:
    attention = vectors_record(**case)
    picture = neuron_picture(attention, 1, 3)
    power = np.nan_to_num(np.exp(shown_scores(picture)))
    softmax = power / power.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(np.nan_to_num(shown_weights(picture)), softmax, atol=1e-5)
    np.testing.assert_allclose(np.nan_to_num(shown_weights(picture)), attention.weights[1, 3], atol=1e-6)


def test_keys_that_a_query_cannot_see_are_not_numbers() -> None:
    picture = neuron_picture(vectors_record(queries=5, causal=True), 0, 0)
    later = np.triu(np.ones((5, 5), bool), 1)
    np.testing.assert_array_equal(np.isnan(shown_scores(picture)), later)
    np.testing.assert_array_equal(np.isnan(shown_weights(picture)), later)
    products = [strip(address) for address in picture.tables["products"]["url"].to_pylist()]
    for query, product in enumerate(products):
        assert not product[query + 1 :].any()
    assert any("dash" in note for note in picture.notes)
    assert not any("dash" in note for note in neuron_picture(vectors_record(), 0, 0).notes)


def test_a_hidden_key_before_the_last_one_seen_has_no_product() -> None:
    whole = vectors_record()
    mask = np.zeros((1, 6, 6), np.float32)
    mask[..., 2] = MASKED  # as a sliding window hides what lies too far back
    picture = neuron_picture(
        replace(whole, inputs=tuple(replace(each, mask=mask) for each in whole.inputs)), 0, 0
    )
    for address in picture.tables["products"]["url"].to_pylist():
        assert [bool(row.any()) for row in strip(address)] == [True, True, False, True, True, True]


@pytest.mark.parametrize("case", CASES)
def test_strips_show_q_k_and_their_product(case: dict[str, Any]) -> None:
    attention = vectors_record(**case)
    vectors = attention.vectors(0, 2)
    picture = neuron_picture(attention, 0, 2, 1)
    q, k = (strip(address) for address in picture.tables["vectors"]["url"].to_pylist())
    product = strip(picture.tables["products"]["url"].to_pylist()[1])
    rows = picture.tables["products"]["keys"].to_pylist()[1]
    assert rows == len(product) == 1 + np.flatnonzero(np.isfinite(vectors.scores[1]))[-1]
    seen = np.isfinite(vectors.scores)[..., None]
    products = (vectors.q[:, None] * vectors.k)[np.isfinite(vectors.scores)]
    limit, product_limit = full_colour(vectors.q, vectors.k), full_colour(products)
    for shown, values in (
        (q, vectors.q / limit),
        (k, vectors.k / limit),
        (product, (vectors.q[1] * vectors.k * seen[1] / product_limit)[:rows]),
    ):
        assert shown.shape == values.shape
        visible = np.abs(shown) > 0
        np.testing.assert_array_equal(np.sign(shown)[visible], np.sign(values)[visible])
        # One scale for all, in seven shades of square-root spacing: at most half a shade apart.
        apart = np.sqrt(np.abs(shown)) - np.sqrt(np.minimum(np.abs(values), 1))
        assert np.abs(apart).max() < 0.5 / 7 + 0.01
    legend = captions(picture)["wide", 0]
    assert legend == f"full colour from ±{limit:.2g} in q and k, ±{product_limit:.2g} in q × k"


def full_colour(*values: np.ndarray) -> float:
    """The magnitude that 99.5 % do not exceed."""
    ordered = np.sort(np.abs(np.concatenate([part.ravel() for part in values])))
    return float(ordered[int(0.995 * (len(ordered) - 1))])


def test_values_for_the_tooltips_are_the_vectors() -> None:
    attention = vectors_record(queries=5, keys=7)
    vectors = attention.vectors(1, 1)
    picture = neuron_picture(attention, 1, 1)
    unit = setup(picture)["value_unit"]
    for table, values in (("queries", vectors.q), ("keys", vectors.k)):
        shown = [
            [float(part) * unit for part in row.split(",")]
            for row in picture.tables[table]["values"].to_pylist()
        ]
        np.testing.assert_allclose(shown, values, atol=unit)
    assert unit <= np.abs(vectors.q).max() / 500


def test_one_spec_serves_every_text_head_and_query() -> None:
    picture = neuron_picture(vectors_record(causal=True), 0, 0, 3)
    other = neuron_picture(vectors_record(queries=9, keys=40, dimensions=16, bias=True), 1, 2)
    assert other.spec is picture.spec
    assert neuron_picture(vectors_record(), 0, 0, theme=DARK).spec != picture.spec
    assert setup(picture)["query"] == 3
    assert sources(picture.spec) == set(picture.tables)


def test_first_query_is_an_ordinary_token_near_the_top() -> None:
    assert setup(neuron_picture(vectors_record(queries=40, causal=True), 0, 0))["query"] == 9
    assert setup(neuron_picture(vectors_record(queries=2), 0, 0))["query"] == 1
    only_special = replace(vectors_record(queries=1), queries=vectors_record(queries=1).queries)
    assert setup(neuron_picture(only_special, 0, 0))["query"] == 0


def test_heads_say_what_the_model_adds_and_shares() -> None:
    plain = captions(neuron_picture(vectors_record(), 0, 1))
    assert plain["score", 1] == "q·k / √d"
    assert plain["score", 2] == "score"
    assert plain["k", 2] == "8 dimensions"
    grouped = neuron_picture(vectors_record(key_heads=2, bias=True, causal=True, scaling=1.0), 0, 3)
    assert captions(grouped)["score", 1] == "q·k"
    assert captions(grouped)["score", 2] == "+ position bias"
    assert captions(grouped)["k", 2] == "key head 1, with head 2"
    assert any("key head 1, with head 2" in note for note in grouped.notes)
    assert any("position bias, causal mask" in note for note in grouped.notes)
    assert captions(neuron_picture(vectors_record(causal=True), 0, 0))["score", 2] == "+ causal mask"
    assert captions(neuron_picture(vectors_record(scaling=0.05), 0, 0))["score", 1] == "q·k × 0.05"


def test_a_window_is_named_above_its_column_and_measured_below() -> None:
    whole = vectors_record()
    back = np.arange(6)[:, None] - np.arange(6)
    mask = np.where((back >= 0) & (back < 3), 0, MASKED).astype(np.float32)[None]
    picture = neuron_picture(
        replace(whole, inputs=tuple(replace(each, mask=mask) for each in whole.inputs)), 0, 0
    )
    assert captions(picture)["score", 2] == "+ sliding window"
    assert any("sliding window of 3 tokens" in note for note in picture.notes)


def test_a_filtered_record_says_that_keys_are_hidden() -> None:
    attention = vectors_record(queries=8)
    filtered = keep(attention, range(2, 6), range(3))
    picture = neuron_picture(filtered, 0, 0, 1)
    np.testing.assert_allclose(shown_weights(picture), attention.weights[0, 0, 2:6, :3], atol=1e-6)
    assert any("hidden" in note for note in picture.notes)
    assert not any("hidden" in note for note in neuron_picture(attention, 0, 0).notes)


def test_a_long_text_loads_the_queries_around_the_chosen_one() -> None:
    attention = vectors_record(layers=1, heads=1, queries=512, dimensions=64, causal=True)
    picture = neuron_picture(attention, 0, 0, 300)
    loaded = picture.tables["rows"]["query"].to_pylist()
    assert loaded == list(range(setup(picture)["first"], setup(picture)["last"] + 1))
    assert 300 - 16 in loaded
    assert 300 + 15 in loaded
    np.testing.assert_allclose(
        np.nan_to_num(shown_weights(picture)), attention.weights[0, 0, loaded], atol=1e-6
    )
    assert neuron_picture(attention, 0, 0, 511).tables["rows"]["query"].to_pylist()[-1] == 511
    assert picture.tables["queries"].num_rows == 512
    assert any("click any other" in note for note in picture.notes)
    assert sum(map(len, picture.to_dict()["datasets"].values())) < 1_200_000


def test_128_tokens_of_64_dimensions_travel_whole_in_less_than_a_megabyte() -> None:
    picture = neuron_picture(vectors_record(layers=1, heads=1, queries=128, dimensions=64), 0, 0)
    assert picture.tables["products"].num_rows == 128
    assert sum(map(len, picture.to_dict()["datasets"].values())) < 1_000_000


def test_table_holds_the_numbers_of_one_query() -> None:
    attention = vectors_record(queries=6, causal=True)
    table = neuron_table(attention, 1, 2, 3, products=True)
    of_what = ["model", "layer", "head", "query", "query position"]
    assert list(table.columns[:9]) == [*of_what, "key", "position", "score", "weight"]
    assert table[of_what].drop_duplicates().to_numpy().tolist() == [[attention.model, 1, 2, "t3", 3]]
    assert table["key"].tolist() == attention.key_tokens
    assert table["score"].isna().tolist() == [False] * 4 + [True] * 2
    products = table.filter(like="q×k")
    assert products.shape == (6, 8)
    np.testing.assert_allclose(products.sum(axis=1)[:4] * 8**-0.5, table["score"][:4], atol=1e-5)
    np.testing.assert_allclose(table["weight"][:4], attention.weights[1, 2, 3, :4])
    assert table["weight"][4:].isna().all(), "what the mask forbids is no weight of 0"


@pytest.mark.parametrize("wrong", [(2, 0, 0), (0, 4, 0), (0, 0, 6), (0, 0, -1)])
def test_what_does_not_exist_is_said_in_words(wrong: tuple[int, int, int]) -> None:
    for view in (neuron_picture, neuron_view, neuron_table):
        with pytest.raises(AttnlitError, match="there is no"):
            view(vectors_record(), *wrong)


def test_a_record_without_vectors_says_why() -> None:
    attention = record(np.full((1, 1, 3, 3), 1 / 3))
    with pytest.raises(AttnlitError, match="only its weights were recorded"):
        neuron_picture(attention, 0, 0)


def svg(attention: Attention, width: int, query: int | None = None) -> str:
    picture = neuron_picture(attention, 0, 0, query)
    return rendered({**picture.spec, "width": width, "datasets": rows_of(picture.tables)}, "svg").decode()


@pytest.mark.parametrize("width", [328, 640, 1000, 1800])
def test_every_width_holds_the_whole_picture(width: int) -> None:
    drawn = svg(vectors_record(queries=5, keys=7, dimensions=64), width, 2)
    assert f'width="{width}" height="{TOP + 7 * 24 + 4}"' in drawn
    images = re.findall(r'<image [^>]*translate\(([\d.]+),[^>]* width="([\d.]+)"', drawn)
    ends = [float(x) + float(length) for x, length in images]
    # q and k need room; q x k of the active query and of its neighbours is always there.
    assert len(ends) == (7 if width >= WIDE else 5)
    places = [float(x) for x in re.findall(r"translate\((-?[\d.]+),", drawn)]
    assert min(places) >= 0
    assert max(places + ends) <= width


def test_svg_reads_as_the_definition_says() -> None:
    attention = vectors_record(queries=4, causal=True)
    drawn = svg(attention, 1000, 1)
    texts = re.findall(r"<text [^>]*>([^<]*)</text>", drawn)
    assert texts.count("–") == 2 * 2  # score and weight of the two later keys
    for weight in attention.weights[0, 0, 1, :2]:
        assert f"{weight:.3f}" in texts
    for score in attention.vectors(0, 0).scores[1, :2]:
        assert f"{score:.2f}".replace("-", "−") in texts


@pytest.mark.whole
def test_view_is_an_altair_chart_that_saves(tmp_path: Path) -> None:
    attention = vectors_record(queries=3)
    ending = replace(attention.queries[0], text="</script><script>alert(1)</script>")
    attention = replace(attention, queries=(ending,) * 3, keys=(ending,) * 3)
    chart = neuron_view(attention, 0, 0, theme=DARK)
    for suffix in ("html", "svg", "png"):
        chart.save(str(tmp_path / f"neurons.{suffix}"))
    assert (tmp_path / "neurons.html").read_text().count("</script>") == 4  # those of the page itself
    assert (tmp_path / "neurons.png").read_bytes().startswith(b"\x89PNG")


def page_with_neurons() -> None:
    import streamlit as st

    from attnlit.charts.neuron import neuron_picture
    from tests.records import vectors_record

    picture = neuron_picture(vectors_record(), 0, 0, 2)
    event = st.altair_chart(picture, key="neurons", theme=None, on_select="rerun", selection_mode=["pin"])
    st.text(str(event["selection"]["pin"]))


def test_streamlit_takes_the_picture_and_gives_the_click_back() -> None:
    app = AppTest.from_function(page_with_neurons)
    app.run()
    assert not app.exception
    sent = app.get("vega_lite_chart")[0].proto
    assert list(sent.selection_mode) == ["pin"]
    pin = next(param for param in json.loads(sent.spec)["params"] if param["name"] == "pin")
    assert [event["type"] for event in pin["select"]["on"]["merge"]] == ["click", "touchend"]
    assert {dataset.name for dataset in sent.datasets} == sources(neuron_picture(vectors_record(), 0, 0).spec)
    app.session_state["neurons"] = {"selection": {"pin": [{"query": 4}]}}
    app.run()
    assert app.text[0].value == "[{'query': 4}]"


def test_score_bars_show_how_far_below_the_largest_a_score_lies() -> None:
    attention = vectors_record(queries=6, dimensions=8, scaling=2.0)  # far apart, some by more than counts
    picture = neuron_picture(attention, 0, 0, 2)
    scores = attention.vectors(0, 0).scores[2]
    below = scores.max() - scores
    assert setup(picture)["reach"] == FARTHEST < below.max()
    assert picture.tables["rows"]["largest"].to_pylist()[2] == pytest.approx(scores.max())
    places = [
        [float(x) for x in re.findall(r"[ML]([\d.]+),", path)]
        for path in re.findall(rf'<path [^>]*?d="([^"]*)" fill="{LIGHT.ink}"', svg(attention, 1000, 2))
    ]
    drawn = np.array([max(each) - min(each) for each in places])  # in the order of the keys
    np.testing.assert_allclose(drawn / drawn.max(), np.minimum(below, FARTHEST) / FARTHEST, atol=0.03)
    assert len({round(max(each), -1) for each in places}) == 1, "all begin at one line"
    assert any("22,026 times smaller" in note for note in picture.notes)


def test_scores_that_are_alike_still_differ_in_their_bars() -> None:
    attention = vectors_record(queries=4, scaling=0.001)
    assert 0 < setup(neuron_picture(attention, 0, 0))["reach"] < 0.1


def test_a_saved_figure_has_no_buttons_and_no_instruction() -> None:
    picture = neuron_picture(vectors_record(queries=4), 0, 0, 2)
    data = {"datasets": rows_of(picture.tables)}
    on_screen = rendered({**picture.spec, **data}, "svg").decode()
    printed = rendered({**with_values(picture.spec, {"on_screen": False}), **data}, "svg").decode()
    assert "Click a token" in on_screen
    assert "Click a token" not in printed
    assert on_screen.count(LIGHT.panel) == 3
    assert LIGHT.panel not in printed
    assert LIGHT.accent in printed, "the query stays marked"


def test_pieces_of_a_word_are_marked_as_joined() -> None:
    attention = vectors_record(queries=3)
    pieces = tuple(replace(token, word=0) for token in attention.keys)
    keys = neuron_picture(replace(attention, keys=pieces), 0, 0).tables["keys"]["text"].to_pylist()
    assert keys == ["t0", "·t1", "·t2"]
