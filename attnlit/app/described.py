"""For those who hear a page: each picture points to the words that say what it shows.

A picture is drawn by the browser as one graphic with a name. `aria-describedby` leads from it to the box of
words beside it: their keys are `picture_` and `told_`, and the picture's own. The browser draws pictures when
it likes, so this looks again whenever the page has changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

# Draws nothing, and stands in every page: a browser takes it in the first time.
POINT_FROM_PICTURES = """
<style>.stElementContainer:has(.attnlit-described) { display: none; }</style>
<span class="attnlit-described"></span>
<script>
if (!window.attnlitDescribed) {
  const begins = "st-key-told_";
  let waiting = false;
  const point = () => {
    waiting = false;
    for (const words of document.querySelectorAll(`[class*="${begins}"]`)) {
      const name = [...words.classList].find((each) => each.startsWith(begins)).slice(begins.length);
      const picture = document.querySelector(`.st-key-picture_${name} [role="graphics-document"]`);
      words.id ||= `told_${name}`;
      if (picture && picture.getAttribute("aria-describedby") !== words.id)
        picture.setAttribute("aria-describedby", words.id);
    }
  };
  const later = () => { if (!waiting) { waiting = true; setTimeout(point, 250); } };
  window.attnlitDescribed = new MutationObserver(later);
  window.attnlitDescribed.observe(document.body, { childList: true, subtree: true });
  later();
}
</script>
"""


def picture_of(key: str) -> DeltaGenerator:
    """The place of the picture with this key."""
    return st.container(key=f"picture_{key}")


def words_of(picture: str, *, border: bool = True) -> DeltaGenerator:
    """A box for the words that say what the picture with this key shows."""
    return st.container(border=border, key=f"told_{picture}")
