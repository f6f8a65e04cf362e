"""The answer: the text, shaded; what was read in words; sums by span and by word; files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from attnlit.analysis.reads import read_by_span, read_by_word
from attnlit.app import cache, code, described, export, panels
from attnlit.app.answer import choose
from attnlit.app.answer.ask import link
from attnlit.app.export import Figure
from attnlit.attention.record import ATTENTION
from attnlit.attention.values import passed_on
from attnlit.charts.figure import file_stem, heading
from attnlit.charts.reading import HOW_TO, reading_picture
from attnlit.words.answer import ABOUT, read_in_words, said_in_words, word_in_words
from attnlit.words.caption import caption

if TYPE_CHECKING:
    from attnlit.app.answer.ask import Question
    from attnlit.app.answer.choose import Looking
    from attnlit.app.frame.request import Choice
    from attnlit.attention import Answer


def answer(choice: Choice, question: Question, found: Answer) -> None:
    """Draw all of it."""
    looking = choose.ask(choice, found)
    shown = _weighed(choice, found) if looking.passed_on else found
    left, right = panels.beside([3, 2])
    with left:
        st.caption(HOW_TO)
        panels.picture(
            reading_picture(
                shown, looking.heads, looking.words, once_read=looking.once_read, theme=choice.theme
            ),
            key="reading_picture",
            on_select=_follow_click,
            selection=["pin"],
            alt="The text and the answer, each word's ground as strong as what was read of it",
        )
    with right:
        _in_words(shown, looking)
    _tables(choice, shown, looking)
    with right:  # its menu saves the tables, too
        _take_away(choice, question, shown, looking)


def _weighed(choice: Choice, found: Answer) -> Answer:
    """The same answer with the lengths of what is passed on."""
    key = (choice.model.identity, found.text, found.pair, found.kind, "answer passed on")
    measured = cache.records.find(key, lambda: passed_on(choice.model, found))
    return replace(found, weights=measured.weights, weighs=measured.weighs)


def _follow_click() -> None:
    for clicked in panels.selection("reading_picture", "pin"):
        if clicked["choice"] >= 0:
            choose.choose(clicked["choice"])


def _in_words(shown: Answer, looking: Looking) -> None:
    with described.words_of("reading_picture"):
        st.markdown(said_in_words(shown))
        if len(looking.words) == 1:
            st.markdown(word_in_words(shown, looking.words[0]))
        for sentence in read_in_words(shown, looking.words, looking.heads, once_read=looking.once_read):
            st.markdown(sentence)
    st.caption(ABOUT)


def _tables(choice: Choice, shown: Answer, looking: Looking) -> None:
    """Of what each word of the answer read how much: by span; and by word, for the chosen ones."""
    percent = st.column_config.NumberColumn(format="percent")
    by_span = read_by_span(shown, heads=looking.heads, once_read=looking.once_read)
    with st.expander("Every word of the answer, by whose words it read", icon=":material/table:"):
        columns = dict.fromkeys([each for each in by_span if each not in ("word", "position")], percent)
        panels.numbers(by_span, "Read by span", "answer_spans", column_config=columns)
    with st.expander("The chosen words, by what they read", icon=":material/table:"):
        by_word = read_by_word(shown, looking.words, looking.heads, once_read=looking.once_read)
        columns = dict.fromkeys([each for each in by_word if each in ("share", "even")], percent)
        panels.numbers(by_word, "Read by word", "answer_words", column_config=columns)


def _take_away(choice: Choice, question: Question, shown: Answer, looking: Looking) -> None:
    title = heading(f"{choice.model.name} · {looking.of}")
    weigh = "attention" if shown.weighs == ATTENTION else "what is passed on"
    known = choice.known
    below = caption(known.name, known.identity, (question.prompt,), (f"the ground behind a word is {weigh}",))
    picture = Figure(
        lambda: reading_picture(shown, looking.heads, looking.words, once_read=looking.once_read),
        title,
        below,
        file_stem(choice.model.name, "answer"),
    )
    again = code.reading_view(
        known, shown, looking.heads, looking.words,
        prompt=None if question.chat else question.prompt, messages=question.messages,
        temperature=question.temperature, seed=question.seed,
        once_read=looking.once_read, passed_on=looking.passed_on,
    )  # fmt: skip
    about = {"title": title, "caption": below, "text": shown.text, "answer": shown.pair or ""}
    about |= {"weights": shown.weighs}
    export.menus(choice.model, link(choice, question), picture, about, code=[again])
