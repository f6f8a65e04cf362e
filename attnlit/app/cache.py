"""What the sessions share: loaded models and recorded attention. Both bounded, both read-only."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cachetools
import streamlit as st

from attnlit.models import limits

if TYPE_CHECKING:
    from attnlit.attention import Attention
    from attnlit.models.model import Model

_HALF = limits.cache_megabytes() / 2  # for whole records; the other half for filtered ones


@st.cache_resource(max_entries=limits.models_kept(), show_spinner="Opening the model …")
def load_model(name: str) -> Model:
    """A model by name, loaded once for everybody. Raises AttnlitError in words."""
    from attnlit.attention import load

    return load(name)


def _megabytes(records: dict[str, Attention]) -> float:
    return _at_most_all(sum(record.nbytes for record in records.values()))


def _at_most_all(size: int) -> float:
    """What a record takes of its cache, in megabytes: one that is larger than all of it is kept alone.

    Refused, it would be computed anew, a whole forward pass, for every click on its picture.
    """
    return min(size / 2**20, _HALF)


# Bounded by megabytes, not by entries: a text of 512 tokens weighs as much as two hundred short ones. The
# condition makes thirty students who open the same example wait for one forward pass, not run thirty.
@cachetools.cached(
    cachetools.LRUCache(maxsize=_HALF, getsizeof=_megabytes),
    key=lambda model, *texts: (model.identity, *texts),
    condition=threading.Condition(),
)
def attention(model: Model, text: str, pair: str) -> dict[str, Attention]:
    """The recorded attention of one text or pair, by kind, from the cache or from one forward pass."""
    from attnlit.attention import attend_all

    return attend_all(model, text, pair or None)


@dataclass(frozen=True)
class Filters:
    """What of a record is shown. The defaults show it as it was recorded."""

    sentences: str = "All"  # one of `attnlit.attention.filters.BETWEEN`
    whole_words: bool = False  # pieces of a word put together
    without_special: bool = False
    rescaled: bool = False  # without special tokens, each row divided by what is left of it


def _megabytes_held(part: Attention) -> float:
    """A slice keeps the array alive that it was cut from."""
    cut_from = part.weights.base
    return _at_most_all(part.nbytes + (0 if cut_from is None else cut_from.nbytes))


@cachetools.cached(
    cachetools.LRUCache(maxsize=_HALF, getsizeof=_megabytes_held),
    key=lambda model, *choices: (model.identity, *choices),
    condition=threading.Condition(),
)
def filtered(model: Model, text: str, pair: str, kind: str, filters: Filters) -> Attention:
    """What the filters leave of a record; kept, as its thumbnails are."""
    from attnlit.attention.filters import between, hide_and_renormalise, hide_special
    from attnlit.attention.words import merge_words

    left = attention(model, text, pair)[kind]
    if filters.whole_words:
        left = merge_words(left)
    if filters.without_special and filters.rescaled:
        left = hide_and_renormalise(left, {token.position for token in left.keys if token.special})
    left = between(left, filters.sentences)
    return hide_special(left) if filters.without_special else left
