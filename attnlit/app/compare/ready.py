"""Pairs of texts to begin with: each says its lesson in the map of patches."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from attnlit.app.frame import address


@dataclass(frozen=True)
class Ready:
    """Two texts that differ in a word, and two words to decide between."""

    title: str
    first: str
    second: str
    words: tuple[str, str]


READY = (
    Ready(
        "Said twice",
        "The old man lived in a house. The old man lived in a",
        "The old man lived in a town. The old man lived in a",
        ("house", "town"),
    ),
    Ready(
        "Window or door",
        "She opened the window and looked out of the",
        "She opened the door and looked out of the",
        ("window", "door"),
    ),
    Ready(
        "Who gets it",
        "When John and Mary went to the house, John gave the book to",
        "When John and Mary went to the house, Mary gave the book to",
        ("Mary", "John"),
    ),
)


def use(ready: Ready) -> None:
    """Put a pair into the fields. For callbacks: before the controls are drawn."""
    address.forget_by_hand()
    address.leave(("text", "pair", "target", "example", "second", "expected", "other"))
    one, other = ready.words
    st.session_state.update(
        {
            "text": ready.first,
            "pair": "",
            "compare_second": ready.second,
            "compare_one": one,
            "compare_other": other,
        }
    )
