"""Let the model go on with the text of the sidebar: what it writes becomes part of the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnlit.app import cache, say, work
from attnlit.app.frame import link, opening
from attnlit.app.frame.controls import one_of
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    from collections.abc import Hashable

    from attnlit.app.frame.opening import Known
    from attnlit.models.model import Model

LENGTHS, _LENGTH = (5, 10, 20, 40), 10  # tokens; the second is what it begins with
TEMPERATURES = (0.0, 0.5, 1.0, 1.5)
MOST_SEED = 20
# Keys of the session that belong to no control: that it was asked for, which work that has become, what the
# next run begins with, as (key of the field, its text), and which texts the last one has shown.
_ASKED, _AT_WORK, _LONGER, _SHOWN = "go_on_asked", "go_on_at_work", "go_on_longer", "go_on_shown"


@dataclass(frozen=True)
class How:
    """How a model goes on."""

    length: int  # tokens at most
    temperature: float
    seed: int


def take_up() -> None:
    """Before the texts are drawn: one of them is what the model has made of it."""
    if _LONGER in st.session_state:
        field, longer = st.session_state.pop(_LONGER)
        st.session_state[field] = longer


def can(model: Known) -> bool:
    """Whether a model writes what comes next."""
    untrained = opening.is_open(model) and not model.predicts
    return model.causal and model.pairs != "target" and not untrained


def offer() -> bool:
    """Draw the button, in the form of the texts: it sends what has been typed. Whether it was pressed."""
    about = (
        "Let the model write what comes next. It is added to sentence A, or to sentence B if there is one."
    )
    return bool(st.form_submit_button("Go on", help=about, on_click=_leave_another_text))


def _leave_another_text() -> None:
    texts = tuple(st.session_state.get(name) or "" for name in ("text", "pair"))
    if texts != st.session_state.get(_SHOWN):
        link.leave_text()


@st.dialog("Go on", icon=":material/edit:")
def ask() -> None:
    """Ask how it is to go on."""
    one_of(st.segmented_control, "Maximum tokens", LENGTHS, "on_length", default=_LENGTH, bound=False)
    one_of(
        st.segmented_control,
        "Temperature",
        TEMPERATURES,
        "on_temperature",
        bound=False,
        help="0: always the likeliest word. Above 0 words are drawn at random: the higher, the bolder.",
    )
    st.slider(
        "Draw", 0, MOST_SEED, 0, key="on_seed", persist_state="session",
        help="Another number draws other words. At temperature 0 there is nothing to draw.",
    )  # fmt: skip
    if st.button("Let it go on", type="primary", on_click=_ask):
        st.rerun()


def _ask() -> None:
    st.session_state[_ASKED] = True
    link.leave_text()


def _how() -> How:
    """What was chosen the last time that it was asked for."""
    length, temperature, seed = map(st.session_state.get, ("on_length", "on_temperature", "on_seed"))
    temperature = temperature if temperature in TEMPERATURES else TEMPERATURES[0]
    return How(
        length if length in LENGTHS else _LENGTH,
        temperature,
        seed if temperature and seed in range(MOST_SEED + 1) else 0,
    )


def go_on(known: Known, text: str, pair: str) -> None:
    """If that was asked for, let the model write, in view of the visitor, who can stop it; then begin anew.

    A second sentence stands behind the first one, and what is written goes on with it. What was written until
    a stop becomes part of the text, too.
    """
    asked, how = st.session_state.pop(_ASKED, False), _how()
    st.session_state[_SHOWN] = text, pair
    if not can(known):
        return
    field, last = ("pair", pair) if pair.strip() else ("text", text)
    key: Hashable = ("go on", known.identity, text, pair, how)
    if asked:
        st.session_state[_AT_WORK] = key
        work.start(key)
    if st.session_state.get(_AT_WORK) != key:  # another text or model is here by now
        st.session_state.pop(_AT_WORK, None)
        return
    place = st.empty()
    try:
        model, before = opening.opened(known), _prompt(text, pair)
        with place.container():
            ids = work.run(
                key, lambda report, so_far: _written(model, before, how, report, so_far), cache.asked
            )
        del st.session_state[_AT_WORK]
        place.empty()
        written = _said(model, before, work.so_far(key) or () if ids is None else ids)
    except AttnlitError as mistake:
        say.warn(str(mistake))
        written = ""
        st.session_state.pop(_AT_WORK, None)
    if written:
        st.session_state[_LONGER] = field, last + written
        say.rerun()


def _prompt(text: str, pair: str) -> str:
    """What the model goes on with: both sentences, as it reads them in the picture."""
    from attnlit.attention.tokens import in_a_row

    return in_a_row(text, pair) if text.strip() and pair.strip() else text


def _written(model: Model, prompt: str, how: How, report: work.Report, so_far: Any) -> tuple[int, ...]:
    from attnlit.app.write import word_by_word
    from attnlit.attention.answers import ask

    asked = ask(model, prompt)
    return word_by_word(
        model, asked, report, so_far, length=how.length, temperature=how.temperature, seed=how.seed
    )


def _said(model: Model, prompt: str, ids: tuple[int, ...]) -> str:
    """The text that was written; if there is none, the page says so."""
    from attnlit.attention.answers import ask, said
    from attnlit.words.answer import NOTHING

    if not ids:
        say.hint(NOTHING)
    return said(model, ask(model, prompt), ids) if ids else ""
