"""Which words of the answer are looked at, through which heads, and whether as they were written or read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import streamlit as st

from attnlit.analysis.scores import telling_head
from attnlit.app import line
from attnlit.app.frame import address, bar
from attnlit.app.frame.chosen import begin_at
from attnlit.app.frame.controls import one_of

if TYPE_CHECKING:
    from attnlit.app.frame.request import Choice
    from attnlit.attention import Answer
    from attnlit.attention.rows import Heads

ALL, LAYER, HEAD = SCOPES = ("All layers", "This layer", "This head")
WROTE, READ = WHEN = ("To write it", "Once it was there")


@dataclass(frozen=True)
class Looking:
    """Which part of an answer is looked at."""

    # Places in `Answer.written`: one, or several in a row.
    words: tuple[int, ...]
    # (layer, head) pairs; None is all of them.
    heads: Heads
    once_read: bool
    passed_on: bool
    # In words, for titles.
    of: str


def ask(choice: Choice, answer: Answer) -> Looking:
    """Draw the controls above the picture."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="bar"):
        scope = one_of(st.segmented_control, "Read by", SCOPES, "read_by")
        when = one_of(
            st.segmented_control, "What was read", WHEN, "when",
            help="A word is predicted at the token before it, so what was read to write it is in that "
            "token's row. Once the word is there, it looks back itself, for all that comes after it.",
        )  # fmt: skip
        passed_on = bar.weighs_what_is_passed_on(choice.model, "Counted as")
    if scope != ALL:
        begin_at(*telling_head(answer))
    if scope == HEAD:
        with bar.title_place():
            bar.title_line(choice.model, choice.kind, choice.layer, (choice.head,))
    heads, of = _heads(choice, answer, scope)
    return Looking(_words(answer), heads, when == READ, passed_on, of)


def _heads(choice: Choice, answer: Answer, scope: str) -> tuple[Heads, str]:
    if scope == ALL:
        return None, "all layers and heads"
    if scope == LAYER:
        return tuple((choice.layer, head) for head in range(answer.heads)), f"layer {choice.layer}, all heads"
    return ((choice.layer, choice.head),), f"head {choice.layer}-{choice.head}"


def _words(answer: Answer) -> tuple[int, ...]:
    """Draw the steps from word to word, and how many words there are; the chosen ones."""
    count = len(answer.written)
    spelled = address.settled("word", _every(count), f"this answer has words 0 to {count - 1}") or "0"
    first, last = (int(each) for each in (spelled.split("-") * 2)[:2])
    with st.container(horizontal=True, vertical_alignment="center", key="word_line"):
        shown = " ".join(answer.queries[word.position].text for word in answer.written[first : last + 1])
        back = bar.step("word", bar.BACK, possible=first > 0)
        on = bar.step("word", bar.ON, possible=last < count - 1)
        words = line.Words(shown if len(shown) <= 40 else f"{shown[:40]}…", "")
        to = {back.name: max(first - 1, 0), on.name: min(last + 1, count - 1)}
        line.draw([back, words, on], "word_steps", "steps", lambda name: choose(to[name]))
        _range(count, first, last)
    return tuple(range(first, last + 1))


def _range(count: int, first: int, last: int) -> None:
    """Several words in a row, whose reading is averaged."""
    if count < 2:
        return
    st.session_state["answer_words"] = (first, last)
    st.slider(
        "From word … to word …", 0, count - 1, key="answer_words", width=260,
        on_change=lambda: choose(*st.session_state["answer_words"]),
        help="Drag both ends for several words: what was read for them is averaged.",
    )  # fmt: skip


def choose(first: int, last: int | None = None) -> None:
    """Look at this word, or at those from the first to the last. For callbacks."""
    address.choose("word", first if last is None or last == first else f"{first}-{last}")


@lru_cache(maxsize=8)
def _every(count: int) -> frozenset[str]:
    """Every choice of a word, or of several in a row, as the address spells it."""
    several = (f"{first}-{last}" for first in range(count) for last in range(first + 1, count))
    return frozenset((*map(str, range(count)), *several))
