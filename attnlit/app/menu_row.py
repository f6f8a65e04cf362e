"""A row of buttons that open something, as one element: Streamlit's own take a browser time in every run.

Five of them took a seventh of a change of layer. A press comes back to the server as the button's label.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import streamlit as st

_KEY = "menus"
_HTML = '<div class="attnlit-menus" role="group"></div>'
_CSS = """
.attnlit-menus { display: flex; flex-wrap: wrap; gap: 0.5rem; font-size: 0.875rem; }
.attnlit-menus button {
  display: inline-flex; align-items: center; gap: 0.4rem; font: inherit; color: inherit; cursor: pointer;
  background: transparent; border: 1px solid var(--st-border-color, #8886);
  border-radius: var(--st-button-radius, 0.5rem); padding: 0.25rem 0.6rem; min-height: 2.5rem;
}
.attnlit-menus button:hover {
  border-color: var(--st-primary-color, #0072B2); color: var(--st-primary-color, #0072B2);
}
.attnlit-menus span {
  font: 1.25rem/1 "Material Symbols Rounded"; font-feature-settings: "liga"; width: 1em; overflow: hidden;
}
"""
_SCRIPT = """
export default function ({ data, parentElement, setTriggerValue }) {
  const row = parentElement.querySelector(".attnlit-menus");
  if (row.attnlitDrawn !== data) {
    row.attnlitDrawn = data;
    row.replaceChildren(...Object.entries(JSON.parse(data)).map(([label, icon]) => {
      const button = document.createElement("button");
      const drawing = document.createElement("span");
      drawing.textContent = icon;
      drawing.ariaHidden = "true";
      drawing.translate = false;  // a browser's translator would take its name for a word
      button.type = "button";
      button.ariaHasPopup = "dialog";
      button.append(drawing, label);
      return button;
    }));
  }
  row.onclick = ({ target }) => {
    const button = target.closest("button");
    if (button) setTriggerValue("pressed", button.lastChild.data);
  };
}
"""


@cache
def _component() -> Callable[..., Any]:
    # Not in a shadow tree: there Streamlit does not find what had the focus before a dialog was opened.
    return st.components.v2.component(
        "attnlit_menu_row", html=_HTML, css=_CSS, js=_SCRIPT, isolate_styles=False
    )


def draw(buttons: Mapping[str, str]) -> list[str]:
    """Draw them; which one has been pressed since the last run, if any.

    buttons: the icon of each label, by its name among Google's Material Symbols.
    """
    # As one text: in a dictionary Streamlit would look for a table, and import pandas to know one.
    answer = _component()(key=_KEY, data=json.dumps(dict(buttons)), on_pressed_change=_nothing_more)
    return [label for label in buttons if label == answer.pressed]  # whatever a browser sends


def _nothing_more() -> None:
    """A press makes a run: no more is needed."""
