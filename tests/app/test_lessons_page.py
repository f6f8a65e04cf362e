"""The lessons: a class walks through one, a reload loses nothing, a link of nonsense breaks nothing."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from attnlit.lessons import LESSONS
from tests.app.nonsense import shows_markup
from tests.app.opening import opened, plain


def shown(app: AppTest) -> str:
    assert not app.exception
    return " ".join(each.value for kind in (app.markdown, app.info, app.warning, app.header) for each in kind)


def test_the_list_opens_a_lesson_and_the_lesson_walks_on_and_back() -> None:
    app = opened("lessons")
    assert all(lesson.about in shown(app) for lesson in LESSONS.values())
    app.button(key="open_one-step-back").click().run()
    assert LESSONS["one-step-back"].steps[0].title in shown(app)
    assert not app.get("vega_lite_chart")  # it would give the prediction away
    next(button for button in app.button if button.label.startswith("Next")).click().run()
    assert LESSONS["one-step-back"].steps[1].title in shown(app)
    assert app.get("vega_lite_chart")
    next(button for button in app.button if button.label.endswith("Back")).click().run()
    assert LESSONS["one-step-back"].steps[0].title in shown(app)
    next(button for button in app.button if button.label == "All lessons").click().run()
    assert "lesson" not in app.query_params


def test_a_lesson_goes_on_where_it_was_left_for_a_page_that_it_opens() -> None:
    app = opened("lessons", lesson="is-it-biased", step="1")
    app.radio[0].set_value(1).run()
    app.text_input[0].set_value("0.39").run()
    next(button for button in app.button if button.label.startswith("Next")).click().run()
    for name in ("lesson", "step", "answers"):  # over the navigation, which carries none of it
        del app.query_params[name]
    app.switch_page("pages/bias.py").run()
    app.switch_page("pages/lessons.py").run()
    assert any(each.value.endswith("· goes on at step 2") for each in app.caption)
    app.button(key="open_is-it-biased").click().run()
    assert app.query_params["step"] == "2"
    assert app.query_params["answers"] == "1n0.39___"


def test_what_is_so_is_told_after_a_prediction_and_the_answers_stand_in_the_address() -> None:
    step = LESSONS["one-step-back"].steps[0]
    app = opened("lessons", lesson="one-step-back")
    assert step.reveal not in shown(app)
    assert not app.get("vega_lite_chart")
    app.radio[0].set_value(0).run()
    assert app.get("vega_lite_chart")
    assert step.reveal in shown(app)
    assert "Not quite" in shown(app)
    assert app.query_params["answers"] == "0___"
    right = [option.right for option in step.options].index(True)
    app.radio[0].set_value(right).run()
    assert "That is what happens" in shown(app)
    for written in ("abc", "1e9", "12345", "<b>", "![](http://a.example/x.png)"):
        app.text_input[0].set_value(written).run()
        assert "is not a number" in shown(app)
        assert not shows_markup(app)
        assert app.query_params["answers"] == f"{right}___"
    app.text_input[0].set_value("98,5 %").run()
    assert "Right" in shown(app)
    assert app.query_params["answers"] == f"{right}n98.5___"


def test_a_reload_and_a_link_restore_the_answers() -> None:
    app = opened("lessons", lesson="one-step-back", step="2", answers="2n99_2n50_")
    assert app.radio[0].value == 2
    assert app.text_input[0].value == "50"
    assert "Not that" in shown(app)


@pytest.mark.parametrize(
    ("lesson", "step", "wrong", "where"),
    [
        ("one-step-back", "1", "50", "Find the token in the picture"),
        ("one-step-back", "2", "50", "The page “Head view” says it"),
        ("one-step-back", "3", "50", "The table above says it"),
        ("is-it-biased", "1", "0.9", "The page “Bias” says it"),
    ],
)
def test_a_wrong_number_is_sent_where_the_right_one_stands(
    lesson: str, step: str, wrong: str, where: str
) -> None:
    app = opened("lessons", lesson=lesson, step=step, answers="0_0_0_")
    app.text_input[0].set_value(wrong).run()
    assert f"Not that. {where}" in plain(shown(app))


def test_an_effect_is_written_as_the_page_bias_says_it() -> None:
    app = opened("lessons", lesson="is-it-biased", step="2", answers="0_0_0_")
    app.text_input[0].set_value("−0.26").run()
    assert "Right: measured here it is −0.263." in plain(shown(app))


def test_a_step_that_switches_off_shows_what_the_model_then_says() -> None:
    app = opened("lessons", lesson="said-twice", step="2", answers="_0_")
    table = app.dataframe[0]
    assert "Har" in set(table.value["token"])
    before = table.value.set_index("token")["before"]["Har"]  # percent
    assert f"“Har” ({before:.1f}%)" in plain(shown(app))
    assert '"%.2f%%"' in table.proto.columns


def test_a_name_that_is_too_long_is_cut_and_it_is_said() -> None:
    app = opened("lessons", lesson="one-step-back", step="3")
    app.text_input(key="lesson_name").set_value("x" * 81).run()
    assert app.text_input(key="lesson_name").value == "x" * 80
    assert "takes at most 80 characters" in shown(app)


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_step_of_every_lesson_opens(lesson: str) -> None:
    for number in range(1, len(LESSONS[lesson].steps) + 1):
        app = opened("lessons", lesson=lesson, step=str(number))
        assert not app.exception
        assert not app.warning


@pytest.mark.parametrize("value", ["0", "99", "-1", "²", "1" * 500, "![](http://a.b)"])
def test_nonsense_in_a_link_opens_the_lesson_at_its_start(value: str) -> None:
    app = opened("lessons", lesson="one-step-back", step=value)
    assert LESSONS["one-step-back"].steps[0].title in shown(app)
    assert "no step" in shown(app)
    assert "There is no lesson" in shown(opened("lessons", lesson=value))
    app = opened("lessons", lesson="one-step-back", answers=value, only=f"bias.{value}")
    assert LESSONS["one-step-back"].steps[0].title in shown(app)
    assert "answers in this link cannot be read" in shown(app)
    assert "names a page that does not exist" in plain(shown(app))
    assert app.query_params["answers"].endswith("___")
    assert not app.run().warning  # said once


def test_a_teacher_gets_a_link_and_a_key_that_is_measured() -> None:
    app = opened("lessons")
    [link] = [code.value for code in app.code]
    assert parse_qs(urlsplit(link).query) == {
        "lesson": ["one-step-back"],
        "step": ["1"],
        "only": ["head_view.model_view.neuron_view"],
    }
    next(button for button in app.button if button.label == "Show the answer key").click().run()
    assert "Answer key: " in shown(app)


def test_a_link_for_a_class_allows_what_the_lesson_opens() -> None:
    app = opened("lessons")
    lesson = LESSONS["is-it-biased"]
    app.selectbox[0].set_value(lesson.title).run()
    assert "bias" in parse_qs(urlsplit(app.code[0].value).query)["only"][0].split(".")
    app.multiselect[0].set_value(["Head view"]).run()
    assert "A step of this lesson opens Bias, which the link leaves out." in plain(shown(app))


def test_the_glossary_explains() -> None:
    assert "**Attention sink**" in shown(opened("glossary"))
