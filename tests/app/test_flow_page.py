"""The flow page: every way of following, what is said where there is none, and what a link restores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from attnlit.analysis.flow import contributions_and_even, flow, rollout
from attnlit.app.flow import follow
from attnlit.attention import attend
from attnlit.words.flow import flow_in_words
from tests.app.opening import MODELS, opened, plain, told
from tests.bundled import bundled

TEXT = "The cat sat on the mat."


@pytest.mark.parametrize("way", follow.WAYS)
@pytest.mark.parametrize("model", MODELS)
def test_it_says_what_each_way_finds_for_the_last_word(model: str, way: str) -> None:
    app = opened("flow", model=model, text=TEXT, way=way)
    assert not app.exception
    assert not app.warning
    assert len(app.get("vega_lite_chart")) == 1
    loaded = bundled(model)
    attention = attend(loaded, TEXT)
    query = attention.query_tokens.index("mat")
    routes = {
        "Rollout": lambda: rollout(attention).routes(query),
        "Max flow": lambda: flow(attention, query),
        "What is passed on": lambda: rollout(
            attention, contributions=contributions_and_even(loaded, attention)
        ).routes(query),
    }[way]()
    for sentence in flow_in_words(routes):
        assert plain(sentence) in told(app)


def test_a_link_restores_the_way_the_token_and_attention_alone() -> None:
    app = opened("flow", text=TEXT, way="Max flow", alone="true", query="3")
    assert app.button_group(key="way").value == "Max flow"
    assert app.toggle(key="alone").value
    attention = attend(bundled("mini-gpt2"), TEXT)
    for sentence in flow_in_words(flow(attention, 3, residual=False)):
        assert plain(sentence) in told(app)
    address = next(each.value for each in app.code if "model=" in each.value)
    carried = parse_qs(address.split("?")[1])
    assert carried["way"] == ["Max flow"]
    assert carried["alone"] == ["true"]
    assert carried["query"] == ["3"]


def test_the_sidebar_asks_neither_for_a_head_nor_for_a_filter_and_other_pages_keep_theirs() -> None:
    app = opened("head_view", text=TEXT, layer="3", special="true")
    app.switch_page("pages/flow.py").run()
    keys = {each.key for each in (*app.button_group, *app.toggle)}
    assert not keys & {"layer", "head", "heads", "special", "words", "filter"}
    assert app.selectbox(key="query").options[0].startswith("<|endoftext|>")
    app.toggle(key="alone").set_value(True).run()
    app.switch_page("pages/head_view.py").run()
    assert app.button_group(key="layer").value == 3
    assert app.toggle(key="special").value


def test_what_is_passed_on_has_its_residual_and_does_not_ask_for_it() -> None:
    app = opened("flow", text=TEXT, way="What is passed on")
    assert "alone" not in {each.key for each in app.toggle}


def test_a_text_too_long_for_max_flow_is_answered_and_rollout_draws_it_as_strips() -> None:
    text = " ".join(["cat"] * 140)
    app = opened("flow", text=text, pair="", way="Max flow")
    assert "Shorten it, or choose the rollout" in told(app)
    assert not app.get("vega_lite_chart")
    app.button_group(key="way").set_value("Rollout").run()
    (chart,) = app.get("vega_lite_chart")
    assert '"images"' in chart.proto.spec
    assert "Beyond 64 tokens no lines are drawn" in told(app)


def test_cross_attention_is_answered_and_encoder_and_decoder_are_followed(
    tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNLIT_ANY_MODEL", "1")
    texts = {"model": str(tiny_folder("t5")), "text": TEXT, "target": "Der Hund."}
    assert "Choose the encoder or the decoder" in told(opened("flow", kind="cross", **texts))
    for kind in ("encoder", "decoder"):
        app = opened("flow", kind=kind, **texts)
        assert not app.exception
        assert app.get("vega_lite_chart")


def test_a_model_whose_values_are_not_known_says_so(
    tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNLIT_ANY_MODEL", "1")
    app = opened("flow", model=str(tiny_folder("gemma2")), text=TEXT, way="What is passed on")
    assert "choose another model" in told(app)
    assert not app.exception
