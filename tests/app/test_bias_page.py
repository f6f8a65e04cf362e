"""The bias page: every pair of prompts, one's own, links, the set, and what it answers to mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from attnlit.analysis import bias
from attnlit.analysis.bias import PRESETS, TEMPLATES, published
from attnlit.app import cache, work
from attnlit.app.bias import ask, measure
from attnlit.app.cache import load_model
from attnlit.charts.figure import KINDS
from tests.app import small
from tests.app.opening import opened, plain, said, with_menu

MODELS = ("mini-gpt2", "mini-bert")
OWN = {
    "first": "The captain thanked his mother. He",
    "second": "The captain thanked his mother. She",
    "expected": "laughed",
    "other": "smiled",
    "watched": "captain, mother",
}


@pytest.fixture(scope="module")
def two_sentences() -> Iterator[None]:
    """A set of two templates; what is measured of them is shared by the tests here, as by visitors."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "TEMPLATES", TEMPLATES[:2])
        cache.effects.clear()
        yield
        cache.effects.clear()


@pytest.fixture
def own(small_model: Callable[[str], str]) -> Callable[..., AppTest]:
    """Opens the page of a small model, with prompts of one's own."""
    return lambda **other: opened("bias", **{"model": small_model("mini-gpt2"), **OWN, **other})


def numbers(app: AppTest) -> dict[str, float]:
    return {metric.label: float(metric.value.replace("−", "-")) for metric in app.metric}


def columns(app: AppTest) -> list[set[str]]:
    return [set(frame.value.columns) for frame in app.dataframe]


@pytest.mark.parametrize("like", MODELS)
def test_every_ready_pair_as_every_bundled_model_reads_it(
    like: str, small_model: Callable[[str], str]
) -> None:
    app = opened("bias", model=small_model(like))
    for ready in PRESETS.values():
        app.button_group(key="prompts").set_value(ready.title).run()
        shows_all(app)


def shows_all(app: AppTest) -> None:
    """All that the page shows of a pair."""
    assert not app.exception
    assert not app.warning
    assert len(app.get("vega_lite_chart")) == 4  # two head views, their difference, the map
    assert list(numbers(app)) == ["Total effect", "Indirect effect", "Direct effect"]
    assert any({"layer", "head", "indirect", "direct", "difference"} <= each for each in columns(app))
    assert any("One sentence is an anecdote" in each.value for each in app.markdown)


def test_where_nothing_is_noted_nothing_is_written() -> None:
    app = opened("bias", prompts="Your own")
    shows_all(app)
    assert "␣" not in [each.value for each in app.caption]


def test_a_ready_pair_of_mini_bert() -> None:
    shows_all(opened("bias", model="mini-bert"))


def test_the_numbers_are_the_measured_ones() -> None:
    app = opened("bias")
    shows_all(app)
    found = bias.bias_effects(load_model("mini-gpt2"), PRESETS["question"].contrast)
    shown = numbers(app)
    assert shown["Total effect"] == pytest.approx(found.total, abs=6e-4)
    assert shown["Indirect effect"] == pytest.approx(found.indirect, abs=6e-4)
    assert shown["Direct effect"] == pytest.approx(found.direct, abs=6e-4)
    tables = [frame.value for frame in app.dataframe]
    assert tables[0]["after She"].tolist() == pytest.approx((100 * found.scores[0]).tolist(), rel=1e-3)
    heads = tables[1].sort_values(["layer", "head"])
    assert heads["indirect"].tolist() == pytest.approx(found.heads["indirect"].tolist(), abs=1e-4)
    assert {"She → nurse", "He → doctor", "lean"} <= set(heads.columns)
    assert tables[1]["indirect"].is_monotonic_decreasing


def test_a_link_restores_the_page() -> None:
    address = {"layer": "5", "head": "6", "prompts": "Captain and secretary", "measure": "Direct effect"}
    app = opened("bias", **address)
    assert app.button_group(key="layer").value == 5
    assert app.button_group(key="measure").value == "Direct effect"
    assert any("Layer 5, head 6" in each.value for each in app.markdown)
    link = app.code[0].value
    for part in (
        "layer=5",
        "head=6",
        "prompts=Captain+and+secretary",
        "measure=Direct+effect",
        "scope=One+pair",
    ):
        assert part in link


def test_nonsense_in_a_link_shows_the_first_pair() -> None:
    app = opened("bias", prompts="none", measure="x", scope="7")
    assert not app.exception
    assert app.button_group(key="prompts").value == "Doctor asks nurse"
    assert len(app.metric) == 3


def test_ones_own_prompts_and_a_link_without_them(small_model: Callable[[str], str]) -> None:
    app = opened("bias", model=small_model("mini-gpt2"), prompts="Your own")
    for name, text in OWN.items():
        app.text_input(key=f"bias_{name}").set_value(text)
    app.button[0].click().run()
    assert not app.exception
    assert not app.warning
    assert any("He → captain" in each for each in columns(app))
    mine, bare, *_ = (code.value for code in app.code)  # the others are code, and what to cite
    assert "first=The+captain+thanked+his+mother.+He" in mine
    assert "mother" not in bare
    assert "prompts=Your+own" in bare


def test_a_link_with_prompts_is_followed_and_then_left(own: Callable[..., AppTest]) -> None:
    app = own()
    assert app.button_group(key="prompts").value == "Your own"
    assert app.text_input(key="bias_other").value == "smiled"
    assert any("after He" in each for each in columns(app))
    app.text_input(key="bias_other").set_value("wept")
    app.button[0].click().run()
    assert app.text_input(key="bias_other").value == "wept"
    assert "other" not in app.query_params
    assert app.dataframe[0].value["continuation"].tolist() == ["laughed", "wept"]


def test_another_pair_leaves_the_prompts_of_a_link(own: Callable[..., AppTest]) -> None:
    app = own()
    app.button_group(key="prompts").set_value("Nurse asks doctor").run()
    assert "first" not in app.query_params
    assert app.button_group(key="prompts").value == "Nurse asks doctor"


@pytest.mark.usefixtures("two_sentences")
def test_the_map_and_every_number_can_be_saved(small_model: Callable[[str], str]) -> None:
    def files(app: AppTest) -> list[str]:
        assert not app.get("download_button"), "no run draws what nobody looks at"
        every = [button.proto.label for button in with_menu(app, "Save").get("download_button")]
        kinds, labels = every[: len(KINDS)], every[len(KINDS) :]
        assert kinds == [f"Picture ({kind.upper()})" for kind in KINDS]
        assert [label.replace("CSV", "Parquet") for label in labels[::2]] == labels[1::2]
        return [label.removesuffix(" (CSV)") for label in labels[::2]]

    tables = ["Three effects", "Continuations", "Heads", "This head in both prompts", "Layers"]
    assert sorted(files(opened("bias"))) == sorted(tables)
    app = opened("bias", model=small_model("mini-gpt2"), scope=ask.SET)
    app.button[0].click().run()
    assert files(app) == ["Three effects", "Heads", "Every sentence"]


def test_mistakes_are_answered_and_nothing_typed_is_lost(own: Callable[..., AppTest]) -> None:
    app = own()
    for typed, answer in (
        ({"second": "The captain thanked his mother."}, "the same number of tokens"),
        ({"second": OWN["first"]}, "Change one word in the second"),
        ({"first": ""}, "The text is empty"),
        ({"other": ""}, "A continuation is empty"),
        ({"other": OWN["expected"]}, "Choose two that differ"),
        ({"first": "x" * 200_000}, "takes at most 512"),
    ):
        for name, text in {**OWN, **typed}.items():
            app.text_input(key=f"bias_{name}").set_value(text)
        app.button[0].click().run()
        assert not app.exception
        assert answer in said(app)
        for name, text in {**OWN, **typed}.items():
            assert app.text_input(key=f"bias_{name}").value == text[: ask.MOST_CHARACTERS]


def test_words_that_cannot_be_watched_hold_nothing_up(own: Callable[..., AppTest]) -> None:
    app = own(watched="admiral, mother")
    assert "Not watched: “admiral”" in plain(app.info[0].value)
    assert len(app.metric) == 3
    assert any("He → mother" in each for each in columns(app))


def test_spaces_around_what_was_typed_change_nothing(own: Callable[..., AppTest]) -> None:
    spaced = {name: f" {text}  " for name, text in OWN.items()}
    assert numbers(own(**spaced)) == numbers(own())


def test_a_button_goes_to_the_strongest_head() -> None:
    app = opened("bias", head="1")
    strongest = app.dataframe[1].value
    best = strongest.loc[strongest["indirect"].abs().idxmax()]
    button = next(each for each in app.button if each.label.startswith("Show the strongest"))
    button.click().run()
    assert any(f"Layer {best['layer']:.0f}, head {best['head']:.0f}" in each.value for each in app.markdown)


def test_long_prompts_are_measured_when_asked() -> None:
    long = {name: "word " * 100 + OWN[name] for name in ("first", "second")}
    app = opened("bias", **{**OWN, **long})
    assert not app.metric
    assert any(button.label == "Measure every head" for button in app.button)
    assert len(app.get("vega_lite_chart")) == 4


def test_a_word_that_a_blank_cannot_hold() -> None:
    app = opened("bias", model="mini-bert", **OWN)
    assert any("gets one at its end" in plain(each.value) for each in app.caption)
    assert not app.warning
    app.text_input(key="bias_other").set_value("laughed aloud")
    app.button[0].click().run()
    assert "not a single token" in said(app)


def test_markup_in_prompts_is_shown_as_it_is(own: Callable[..., AppTest]) -> None:
    app = own(first="*a* <b>x</b> $y$ He", second="*a* <b>x</b> $y$ She", watched="")
    assert not app.exception
    assert any("\\*a\\* \\<b\\>x\\<\\/b\\> \\$y\\$ **He**" in each.value for each in app.markdown)


def test_a_large_model_is_measured_when_asked(
    small_model: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "AT_ONCE", 1)
    monkeypatch.setattr(cache, "effects", cache.Memory(lambda: 1e8))  # nothing is kept there yet
    app = opened("bias", model=small_model("mini-gpt2"), prompts="Nurse asks doctor")
    assert not app.metric
    assert any("difference" in each for each in columns(app))  # where the heads look is known without
    next(button for button in app.button if button.label == "Measure every head").click().run()
    assert len(app.metric) == 3
    app.button_group(key="prompts").set_value("Captain and secretary").run()
    assert not app.metric
    app.button_group(key="prompts").set_value("Nurse asks doctor").run()
    assert len(app.metric) == 3  # it is remembered


@pytest.mark.usefixtures("two_sentences")
@pytest.mark.parametrize("like", MODELS)
def test_the_set_with_its_intervals(
    like: str, small_model: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "effects", cache.Memory(lambda: 1e8))  # nobody has measured it yet
    app = opened("bias", model=small_model(like), scope=ask.SET)
    assert not app.metric
    app.button[0].click().run()
    assert not app.exception
    assert len(app.metric) == 3
    assert sum("95% interval" in each.value for each in app.markdown) == 3
    assert any({"indirect", "lower", "upper"} <= each for each in columns(app))
    sentences = next(frame.value for frame in app.dataframe if "template" in frame.value)
    assert len(sentences) == 8
    assert f"scope={ask.SET.replace(' ', '+')}" in app.code[0].value
    app.toggle(key="expected_only").set_value(True).run()
    said = plain(" ".join(each.value for each in (*app.info, *app.warning)))
    # It depends on what the model has learned whether one of two sentences has the effect.
    assert ("chosen for their effect" in said) != ("None of these sentences has the effect" in said)


@pytest.mark.usefixtures("two_sentences")
def test_a_measured_sentence_is_not_measured_again(
    small_model: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What a set that was stopped has done is there when it goes on."""
    whole, asked = bias.bias_effects, []

    def third_fails(*arguments: object, **options: object) -> object:
        asked.append(arguments)
        if len(asked) == 3:
            raise RuntimeError("as when the visitor leaves")
        return whole(*arguments, **options)

    cache.effects.clear()
    monkeypatch.setattr(bias, "bias_effects", third_fails)
    app = opened("bias", model=small_model("mini-gpt2"), scope=ask.SET)
    app.button[0].click().run()
    assert app.error
    caplog.clear()
    app.run()
    assert len(next(frame.value for frame in app.dataframe if "template" in frame.value)) == 8
    assert len(asked) == 5  # two, the one that failed, and it with the last one


@pytest.mark.usefixtures("any_model")
def test_published_numbers_stand_beside_ours_in_gpt2_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "AT_ONCE", 200)
    monkeypatch.setattr(measure, "TEMPLATES", TEMPLATES[:1])
    small.save(tmp_path, n_embd=22, n_layer=7, n_head=11)  # with heads 5-10 and 6-0, as GPT-2
    assert not any("published" in each for each in columns(opened("bias", prompts="Nurse and farmer")))
    monkeypatch.setattr(published, "NAMES", {str(tmp_path): "gpt2"})
    app = opened("bias", model=str(tmp_path), prompts="Nurse and farmer")
    assert not app.exception
    table = next(frame.value for frame in app.dataframe if "published" in frame.value)
    assert table["published"].tolist() == [0.66698, 1.03889, 0.04703, 0.4425, 0.1713, 0.1487]
    assert table["effect"].tolist()[3] == "indirect, head 5-10"
    assert table["here"][0] == pytest.approx(numbers(app)["Total effect"], abs=6e-4)
    monkeypatch.setattr(measure, "ASK_FOR_SET", None)  # it begins by itself
    app = opened("bias", model=str(tmp_path), scope=ask.SET)
    table = next(frame.value for frame in app.dataframe if "published" in frame.value)
    assert table["published"].tolist()[:3] == [0.249, 0.182, 0.079]


@pytest.mark.usefixtures("any_model")
def test_models_that_cannot_be_asked_say_so(tiny_folder: Callable[[str], Path]) -> None:
    app = opened("bias", model=str(tiny_folder("t5")))
    assert not app.exception
    assert "neither writes from left to right nor fills in" in said(app)


def test_a_mistake_in_a_link_is_said_though_the_page_goes_to_its_head(
    small_model: Callable[[str], str],
) -> None:
    """It measures which head tells most and begins the run anew there: what was said before stays."""
    app = opened("bias", model=small_model("mini-gpt2"), prompts="none")
    assert "You asked for prompt none" in said(app)
    assert app.get("vega_lite_chart")
