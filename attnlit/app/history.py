"""The browser's "back": one click is one step.

Streamlit makes a step of the browser's history for each control that a click on a picture changes (layer,
head, heads), several for a change of page, among them one to the old page without what was chosen there, and
none for a control that is clicked itself. So the first change of the address after a click, a tap or a key
is a step, and one that comes without takes the place of the last.

A browser takes `ONE_STEP` in the first time that a page brings it.
"""

from __future__ import annotations

ONE_STEP = """
if (!window.attnlitOneStep) {
  window.attnlitOneStep = true;
  let asked = true;  // so is the page that is open
  for (const input of ["pointerdown", "keydown"])
    window.addEventListener(input, () => { asked = true; }, true);
  const push = history.pushState.bind(history), replace = history.replaceState.bind(history);
  const here = () => location.pathname + location.search;
  const there = (url) => { const to = new URL(url ?? "", location.href); return to.pathname + to.search; };
  history.pushState = (state, title, url) => {
    (asked ? push : replace)(state, title, url);
    asked = false;
  };
  history.replaceState = (state, title, url) => {
    const step = asked && there(url) !== here();
    (step ? push : replace)(state, title, url);
    if (step) asked = false;
  };
}
"""
