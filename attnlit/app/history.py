"""The browser's "back": one click is one step.

Streamlit makes a step of the browser's history for each widget that a click on a picture changes (layer,
head, heads), and several for a change of page, among them one to the old page without what was chosen there.
So a step that comes without a click, a tap or a key since the last one takes that one's place.
"""

from __future__ import annotations

import streamlit as st

_ONE_STEP = """
<style>.stElementContainer:has(.attnlit-one-step) { display: none; }</style>
<span class="attnlit-one-step"></span>
<script>
if (!window.attnlitOneStep) {
  window.attnlitOneStep = true;
  let asked = true;
  for (const input of ["pointerdown", "keydown"])
    window.addEventListener(input, () => { asked = true; }, true);
  const push = history.pushState.bind(history);
  history.pushState = (...step) => {
    if (asked) push(...step); else history.replaceState(...step);
    asked = false;
  };
}
</script>
"""


def one_step_a_click() -> None:
    """Draw nothing, but see to it. Once in every run: a browser takes it in the first time."""
    st.html(_ONE_STEP, unsafe_allow_javascript=True)
