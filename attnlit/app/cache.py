"""What the sessions share: loaded models and recorded attention. Both bounded, both read-only."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import cachetools
import streamlit as st

if TYPE_CHECKING:
    from attnlit.attention import Attention
    from attnlit.models.model import Model

MODELS_KEPT = int(os.environ.get("ATTNLIT_MAX_MODELS", "3"))
RECORDS_MB = int(os.environ.get("ATTNLIT_CACHE_MB", "192"))


@st.cache_resource(max_entries=MODELS_KEPT, show_spinner="Opening the model …")
def load_model(name: str) -> Model:
    """A model by name, loaded once for everybody. Raises AttnlitError in words."""
    from attnlit.attention import load

    return load(name)


def _megabytes(records: dict[str, Attention]) -> float:
    return sum(record.nbytes for record in records.values()) / 2**20


# Bounded by megabytes, not by entries: a text of 512 tokens weighs as much as two hundred short ones. The
# condition makes thirty students who open the same example wait for one forward pass, not run thirty.
@cachetools.cached(
    cachetools.LRUCache(maxsize=RECORDS_MB, getsizeof=_megabytes),
    key=lambda model, text, pair: (model.source, text, pair),
    condition=threading.Condition(),
)
def attention(model: Model, text: str, pair: str) -> dict[str, Attention]:
    """The recorded attention of one text or pair, by kind, from the cache or from one forward pass."""
    from attnlit.attention import attend_all

    return attend_all(model, text, pair or None)


# A filtered record is made once and lives as long as the whole one, and so do the thumbnails drawn of it.
_shown: WeakKeyDictionary[Attention, dict[tuple[str, bool], Attention]] = WeakKeyDictionary()


def shown(whole: Attention, sentences: str, without_special: bool) -> Attention:
    """The part of a record that the sentence filter and "hide special tokens" leave."""
    from attnlit.attention.filters import between, hide_special

    parts = _shown.setdefault(whole, {})
    choice = (sentences, without_special)
    if choice not in parts:
        part = between(whole, sentences)
        parts[choice] = hide_special(part) if without_special else part
    return parts[choice]
