"""Reads a lesson from its text file: Markdown with a few marks.

# Title
model: mini-gpt2            what the lesson is about, a line each: model, minutes, text, pair, about,
minutes: 10                 mistakes (what students get wrong)

## Title of a step
see: head_view layer=3 heads=2 query=9        the page, and what is chosen there; `query=-1` pins no token,
                                              `look=after` shows the picture once a prediction is made
true: weight layer=3 head=2 query=9 key=8 >= 0.9   what the step claims of the model; the tests prove it

What to know before looking.

### Predict
A question?

- a wrong answer
+ the right one

### Reveal
What is seen.

### Measure
A question with a number for an answer?

= weight layer=3 head=2 query=9 key=8
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from attnlit.errors import AttnlitError
from attnlit.lessons.measures import Claim, Measure, parse_claim, parse_measure

_TEXTS = Path(__file__).with_name("texts")
_FACTS = ("model", "minutes", "text", "pair", "about", "mistakes")


@dataclass(frozen=True)
class Option:
    """One answer to choose from."""

    text: str
    right: bool


@dataclass(frozen=True)
class Step:
    """One look: what to see, a prediction to make, what is revealed, a number to fill in."""

    title: str
    page: str
    # What is chosen on that page, by the names that the address uses; with `text` and `pair` where the step
    # has its own.
    choices: Mapping[str, str]
    # Whether the picture would give the prediction away, and so comes after it.
    look_after: bool
    words: str
    question: str
    options: tuple[Option, ...]
    reveal: str
    number: str
    measure: Measure | None
    claims: tuple[Claim, ...]


@dataclass(frozen=True)
class Lesson:
    """One lesson, in the order of its steps."""

    name: str
    title: str
    model: str
    minutes: int
    text: str
    pair: str
    about: str
    mistakes: str
    steps: tuple[Step, ...]


def read_lesson(name: str, source: str) -> Lesson:
    """The lesson that the text of a file describes. Raises AttnlitError, naming the part that is wrong."""
    head, *parts = re.split(r"^## ", source, flags=re.MULTILINE)
    title, facts, _ = _facts(head, _FACTS)
    missing = [fact for fact in _FACTS if fact not in facts and fact != "pair"]
    if missing or not parts:
        raise AttnlitError(f"The lesson “{name}” lacks {', '.join(missing) or 'steps'}.")
    return Lesson(
        name=name,
        title=title.removeprefix("# "),
        model=facts["model"][0],
        minutes=int(facts["minutes"][0]),
        text=facts["text"][0],
        pair=facts.get("pair", [""])[0],
        about=facts["about"][0],
        mistakes=facts["mistakes"][0],
        steps=tuple(_step(name, part) for part in parts),
    )


def _step(lesson: str, source: str) -> Step:
    first, *rest = re.split(r"^### ", source, flags=re.MULTILINE)
    title, facts, words = _facts(first, ("see", "true"))
    sections = dict(part.split("\n", 1) for part in rest)
    unknown = set(sections) - {"Predict", "Reveal", "Measure"}
    if unknown or "see" not in facts or not {"Predict", "Reveal"} <= set(sections):
        raise AttnlitError(f"The step “{title}” of the lesson “{lesson}” needs see:, Predict and Reveal.")
    page, *asked = shlex.split(facts["see"][0])
    choices = dict(choice.split("=", 1) for choice in asked)
    look_after = choices.pop("look", "") == "after"
    question, options = _options(sections["Predict"])
    if sum(option.right for option in options) != 1:
        raise AttnlitError(f"The step “{title}” of the lesson “{lesson}” needs one right answer.")
    number, _, measure = sections.get("Measure", "").partition("\n= ")
    return Step(
        title=title,
        page=page,
        choices=choices,
        look_after=look_after,
        words=words,
        question=question,
        options=options,
        reveal=sections["Reveal"].strip(),
        number=number.strip(),
        measure=parse_measure(measure.strip()) if measure else None,
        claims=tuple(parse_claim(line) for line in facts.get("true", ())),
    )


def _facts(source: str, names: tuple[str, ...]) -> tuple[str, dict[str, list[str]], str]:
    """(title, the lines that begin with one of the names, the text after them)."""
    title, *lines = source.strip().split("\n")
    facts: dict[str, list[str]] = {}
    while lines and (found := re.match(rf"({'|'.join(names)}): ?(.*)", lines[0])):
        facts.setdefault(found[1], []).append(found[2].strip())
        lines.pop(0)
    return title.strip(), facts, "\n".join(lines).strip()


def _options(source: str) -> tuple[str, tuple[Option, ...]]:
    lines = [line for line in source.strip().split("\n") if line.strip()]
    options = tuple(Option(line[2:], line[0] == "+") for line in lines if line[:2] in ("- ", "+ "))
    return " ".join(line for line in lines if line[:2] not in ("- ", "+ ")), options


LESSONS: Mapping[str, Lesson] = {
    name: read_lesson(name, file.read_text(encoding="utf-8"))
    for file in sorted(_TEXTS.glob("*.md"))
    for name in [file.stem.split("-", 1)[1]]
}
