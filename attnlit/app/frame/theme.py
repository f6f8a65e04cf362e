"""The theme that the visitor sees."""

from __future__ import annotations

import streamlit as st

from attnlit.charts.theme import DARK, LIGHT, Theme

# Streamlit's page changes by itself when somebody chooses the other theme, or the system does in the evening.
# Pictures have their colours from the server, and would keep them until the next click: this asks for a run.
FOLLOW = """
export default function ({ data, setTriggerValue }) {
  const app = document.querySelector(".stApp");
  const seen = (window.attnlitTheme ??= {});  // one for all runs: each calls this again
  seen.drawn = data.theme;
  seen.tell = setTriggerValue;
  seen.look ??= () => {
    const now = getComputedStyle(app).colorScheme.includes("dark") ? "dark" : "light";
    if (now === seen.drawn) {
      seen.told = null;
    } else if (now !== seen.told) {  // once, whatever comes back
      seen.told = now;
      seen.tell("theme", now);
    }
  };
  seen.watch ??= new MutationObserver(seen.look);
  seen.watch.observe(app, { attributes: true, attributeFilter: ["class", "style"] });
  seen.look();
}
"""


def theme() -> Theme:
    """Dark or light. Streamlit may not know it yet in a session's first run: light then."""
    return DARK if st.context.theme.type == "dark" else LIGHT
