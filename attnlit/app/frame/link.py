"""Following a link: an example of the home page, or a text in the address, becomes what the controls say."""

from __future__ import annotations

import streamlit as st

from attnlit.app.examples import EXAMPLES
from attnlit.app.frame import address, chosen

_TEXTS = ("example", "text", "pair", "target")


def follow() -> bool:
    """Take an example, or a text, from the address, once for every link. No model runs.

    Returns whether there was one.
    """
    found = address.linked(_TEXTS)
    example = EXAMPLES.get(found.get("example", ""))
    texts = {name: found.get(name, "") for name in _TEXTS[1:]}
    if example is None and not any(texts.values()):
        return False
    address.forget_by_hand(in_address=False)
    if example is None:
        st.session_state.update(texts)
        return True
    st.session_state.update({"model": example.model, "text": example.text, "pair": example.pair})
    chosen.without_filters()
    chosen.begin_with(found["example"])
    return True


def leave_text() -> None:
    """After another text was sent neither the address nor a picture keeps what belonged to the old one."""
    address.forget_by_hand()
    address.leave(_TEXTS)
    chosen.note_new_text()
