"""The neurons page: what a visitor is told, what the slider does, and what a link restores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from attnlit.analysis.sample import SENTENCES
from attnlit.app import cache
from attnlit.app.neurons import measure
from attnlit.attention import proof
from tests import planted
from tests.app.opening import opened, said, told, with_menu


@pytest.fixture(scope="module", autouse=True)
def few_sentences() -> Iterator[None]:
    """Of the sample that the page reads three times a head: no number here depends on how long it is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "SENTENCES", SENTENCES[:12])
        cache.profiles.clear()
        yield
        cache.profiles.clear()


@pytest.fixture(scope="module")
def decaying(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a model whose head 1-2 alone falls with distance, by 0.15 a token, in two dimensions.

    Its head 0-3 leaves everything on the first token.
    """
    module = planted.blank()
    planted.first_token(module, layer=0, head=3)
    planted.distance_decay(module, layer=1, head=2, falls={5: 0.1, 40: 0.05})
    return str(planted.save(module, tmp_path_factory.mktemp("page") / "decaying"))


@pytest.mark.parametrize("model", ["mini-gpt2", "mini-bert"])
def test_the_page_opens_with_every_bundled_model(model: str) -> None:
    app = opened("neurons", model=model, text="The cat sat on the mat.")
    assert not app.exception
    assert not app.warning
    assert len(app.get("vega_lite_chart")) == 7  # a map, three pictures by distance, three of dimensions
    assert len(with_menu(app, "Save").get("download_button")) >= 6


@pytest.mark.usefixtures("any_model")
@pytest.mark.parametrize(
    ("count", "findings"),
    [
        (
            1,
            [
                "With **1 dimension removed** it halves every 13.9 tokens (33% of the fall is left)",
                "With **1 other removed** it halves every 4.6 tokens (100% of the fall is left)",
            ],
        ),
        (2, ["With **2 dimensions removed** it no longer falls"]),
    ],
)
def test_the_planted_head_is_found_shown_and_flattened(
    decaying: str, count: int, findings: list[str]
) -> None:
    text = "the cat met the dog"
    app = opened("neurons", model=decaying, text=text, layer="1", head="2", dimensions=str(count))
    assert "1 distance-decay head**; the clearest is 1-2" in told(app)
    assert "Head 1-2 is a distance-decay head" in told(app)
    assert "halves every 4.6 tokens" in told(app)  # ln 2 / 0.15
    assert "one dimension carries half" in told(app)
    assert all(finding in told(app) for finding in findings)


def test_a_button_goes_to_the_clearest_head_and_the_slider_removes(small_model: Callable[[str], str]) -> None:
    app = opened("neurons", model=small_model("mini-gpt2"), text="The cat sat on the mat.", head="1")
    button = next(each for each in app.button if each.label.startswith("Show the strongest"))
    button.click().run()
    layer, head = app.button_group(key="layer").value, app.button_group(key="head").value
    assert f": {layer}-{head} (" in button.label
    assert f"Head {layer}-{head} is" in told(app)
    app.slider(key="dimensions").set_value(3).run()
    tables = {each.name: each.data.data for each in app.get("vega_lite_chart")[-1].proto.datasets}
    drawn = pa.ipc.open_stream(tables["curves"]).read_all()["curve"].to_pylist()
    assert {"3 dimensions removed", "3 others removed"} <= set(drawn)


@pytest.mark.usefixtures("any_model")
def test_a_link_restores_what_was_chosen(decaying: str) -> None:
    chosen = {
        "layer": "1",
        "head": "2",
        "dimensions": "1",
        "with_first": "true",
        "query": "3",
        "key_token": "1",
    }
    app = opened("neurons", model=decaying, text="the cat met the dog", **chosen)
    assert app.slider(key="dimensions").value == 1
    assert app.toggle(key="with_first").value is True
    assert app.selectbox(key="key_token").value == "1"
    assert "*the* → *cat*" in told(app).replace("the 2nd ", "")
    link = next(each.value for each in app.code)
    for name, value in chosen.items():
        assert f"{name}={value}" in link


def test_a_link_that_removes_nothing_is_restored() -> None:
    app = opened("neurons", dimensions="0")
    assert app.slider(key="dimensions").value == 0
    link = next(each.value for each in app.code)
    assert "dimensions=0" in link


def test_a_link_for_more_dimensions_than_a_head_has_says_so() -> None:
    app = opened("neurons", dimensions="60")
    assert not app.exception
    assert "a head of mini-gpt2 has 32" in said(app)
    assert app.slider(key="dimensions").value == 4


def test_a_key_that_a_new_query_does_not_see_is_forgotten() -> None:
    app = opened("neurons", text="The cat sat on the mat.", pair="", query="4", key_token="3")
    assert app.selectbox(key="key_token").value == "3"
    app.selectbox(key="query").set_value(1).run()
    assert not app.exception
    assert app.selectbox(key="key_token").value == "strongest"


@pytest.mark.usefixtures("any_model")
@pytest.mark.parametrize("head", ["0", "3"], ids=["even", "parked"])
def test_a_head_without_a_fall_has_none_to_lose(decaying: str, head: str) -> None:
    app = opened("neurons", model=decaying, text="the cat met the dog", layer="0", head=head)
    assert not app.exception
    assert "has no steady fall to lose" in told(app)
    assert "of the fall is left" not in told(app)
    assert "there is no fall to share out" in told(app)
    assert "Share of the fall" not in told(app)


@pytest.mark.usefixtures("any_model")
def test_removing_nothing_says_what_to_do(decaying: str) -> None:
    place = {"layer": "1", "head": "2", "dimensions": "0"}
    app = opened("neurons", model=decaying, text="the cat met the dog", **place)
    assert "move the slider" in told(app)
    assert "still is" in told(app)  # the prediction without a change


def test_a_masked_model_without_a_mask_still_shows_its_curves() -> None:
    app = opened("neurons", model="mini-bert", text="The cat sat.")
    assert "Put [MASK] into the text" in told(app)
    assert len(app.get("vega_lite_chart")) == 7


@pytest.mark.usefixtures("any_model")
def test_the_first_token_can_be_counted(decaying: str) -> None:
    place = {"model": decaying, "layer": "0", "head": "3", "text": "the cat met the dog"}
    left_out, counted = opened("neurons", **place), opened("neurons", **place, with_first="true")
    assert "Mean over 0 tokens" in told(left_out)
    assert not counted.exception
    assert "Mean over 0 tokens" not in told(counted)


@pytest.mark.usefixtures("any_model")
@pytest.mark.parametrize("kind", ["encoder", "decoder"])
def test_an_encoder_decoders_own_attention(kind: str, tiny_folder: Callable[[str], Path]) -> None:
    folder = str(tiny_folder("marian"))
    app = opened("neurons", model=folder, kind=kind, text="The cat.", target="Der Hund", pair="")
    assert not app.exception
    assert len(app.get("vega_lite_chart")) == 7


@pytest.mark.usefixtures("any_model")
def test_cross_attention_has_no_distance(tiny_folder: Callable[[str], Path]) -> None:
    app = opened("neurons", model=str(tiny_folder("t5")), kind="cross", text="The cat.", target="Der Hund")
    assert not app.exception
    assert "there is no distance to measure" in told(app)


@pytest.mark.usefixtures("any_model")
@pytest.mark.parametrize("architecture", ["bloom", "llama", "gemma2", "deberta-v2"])
def test_other_ways_to_know_positions(architecture: str, tiny_folder: Callable[[str], Path]) -> None:
    app = opened("neurons", model=str(tiny_folder(architecture)), text="The cat sat on the mat.")
    assert not app.exception
    assert [each.value[0] for each in app.header] == ["1", "2", "3", "4"]  # no part is left out
    assert len(app.get("vega_lite_chart")) >= 6


@pytest.mark.parametrize(
    ("text", "answer"), [("", "The text is empty"), ("word " * 2000, "takes at most 512 here")]
)
def test_mistakes_are_answered_in_words(text: str, answer: str) -> None:
    app = opened("neurons")
    app.text_area(key="text").set_value(text)
    next(each for each in app.button if each.label == "Show attention").click().run()
    assert not app.exception
    assert answer in said(app)


@pytest.mark.usefixtures("any_model")
def test_a_model_that_gives_only_weights_shows_its_curves_and_says_why_no_more(
    tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **named: object) -> None:
        raise RuntimeError("this model hides how it attends")

    monkeypatch.setattr(proof, "recording", refuse)
    cache.models.clear()
    app = opened("neurons", model=str(tiny_folder("electra")), text="Nobody has read this one before.")
    cache.models.clear()
    assert not app.exception
    assert len(app.get("vega_lite_chart")) == 2
    assert "its dimensions cannot be looked at" in told(app)
