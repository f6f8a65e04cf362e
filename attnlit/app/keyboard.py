"""For those who use no mouse: a menu that a key opens is where the keyboard is next, and Escape closes it.

Streamlit draws what is in a popover at the end of the page, and leaves the focus at its button: from the
sidebar some forty presses of Tab away. Escape closes it, and leads back to the button. A dialog hears that
key as long as it has the focus, which a download takes from it.

A browser takes `INTO_MENUS` in the first time that a page brings it.
"""

from __future__ import annotations

INTO_MENUS = """
if (!window.attnlitIntoMenus) {
  let button = null;
  window.addEventListener("keydown", ({ key, target }) => {
    const opens = key === "Enter" || key === " ";
    button = opens ? target.closest?.('[data-testid="stPopoverButton"]') : null;
    if (key === "Escape" && document.activeElement === document.body)
      document.querySelector('[role="dialog"] button[aria-label="Close"]')?.click();
  }, true);
  const inside = '[data-testid="stPopoverBody"] :is(a[href], button, input, textarea, [tabindex="0"])';
  window.attnlitIntoMenus = new MutationObserver(() => {
    if (!button || document.activeElement !== button) return;
    const first = document.querySelector(inside);  // it is drawn once the menu is open
    if (!first) return;
    button = null;
    first.focus();
  });
  window.attnlitIntoMenus.observe(document.body, { childList: true, subtree: true });
}
"""
