"""Heads patched from one text into the other, and heads that must be off for a word to win."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnlit.app import described, panels, say
from attnlit.app.compare import ask, measure
from attnlit.app.frame import chosen
from attnlit.charts.head_map import head_map_picture
from attnlit.errors import AttnlitError
from attnlit.words.compare import (
    ABOUT_SHOWN,
    ABOUT_UNTIL,
    ABOUT_WHAT,
    LIMITS,
    ablation_set_in_words,
    lean_in_words,
    patch_in_words,
)

if TYPE_CHECKING:
    from attnlit.analysis.compare import Comparison
    from attnlit.analysis.patching import PatchMap
    from attnlit.app.frame.request import Request


def section(request: Request, pair: Comparison, words: tuple[str, str] | None) -> None:
    """What each head carries from one text into the other."""
    st.header("Which heads carry the difference?", anchor=False)
    with st.container(horizontal=True):
        what, shown = ask.what(), ask.shown()
    try:
        found = measure.patches(request, pair.second.text, what, words)
    except AttnlitError as mistake:  # no [MASK], other lengths, the same guess: the pictures above stay
        if pair.most_different is not None:
            chosen.begin_at(*pair.most_different)
        say.hint(str(mistake))
        return
    if found is None:
        return
    if (shares := found.table["sufficient"].abs()).notna().any():
        strongest = found.table.loc[shares.idxmax()]
        chosen.begin_at(int(strongest["layer"]), int(strongest["head"]))
    st.markdown(lean_in_words(found))
    left, right = st.columns(2)
    with left:
        _map(request, found, shown)
        st.caption(f"{ABOUT_SHOWN[shown]} {ABOUT_WHAT[what]}")
    with right:
        with described.words_of("patch_map", border=False):
            for sentence in patch_in_words(found, request.layer, request.head):
                st.markdown(sentence)
        _strongest(request, found, shown)
        percent = st.column_config.NumberColumn(format="percent")
        leans = {
            "into_target": st.column_config.NumberColumn("logits, second text", format="%.2f"),
            "into_source": st.column_config.NumberColumn("logits, first text", format="%.2f"),
        }
        panels.numbers(
            found.table.sort_values(shown, key=np.abs, ascending=False),
            "Patches",
            "patches",
            column_config={"sufficient": percent, "necessary": percent, **leans},
            height=240,
        )


def _map(request: Request, found: PatchMap, shown: str) -> None:
    panels.heads_picture(
        head_map_picture(
            found.table[shown].fillna(0.0).to_numpy().reshape(found.shape),
            title="Share of the difference",
            layers=request.model.layer_numbers,
            selected=(request.layer, request.head),
            signed=True,
            form="z.0%",
            theme=request.theme,
        ),
        key="patch_map",
        alt="Share of the difference that each head carries, layers downwards, heads across",
    )


def _strongest(request: Request, found: PatchMap, shown: str) -> None:
    shares = found.table[shown].abs()
    if shares.notna().any():
        best = found.table.loc[shares.idxmax()]
        panels.show_head(request, int(best["layer"]), int(best["head"]), f"{best[shown]:.0%}")


def until(request: Request) -> None:
    """Which heads must go until another word wins."""
    st.header("Which heads must be off for another word to win?", anchor=False)
    st.markdown(ABOUT_UNTIL)
    word, how = ask.until()
    if not word:
        return
    try:
        found = measure.removed(request, word, how)
    except AttnlitError as mistake:
        say.hint(str(mistake))
        return
    if found is None:
        return
    left, right = st.columns([3, 2])
    with left:
        for sentence in ablation_set_in_words(found):
            st.markdown(sentence)
    with right:
        columns = {
            "probability": st.column_config.NumberColumn(format="percent"),
            "lead": st.column_config.NumberColumn(format="%.2f"),
        }
        panels.numbers(found.steps, "Heads that go", "heads_until", column_config=columns)


def limits() -> None:
    """What such pictures and numbers cannot show."""
    st.header("What this cannot show", anchor=False)
    st.markdown(LIMITS)
