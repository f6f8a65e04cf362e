"""A student's answers fit into a link and onto a sheet; a broken link loses only what it cannot mean."""

from __future__ import annotations

import pytest

from attnlit.lessons import LESSONS
from attnlit.lessons.answers import (
    Answer,
    as_written,
    decode,
    encode,
    is_damaged,
    is_near,
    key,
    number_in,
    sheet,
)
from attnlit.lessons.measures import parse_measure

LESSON = LESSONS["one-step-back"]


def test_a_link_carries_all_answers() -> None:
    answers = [Answer(2, 99.0), Answer(None, 82.5), Answer(1, None)]
    assert encode(answers) == "2n99_n82.5_1_"
    assert decode(encode(answers), LESSON) == answers


@pytest.mark.parametrize("text", ["", "_", "x", "99_", "<b>", "2n_", "n1e9_", "-1_", "_" * 500, "\x00"])
def test_what_a_link_cannot_mean_is_left_out(text: str) -> None:
    assert decode(text, LESSON) == [Answer()] * len(LESSON.steps)


def test_a_link_that_was_cut_off_is_known() -> None:
    whole = encode([Answer(2, 99.0), Answer(None, 82.5), Answer(1, None)])
    for text in ("", "_", "2n99_", whole):
        assert not is_damaged(text, LESSON), text
    for text in (whole[:-1], whole[:6], whole + "_", whole + "1_", "7_", "n1000_", "x_", "١_", "\x00"):
        assert is_damaged(text, LESSON), text


def test_a_broken_answer_spoils_no_other() -> None:
    assert decode("7_1_x", LESSON) == [Answer(), Answer(1), Answer()]


def test_a_right_prediction_and_a_number_that_is_near() -> None:
    right = [option.right for option in LESSON.steps[0].options].index(True)
    assert Answer(right).is_right(LESSON.steps[0])
    assert not Answer(1 - min(right, 1)).is_right(LESSON.steps[0])
    assert not Answer().is_right(LESSON.steps[0])
    share, effect = parse_measure("score name=previous"), parse_measure("effect prompts=question")
    assert (as_written(share, 0.394), as_written(effect, -0.26312)) == ("39.4%", "−0.263")
    assert is_near(share, 0.99, 99)
    assert is_near(share, 0.99, 97.5)
    assert not is_near(share, 0.99, 90)
    assert is_near(effect, -0.26312, -0.26)  # as the page says it
    assert not is_near(effect, -0.26312, 0.26)


def test_the_sheet_holds_the_answers_and_not_the_key() -> None:
    text = sheet(LESSON, [Answer(0, 12.0), Answer(), Answer()], "Ada\n# x")
    assert "Name: Ada # x" in text
    assert f"- [x] {LESSON.steps[0].options[0].text}" in text
    assert f"- [ ] {LESSON.steps[0].options[2].text}" in text
    assert f"{LESSON.steps[0].number} 12" in text
    assert "**" not in text
    assert text.count("____________") == 2  # two numbers are open


def test_the_key_holds_what_is_right_and_what_was_measured() -> None:
    text = key(LESSON, [0.99, 0.82, None])
    assert LESSON.mistakes in text
    assert text.startswith("# Answer key: ")
    assert "**99.0%**" in text
    effects = key(LESSONS["is-it-biased"], [0.394, -0.2634, None])
    assert "**+0.394**" in effects
    assert "**−0.263**" in effects
    for step in LESSON.steps:
        assert f"**{next(option.text for option in step.options if option.right)}**" in text


def test_a_number_is_read_as_students_write_it() -> None:
    right = {"12,5": 12.5, " 79 % ": 79, "−3.25": -3.25, "7.": 7, "0.12349": 0.123, ".5": 0.5, "+,25": 0.25}
    assert {written: number_in(written) for written in right} == right
    for written in ("", "-", ".", "abc", "1e5", "1.2.3", "1000", "١٢x", "12 5"):
        assert number_in(written) is None
    assert decode(encode([Answer(1, number_in("999,1239"))]), LESSON)[0] == Answer(1, 999.124)
