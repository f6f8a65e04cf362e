"""The page to print says what the sheet says, and a student's name stays text."""

from __future__ import annotations

from xml.etree import ElementTree

from attnlit.lessons import LESSONS
from attnlit.lessons.answers import Answer, key, sheet
from attnlit.lessons.paper import paper

LESSON = LESSONS["one-step-back"]


def page(text: str) -> ElementTree.Element:
    whole = paper(text).decode()
    return ElementTree.fromstring(whole[whole.index("<body>") : whole.index("</html>")])


def test_a_sheet_has_boxes_and_lines_to_fill_in() -> None:
    found = page(sheet(LESSON, [Answer(0, 12.0), Answer(), Answer()], "Ada <b>&"))
    assert [each.text for each in found.iter("h1")] == [LESSON.title]
    assert len([*found.iter("h2")]) == len(LESSON.steps)
    boxes = ["".join(each.itertext()) for each in found.iter("li")]
    assert [box[0] for box in boxes].count("☒") == 1
    assert len(boxes) == sum(len(step.options) for step in LESSON.steps)
    said = "".join(found.itertext())
    assert "Name: Ada <b>&" in said
    assert "*" not in said
    assert "[x]" not in said
    assert f"{LESSON.steps[0].number} 12".replace("*", "") in said


def test_every_key_has_the_right_answers_in_bold() -> None:
    for lesson in LESSONS.values():
        found = page(key(lesson, [0.5] * len(lesson.steps)))
        bold = ["".join(each.itertext()) for each in found.iter("strong")]
        assert bold.count("50.0%") + bold.count("+0.500") == sum(
            step.measure is not None for step in lesson.steps
        )
        for step in lesson.steps:
            right = next(option.text for option in step.options if option.right)
            assert right.replace("*", "") in bold
        assert "*" not in "".join(found.itertext())
