"""Where a student is: the lesson, the step and the answers so far. All of it stands in the address.

So a reload loses nothing, a link hands it in, and the server keeps no accounts. Who leaves a lesson for a
page that it opens, and comes back over the list, finds it where it was: that the session remembers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from attnlit.app import say
from attnlit.app.frame import address, classroom
from attnlit.app.frame.cards import LESSONS as CARD
from attnlit.lessons import LESSONS, Lesson, Step
from attnlit.lessons.answers import Answer, decode, encode, is_damaged
from attnlit.wording import quoted

_LEFT = "lessons_left"  # in the session: by lesson, the step that a student was at, and the answers


@dataclass(frozen=True)
class Place:
    """One step of one lesson, and the answers to all steps."""

    lesson: Lesson
    # Counts from 0; the address counts from 1, as people do.
    number: int
    answers: tuple[Answer, ...]

    @property
    def step(self) -> Step:
        return self.lesson.steps[self.number]

    @property
    def answer(self) -> Answer:
        return self.answers[self.number]


def here() -> Place | None:
    """Where the address says that the student is; None for the list of lessons."""
    classroom.check_link()
    asked = address.asked("lesson")
    if not asked:
        return None
    lesson = LESSONS.get(asked[0])
    if lesson is None:
        say.warn(f"There is no lesson {quoted(asked[0])}. Choose one of these.")
        return None
    step = address.asked("step") or ["1"]
    number = int(step[0]) - 1 if step[0].isascii() and step[0].isdigit() and len(step[0]) < 4 else -1
    if not 0 <= number < len(lesson.steps):
        say.warn(f"This lesson has steps 1 to {len(lesson.steps)}, but no step {quoted(step[0])}.")
        number = 0
    given = (address.asked("answers") or [""])[0]
    answers = decode(given, lesson)
    if is_damaged(given, lesson):
        say.once("Some answers in this link cannot be read; it may have been cut off. Answer them again.")
        address.write(answers=encode(answers))
    st.session_state.setdefault(_LEFT, {})[lesson.name] = number, encode(answers)
    return Place(lesson, number, tuple(answers))


def left_at(lesson: str) -> int | None:
    """The step at which a lesson was left; None where it was not opened yet."""
    left = _left(lesson)
    return left and left[0]


def _left(lesson: str) -> tuple[int, str] | None:
    found: dict[str, tuple[int, str]] = st.session_state.get(_LEFT, {})
    return found.get(lesson)


def go(lesson: str | None, number: int | None = None) -> None:
    """Open a step of a lesson, or the list; without a step, the lesson where it was left. For callbacks."""
    if lesson is None:
        address.leave(CARD.keys)
    elif number is not None:
        address.write(lesson=lesson, step=str(number + 1))
    else:
        number, answers = _left(lesson) or (0, "")
        address.write(lesson=lesson, step=str(number + 1), **({"answers": answers} if answers else {}))


def keep(place: Place, answer: Answer) -> None:
    """Keep the answer to this step in the address. For callbacks."""
    answers = list(place.answers)
    answers[place.number] = answer
    address.write(answers=encode(answers))


def with_option(place: Place, option: int | None) -> Answer:
    """The answer to this step with another prediction."""
    return replace(place.answer, option=option)


def with_number(place: Place, number: float | None) -> Answer:
    """The answer to this step with another number."""
    return replace(place.answer, number=number)
