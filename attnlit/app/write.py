"""Letting a model write, word by word, in view of the visitor, who can stop it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnlit.attention.answers import Asked, said, say
from attnlit.wording import escaped

if TYPE_CHECKING:
    from attnlit.app import work
    from attnlit.models.model import Model

CURSOR = "▌"  # behind what is being written
_SHOWN_EVERY = 0.1  # seconds between two looks at it
_SHARE = 0.1  # of the time, at most, goes into showing it: many may write at once


def word_by_word(
    model: Model,
    asked: Asked,
    report: work.Report,
    so_far: Any,
    *,
    length: int,
    temperature: float,
    seed: int,
) -> tuple[int, ...]:
    """The tokens that the model writes: at most `length`, those of `so_far` among them. For a `work.Task`."""
    ids = [*(so_far or ())]
    place = st.empty()
    began, last, spent = time.monotonic(), 0.0, 0.0
    for word in say(model, asked, max_tokens=length, seed=seed, temperature=temperature, already=ids):
        ids.append(word)
        report(len(ids) / length, f"{len(ids)} of at most {length} tokens", tuple(ids))
        now = time.monotonic()
        if now - last > _SHOWN_EVERY and spent <= _SHARE * (now - began):
            place.markdown(f"… {escaped(said(model, asked, ids))} {CURSOR}")
            last = time.monotonic()
            spent += last - now
    place.empty()
    return tuple(ids)
