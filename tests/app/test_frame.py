"""The frame of all pages: where a picture begins, what a link carries, and what following it does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from attnlit.analysis.sample import SENTENCES
from attnlit.app import cache, panels
from attnlit.app.examples import EXAMPLES
from attnlit.app.frame import bar, link
from attnlit.app.frame.cards import BY_SCRIPT, PAGES, PageCard
from attnlit.app.neurons import measure
from attnlit.words.glossary import GLOSSARY
from tests.app import small
from tests.app.opening import ROOT, VIEWS, opened, plain, typed


def links(app: AppTest) -> list[dict[str, list[str]]]:
    """The links that the page offers, by what they name."""
    shown = [code.value for code in app.code if "model=" in code.value and "import" not in code.value]
    return [parse_qs(urlsplit(each).query, keep_blank_values=True) for each in shown]


@pytest.mark.parametrize("page", VIEWS)
def test_a_page_opens_at_the_most_telling_head_with_a_word_that_shows_it(page: str) -> None:
    app = opened(page)
    assert app.button_group(key="layer").value == 3
    assert app.query_params["query"] == "3"
    assert any("previous-token head" in each.value for each in app.markdown)
    assert any("*sat* looks mostly at *cat*" in each.value.replace("Sat", "sat") for each in app.markdown)


def test_whoever_names_a_head_gets_it() -> None:
    app = opened("model_view", head="5")
    assert app.button_group(key="layer").value == 0
    assert app.button_group(key="head").value == 5


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_opens_at_its_head_and_its_word(name: str) -> None:
    example = EXAMPLES[name]
    app = opened(example.page, example=name)
    assert not app.exception
    assert not app.warning
    assert app.text_area(key="text").value == example.text
    assert "query" in app.query_params
    if example.look:
        query, key = example.look
        assert any(f"*{query}* looks mostly at *{key}*" in each.value for each in app.markdown)


def test_following_a_link_runs_no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would run before the page shows that anything is done."""
    followed: list[str] = []
    follow = link.follow

    def noted() -> None:
        with monkeypatch.context() as within:
            for name in ("load_model", "attention"):
                within.setattr(cache, name, lambda *asked: pytest.fail("a model was asked"))
            follow()
        followed.append("followed")

    monkeypatch.setattr(link, "follow", noted)
    app = opened("head_view", example="induction")
    assert not app.exception
    assert not app.error
    assert followed
    assert "Dursby" in app.text_area(key="text").value


def test_the_first_of_two_links_carries_what_was_typed() -> None:
    app = typed(opened("head_view"), "Nobody else typed this.")
    mine, bare = links(app)
    assert mine["text"] == ["Nobody else typed this."]
    assert "without" not in mine
    assert "text" not in bare
    assert bare["layer"] == mine["layer"] == ["3"]
    there = opened("head_view", **{name: values[-1] for name, values in bare.items()})
    assert "came without the text" in plain(there.info[0].value)
    here = opened("head_view", **{name: values[-1] for name, values in mine.items()})
    assert not here.info
    assert here.text_area(key="text").value == "Nobody else typed this."


def test_one_link_is_enough_where_nothing_was_typed() -> None:
    (only,) = links(opened("head_view"))
    assert {"text", "pair", "without"}.isdisjoint(only)


@pytest.mark.parametrize("card", [card for card in PAGES if card.controls], ids=lambda card: card.script)
def test_a_link_names_only_what_its_card_declares(card: PageCard, small_model: Callable[[str], str]) -> None:
    found = links(opened(card.script, model=small_model("mini-gpt2")))
    assert found
    assert all({"model"} < set(each) <= card.all_keys for each in found)


def heads(app: AppTest) -> list[object]:
    return app.button_group(key="heads").value


def test_all_heads_are_a_choice_of_their_own_and_none_is_not() -> None:
    app = opened("head_view", heads="3")
    assert heads(app) == [3]
    app.button_group(key="heads").set_value([3, 5]).run()
    assert heads(app) == [3, 5]
    app.button_group(key="heads").set_value([]).run()
    assert heads(app) == [3, 5]  # the last ones stay
    app.button_group(key="heads").set_value(["All", 3, 5]).run()
    assert heads(app) == ["All"]
    assert "Switch these 8 heads off" in [toggle.label for toggle in app.toggle]
    app.button_group(key="heads").set_value(["All", 6]).run()
    assert heads(app) == [6]
    app.switch_page("pages/model_view.py").run()
    assert app.button_group(key="head").value == 6


def test_steps_beside_the_picture_lead_to_the_next_layer_and_head() -> None:
    app = opened("head_view", layer="0", heads="2")
    app.button_group(key="heads").set_value([2, 5]).run()
    app.button(key="head after").click().run()
    assert heads(app) == [2]
    app.button(key="head after").click().run()
    assert heads(app) == [3]
    assert app.button(key="layer before").disabled
    app.button(key="layer after").click().run()
    assert app.button_group(key="layer").value == 1
    assert heads(app) == [3]


@pytest.mark.usefixtures("any_model")
def test_many_layers_and_heads_are_lists_to_choose_from(tmp_path: Path) -> None:
    folder = small.save(tmp_path, n_embd=32, n_layer=17, n_head=16)
    for page in VIEWS:
        app = opened(page, model=folder, layer="16", head="15", heads="15")
        assert not app.exception
        assert not app.warning
        assert app.selectbox(key="layer").value == 16
        chosen = app.multiselect(key="heads") if page == "head_view" else app.selectbox(key="head")
        assert chosen.value in (15, [15])


def test_with_several_heads_steps_go_to_the_layer_beside_and_to_the_first_head() -> None:
    app = opened("head_view", layer="2")  # a link that names no heads shows all
    app.button(key="layer after").click().run()
    assert not app.exception
    assert (app.session_state["layer"], app.session_state["heads"]) == (3, ["All"])
    app.button(key="head after").click().run()
    assert (app.session_state["layer"], app.session_state["heads"]) == (3, [0])
    app.button(key="head after").click().run()
    assert (app.session_state["layer"], app.session_state["heads"]) == (3, [1])
    app.button_group(key="heads").set_value(["All", 1]).run()
    app.button(key="head after").click().run()
    assert app.session_state["heads"] == [0]


def test_texts_that_the_browser_has_kept_are_taken_and_nothing_else() -> None:
    app = AppTest.from_function(_take_kept_texts).run()
    assert app.session_state["text"] == "Kept by the tab."
    assert "pair" not in app.session_state
    assert "model" not in app.session_state


def _take_kept_texts() -> None:
    import streamlit as st

    from attnlit.app.frame import kept_text

    st.session_state["kept_text"] = {"texts": {"text": "Kept by the tab.", "pair": 3, "model": "other"}}
    kept_text.take()


def test_what_is_typed_at_home_is_drawn_there_and_on_every_page() -> None:
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run()
    app.text_area(key="text").set_value("A dog met a dog at the gate. Later the dog met a dog at the gate")
    next(each for each in app.button if each.label == "Show attention").click().run()
    assert not app.exception
    assert app.get("vega_lite_chart")
    assert any("an **induction head**" in each.value for each in app.markdown)
    app.switch_page("pages/head_view.py").run()
    assert app.text_area(key="text").value.startswith("A dog met a dog")
    app.switch_page("pages/home.py").run()
    app.text_area(key="text").set_value("")
    next(each for each in app.button if each.label == "Show attention").click().run()
    assert "The text is empty" in plain(app.warning[0].value)


def test_a_page_that_measures_the_strongest_head_begins_there_unless_somebody_has_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(measure, "SENTENCES", SENTENCES[:12])  # of those that the neurons page reads
    monkeypatch.setattr(cache, "profiles", cache.Memory(lambda: 1e8))  # none of them is kept for others
    app = opened("bias")
    strongest = app.dataframe[1].value.iloc[0]
    assert app.button_group(key="layer").value == strongest["layer"]
    assert app.button_group(key="head").value == strongest["head"]
    assert opened("bias", head="1").button_group(key="head").value == 1
    app.button_group(key="head").set_value(1).run()
    assert app.button_group(key="head").value == 1
    measured = opened("neurons")
    assert not [
        each for each in measured.button if each.label.startswith("Show the strongest") and not each.disabled
    ]
    seen_elsewhere = opened("head_view")
    seen_elsewhere.switch_page("pages/neurons.py").run()
    assert seen_elsewhere.button_group(key="layer").value == 3  # as it was there


def test_from_view_to_view_the_picture_does_not_wait_for_the_line_above_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[str] = []

    def note(module: Any, name: str) -> None:
        draw = getattr(module, name)

        def noted(*values: Any, **named: Any) -> None:
            drawn.append(name)
            draw(*values, **named)

        monkeypatch.setattr(module, name, noted)

    note(bar, "title_line")
    note(panels, "picture")
    app = opened("head_view")
    assert drawn == ["title_line", "picture"]  # the line would move it
    drawn.clear()
    app.run()
    assert drawn == ["picture", "title_line"]
    assert not app.exception


def test_a_page_explains_its_terms_beside_its_sentence() -> None:
    without = {card.script for card in PAGES if not card.terms}
    assert without == {"home", "lessons", "glossary"}  # they explain terms themselves
    assert {term for card in PAGES for term in card.terms} <= set(GLOSSARY)
    lead = next(each for each in opened("flow").markdown if each.value == BY_SCRIPT["flow"].lead)
    assert "**Rollout**: The weights of all layers multiplied" in lead.proto.help
