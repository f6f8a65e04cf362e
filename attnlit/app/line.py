"""A line of words and buttons, as one element: each of Streamlit's own costs a browser time in every run.

A press comes back as the button's name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Literal

import streamlit as st

_HTML = '<div class="attnlit-line" role="group"></div>'
_CSS = """
.attnlit-line { display: flex; flex-wrap: wrap; align-items: center; gap: 0 0.25rem; }
.attnlit-line > span { white-space: nowrap; max-width: 100%; overflow: hidden; text-overflow: ellipsis; }
.attnlit-line > .quiet { font-size: 0.875rem; opacity: 0.78; }
.attnlit-line button {
  display: inline-flex; align-items: center; justify-content: center; gap: 0.4rem;
  font: inherit; color: inherit; cursor: pointer; background: transparent; border: 1px solid transparent;
  border-radius: var(--st-button-radius, 0.5rem); min-height: 2rem; min-width: 2rem; padding: 0;
}
.attnlit-line button:hover { color: var(--st-primary-color, #0072B2); }
.attnlit-line button:disabled { opacity: 0.4; color: inherit; cursor: not-allowed; }
.attnlit-line i {
  font: 1.25rem/1 "Material Symbols Rounded"; font-feature-settings: "liga"; width: 1em; overflow: hidden;
}
.attnlit-menus { gap: 0.5rem; font-size: 0.875rem; }
.attnlit-menus button {
  border-color: var(--st-border-color, #8886); min-height: 2.5rem; padding: 0.25rem 0.6rem;
}
.attnlit-menus button:hover { border-color: var(--st-primary-color, #0072B2); }
"""
# What is there is filled anew, not replaced: it may have the focus, or a press that has only begun.
_SCRIPT = """
const made = (tag, text) => Object.assign(document.createElement(tag), { textContent: text });

function fill(there, item) {
  const now = JSON.stringify(item);
  if (there.attnlitNow === now) return;
  there.attnlitNow = now;
  if (item.name === undefined) {
    there.className = item.quiet ? "quiet" : "";
    there.replaceChildren(item.before, made("strong", item.strong), item.after);
    return;
  }
  const drawing = made("i", item.icon);
  drawing.ariaHidden = "true";
  drawing.translate = false;  // a browser's translator would take its name for a word
  there.type = "button";
  there.disabled = item.disabled;
  there.dataset.name = item.name;
  there.title = item.bare ? item.label : "";
  there.ariaLabel = item.label;
  there.ariaHasPopup = item.opens ? "dialog" : null;
  there.replaceChildren(drawing, item.bare ? "" : item.label);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const row = parentElement.querySelector(".attnlit-line");
  const { look, items } = JSON.parse(data);
  row.className = `attnlit-line attnlit-${look}`;
  items.forEach((item, at) => {
    const tag = item.name === undefined ? "span" : "button";
    let there = row.children[at];
    if (there?.localName !== tag) {
      const other = made(tag, "");
      if (there) there.replaceWith(other); else row.append(other);
      there = other;
    }
    fill(there, item);
  });
  while (row.children.length > items.length) row.lastChild.remove();
  row.onclick = ({ target }) => {
    const button = target.closest("button");
    if (button) setTriggerValue("pressed", button.dataset.name);
  };
}
"""


@dataclass(frozen=True)
class Words:
    """Words with a strong part."""

    before: str
    strong: str
    after: str = ""
    # In small type.
    quiet: bool = False


@dataclass(frozen=True)
class Button:
    """A button with an icon, by its name among Google's Material Symbols, and a label."""

    # What comes back.
    name: str
    icon: str
    label: str
    # The label is only for those who hear it, or point at it.
    bare: bool = False
    # A dialog.
    opens: bool = False
    disabled: bool = False


@cache
def _component() -> Callable[..., Any]:
    # Not in a shadow tree: there Streamlit does not find what had the focus before a dialog was opened.
    return st.components.v2.component("attnlit_line", html=_HTML, css=_CSS, js=_SCRIPT, isolate_styles=False)


def draw(
    items: Sequence[Words | Button],
    key: str,
    look: Literal["steps", "menus"],
    on_press: Callable[[str], None] | None = None,
) -> list[str]:
    """Draw it; the name of the button that has been pressed since the last run, or nothing.

    on_press: is called with it before that run begins.
    """
    names = {each.name for each in items if isinstance(each, Button)}

    def pressed() -> None:
        name = (st.session_state.get(key) or {}).get("pressed")
        if on_press is not None and name in names:  # whatever a browser sends
            on_press(name)

    # As one text: in a dictionary Streamlit would look for a table, and import pandas to know one.
    data = json.dumps({"look": look, "items": [asdict(each) for each in items]})
    name = _component()(key=key, data=data, width="content", on_pressed_change=pressed).pressed
    return [name] if name in names else []
