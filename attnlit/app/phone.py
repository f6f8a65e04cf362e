"""On a phone the sidebar lies over the picture: it closes once a text is sent, so that this is seen.

A browser takes `SHOW_WHAT_WAS_SENT` in the first time that a page brings it.
"""

from __future__ import annotations

NARROW = 768  # pixels: in windows up to this width Streamlit lays the sidebar over the page
SHOW_WHAT_WAS_SENT = """
if (!window.attnlitPhone) {
  window.attnlitPhone = true;
  const sends = '[data-testid="stSidebar"] [data-testid="stFormSubmitButton"]';
  document.addEventListener("click", ({ target }) => {
    if (window.innerWidth > NARROW || !target.closest?.(sends)) return;
    document.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click();
  });
}
""".replace("NARROW", str(NARROW))
