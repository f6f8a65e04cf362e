"""Pairs of texts to begin with: each says its lesson in the map of patches."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from attnlit.app.frame import address


@dataclass(frozen=True)
class Preset:
    """Two texts that differ in a word, and two words to decide between."""

    title: str
    first: str
    second: str
    words: tuple[str, str]


PRESETS = (
    Preset(
        "Said twice",
        "The old man lived in a house. The old man lived in a",
        "The old man lived in a town. The old man lived in a",
        ("house", "town"),
    ),
    Preset(
        "Window or door",
        "She opened the window and looked out of the",
        "She opened the door and looked out of the",
        ("window", "door"),
    ),
    Preset(
        "Who gets it",
        "When John and Mary went to the house, John gave the book to",
        "When John and Mary went to the house, Mary gave the book to",
        ("Mary", "John"),
    ),
)


def use(preset: Preset) -> None:
    """Put a pair into the fields. For callbacks: before the controls are drawn."""
    address.forget_by_hand()
    address.leave(("text", "pair", "target", "example", "second", "expected", "other"))
    one, other = preset.words
    st.session_state.update(
        {
            "text": preset.first,
            "pair": "",
            "compare_second": preset.second,
            "compare_one": one,
            "compare_other": other,
        }
    )
