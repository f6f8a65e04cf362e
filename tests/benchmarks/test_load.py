"""The load client's own judgement: it must notice a wrong picture, and count what it says it counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from attnlit.app.frame import sidebar
from benchmarks.load import students, tables
from benchmarks.load.answers import Answer
from benchmarks.load.right import expected, wrong
from benchmarks.load.server import Sample, Server, cores, sample
from benchmarks.load.students import Choice, Deed, Diary
from benchmarks.load.writing import Written

CHOICE = Choice(page="head_view", text="She opened the letter.", pair="", layer=1, heads=(2,))


def deed(wished: Choice, shown: Choice, pictured: Choice, *, after_loss: bool = False) -> Deed:
    content = expected(pictured)
    answer = Answer(0.1, 0.2, 1000, charts=list(content.charts), numbers=list(content.numbers))
    return Deed("layer", wished, shown, answer, after_loss)


@pytest.mark.parametrize(
    "page",
    [pytest.param(each, marks=() if each == "head_view" else pytest.mark.whole) for each in students.VIEWS],
)
@pytest.mark.parametrize(
    "another",
    [{"model": "mini-bert"}, {"text": "She opened the door."}, {"layer": 2}, {"head": 3, "heads": (3,)}],
    ids=["model", "text", "layer", "head"],
)
def test_a_picture_of_something_else_is_noticed(page: str, another: dict[str, object]) -> None:
    choice = replace(CHOICE, page=page)
    assert wrong([deed(choice, choice, choice)]) == []
    assert len(wrong([deed(choice, choice, replace(choice, **another))])) == 1


@pytest.mark.whole
@pytest.mark.parametrize(
    ("page", "own", "another"),
    [
        ("bias", {}, {"prompts": "Nurse asks doctor"}),
        ("patterns", {"over": "This text"}, {"over": "This text", "score": "First token"}),
        ("head_view", {}, {"switch_off": "true"}),
    ],
)
def test_numbers_of_something_else_are_noticed(
    page: str, own: dict[str, str], another: dict[str, str]
) -> None:
    choice = replace(CHOICE, page=page, text=students.STARTING_TEXT[0], own=tuple(own.items()))
    assert expected(choice).charts
    assert wrong([deed(choice, choice, choice)]) == []
    assert len(wrong([deed(choice, choice, replace(choice, own=tuple(another.items())))])) == 1


@pytest.mark.whole
def test_home_draws_the_text_that_was_typed() -> None:
    """Its picture is of the session's text, and no address holds one for it."""
    choice = Choice(page=students.HOME, text=CHOICE.text)
    assert wrong([deed(choice, choice, choice)]) == []
    assert len(wrong([deed(choice, choice, Choice(page=students.HOME))])) == 1


def test_students_know_what_a_page_opens_with() -> None:
    assert students.begins_with("mini-bert") == students.PAIR == sidebar.PAIR
    assert students.begins_with("mini-gpt2") == ""
    assert students.STARTING_TEXT[0] == sidebar.TEXT


def test_a_missing_picture_is_noticed() -> None:
    nothing = Deed("layer", CHOICE, CHOICE, Answer(charts=[]), after_loss=False)
    assert len(wrong([nothing])) == 1


def test_a_choice_that_the_sidebar_forgets_is_wrong_unless_the_session_was_lost() -> None:
    start = Choice(page="head_view", layer=1, heads=(2,))
    assert len(wrong([deed(CHOICE, start, start)])) == 1
    fallen = deed(CHOICE, start, start, after_loss=True)
    assert wrong([fallen]) == []
    assert fallen.fell_back


def test_cores_count_processes_that_come_and_go() -> None:
    samples = [
        Sample(0.0, 0, 0, {1: 5.0, 2: 7.0}),
        Sample(5.0, 0, 0, {1: 7.0, 2: 8.0}),
        Sample(10.0, 0, 0, {1: 9.0, 3: 2.0}),  # 2 has died after one second of work, 3 is new
    ]
    assert cores(samples) == pytest.approx((4 + 1 + 2) / 10)


def test_the_table_counts_errors_and_losses(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("fine\nTraceback (most recent call last):\n")
    bad = Deed("text", CHOICE, CHOICE, Answer(chart=0.3, mistakes=["The text is empty."]), after_loss=False)
    diary = Diary([bad, deed(CHOICE, CHOICE, CHOICE)], losses=["Lost: gone"], reconnections=2)
    samples = [
        Sample(0.0, 100, 100, {1: 0.0}),
        Sample(2.0, 300, 300, {1: 1.0}),
        Sample(4.0, 200, 200, {1: 2.0}),
    ]
    row = dict(zip(tables.ROW, tables.row(diary, samples, Server("", 1, log)), strict=True))
    assert row["actions"] == "2"
    assert row["errors"] == "2"
    assert row["wrong"] == "0"
    assert row["lost"] == "1"
    assert row["reconnected"] == "2"
    assert (row["MB at start"], row["most"], row["end"]) == ("100", "300", "200")
    assert row["cores"] == "0.50"


def test_what_writers_waited_for_is_told_even_if_nothing_came() -> None:
    written = Written()
    assert written.row(30) == ["30", "0", "–", "–", "–", "–", "0"]
    for first in (0.1, 0.2, 0.9):
        written.note(Answer(first_word=first, finished=10 * first))
    assert written.row(3) == ["3", "3", "0.20", "0.83", "2.00", "8.30", "0"]
    written.note(Answer(finished=5.0))  # from somebody else's: nobody saw it being written
    assert written.row(3)[1::5] == ["4", "1"]


def test_a_soak_says_what_each_minute_brought() -> None:
    good, bad = deed(CHOICE, CHOICE, CHOICE), deed(CHOICE, CHOICE, replace(CHOICE, layer=2))
    good.at, bad.at = 110.0, 165.0  # in the first minute and in the second
    samples = [Sample(float(at), 500 + at, 0, {}) for at in range(100, 223)]
    rows = tables.by_minute([good, bad], samples)
    assert rows == [
        ["minute 1", "660", "1", "0.100", "0.100", "0"],
        ["minute 2", "720", "1", "0.100", "0.100", "1"],
    ]


def test_a_process_is_measured_with_its_children(tmp_path: Path) -> None:
    import os
    import subprocess
    import sys
    import threading

    children: list[subprocess.Popen[bytes]] = []
    start = threading.Thread(
        target=lambda: children.append(
            subprocess.Popen([sys.executable, "-c", "print(flush=True); input()"], stdin=-1, stdout=-1)
        )
    )
    start.start()
    start.join()
    with children[0] as child:
        assert child.stdout
        child.stdout.readline()
        seen = sample(Server("", os.getpid(), tmp_path))
        assert child.pid in seen.processor
        assert seen.memory > seen.largest > 0
        child.kill()
