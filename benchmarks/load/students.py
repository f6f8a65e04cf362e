"""What students do with the app: what they choose, type and open, and the thinking in between.

A lesson says where they go. Every student has a text of their own or one that the class reads. What each of
them saw is kept, and judged afterwards (`right`).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import attnlit
from attnlit.app.examples import EXAMPLES
from attnlit.models.limits import set_threads
from benchmarks.load.answers import Answer, in_address
from benchmarks.load.client import Lost, Visitor

MODEL = "mini-gpt2"  # the one that everybody begins with
HOME = ""  # its path
VIEWS = ("head_view", "model_view", "neuron_view")
STARTING_TEXT = ("The cat sat on the mat because it was warm.", "")
PAIR = "The dog lay down on the rug near the cat."
CLASS_TEXTS = (
    STARTING_TEXT,
    ("The doctor asked the nurse a question. She", ""),
    ("The old sailor told the children a story about a ship that never came home.", ""),
    ("She opened the letter, read it slowly, and put it in the fire.", "Then she slept."),
)
WORDS = (
    "the a old young sailor doctor nurse cat dog ship letter fire river house door night morning child told "
    "asked opened read found lost left saw came went slowly never always home away because and but when that "
    "it she he they under over near beside"
)
PEOPLE = ("doctor", "nurse", "captain", "teacher", "farmer", "king", "queen", "soldier", "servant", "child")
LONGEST = 60  # words
SENTENCES = 40  # of a longer text: read in a second or two
TOO_MANY = 400  # of one that is left before it is read
LEFT_AFTER = 0.7  # seconds
# Buttons of the pages of questions:
MEASURE, COMPARE, SCORE = "Measure the set", "Compare", "Score all heads on it"
# What a page itself lets choose, besides the sidebar; chosen among what it offers.
OF_PAGES = (
    "scope", "prompts", "measure", "expected_only",  # bias
    "over", "score", "repeat_off",  # patterns
    "with_first", "dimensions",  # neurons
    "switch_off",
)  # fmt: skip


@dataclass(frozen=True)
class Lesson:
    """Where a class goes, and how often a student does what, of all that the page allows."""

    pages: Mapping[str, int]
    models: tuple[str, ...]
    habits: Mapping[str, int]


# Layer and head are live; a text has to be typed.
_LOOKING = {"layer": 4, "head": 3, "text": 2, "page": 2}
LESSONS = {
    "views": Lesson(dict.fromkeys(VIEWS, 1), (MODEL,), _LOOKING),
    "all": Lesson(
        {HOME: 2, "head_view": 3, "model_view": 3, "neuron_view": 2, "bias": 2, "patterns": 2, "neurons": 2},
        (MODEL, "mini-bert"),
        _LOOKING
        | {"model": 1, "example": 6, "own prompts": 2, "study": 4, "long text": 3, "long text, left": 1}
        | dict.fromkeys(OF_PAGES, 1),
    ),
}


@dataclass(frozen=True)
class Choice:
    """Everything that decides what a page shows."""

    page: str = "head_view"
    model: str = MODEL
    text: str = STARTING_TEXT[0]
    pair: str | None = STARTING_TEXT[1]  # None: no page has shown the field yet
    layer: int | None = None  # None: wherever the page begins
    head: int = 0
    heads: tuple[int, ...] = ()  # none: all
    query: str = ""  # position of the token that looks; the page chooses it
    own: tuple[tuple[str, str], ...] = ()  # the page's own widgets: key, value as the address spells it


@dataclass
class Deed:
    """One action and its answer."""

    what: str  # "open", "page", "layer" ...
    wished: Choice
    shown: Choice  # what the page's widgets say after it
    answer: Answer
    after_loss: bool  # the connection had been lost before, once or more often
    at: float = 0.0  # when it was done: seconds, as of time.perf_counter

    @property
    def fell_back(self) -> bool:
        """The session was lost, and what neither the page nor its address held is as in the beginning."""
        return self.after_loss and self.shown != self.wished


@dataclass
class Diary:
    """What the students of one run lived through."""

    deeds: list[Deed] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)  # sessions that ended by a fault, and why
    reconnections: int = 0
    visitors: int = 0
    own_processor: float = 0.0  # seconds that the students' own process used


async def study(
    server: str,
    lesson: Lesson,
    diary: Diary,
    until: float,
    seed: int,
    thinking: float,
    stay: float = 0.0,
    wait: float = 0.0,
) -> None:
    """One student until ``until``; with ``stay``, a tab lives about so long, and then another is opened."""
    chance = random.Random(seed)
    await asyncio.sleep(wait)
    while True:
        leaves = min(until, time.perf_counter() + chance.expovariate(1 / stay)) if stay else until
        visitor = Visitor(server)
        diary.visitors += 1
        try:
            await _use(visitor, lesson, diary, leaves, chance, thinking)
        except (Lost, KeyError) as why:
            diary.losses.append(f"{type(why).__name__}: {why}")
        finally:
            diary.reconnections += visitor.times_lost
            await visitor.close()
        if not stay or time.perf_counter() + thinking > until:
            return


async def _use(
    visitor: Visitor, lesson: Lesson, diary: Diary, until: float, chance: random.Random, thinking: float
) -> None:
    what, wished = "open", Choice(page=_page(lesson, chance), pair=None)
    began, answer = time.perf_counter(), await visitor.open(wished.page)
    while True:
        choice = _shown(wished, visitor)
        wished = replace(wished, own=tuple(sorted((dict(choice.own) | dict(wished.own)).items())))
        wished = replace(wished, query=choice.query)
        if wished.pair is None and choice.pair is not None:
            wished = replace(wished, pair=begins_with(choice.model))
        if wished.layer is None:  # the page began at a head by itself, with which other pages go on
            head = choice.heads[0] if choice.heads else choice.head
            wished = replace(wished, layer=choice.layer, head=head, heads=(head,))
            choice = _shown(wished, visitor)
        lost = visitor.times_lost > 0
        diary.deeds.append(Deed(what, wished, choice, _without_notes(answer), lost, began))
        pause = thinking * chance.uniform(0.5, 1.5)
        if time.perf_counter() + pause > until:
            return
        await asyncio.sleep(pause)
        possible = {name: often for name, often in lesson.habits.items() if _can(name, choice, visitor)}
        what = chance.choices(list(possible), list(possible.values()))[0]
        began = time.perf_counter()
        wished, answer = await _do(what, lesson, replace(choice, own=()), visitor, chance)


def _can(what: str, choice: Choice, visitor: Visitor) -> bool:
    """Whether the page has what this takes."""
    shows = visitor.shows()
    if what == "page":
        return True
    if what == "example":
        return choice.page == HOME
    if what == "head":
        return "head" in shows or "heads" in shows
    if what == "own prompts":
        return visitor.offers(COMPARE)
    if what == "study":
        return visitor.offers(MEASURE)
    return {"long text": "long_text", "long text, left": "long_text"}.get(what, what) in shows


async def _do(
    what: str, lesson: Lesson, choice: Choice, visitor: Visitor, chance: random.Random
) -> tuple[Choice, Answer]:
    """Do it: what was wished for (of the page's own widgets those that were set), and what came."""
    if what == "page":
        choice = replace(choice, page=_page(lesson, chance, choice.page))
        return choice, await visitor.visit(choice.page)
    if what == "example":
        return await _open_example(chance.choice(list(EXAMPLES)), visitor)
    if what == "text":
        text, pair = _text(chance)
        if "pair" not in visitor.shows():  # home has one field
            return replace(choice, text=text), await visitor.submit(text=text)
        return replace(choice, text=text, pair=pair), await visitor.submit(text=text, pair=pair)
    if what == "model":
        name = chance.choice([each for each in lesson.models if each != choice.model])
        return replace(choice, model=name), await visitor.choose("model", name)
    if what == "study":
        return choice, await visitor.press(MEASURE)
    if what == "own prompts":
        typed = _prompts(chance)
        return replace(choice, own=tuple(typed.items())), await visitor.press(COMPARE, **typed)
    if what == "long text":
        text = _sentences(chance, SENTENCES)
        return replace(choice, own=(("long_text", text),)), await visitor.press(SCORE, long_text=text)
    if what == "long text, left":
        choice, text = replace(choice, page=_page(lesson, chance, choice.page)), _sentences(chance, TOO_MANY)
        return choice, await visitor.press_and_leave(SCORE, choice.page, LEFT_AFTER, long_text=text)
    if what in OF_PAGES:
        value = chance.choice(visitor.options(what))
        return replace(choice, own=((what, in_address(value)[0]),)), await visitor.choose(what, value)
    model = loaded(choice.model)
    number = chance.randrange(model.layers if what == "layer" else model.heads)
    if what == "layer":
        return replace(choice, layer=number), await visitor.choose("layer", [str(number)])
    choice = replace(choice, head=number, heads=(number,))
    return choice, await visitor.choose("heads" if choice.page == "head_view" else "head", [str(number)])


async def _open_example(name: str, visitor: Visitor) -> tuple[Choice, Answer]:
    """An example brings its model and texts, and finds its head by itself."""
    example = EXAMPLES[name]
    choice = Choice(page=example.page, model=example.model, text=example.text, pair=example.pair)
    answer = await visitor.visit(example.page, example=name)
    found = _shown(choice, visitor)
    head = found.heads[0] if found.heads else found.head
    return replace(found, head=head, heads=(head,), own=()), answer


def _shown(wished: Choice, visitor: Visitor) -> Choice:
    """The choice as the page shows it; what it has no control for is taken as wished."""
    shows = visitor.shows()
    numbers = {
        name: tuple(int(each) for each in shows[name] if each != "All")
        for name in ("layer", "head", "heads")
        if name in shows
    }
    own = {name: shows[name] for name in shows if name in (*OF_PAGES, "long_text") or "bias_" in name}
    if visitor.offers(MEASURE):
        own["measured"] = False
    return replace(
        wished,
        model=shows.get("model", wished.model),
        text=shows.get("text", wished.text),
        pair=shows.get("pair", wished.pair),
        layer=numbers.get("layer", (wished.layer,))[0],
        head=numbers.get("head", (wished.head,))[0],
        heads=numbers.get("heads", wished.heads),
        query=str(shows["query"]).rsplit("·")[-1].strip() if "query" in shows else wished.query,
        own=tuple(sorted((name, in_address(value)[0]) for name, value in own.items())),
    )


def _without_notes(answer: Answer) -> Answer:
    """What the page says where a score was chosen that another model, or a single text, has not: no fault."""
    answer.mistakes = [each for each in answer.mistakes if not each.startswith("You asked for score ")]
    return answer


def _page(lesson: Lesson, chance: random.Random, here: str | None = None) -> str:
    pages = {page: often for page, often in lesson.pages.items() if page != here}
    return chance.choices(list(pages), list(pages.values()))[0]


def _text(chance: random.Random) -> tuple[str, str]:
    """A text that the class reads, or one that nobody else has."""
    if chance.random() < 0.4:
        return chance.choice(CLASS_TEXTS)
    words = chance.choices(WORDS.split(), k=min(LONGEST, 4 + int(chance.expovariate(1 / 12))))
    return " ".join(words).capitalize() + ".", chance.choice(("", PAIR))


def _sentences(chance: random.Random, count: int) -> str:
    return "\n".join(" ".join(chance.choices(WORDS.split(), k=15)).capitalize() + "." for _ in range(count))


def _prompts(chance: random.Random) -> dict[str, str]:
    """A pair of prompts for the bias page, by its fields' keys; of words that both models have whole."""
    one, other = chance.sample(PEOPLE, 2)
    prompt = f"The {one} asked the {other} a question."
    return {
        "bias_first": f"{prompt} She",
        "bias_second": f"{prompt} He",
        "bias_expected": "answered",
        "bias_other": "waited",
        "bias_watched": f"{one}, {other}",
    }


def begins_with(model: str) -> str:
    """The second text that a page opens with: a model that knows pairs has one of its own."""
    return PAIR if loaded(model).pairs == "segments" else ""


@lru_cache(maxsize=4)
def loaded(name: str) -> Any:
    """A model that the students look at, loaded here too; with as many threads it answers to the bit."""
    set_threads()
    return attnlit.load(name)
