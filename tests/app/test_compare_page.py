"""The page that compares: two texts, two models, before training, patches, links, and mistakes in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from attnlit.analysis.ablation_set import ablation_set
from attnlit.analysis.compare import compare, most_alike
from attnlit.analysis.patching import patch_each
from attnlit.app.cache import load_model
from attnlit.app.compare.presets import PRESETS
from attnlit.app.frame.packed import unpacked
from attnlit.attention import attend
from attnlit.words.compare import (
    ablation_set_in_words,
    aligned_in_words,
    alike_in_words,
    lean_in_words,
    patch_in_words,
)
from tests.app.opening import opened, plain, told

PAIR = PRESETS[0]
ONE, OTHER = PAIR.words
LINK = {"text": PAIR.first, "second": PAIR.second, "expected": ONE, "other": OTHER}


def test_two_texts_with_their_patches_say_what_is_measured_and_a_link_restores_them() -> None:
    app = opened("compare", layer="5", head="1", heads="1", patched="Pattern", **LINK)
    assert not app.exception
    assert not app.warning
    assert len(app.get("vega_lite_chart")) == 5  # two head views, the difference, two maps
    model = load_model("mini-gpt2")
    records = [attend(model, text) for text in (PAIR.first, PAIR.second)]
    found = patch_each(model, PAIR.first, PAIR.second, words=PAIR.words)
    for sentence in (
        aligned_in_words(compare(*records)), lean_in_words(found), *patch_in_words(found, 5, 1),
    ):  # fmt: skip
        assert plain(sentence) in told(app)
    table = next(each.value for each in app.dataframe if "unrelated texts" in each.value)
    assert table["difference"].is_monotonic_decreasing
    carried = parse_qs(next(each.value for each in app.code if "second=" in each.value).split("?")[1])
    for name, value in LINK.items():
        assert unpacked(carried[name][0]) == value
    assert carried["patched"] == ["Pattern"]
    bare = next(each.value for each in app.code if "second=" not in each.value)
    assert PAIR.words[0] not in bare


def test_a_preset_fills_the_fields() -> None:
    app = opened("compare")
    assert not app.exception
    assert app.text_input(key="compare_second").value.endswith("it was warm.")
    app.button(key=f"preset_{PAIR.title}").click().run()
    assert app.text_area(key="text").value == PAIR.first
    assert app.text_input(key="compare_one").value == ONE
    assert "times as likely as" in told(app)
    assert not app.exception


def test_two_models_and_the_heads_that_are_alike() -> None:
    text = "The cat sat on the mat."
    app = opened("compare", sides="Two models", text=text, layer="1", head="2", heads="2")
    assert not app.exception
    assert not app.warning
    assert app.selectbox(key="with_model").value == "mini-bert"
    records = [attend(load_model(name), text) for name in ("mini-gpt2", "mini-bert")]
    found = compare(*records)
    names = ("mini-gpt2", "mini-bert")
    assert plain(aligned_in_words(found)) in told(app)
    assert plain(alike_in_words(most_alike(found), 1, 2, names)) in told(app)
    titles = [frame.proto.columns for frame in app.dataframe if "other_layer" in frame.value.columns]
    assert titles
    assert all('"other layer"' in each for each in titles)
    assert len(app.get("vega_lite_chart")) == 4  # two head views, the difference, the map
    app.button_group(key="beside").set_value("The same number").run()
    assert "layer 1, head 2" in told(app)


def test_before_training_every_head_has_its_own_beside_it() -> None:
    app = opened("compare", sides="Before training", text="The cat sat on the mat.")
    assert not app.exception
    assert len(app.get("vega_lite_chart")) == 5
    assert "mini-gpt2 before training" in told(app)


def test_the_heads_that_must_go_are_searched_when_somebody_asks(small_model: Callable[[str], str]) -> None:
    text, name = "She opened the", small_model("mini-gpt2")
    app = opened("compare", model=name, text=text, sides="Before training", until="window", until_how="mean")
    next(each for each in app.button if each.label == "Search for the heads").click().run()
    assert not app.exception
    found = ablation_set(load_model(name), text, "window", how="mean")
    for sentence in ablation_set_in_words(found):
        assert plain(sentence) in told(app)


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        ({"second": " ", "text": "The cat"}, "Type a second text"),
        ({"second": "Nothing here is at all alike, is it?", "text": "Dogs bark"}, "lines up"),
        ({**LINK, "other": ONE}, "Choose two that differ"),
        ({**LINK, "second": PAIR.second + " old", "patched": "Pattern"}, "the same number of tokens"),
        ({**LINK, "weigh": "What is passed on"}, "Only attention can be compared"),
        ({**LINK, "until": "unusualness"}, "is several tokens"),
    ],
    ids=["nothing", "unlike", "same words", "other lengths", "passed on", "no single token"],
)
def test_what_cannot_be_compared_is_answered_in_words(address: dict[str, str], answer: str) -> None:
    app = opened("compare", **address)
    assert not app.exception
    warned = plain(" ".join(each.value for each in app.warning))
    assert answer in told(app) + warned


def test_nonsense_in_a_link_shows_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened("compare", sides="7", patched="x", direction="y", with_model="../x", until_how="gently")
    assert not app.exception
    assert app.button_group(key="sides").value == "Two texts"
    monkeypatch.setenv("ATTNLIT_MAX_MODELS", "1")
    app.button_group(key="sides").set_value("Two models").run()
    assert "keeps one model at a time" in told(app)


def test_an_encoder_decoder_is_compared_but_not_patched(
    tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNLIT_ANY_MODEL", "1")
    app = opened(
        "compare", model=str(tiny_folder("t5")), text="The cat sat.", second="The dog sat.",
        target="Der Hund.", kind="cross",
    )  # fmt: skip
    assert not app.exception
    assert len(app.get("vega_lite_chart")) == 4
    assert "neither writes from left to right" in told(app)
