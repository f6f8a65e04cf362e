"""The list of lessons, the answer sheet, and what a teacher needs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import streamlit as st

from attnlit.app import cache, copy_button, say
from attnlit.app.frame import address, classroom
from attnlit.app.frame.cards import BY_SCRIPT, VIEWS
from attnlit.app.frame.controls import typed
from attnlit.app.lessons import place as places
from attnlit.lessons import LESSONS, Lesson, measured
from attnlit.lessons.answers import MOST_NAME, key, sheet
from attnlit.lessons.paper import paper

if TYPE_CHECKING:
    from attnlit.app.lessons.place import Place

HOW = """
**How to run a lesson.** Send the class one link (below). Let everybody predict before they look: a wrong
prediction is worth more than a right reading. Then look together, switch off together, and collect the
sheets.

Nobody needs an account. A student's answers stand in the address of their own page, so a reload loses
nothing; the server stores none of it.
"""


def all_lessons() -> None:
    """A card for each lesson."""
    cards = st.container(key="lesson_cards")
    for number, lesson in enumerate(LESSONS.values()):
        if number % 3 == 0:
            columns = cards.columns(3)
        with columns[number % 3].container(border=True, height="stretch"):
            st.button(
                f"**{number + 1} · {lesson.title}**",
                key=f"open_{lesson.name}",
                type="tertiary",
                icon=":material/play_circle:",
                on_click=places.go,
                args=(lesson.name,),
            )
            st.markdown(lesson.about)
            left = places.left_at(lesson.name)
            goes_on = "" if left is None else f" · goes on at step {left + 1}"
            st.caption(f"{lesson.minutes} minutes · {lesson.model}{goes_on}")


def walk(place: Place) -> None:
    """Back, on, and what to hand in."""
    lesson, last = place.lesson, place.number + 1 == len(place.lesson.steps)
    with st.container(horizontal=True):
        if place.number:
            st.button("‹ Back", on_click=places.go, args=(lesson.name, place.number - 1))
        if not last:
            st.button("Next ›", type="primary", on_click=places.go, args=(lesson.name, place.number + 1))
        st.button("All lessons", type="tertiary", on_click=places.go, args=(None,))
    if last:
        st.markdown(
            "**Hand it in.** The sheet holds your answers, not the right ones. Any browser opens it: print "
            "it, or send it."
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = typed(st.text_input, "Your name (stays on your sheet)", "", "lesson_name", MOST_NAME)
            st.download_button(
                "Answer sheet",
                lambda: paper(sheet(lesson, place.answers, name)),
                f"{lesson.name}.html",
                "text/html",
                on_click="ignore",
                icon=":material/download:",
            )


def teacher() -> None:
    """How to run a lesson, a link for a class, what students get wrong, and the answer key."""
    st.markdown(HOW)
    titles = {lesson.title: lesson for lesson in LESSONS.values()}
    lesson = titles.get(st.selectbox("Lesson", [*titles]) or "", next(iter(LESSONS.values())))
    st.markdown(f"**What students get wrong.** {lesson.mistakes}")
    _class_link(lesson)
    if st.button("Show the answer key", help="Its numbers are measured now, on the model of the lesson."):
        text = _key(lesson)
        st.download_button(
            "Save the answer key", paper(text), f"{lesson.name}-key.html", "text/html", on_click="ignore"
        )
        st.markdown(text)


def _class_link(lesson: Lesson) -> None:
    needed = {step.page for step in lesson.steps}
    pages = {
        card.title: card.script
        for card in BY_SCRIPT.values()
        if card.section == VIEWS or card.script in needed
    }
    allowed = st.multiselect(
        "Pages that the class can open beside the lesson",
        [*pages],
        default=[*pages],
        key=f"class_pages_{lesson.name}",
    )
    left_out = [title for title, script in pages.items() if script in needed and title not in allowed]
    if left_out:
        say.hint(f"A step of this lesson opens {', '.join(left_out)}, which the link leaves out.")
    parts = {
        "lesson": lesson.name,
        "step": "1",
        classroom.KEY: classroom.spelled(pages[each] for each in allowed),
    }
    st.markdown("**A link for the class:**")
    copy_button.draw("Copy link for the class", f"{address.of_this_page()}?{urlencode(parts)}")


def _key(lesson: Lesson) -> str:
    model = cache.load_model(lesson.model)
    values = [
        None
        if step.measure is None
        else measured(
            step.measure, model, step.choices.get("text", lesson.text), step.choices.get("pair", lesson.pair)
        )
        for step in lesson.steps
    ]
    return key(lesson, values)
