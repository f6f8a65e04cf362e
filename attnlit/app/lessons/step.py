"""One step of a lesson: look, predict, see what is so, and measure it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from attnlit.analysis.ablation import switch_off
from attnlit.app import cache, described, panels, say
from attnlit.app.frame import classroom
from attnlit.app.frame.cards import BY_SCRIPT
from attnlit.app.frame.theme import theme
from attnlit.app.lessons import place as places
from attnlit.app.lessons import top
from attnlit.charts.head import PinnedToken, head_picture
from attnlit.charts.model import model_picture
from attnlit.charts.neuron import neuron_picture
from attnlit.lessons import measured
from attnlit.lessons.answers import as_written, is_near, number_in
from attnlit.wording import quoted

if TYPE_CHECKING:
    from attnlit.app.lessons.place import Place
    from attnlit.charts.picture import Picture
    from attnlit.lessons.measures import Measure
    from attnlit.models.model import Model

_AGAIN = ":material/undo:"


def show(place: Place) -> None:
    """Draw the step that the student is at."""
    top.begin_at_the_top(f"{place.lesson.name} {place.number}")
    lesson, step = place.lesson, place.step
    st.progress(
        (place.number + 1) / len(lesson.steps),
        f"**{lesson.title}** · step {place.number + 1} of {len(lesson.steps)}",
    )
    st.header(step.title, anchor=False)
    model = cache.load_model(lesson.model)
    answered = place.answer.option is not None
    # Side by side where there is room (style.css); on a phone one below the other, as they are drawn here.
    with st.container(key=f"lesson_{'after' if step.look_after else 'before'}"):
        with st.container(key="lesson_words"):
            st.markdown(step.words)
        if not step.look_after:
            _picture(place, model)
        with st.container(key="lesson_box", border=True):
            _predict(place)
            if answered:
                _reveal(place, model)
            elif step.look_after:
                say.hint("Predict first: the picture comes with your answer.", ":material/visibility_off:")
        if step.look_after and answered:
            _picture(place, model)  # below the answer, which so stays where it was tapped


def _texts(place: Place) -> tuple[str, str]:
    """The text and the second sentence of a step."""
    own = place.step.choices
    return own.get("text", place.lesson.text), own.get("pair", place.lesson.pair)


def _picture(place: Place, model: Model) -> None:
    step = place.step
    text, pair = _texts(place)
    card = BY_SCRIPT[step.page]
    chart = _chart(place, model)
    shown = {
        name: value for name, value in step.choices.items() if name not in ("text", "pair", "switch_off")
    }
    own = {} if step.page == "bias" else {"text": text, "pair": pair}
    with st.container(key="lesson_picture"):
        if chart is not None:
            panels.picture(chart, key=f"lesson_{step.page}", alt=f"{card.title} of {model.name}")
        classroom.page_link(
            step.page,
            label=f"Open it on the page “{card.title}”",
            icon=card.icon,
            query_params={"model": place.lesson.model, **shown, **own},
        )


def _chart(place: Place, model: Model) -> Picture | None:
    """The step's picture; None where it is a page of its own."""
    step, (text, pair) = place.step, _texts(place)
    if step.page == "bias":
        return None
    record = cache.attention(model, text, pair)[model.kinds[0]]
    layer, head = int(step.choices["layer"]), _heads(step.choices)[0]
    if step.page == "model_view":
        return model_picture(record, selected=(layer, head), theme=theme())
    query = int(step.choices.get("query", len(record.queries) - 1))
    if step.page == "neuron_view":
        return neuron_picture(record, layer, head, query, theme=theme())
    pinned = None if query < 0 else PinnedToken("query", query)
    return head_picture(record, layer, _heads(step.choices), theme=theme(), pinned=pinned)


def _heads(choices: Mapping[str, str]) -> list[int]:
    return [int(head) for head in (choices.get("heads") or choices["head"]).split(",")]


def _predict(place: Place) -> None:
    key = f"predict_{place.lesson.name}_{place.number}"
    options = place.step.options
    st.radio(
        place.step.question,
        range(len(options)),
        index=place.answer.option,
        format_func=lambda index: options[index].text,
        key=key,
        on_change=lambda: places.keep(place, places.with_option(place, st.session_state[key])),
    )


def _reveal(place: Place, model: Model) -> None:
    right = place.answer.is_right(place.step)
    say.hint("That is what happens." if right else "Not quite.", ":material/check:" if right else _AGAIN)
    with described.words_of(f"lesson_{place.step.page}", border=False):
        st.markdown(place.step.reveal)
    text, pair = _texts(place)
    if place.step.choices.get("switch_off"):
        heads = [(int(place.step.choices["layer"]), head) for head in _heads(place.step.choices)]
        panels.prediction(switch_off(model, text, heads, pair=pair or None, top=5))
    if place.step.measure is not None:
        _measure(place, place.step.measure, measured(place.step.measure, model, text, pair))


def _measure(place: Place, measure: Measure, value: float) -> None:
    key, before = f"measure_{place.lesson.name}_{place.number}", place.answer.number
    st.session_state.setdefault(key, "" if before is None else f"{before:g}")
    written = st.text_input(
        place.step.number,
        key=key,
        on_change=lambda: places.keep(place, places.with_number(place, number_in(st.session_state[key]))),
        autocomplete="off",
    )
    number = number_in(written)
    if not written.strip():
        return
    if number is None:
        say.hint(f"{quoted(written)} is not a number from −999 to 999. Write one such as 12.5.", _AGAIN)
    elif is_near(measure, value, number):
        say.hint(f"Right: measured here it is {as_written(measure, value)}.", ":material/check:")
    else:
        say.hint(f"Not that. {_where(place, measure)}", _AGAIN)


def _where(place: Place, measure: Measure) -> str:
    """Where the number stands."""
    if measure.what == "weight":
        return "Find the token in the picture and read the number again."
    if measure.what == "probability":
        return "The table above says it."
    return f"The page “{BY_SCRIPT[place.step.page].title}” says it."
