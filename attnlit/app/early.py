"""What a browser needs first of all: the page's style, and what draws pictures, fetched before there is one.

Streamlit's page fetches what draws an element when it meets the first of its kind: for a picture half a
second, begun only once its data are there. So it is told as soon as it is connected, while the server makes
the picture. The style has a head start, as the page would else be drawn without it first, and jump.
"""

from __future__ import annotations

import json
import time
from functools import cache
from pathlib import Path

import streamlit as st

HEAD_START = 0.25  # seconds
STYLE = Path(__file__).parent / "frame" / "style.css"
_MODULES = Path(st.__file__).parent / "static" / "static" / "js"  # of Streamlit's page
KINDS = (
    "ArrowVegaLiteChart", "loadVegaEmbed", "Selectbox", "ButtonGroup", "TextArea", "Button", "Checkbox",
    "Multiselect", "BidiComponent", "PageLink",
)  # fmt: skip
_NOTHING = "<span></span>"  # Streamlit would put a style that stands alone elsewhere, and later
_FETCH = """
if (!window.attnlitEarly) {
  window.attnlitEarly = true;
  const own = document.querySelector("script[type=module][src]");
  if (own) for (const name of NAMES) import(new URL(name, own.src)).catch(() => {});
  const main = "[data-testid='stMain']";
  let width, still = 0;  // so many frames: the sidebar comes meanwhile, and moves all
  const show = () => {
    const now = document.querySelector(main)?.clientWidth;
    still = now === width ? still + 1 : 0;
    width = now;
    if (still < FRAMES) requestAnimationFrame(show);
    else document.documentElement.classList.add("attnlit-titled");  // the style waits for it
  };
  const look = () => {
    if (!document.querySelector("h1, [data-testid='stException']")) return;
    looking.disconnect();
    show();
  };
  const looking = new MutationObserver(look);
  looking.observe(document.body, { childList: true, subtree: true });
  look();  // on a busy machine all may be there already, and nothing more comes
}
"""
STILL_FRAMES = 4
_STARTED = "early_started"  # of the session; it belongs to no control


def draw() -> None:
    """Draw nothing, but see to both. The first element of every page."""
    st.html(_html(), unsafe_allow_javascript=True)
    if not st.session_state.get(_STARTED):
        st.session_state[_STARTED] = True
        time.sleep(HEAD_START)


def leave_room_for_the_sidebar() -> None:
    """Draw nothing in it: it is there before its controls are."""
    st.sidebar.container()


@cache
def _html() -> str:
    names = [path.name for kind in KINDS for path in sorted(_MODULES.glob(f"{kind}.*.js"))]
    script = _FETCH.replace("NAMES", json.dumps(names)).replace("FRAMES", str(STILL_FRAMES))
    return f"<style>{STYLE.read_text()}</style>{_NOTHING}<script>{script}</script>"
