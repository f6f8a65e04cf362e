"""What was typed outlives a reload: the browser keeps it for this tab, as no address and no server does.

A reload is a new session on the server, and phones reload by themselves. `sessionStorage` is of one tab and
ends with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import streamlit as st

_ASKED = "kept_text_asked"  # of the session: whether the browser has been asked for what it has kept
_KEY = "kept_text"
_SCRIPT = """
export default function ({ data, setTriggerValue }) {
  const name = "attnlit texts";
  if (!data.ask) {
    sessionStorage.setItem(name, data.texts);
    return;
  }
  const kept = sessionStorage.getItem(name);
  if (kept && kept !== data.texts) setTriggerValue("texts", JSON.parse(kept));
}
"""


@cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component("attnlit_kept_text", js=_SCRIPT)


def keep(texts: Mapping[str, str], *, from_a_link: bool) -> None:
    """Let the browser keep these texts, or at a session's first page ask it for those that it has.

    from_a_link: what a link brought is not to be replaced by what was typed before it.
    """
    ask = not st.session_state.get(_ASKED) and not from_a_link
    st.session_state[_ASKED] = True
    # As one text: in a dictionary Streamlit would look for a table, and import pandas to know one.
    _component()(key=_KEY, data={"ask": ask, "texts": json.dumps(dict(texts))}, on_texts_change=take)


def take() -> None:
    """The browser has sent what it has kept: texts of the fields that we know, whatever else it may send."""
    sent = st.session_state[_KEY].get("texts")
    if isinstance(sent, Mapping):
        for name in ("text", "pair", "target"):
            if isinstance(sent.get(name), str):
                st.session_state[name] = sent[name]
