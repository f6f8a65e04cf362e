"""A model of the hub is asked about before anything is fetched; until it is here, the one before stays."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.testing.v1 import AppTest

from attnlit.app import cache
from tests.app.opening import opened, plain, said
from tests.models import hub as hubs
from tests.models.hub import Hub

NAME, OTHER = "distilgpt2", "gpt2"  # AppTest chooses only what is in the list; of these the hub has one


@pytest.fixture
def hub(tmp_path: Path, tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setenv("ATTNLIT_ANY_MODEL", "1")
    with hubs.running(tmp_path, monkeypatch) as hub:
        hub.add(NAME, tiny_folder("gpt2"))
        yield hub
    cache.models.clear()


def shown(app: AppTest) -> str:
    return plain(" ".join(each.value for each in app.markdown))


def press(app: AppTest, label: str) -> AppTest:
    return next(each for each in app.button if plain(each.label) == label).click().run()


def test_it_is_asked_for_then_fetched_then_open(hub: Hub) -> None:
    app = opened("head_view", model="mini-gpt2", layer="2", heads="1")
    app.selectbox(key="model").set_value(NAME).run()
    assert not app.exception
    files = hub.models[NAME]
    size = sum(map(len, files.values()))
    assert f"{NAME} is not on this machine yet: {size / 1e6:.1f} MB in {len(files)} files" in shown(
        app
    ).replace("**", "")
    assert hub.sent == 0
    assert "mini-gpt2 stays open" in shown(app)
    assert app.get("vega_lite_chart")
    press(app, "Fetch it")
    assert not app.exception
    assert hub.sent >= size - 1000  # a file or two may count for nothing
    assert f"**{NAME}** ·" in shown(app)
    assert "not on this machine" not in shown(app)
    assert app.button_group(key="layer").value == 2


def test_it_is_shown_as_it_comes_can_be_cancelled_and_goes_on_from_there(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = hub.models[NAME]["model.safetensors"]
    hub.orders["model.safetensors"] = hubs.trickle(len(weights) // 50, seconds=0.05)
    clicks: dict[str, Callable[[], None]] = {}
    seen: list[str] = []
    button, progress = st.button, DeltaGenerator.progress

    def noted(label: str, **options: Any) -> bool:
        clicks[label] = lambda: options["on_click"](*options["args"])
        return button(label, **options)

    def watched(bar: DeltaGenerator, share: float, words: str) -> DeltaGenerator:
        seen.append(words)
        if len(seen) == 3:
            clicks["Cancel"]()  # as Streamlit does with a click, and then runs the page again
            st.rerun()
        return progress(bar, share, words)

    monkeypatch.setattr(st, "button", noted)
    monkeypatch.setattr(DeltaGenerator, "progress", watched)
    app = opened("head_view", model="mini-gpt2", layer="2")
    app.selectbox(key="model").set_value(NAME).run()
    press(app, "Fetch it")
    assert not app.exception
    assert len(seen) == 3
    assert all(re.fullmatch(rf"Fetching {NAME}: \d.* of \d.*", plain(each)) for each in seen)
    assert hub.sent < sum(map(len, hub.models[NAME].values()))
    assert re.search(r"Stopped at \d+%\. Fetching", " ".join(plain(each.value) for each in app.info))
    assert "**mini-gpt2** ·" in shown(app)
    assert app.get("vega_lite_chart")
    hub.orders.clear()
    press(app, "Go on")
    assert f"**{NAME}** ·" in shown(app)
    assert not app.info
    assert hub.asked_for("model.safetensors")[-1]["Range"] != "bytes=0-"


def test_who_wants_it_not_keeps_what_was_open(hub: Hub) -> None:
    app = opened("head_view", model="mini-bert")
    app.selectbox(key="model").set_value(NAME).run()
    press(app, "Keep mini-bert")
    assert app.selectbox(key="model").value == "mini-bert"
    assert "**mini-bert** ·" in shown(app)
    assert hub.sent == 0


def test_a_link_waits_with_its_layer_until_the_model_is_here(hub: Hub) -> None:
    app = opened("model_view", model=NAME, layer="1", head="3")
    assert not app.exception
    assert not app.warning
    assert not app.get("vega_lite_chart")
    press(app, "Fetch it")
    assert (app.button_group(key="layer").value, app.button_group(key="head").value) == (1, 3)
    assert not app.warning


def test_what_cannot_be_opened_is_said_beside_what_was_open(hub: Hub) -> None:
    app = opened("head_view", model="mini-gpt2")
    app.selectbox(key="model").set_value(OTHER).run()
    assert not app.exception
    assert f"“{OTHER}”" in said(app)
    assert app.get("vega_lite_chart")
    press(app, "Keep mini-gpt2")
    assert not app.warning


def test_a_download_that_breaks_leaves_the_app_as_it_was(hub: Hub) -> None:
    hub.orders["model.safetensors"] = hubs.refuse(503)
    app = opened("head_view", model="mini-gpt2")
    app.selectbox(key="model").set_value(NAME).run()
    press(app, "Fetch it")
    assert not app.exception
    assert NAME in said(app)
    assert "**mini-gpt2** ·" in shown(app)
