"""One router for all pages: navigation, title, controls, and every mistake or fault answered in words.

Streamlit runs a file of `pages/` *alone* when a deep link arrives before anybody has opened `/` (after every
wake-up of a sleeping server). So each page begins with `ask()`, `ask_model()` or `ensure_routed()`: if the
router is not at work in this run, it takes over, draws the frame, and runs the page as it would have been.

Streamlit calls a page without arguments. What the frame has asked for is handed over in `_this_run`, which
each script run, having a thread of its own, sees for itself.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import streamlit as st
from streamlit.runtime.scriptrunner_utils.exceptions import RerunException, ScriptControlException

from attnlit.app import early, saving, say, start, tour
from attnlit.app.folder import app_folder
from attnlit.app.frame import address, asking, chosen, classroom, missing, opening, unseen
from attnlit.app.frame.cards import BY_SCRIPT, HOME, PageCard
from attnlit.app.frame.request import Choice, Request
from attnlit.errors import AttnlitError
from attnlit.words.glossary import explained


class _ThisRun(threading.local):
    card: PageCard | None = None
    asked: Choice | None = None


_this_run = _ThisRun()


def run() -> None:
    """Draw the frame and run the page that the address names."""
    early.draw()
    st.set_page_config(page_title="attnlit", page_icon=_icon(), layout="wide")
    st.logo(_icon(), size="large")
    card, page = _navigation()
    if card.controls:
        early.leave_room_for_the_sidebar()
    st.title(card.title, anchor=False)
    st.markdown(card.lead, help=explained(*card.terms) or None)
    saving.begin()
    say.begin()
    try:
        address.clean()
        address.note_arrival(card.script)
        if address.arrived():
            chosen.keep_over_pages()
        if card.controls and not card.from_record:  # home has none: it shows its words first
            start.prepare_process()  # after the title: a cold server shows at once that it is there
        # The controls are drawn here, not by the page: what the address says of them would be lost with each
        # step "back" to another page, because Streamlit takes it for something that only that page asks.
        if card is HOME and page.url_path:
            missing.tell(page.url_path)
        tour.strip(card.script)
        with _routing(card):
            if card.from_record:
                start.import_charts()
            page.run()
            if _this_run.asked is not None and not opening.is_open(_this_run.asked.known):
                start.prepare_behind(_this_run.asked.known.name)
    except AttnlitError as mistake:  # a visitor's mistake: its message says what to do
        say.warn(str(mistake))
    except (ScriptControlException, KeyboardInterrupt, SystemExit):  # Streamlit ends or restarts the run
        raise
    except BaseException as fault:  # a panic in Rust is no Exception
        say.unforeseen(fault)
    finally:  # below all else: what draws nothing leaves no gap while the page is made
        unseen.draw()


def ensure_routed() -> None:
    """A page's first line: hand over to the router unless the router called."""
    if _this_run.card is None:
        run()
        st.stop()


def ask() -> Request:
    """The first line of a page whose card asks for a text: what was chosen."""
    ensure_routed()
    if not isinstance(_this_run.asked, Request):
        raise TypeError("this page's card asks for no text")
    return _this_run.asked


def ask_model() -> Choice:
    """The same for a page that brings its own texts: only model, layer and head are asked for."""
    ensure_routed()
    if _this_run.asked is None:
        raise TypeError("this page's card asks for no model")
    return _this_run.asked


def end_here() -> NoReturn:
    """End the page: what follows needs something that does not exist. It has been said what."""
    st.stop()
    raise AssertionError("Streamlit ends the run")  # for type checkers, which do not know that it does


@cache
def _icon() -> str:
    """The icon as an address that holds it: of a file Streamlit would read it twice in every run."""
    drawing = Path(__file__).parents[1] / "icon.svg"
    return f"data:image/svg+xml;base64,{base64.b64encode(drawing.read_bytes()).decode()}"


def _navigation() -> tuple[PageCard, Any]:
    """Draw the navigation; the card and the page that are open."""
    sections: dict[str, list[Any]] = {}
    allowed = classroom.allowed()
    for card in allowed:
        sections.setdefault(card.section, []).append(copy(_page(card)))  # a run notes in it that it ran
    other = missing.page(allowed)
    if other is not None:
        sections[HOME.section].append(other)
    page = st.navigation(sections, position="top")
    return HOME if page is other else BY_SCRIPT[page.url_path or HOME.script], page


@cache
def _page(card: PageCard) -> Any:
    """A page for the navigation. Streamlit asks the disk five times for each that is made."""
    return st.Page(
        app_folder() / "pages" / f"{card.script}.py",
        title="Home" if card is HOME else card.title,
        icon=card.icon,
        default=card is HOME,
        url_path="" if card is HOME else card.script,
        help=card.lead,
    )


@contextmanager
def _routing(card: PageCard) -> Iterator[None]:
    """Draw the controls that the page needs, and hold what they say while it runs."""
    _this_run.card = card
    later: asking.Later = []
    try:
        if card.controls:
            _this_run.asked = asking.draw(card, later)
        yield
    except RerunException:  # the next run draws them
        later.clear()
        raise
    finally:
        _this_run.card = _this_run.asked = None
        for draw in later:  # the controls, too, that a page stands under which could draw nothing
            draw()
