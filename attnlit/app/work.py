"""The one way to run long work: with progress, a way to cancel, one worker for all who wait, and an end.

The work runs in its visitor's own script run, step by step. Streamlit ends a run at its next sign of life,
here the progress bar, when the visitor cancels, clicks elsewhere or opens another page; a closed browser is
looked for. So no thread is left that would have to be told, and other sessions' forward passes come between.
What was done until then is kept for whoever asks for the same work next.

A class opens a page together. Thirty surveys of one sample, side by side, would take thirty times as long
and more memory than a small server has: one visitor works, the others wait, see how far it is, and share it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakValueDictionary

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from attnlit.app import cache, say
from attnlit.wording import escaped

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

T = TypeVar("T")
# What a work is given: a function to report (share done, what it is doing, what was done so far) to, and what
# was done so far of the same work that somebody left, or None.
Report = Callable[..., None]
Task = Callable[[Report, Any], T]

_LOOK_EVERY = 0.2  # seconds between two looks at whether it is one's turn
_REFRESH = 0.1  # seconds between two signs of life
_QUICK = 0.4  # seconds: work that is shorter shows no progress bar
AT_ONCE = 72  # heads that are measured one by one without being asked for,
LONG = 4_000  # and heads x tokens: more would take many seconds
# Keys of the session that belong to no control; each holds the key of one work.
_STOPPED, _STARTED = "work_stopped", "work_started"


@dataclass(frozen=True)
class Button:
    """What starts a work that is not begun by itself."""

    label: str
    help: str


def is_quick(heads: int, tokens: int) -> bool:
    """Whether every head of a model can be measured, on this many tokens, without being asked for."""
    return heads <= AT_ONCE and heads * tokens <= LONG


@dataclass(frozen=True, eq=False)
class _Left:
    """What was done of a work."""

    share: float
    doing: str
    so_far: Any


class _Turn:
    """Somebody at work; forgotten when nobody works or waits any more."""

    def __init__(self) -> None:
        self.taken = threading.Lock()
        self.share = 0.0


_turns: WeakValueDictionary[Hashable, _Turn] = WeakValueDictionary()
_looking = threading.Lock()


def run(key: Hashable, task: Task[T], kept: cache.Memory, *, button: Button | None = None) -> T | None:
    """The result of a work: kept from before, made now, or None where the visitor has to start it first.

    key: names the work for all sessions; its result is kept under it. button: the work is not begun by itself
    but with this button. Raises what the task raises.
    """
    found: T | None = kept.get(key)
    if found is not None:
        return found
    place = st.empty()
    if st.session_state.get(_STOPPED) == key or (button and st.session_state.get(_STARTED) != key):
        _offer(place, key, button)
        return None
    with _one_at_a_time(key, place) as turn:
        found = kept.get(key)  # somebody may have finished it while we waited
        if found is None:
            left = cache.unfinished.get(key)
            with _emptied_by_a_mistake(place):
                found = task(_reporter(key, turn, place), left and left.so_far)
            kept.put(key, found)
            cache.unfinished.drop(key)
    place.empty()
    return found


@contextmanager
def _emptied_by_a_mistake(place: DeltaGenerator) -> Iterator[None]:
    try:
        yield
    except Exception:
        place.empty()
        raise


def _offer(place: DeltaGenerator, key: Hashable, button: Button | None) -> None:
    """The button that starts the work, or goes on with it, and how far it has come."""
    left = cache.unfinished.get(key)
    goes_on = left is not None or button is None
    with place.container():
        if left is not None:
            say.hint(f"Stopped at {left.share:.0%}. {left.doing}", icon=":material/stop_circle:")
        elif button is None:
            say.hint("Stopped.", icon=":material/stop_circle:")
        st.button(
            "Go on" if goes_on or button is None else button.label,
            type="primary",
            help=None if button is None else button.help,
            on_click=start,
            args=(key,),
            key=f"start {hash(key)}",
        )


def start(key: Hashable) -> None:
    """Begin this work, or go on with it, though it was stopped before."""
    st.session_state[_STARTED], st.session_state[_STOPPED] = key, None


def _stop(key: Hashable) -> None:
    st.session_state[_STARTED], st.session_state[_STOPPED] = None, key


@contextmanager
def _one_at_a_time(key: Hashable, place: DeltaGenerator) -> Iterator[_Turn]:
    """Enter when nobody else is at this work. Who waits sees how far it is, and may leave with any click."""
    with _looking:
        turn = _turns.setdefault(key, _Turn())
    while not turn.taken.acquire(timeout=_LOOK_EVERY):
        place.progress(turn.share, "Somebody else is already measuring this; you get the result, too …")
        end_if_nobody_is_there()
    try:
        yield turn
    finally:
        turn.share = 0.0
        turn.taken.release()


def _reporter(key: Hashable, turn: _Turn, place: DeltaGenerator) -> Report:
    started = last = time.monotonic()
    bar: DeltaGenerator | None = None

    def report(share: float, doing: str, so_far: Any = None) -> None:
        nonlocal bar, last
        share = min(max(share, 0.0), 1.0)
        if so_far is not None:
            cache.unfinished.put(key, _Left(share, doing, so_far))
        now = time.monotonic()
        if now - last < _REFRESH:
            return
        last, turn.share = now, share
        end_if_nobody_is_there()
        if bar is None and now - started > _QUICK:
            with place.container(border=True):
                bar = st.progress(share, escaped(doing))
                name = f"cancel {hash(key)}"
                st.button("Cancel", icon=":material/close:", on_click=_stop, args=(key,), key=name)
        elif bar is not None:
            bar.progress(share, escaped(doing))

    return report


def so_far(key: Hashable) -> Any:
    """What was done of a work that somebody has left, or None."""
    left = cache.unfinished.get(key)
    return left and left.so_far


def end_if_nobody_is_there() -> None:
    """End this run where the visitor's browser was closed; Streamlit would let it go on."""
    context = get_script_run_ctx()
    if context and runtime.exists() and not runtime.get_instance().is_active_session(context.session_id):
        st.stop()
