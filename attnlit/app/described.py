"""For those who hear a page: each picture points to the words that say what it shows.

A picture is drawn by the browser as one graphic with a name. `aria-describedby` leads from it to the box of
words beside it: their keys are `picture_` and `told_`, and the picture's own; one box may tell of several.
The browser draws pictures when it likes, so this looks again whenever the page has changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

_AND = "--"  # between the pictures that a box tells of
# A browser takes it in the first time that a page brings it.
POINT_FROM_PICTURES = """
if (!window.attnlitDescribed) {
  const begins = "st-key-told_";
  let waiting = false;
  const point = () => {
    waiting = false;
    for (const words of document.querySelectorAll(`[class*="${begins}"]`)) {
      const names = [...words.classList].find((each) => each.startsWith(begins)).slice(begins.length);
      words.id ||= `told_${names}`;
      for (const name of names.split("AND")) {
        const picture = document.querySelector(`.st-key-picture_${name} [role="graphics-document"]`);
        if (picture && picture.getAttribute("aria-describedby") !== words.id)
          picture.setAttribute("aria-describedby", words.id);
      }
    }
  };
  const later = () => { if (!waiting) { waiting = true; setTimeout(point, 250); } };
  window.attnlitDescribed = new MutationObserver(later);
  window.attnlitDescribed.observe(document.body, { childList: true, subtree: true });
  later();
}
""".replace("AND", _AND)


def picture_of(key: str) -> DeltaGenerator:
    """The place of the picture with this key."""
    return st.container(key=f"picture_{key}")


def words_of(*pictures: str, border: bool = True) -> DeltaGenerator:
    """A box for the words that say what the pictures with these keys show."""
    return st.container(border=border, key=f"told_{_AND.join(pictures)}")
