"""The chosen head: in plain words, and what words that repeat lose without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnlit.analysis.repetition import another_head
from attnlit.app import described, panels, saving
from attnlit.app.patterns.measure import repeated
from attnlit.charts.head import head_picture
from attnlit.charts.heatmap import heatmap_picture
from attnlit.words.survey import in_words, repeated_in_words, score_in_words

if TYPE_CHECKING:
    from attnlit.analysis.survey import Survey
    from attnlit.app.frame.request import Request
    from attnlit.attention import Attention
    from attnlit.charts.picture import Picture
    from attnlit.charts.theme import Theme

MOST_LINES = 30  # tokens: longer texts are drawn as a heat map


def card(request: Request, found: Survey, score: str) -> None:
    """The chosen head in plain words: its role, and the chosen score, before training too."""
    layer, head = request.layer, request.head
    with described.words_of("score_map"):
        st.markdown(f"## Layer {layer}, head {head}")
        if found.texts > 1:  # on one text `panels.words` says what the head does there
            st.markdown(in_words(found, layer, head))
        st.markdown(score_in_words(found, score, layer, head))
        st.caption("On the text in the sidebar:")
        draw = heatmap_picture if len(request.shown.queries) > MOST_LINES else _lines
        panels.picture(
            draw(request.shown, layer, head, theme=request.theme),
            key="chosen_head",
            alt="Attention of the chosen head",
        )


def _lines(shown: Attention, layer: int, head: int, *, theme: Theme) -> Picture:
    return head_picture(shown, layer, [head], theme=theme)


def repeated_text(request: Request, found: Survey) -> None:
    """How much worse the model foresees words that repeat when the head is off: what induction is for."""
    layer, head = request.layer, request.head
    if "induction" not in found.values or not request.model.predicts:
        return
    if not st.toggle("Switch it off while random words repeat", key="repeat_off", persist_state="session"):
        return
    # Not one of the same kind: another induction head would be missed as much.
    others = np.flatnonzero(~found.claimed["induction"][found.at(layer, head)[0]]).tolist()
    other = another_head(layer, head, others)
    heads = [(layer, head), *([] if other is None else [(layer, other)])]
    table = repeated(request.model, tuple(heads))
    st.markdown(repeated_in_words(table))
    saving.offer("Repeated words", "repeated_words", lambda: table)
