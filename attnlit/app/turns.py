"""Long work that several visitors ask for at the same moment: one does it, the others wait and share it.

A class opens a page together. Thirty surveys of one sample, side by side, would take thirty times as long and
more memory than a small server has.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

_LOOK_EVERY = 0.2  # seconds between two looks at whether it is one's turn


class _Turn:
    """Somebody at work; forgotten when nobody works or waits any more."""

    def __init__(self) -> None:
        self.taken = threading.Lock()
        self.done = 0.0  # share of the work


_turns: WeakValueDictionary[Hashable, _Turn] = WeakValueDictionary()
_looking = threading.Lock()
_this_run = threading.local()  # Streamlit gives every script run a thread of its own


@contextmanager
def one_at_a_time(work: Hashable) -> Iterator[None]:
    """Enter when nobody else is at this work; whoever waited looks first whether it is done by now.

    Those who wait see a progress bar, and any click of theirs ends the waiting. Where the work is left
    unfinished the next one begins it.
    """
    with _looking:
        turn = _turns.setdefault(work, _Turn())
    if not turn.taken.acquire(blocking=False):
        place = st.empty()
        while not turn.taken.acquire(timeout=_LOOK_EVERY):
            place.progress(turn.done, "Somebody else has just asked for this; you get it, too …")
            end_if_nobody_is_there()
        place.empty()
    _this_run.turn = turn
    try:
        yield
    finally:
        _this_run.turn = None
        turn.done = 0.0
        turn.taken.release()


def report_progress(done: float) -> None:
    """Tell those who wait for this run's work which share of it is done, between 0 and 1.

    Every long work passes here, so here it ends where its visitor has left.
    """
    end_if_nobody_is_there()
    turn = getattr(_this_run, "turn", None)
    if turn is not None:
        turn.done = done


def end_if_nobody_is_there() -> None:
    """End this run where the visitor's browser was closed; Streamlit would let it go on."""
    context = get_script_run_ctx()
    if context and runtime.exists() and not runtime.get_instance().is_active_session(context.session_id):
        st.stop()
