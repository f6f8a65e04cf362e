"""The chosen head: its direct share beside what is lost without it, its words, and what each look writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnlit.app import described, panels, say
from attnlit.app.frame import chosen
from attnlit.charts.word_strip import word_strip_picture
from attnlit.errors import AttnlitError
from attnlit.words.writing import head_in_words, look_in_words, pieces_in_words, words_in_words

if TYPE_CHECKING:
    from attnlit.app.frame.request import Request
    from attnlit.app.writing.measure import Measured


def card(request: Request, measured: Measured, written: np.ndarray | None, word: str) -> None:
    """The chosen head in words. written: what each head writes directly, (L, H); None where none does."""
    name = f"{request.layer}-{request.head}"
    try:
        lost = measured.lost(request.layer, request.head)
    except AttnlitError as mistake:  # a model whose attention cannot be changed
        say.hint(str(mistake))
        lost = None
    with described.words_of("writing_map"):
        direct = (
            None if written is None else float(written[request.attention.row(request.layer), request.head])
        )
        st.markdown(head_in_words(name, direct, lost, word))
        if written is not None:
            words = measured.head_words()
            st.markdown(words_in_words(words))
            if note := pieces_in_words(words):
                say.quiet(note)


def looks(request: Request, measured: Measured) -> None:
    """What the head's look at each token writes of the logit; one look, in words."""
    values = measured.looks()
    tokens = request.attention.keys
    key = _key(request, values)
    panels.picture(
        word_strip_picture(
            tokens,
            values,
            title=f"what {request.layer}-{request.head} writes by its look at each token",
            selected=key,
            theme=request.theme,
        ),
        key="writing_looks",
        on_select=lambda: _follow(request),
        selection=["word"],
        alt="The text, each token coloured by what the head's look at it writes",
    )
    row = request.attention.row(request.layer)
    weight = float(request.attention.weights[row, request.head, measured.position, key])
    name = f"head {request.layer}-{request.head}"
    with described.words_of("writing_looks", border=False):
        st.markdown(look_in_words(name, tokens, key, weight, float(values[key]), measured.look_words(key)))


def _key(request: Request, values: np.ndarray) -> int:
    """The token whose look is told: the pinned one, or the one that writes most."""
    if request.pinned is not None and request.pinned[0] == "key":
        return request.pinned[1]
    return int(np.argmax(np.abs(values)))


def _follow(request: Request) -> None:
    """A click on a token tells what the look at it writes."""
    for each in panels.selection("writing_looks", "word"):
        chosen.pin(request.shown, ("key", each["place"]))
