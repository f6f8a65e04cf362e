"""Messages. What a visitor, a link, a hub or an error put into one is shown as it is: it makes no link.

Sentences of our own with markup in them, such as those of `attnlit.words`, escape what they quote and are
shown with `st.markdown`.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from typing import NoReturn

import streamlit as st

from attnlit.wording import escaped

_log = logging.getLogger("attnlit.app")
_MISTAKE, _NEWS = ":material/lightbulb:", ":material/info:"
# Of the session, which belong to no control: what was said once in this run, and what the next has to repeat.
_ONCE, _AGAIN = "said_once", "say_again"


def warn(message: str) -> None:
    """Something that was asked for cannot be had, and what to do instead."""
    st.warning(escaped(message), icon=_MISTAKE)


def hint(message: str, icon: str = _NEWS) -> None:
    """Something worth knowing; nothing is wrong."""
    st.info(escaped(message), icon=icon)


def once(message: str, way: Callable[[str], None] = warn) -> None:
    """What no later run will say, because it is mended by now, or is of the arrival on a page."""
    st.session_state.setdefault(_ONCE, []).append((way, message))
    way(message)


def begin() -> None:
    """At the beginning of a run: say again what nobody has had the time to read."""
    st.session_state[_ONCE] = []
    for way, message in st.session_state.pop(_AGAIN, ()):
        once(message, way)


def rerun() -> NoReturn:
    """Begin this run anew, as `st.rerun` does, which takes away what was said in it."""
    st.session_state[_AGAIN] = st.session_state.get(_ONCE, [])
    st.rerun()
    raise AssertionError("Streamlit begins the run anew")  # for type checkers, which do not know that it does


def quiet(*messages: str) -> None:
    """Lines in small type; none where there is no message."""
    if messages:
        st.caption("\n\n".join(map(escaped, messages)))


def unforeseen(fault: BaseException) -> None:
    """A fault of ours: a sentence with a number, under which the log has the whole story."""
    number = random.randrange(10_000, 100_000)
    _log.error("Fault %d", number, exc_info=fault)
    st.error(
        escaped(
            f"Something went wrong here that we did not foresee (fault {number}; the log has it under this "
            "number). Choose something else, or reload the page."
        ),
        icon=":material/report:",
    )
