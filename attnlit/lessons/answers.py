"""What a student answered: it fits into a link, and becomes a sheet to print or to hand in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from attnlit.lessons.measures import Measure
from attnlit.lessons.reading import Lesson, Step
from attnlit.wording import number_text, one_line

_ANSWER = re.compile(r"(\d{0,2})(?:n(-?\d{1,3}(?:\.\d{1,3})?))?", re.ASCII)
_NUMBER = re.compile(r"[-−+]?(?:\d{1,3}(?:[.,]\d*)?|[.,]\d+)")
MOST_NAME = 80  # characters of a student's name
NEAR = 0.02  # a number counts as right within two hundredths: what is read off a picture is rounded


@dataclass(frozen=True)
class Answer:
    """The answer to one step: the option that was chosen, and the number that was filled in."""

    option: int | None = None
    number: float | None = None

    def is_right(self, step: Step) -> bool:
        """Whether the prediction was right."""
        return self.option is not None and step.options[self.option].right


def number_in(written: str) -> float | None:
    """The number that a student wrote, to three decimals; None where it is none.

    A decimal comma counts as a point, and a percent sign is left out: of “12,5” a browser's own field for
    numbers makes 125 where it expects a point.
    """
    found = _NUMBER.fullmatch(written.strip().removesuffix("%").strip())
    return round(float(found[0].replace(",", ".").replace("−", "-")), 3) if found else None


def encode(answers: Sequence[Answer]) -> str:
    """Answers as a link carries them, such as `2n79_0n82_`: option, n, number; a step's end is `_`."""
    return "".join(
        ("" if each.option is None else str(each.option))
        + ("" if each.number is None else f"n{each.number:g}")
        + "_"
        for each in answers
    )


def decode(text: str, lesson: Lesson) -> list[Answer]:
    """The answers of a link, one for each step of the lesson; what it cannot mean is left out."""
    given = text.split("_")[: len(lesson.steps)]
    given += [""] * (len(lesson.steps) - len(given))
    return [_answer(step, each) or Answer() for step, each in zip(lesson.steps, given, strict=True)]


def is_damaged(text: str, lesson: Lesson) -> bool:
    """Whether the answers of a link are not as `encode` has made them: cut off, or of another lesson."""
    *given, end = text.split("_") if text else [""]
    known = map(_answer, lesson.steps, given)
    return bool(end) or len(given) > len(lesson.steps) or None in known


def _answer(step: Step, text: str) -> Answer | None:
    """One answer of a link; None for what is none to this step."""
    found = _ANSWER.fullmatch(text)
    if found is None or (found[1] and int(found[1]) >= len(step.options)):
        return None
    option, number = found.groups()
    return Answer(int(option) if option else None, float(number) if number else None)


def as_written(measure: Measure, value: float) -> str:
    """A measured value as the pages say it: 82.0%, or an effect such as +0.394."""
    return f"{100 * value:.1f}%" if measure.is_share else number_text(value, "+.3f")


def is_near(measure: Measure, value: float, written: float) -> bool:
    """Whether what a student wrote is what was measured, up to what can be read off a picture."""
    unit = 100 if measure.is_share else 1
    return abs(unit * value - written) <= unit * NEAR


def sheet(lesson: Lesson, answers: Sequence[Answer], name: str = "") -> str:
    """The answer sheet in Markdown, without the key: questions, and what was answered."""
    lines = [f"# {lesson.title}", "", f"Name: {one_line(name, MOST_NAME) or '____________'}", ""]
    for number, (step, answer) in enumerate(zip(lesson.steps, answers, strict=True), start=1):
        lines += [f"## {number}. {step.title}", "", step.question, ""]
        for index, option in enumerate(step.options):
            lines.append(f"- [{'x' if index == answer.option else ' '}] {option.text}")
        if step.measure is not None:
            written = "____________" if answer.number is None else f"{answer.number:g}"
            lines += ["", f"{step.number} {written}"]
        lines.append("")
    return "\n".join(lines)


def key(lesson: Lesson, values: Sequence[float | None]) -> str:
    """The key to a lesson in Markdown, for the teacher. values: what was measured for each step, or None."""
    lines = [f"# Answer key: {lesson.title}", "", f"What students get wrong: {lesson.mistakes}", ""]
    for number, (step, value) in enumerate(zip(lesson.steps, values, strict=True), start=1):
        right = next(option.text for option in step.options if option.right)
        lines += [f"## {number}. {step.title}", "", f"{step.question} **{right}**", ""]
        if step.measure is not None and value is not None:
            lines += [f"{step.number} **{as_written(step.measure, value)}**", ""]
    return "\n".join(lines)
