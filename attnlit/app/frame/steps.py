"""Steps to the layer or head beside the chosen one: each begins where the last one led, drawn or not."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from attnlit.app.frame import chosen, told


def go(what: str, by: int, among: Sequence[int], first: int | None = None) -> None:
    """Choose the layer or head before or after. For callbacks: before the controls are drawn.

    Who clicks three times while a busy server draws means three steps, though each click comes from a button
    that was drawn for the first. by: -1 or 1. among: what there is. first: the head that a step leads to
    where several are shown.
    """
    told.clicked_elsewhere()
    layer = st.session_state["layer"]
    if what == "layer":
        chosen.choose_layer(_beside(among, layer, by))
    else:
        head = _beside(among, st.session_state["head"], by) if first is None else first
        chosen.choose_head(layer, head)


def _beside(among: Sequence[int], now: int, by: int) -> int:
    at = among.index(now) + by if now in among else 0
    return among[min(max(at, 0), len(among) - 1)]
