"""For a head that rests on the first token or on added ones: is it idle, does it add a constant, or work?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnlit.analysis.scores import FEWEST_TOKENS, RESTS
from attnlit.analysis.sinks import resting_heads
from attnlit.app import cache, say, work
from attnlit.errors import AttnlitError
from attnlit.words.sinks import sink_in_words

if TYPE_CHECKING:
    from attnlit.analysis.sinks import Resting
    from attnlit.app.frame.request import Request

_BUTTON = work.Button(
    "Idle, constant or working?",
    "Weights alone do not tell. The head is switched off in a few sentences, and then held at its mean.",
)


def card(request: Request) -> None:
    """Offer to measure what the chosen head does, where it rests here; then say it."""
    if len(request.heads) > 1 or not _rests(request):
        return
    kind, head = request.kind, (request.layer, request.head)

    def measure(report: work.Report, so_far: None) -> list[Resting]:
        return resting_heads(
            request.model,
            [head],
            kind=kind,
            progress=lambda done, of: report(done / of, "Switching the head off"),
        )

    try:
        found = work.run(
            ("resting", request.known.identity, kind, *head), measure, cache.effects, button=_BUTTON
        )
    except AttnlitError as mistake:  # a model that predicts no words, or whose values are not known
        say.hint(str(mistake))
        return
    if found:
        st.markdown(sink_in_words(found[0]))


def _rests(request: Request) -> bool:
    """Whether the head gives a large share of its attention to the first token and to added ones."""
    attention = request.attention
    if min(len(attention.queries), len(attention.keys)) < FEWEST_TOKENS:
        return False
    resting = np.array([token.special or token.position == 0 for token in attention.keys])
    weights = attention.weights[attention.row(request.layer), request.head][:, resting]  # (Q, resting)
    return float(weights.sum(-1).mean()) >= RESTS.least
