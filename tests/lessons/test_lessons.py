"""Every lesson can be read, and everything it says of a model is measured on that model."""

from __future__ import annotations

import pytest

from attnlit.errors import AttnlitError
from attnlit.lessons import LESSONS, Lesson, measured, read_lesson
from tests.bundled import bundled

STEPS = [(lesson, number) for lesson in LESSONS.values() for number in range(len(lesson.steps))]
SOURCE = """# A title
model: mini-gpt2
minutes: 10
text: The cat sat.
about: What it is about.
mistakes: What goes wrong.

## Look
see: head_view layer=3 heads=2 text="A text of its own"
true: weight layer=3 head=2 query=2 key=1 >= 0.5

Some words.

And more.

### Predict
What is it?

- this
+ that

### Reveal
It is that.

### Measure
How much?

= weight layer=3 head=2 query=2 key=1
"""


def test_the_lessons_come_in_order() -> None:
    """One that is added comes behind these, whose numbers teachers know."""
    assert list(LESSONS)[:6] == [
        "one-step-back",
        "the-first-word",
        "said-twice",
        "both-ways",
        "inside-one-look",
        "is-it-biased",
    ]
    assert all(10 <= lesson.minutes <= 15 for lesson in LESSONS.values())


@pytest.mark.whole
@pytest.mark.parametrize(
    ("lesson", "number"), STEPS, ids=[f"{lesson.name}-{number}" for lesson, number in STEPS]
)
def test_what_a_step_says_of_the_model_is_so(lesson: Lesson, number: int) -> None:
    model = bundled(lesson.model)
    step = lesson.steps[number]
    text, pair = step.choices.get("text", lesson.text), step.choices.get("pair", lesson.pair)
    for claim in step.claims:
        value = measured(claim.measure, model, text, pair)
        assert claim.holds(value), (claim, value)
    if step.measure is not None:
        value = measured(step.measure, model, text, pair)
        assert -2 < value < 2


def test_a_lesson_is_read_from_its_text() -> None:
    lesson = read_lesson("look", SOURCE)
    assert (lesson.title, lesson.model, lesson.minutes, lesson.pair) == ("A title", "mini-gpt2", 10, "")
    [step] = lesson.steps
    assert (step.title, step.page) == ("Look", "head_view")
    assert step.choices == {"layer": "3", "heads": "2", "text": "A text of its own"}
    assert not step.look_after
    [later] = read_lesson("look", SOURCE.replace("heads=2", "heads=2 look=after")).steps
    assert later.look_after
    assert later.choices == step.choices
    assert step.words == "Some words.\n\nAnd more."
    assert (step.question, step.reveal, step.number) == ("What is it?", "It is that.", "How much?")
    assert [(option.text, option.right) for option in step.options] == [("this", False), ("that", True)]
    assert step.measure is not None
    assert step.claims[0].measure == step.measure
    assert step.claims[0].holds(0.5)
    assert not step.claims[0].holds(0.4)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("+ that", "- that", "one right answer"),
        ("see: head_view layer=3 heads=2", "", "needs see:"),
        ("### Reveal", "### Show", "needs see:"),
        ("text: The cat sat.\n", "", "lacks text"),
        ("= weight", "= wait", "can measure weight"),
        (">= 0.5", "> 0.5", "claims with"),
    ],
)
def test_a_broken_lesson_says_what_is_wrong(old: str, new: str, words: str) -> None:
    with pytest.raises(AttnlitError, match=words):
        read_lesson("look", SOURCE.replace(old, new))
