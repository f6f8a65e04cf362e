"""The page of recurring patterns, without a browser: every source of texts, planted roles, and a cancel."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from attnlit.analysis import survey
from attnlit.analysis.sample import SAMPLE
from attnlit.analysis.survey import SoFar, Step, Sums
from attnlit.analysis.survey.bundled import FOLDER
from attnlit.app import cache
from tests import planted
from tests.app.opening import ROOT, opened, plain, said, typed
from tests.tolerances import ROUNDING


def words(app: AppTest) -> str:
    return plain(" ".join(each.value for each in [*app.markdown, *app.caption, *app.info]))


@pytest.mark.parametrize(("like", "heads"), [("", 48), ("mini-bert", 4)])
def test_the_sample_is_scored_and_shown(like: str, heads: int, small_model: Callable[[str], str]) -> None:
    app = opened("patterns", model=small_model(like) if like else "mini-gpt2", over="Built-in sample")
    assert not app.exception
    assert not app.warning
    assert len(app.get("vega_lite_chart")) == 3
    assert "52 texts" in words(app)
    assert len(app.dataframe[0].value) == heads


@pytest.mark.parametrize("model", ["mini-gpt2", "mini-bert"])
def test_a_bundled_model_answers_at_once_from_the_survey_that_travels_with_it(
    model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "steps", lambda *texts, **options: pytest.fail("read anew"))
    app = opened("patterns", model=model, list="Writes most")
    assert not app.exception
    assert "10,000 sentences of our own" in words(app)
    assert "a vector of length" in words(app)
    assert len(app.dataframe[0].value) == 48


def best_head(score: str) -> dict[str, str]:
    """The address of mini-gpt2's best head by a score, on the sample."""
    chosen = {"score": score, "over": "Built-in sample"}
    best = opened("patterns", **chosen).dataframe[0].value.iloc[0]
    return {**chosen, "layer": str(best["layer"]), "head": str(best["head"])}


def test_the_found_previous_token_head_is_told_in_words() -> None:
    app = opened("patterns", **best_head("Previous token"))
    best = app.dataframe[0].value.iloc[0]
    assert "previous-token head" in best["role"]
    assert best["lower"] < best["previous"] < best["upper"]
    assert "previous-token head" in words(app)
    assert "95% interval" in words(app)


def test_one_text_is_a_picture_and_claims_no_role() -> None:
    app = opened("patterns", **{**best_head("Previous token"), "over": "This text"})
    assert not app.exception
    assert "one text" in words(app)
    assert "above the untrained model" not in words(app)
    assert not app.dataframe[0].value["role"].str.contains("previous").any()
    assert "On this text a **previous-token head**" in words(app)


def test_a_text_that_is_too_short_is_answered_in_words() -> None:
    app = typed(opened("patterns", over="This text"), "The cat.")
    assert not app.exception
    assert "10 tokens" in said(app)


def test_a_longer_text_is_asked_for_scored_and_not_lost() -> None:
    app = opened("patterns", over="A longer text")
    assert not app.exception
    assert "Paste a text" in app.info[0].value
    text = "\n".join(sentence for sentence, _ in SAMPLE[:11])
    app.text_area(key="long_text").set_value(text)
    next(each for each in app.button if each.label == "Score all heads on it").click().run()
    assert not app.exception
    assert "11 texts" in words(app)
    assert app.text_area(key="long_text").value == text
    assert app.get("vega_lite_chart")
    shown = next(each.value for each in app.markdown if "-background[" in each.value)
    app.button(key="show_text_0").click().run()  # no link: it would hold what was typed
    assert not app.exception
    assert app.text_area(key="text").value in plain(re.sub(r":\w+-background\[\*+(.*?)\*+\]", r"\1", shown))


def test_planted_heads_are_found_in_a_longer_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNLIT_ANY_MODEL", "1")
    random = np.random.default_rng(0)
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)
    app.switch_page("pages/patterns.py")
    chosen = {"over": "A longer text", "score": "Previous token", "layer": "0", "head": "1"}
    for name, value in {"model": str(planted.save_with_roles(tmp_path)), **chosen}.items():
        app.query_params[name] = value
    lines = [" ".join(random.choice(planted.WORDS[6:], 14)) for _ in range(12)]
    app.session_state["long_text"] = "\n".join(lines)
    app.run()
    assert not app.exception
    assert "12 texts with 168 tokens" in words(app)
    best = app.dataframe[0].value.iloc[0]
    assert (best["layer"], best["head"], best["role"]) == (0, 1, "previous-token head, positional head")
    assert best["previous"] == pytest.approx(1.0, abs=ROUNDING)
    assert best["count"] == 12 * 13


def test_without_its_induction_head_the_loss_on_repeated_words_rises() -> None:
    app = opened("patterns", **best_head("Induction"))
    app.toggle(key="repeat_off").set_value(True).run()
    assert not app.exception
    assert "25 random words, four times in a row" in words(app)
    assert "a random head of the same layer" in words(app)
    quiet = opened("patterns", model="mini-bert")  # foresees nothing
    assert "repeat_off" not in [toggle.key for toggle in quiet.toggle]


def test_a_cancelled_scoring_says_how_far_it_came_and_goes_on_from_there(
    small_model: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []
    whole = survey.steps
    button = st.button

    def noted(label: str, **options: Any) -> bool:
        if label == "Cancel":
            clicks.append(lambda: options["on_click"](*options["args"]))
        return button(label, **options)

    clicks: list[Callable[[], None]] = []

    def stopped(*texts: Any, **options: Any) -> Iterator[Step]:
        while not clicks:  # until there is a button
            time.sleep(0.1)
            yield Step(7, 100, survey.READING, so_far=SoFar(7, Sums()))
        clicks[0]()
        st.rerun()

    def going_on(*texts: Any, so_far: SoFar | None, **options: Any) -> Iterator[Step]:
        given.append(so_far)
        return whole(*texts, **options)

    monkeypatch.setattr(st, "button", noted)
    monkeypatch.setattr(survey, "steps", stopped)
    monkeypatch.setattr(cache, "surveys", cache.Memory(lambda: 1e8))  # nothing is kept there yet
    app = opened("patterns", model=small_model("mini-gpt2"), over="Built-in sample")
    assert not app.exception
    assert "Stopped at 7%. Reading the texts … 7 of 52" in words(app)
    assert not app.get("vega_lite_chart")
    monkeypatch.setattr(survey, "steps", going_on)
    next(each for each in app.button if each.label == "Go on").click().run()
    assert not app.exception
    assert given[0].texts == 7
    assert app.get("vega_lite_chart")


def test_finished_scores_are_kept_for_all_visitors(monkeypatch: pytest.MonkeyPatch) -> None:
    opened("patterns", over="Built-in sample")
    monkeypatch.setattr(survey, "steps", lambda *texts, **options: pytest.fail("scored again"))
    assert opened("patterns", over="Built-in sample").get("vega_lite_chart")


@pytest.mark.parametrize(
    "address", [{"score": "Nonsense"}, {"over": "Nonsense"}, {"model": "mini-gpt2", "score": "Next token"}]
)
def test_a_link_with_nonsense_still_opens(address: dict[str, str]) -> None:
    app = opened("patterns", **address)
    assert not app.exception
    assert app.get("vega_lite_chart")


@pytest.mark.parametrize(
    ("architecture", "kind"), [("llama", "self"), ("t5", "cross"), ("deberta-v2", "self")]
)
def test_other_architectures_and_kinds_open(
    architecture: str, kind: str, tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNLIT_ANY_MODEL", "1")
    text = "The cat sat on the mat because the dog lay on the rug."
    folder = str(tiny_folder(architecture))
    app = opened("patterns", model=folder, over="This text", text=text, target=text, kind=kind)
    assert not app.exception
    assert not app.warning
    assert app.get("vega_lite_chart")


def test_a_text_beside_the_scores_opens_in_the_head_view_at_its_head_and_token() -> None:
    app = opened("patterns", layer="5", head="7", list="Any texts", over="Built-in sample")
    assert not app.exception
    assert "In 5.8% of 52 texts" in words(app)
    app.segmented_control(key="list").set_value("Most surprising").run()
    first = next(each.value for each in app.markdown if "-background[" in each.value)
    link = next(each.proto for each in app.get("page_link") if each.proto.label == "Open")
    app = opened("head_view", **dict(parse_qsl(link.query_string, keep_blank_values=True)))
    assert not app.exception
    assert app.text_area(key="text").value in plain(re.sub(r":\w+-background\[\*+(.*?)\*+\]", r"\1", first))
    assert (app.session_state["layer"], app.session_state["heads"]) == (5, [7])
    query = app.selectbox(key="query")
    token = query.options[int(query.value)].split("  ·  ")[0]
    assert f":blue-background[**{token}**]" in plain(first)


def test_heads_are_found_by_pointing_at_two_tokens() -> None:
    app = opened("patterns", text="Mr. Dursby met Miss Harlow at the gate. Later Mr. Dursby met", query="1")
    assert "points_at" in [each.key for each in app.selectbox]
    query = len(app.selectbox(key="query").options) - 1
    app.selectbox(key="query").set_value(query).run()
    options = app.selectbox(key="points_at").options
    after = next(place for place, each in enumerate(options) if each.startswith("Miss"))
    app.selectbox(key="points_at").set_value(after).run()
    assert not app.exception
    assert "a case of *induction*" in words(app)
    best = app.dataframe[0].value.iloc[0]
    assert f"**{best['layer']:.0f}-{best['head']:.0f}** does it most" in words(app)
    assert best["here"] > 0.3


def test_a_survey_from_the_command_line_is_offered_for_its_own_model_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ATTNLIT_SURVEY", str(FOLDER / "mini-gpt2"))
    app = opened("patterns")
    assert not app.exception
    assert app.segmented_control(key="over").value == "Opened survey"
    other = opened("patterns", model="mini-bert")
    assert not other.exception
    assert "Opened survey" not in other.segmented_control(key="over").options
    assert "The opened survey is of the self attention of mini-gpt2" in words(other)


def test_a_token_is_no_markup_in_a_label(small_model: Callable[[str], str]) -> None:
    """Labels of controls are Markdown: a star, or a whole word that is a link, would be taken for markup."""
    app = opened("patterns", model=small_model("mini-gpt2"), text="The * sat.", query="3")
    assert app.selectbox(key="points_at").label == r"Which heads make “\*” look at …"
