"""What a browser needs first of all: the page's style, and what draws pictures, fetched before there is one.

Streamlit's page fetches what draws an element when it meets the first of its kind: for a picture half a
second, begun only once its data are there. So it is told as soon as it is connected, while the server makes
the picture.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import streamlit as st

_STYLE = Path(__file__).parent / "frame" / "style.css"
_MODULES = Path(st.__file__).parent / "static" / "static" / "js"  # of Streamlit's page
_KINDS = ("ArrowVegaLiteChart", "loadVegaEmbed", "BidiComponent", "ButtonGroup", "Selectbox")
_NOTHING = "<span class='attnlit-nothing'></span>"  # the style hides it, and the room that it takes
_FETCH = """
if (!window.attnlitEarly) {
  window.attnlitEarly = true;
  const own = document.querySelector("script[type=module][src]");
  if (own) for (const name of NAMES) import(new URL(name, own.src)).catch(() => {});
}
"""


def draw(*, controls: bool) -> None:
    """Draw nothing, but see to both. The first element of every page.

    controls: the page has a sidebar, for which it leaves room from the first moment on.
    """
    st.html(_html(), unsafe_allow_javascript=True)
    if controls:
        st.sidebar.html(_NOTHING)


@cache
def _html() -> str:
    names = [path.name for kind in _KINDS for path in sorted(_MODULES.glob(f"{kind}.*.js"))]
    script = _FETCH.replace("NAMES", json.dumps(names))
    return f"<style>{_STYLE.read_text()}</style>{_NOTHING}<script>{script}</script>"
