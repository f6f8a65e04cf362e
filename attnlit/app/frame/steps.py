"""Steps to the layer or head beside the chosen one: each begins where the last one led, drawn or not."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from attnlit.app.frame import chosen

_LED_TO = "steps_led_to"  # of the session: the layer and head of a step that no title line has shown yet


def are_drawn() -> None:
    """The title line says where the last step led: the next one begins there."""
    st.session_state.pop(_LED_TO, None)


def go(what: str, by: int, among: Sequence[int], shown: tuple[int, int]) -> None:
    """Choose the layer or head before or after. For callbacks: before the controls are drawn.

    Who clicks three times while a busy server draws means three steps, though each click comes from a button
    that was drawn for the first. by: -1 or 1; 0 stays. among: what there is. shown: the layer and head that
    the button was drawn for.
    """
    layer, head = st.session_state.get(_LED_TO, shown)
    if what == "layer":
        layer = _beside(among, layer, by)
        chosen.choose_layer(layer)
    else:
        head = _beside(among, head, by)
        chosen.choose_head(layer, head)
    st.session_state[_LED_TO] = layer, head


def _beside(among: Sequence[int], now: int, by: int) -> int:
    at = among.index(now) + by if now in among else 0
    return among[min(max(at, 0), len(among) - 1)]
