"""A button that copies: browsers let a page write to the clipboard only in answer to a press in it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

_HTML = '<button type="button"></button><span role="status"></span>'
_CSS = """
button {
  font: inherit; color: inherit; background: transparent; cursor: pointer;
  border: 1px solid var(--st-border-color, #8886); border-radius: var(--st-button-radius, 0.5rem);
  padding: 0.25rem 0.75rem; min-height: 2.5rem;
}
button:hover, button:focus-visible { border-color: var(--st-primary-color, #0072B2); }
button:focus-visible { outline: 2px solid var(--st-primary-color, #0072B2); outline-offset: 1px; }
span { margin-left: 0.75rem; }
"""
# Without https, as in a school's own network, there is no `navigator.clipboard`: the old way works there.
_SCRIPT = """
async function copied(text, beside) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    beside.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  const said = parentElement.querySelector("span");
  if (button.attnlitText !== data.text) said.textContent = "";
  button.attnlitText = data.text;
  button.textContent = data.label;
  button.onclick = async () => {
    const done = await copied(data.text, parentElement);
    said.textContent = done ? "Copied" : "This browser does not allow it: copy the text below.";
    button.focus();
  };
}
"""


@cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component("attnlit_copy_button", html=_HTML, css=_CSS, js=_SCRIPT)


def draw(label: str, text: str) -> None:
    """Draw a button that copies the text, and the text itself, for who wants to read it or copy by hand."""
    _component()(key=f"copy {label}", data={"label": label, "text": text})
    st.code(text, language=None, wrap_lines=True)
