"""A text, word by word, coloured by what each word loses without the chosen head."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnlit.analysis.word_loss import loss_by_word
from attnlit.app import cache, described, panels, saving, say, work
from attnlit.charts.word_strip import word_strip_picture
from attnlit.errors import AttnlitError
from attnlit.words.word_loss import ABOUT, loss_in_words

if TYPE_CHECKING:
    from attnlit.analysis.word_loss import WordLoss
    from attnlit.app.frame.request import Request


def card(request: Request) -> None:
    """Offer to measure it; then the text in colours, and in words which ones the head helps with."""
    st.header("Which words does this head help with?", anchor=False)
    name = f"{request.layer}-{request.head}"
    if not st.toggle(f"Switch head {name} off for the whole text", key="word_loss", persist_state="session"):
        return
    try:
        found = _measured(request)
    except AttnlitError as mistake:  # a model that predicts no words, a text of one token
        say.hint(str(mistake))
        return
    if found is None:
        return
    with described.words_of("word_loss_strip", border=False):
        for sentence in loss_in_words(found):
            st.markdown(sentence)
    panels.picture(
        word_strip_picture(
            found.tokens, found.rise, title=f"rise of the loss without {name}, nats", theme=request.theme
        ),
        key="word_loss_strip",
        alt="The text, each word coloured by how much its loss rises without the head",
    )
    st.caption(ABOUT)
    saving.offer("Word by word", f"loss_without_{name}", found.table)


def _measured(request: Request) -> WordLoss | None:
    attention, head = request.attention, (request.layer, request.head)

    def measure(report: work.Report, so_far: None) -> WordLoss:
        return loss_by_word(
            request.model,
            attention.text,
            [head],
            attention.pair,
            request.kind,
            progress=lambda done, of: report(done / of, "Reading the text with the head off"),
        )

    key = ("word loss", request.model.identity, attention.text, attention.pair, request.kind, *head)
    return work.run(key, measure, cache.effects)
