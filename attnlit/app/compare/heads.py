"""How differently every head looks: a map beside the chosen head, a table, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from attnlit.app import described, panels
from attnlit.charts.head_map import head_map_picture
from attnlit.words.compare import alike_in_words, differences_in_words

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.analysis.compare import Comparison
    from attnlit.app.frame.request import Request

UNIT = (
    "Jensen–Shannon divergence in nats, the mean over the tokens that line up: 0 means the same, 0.69 "
    "nothing in common."
)


def differences(
    request: Request, found: Comparison, null: np.ndarray | None, chosen_head: Callable[[], None]
) -> None:
    """The map and the table of all heads, where both sides have the same ones.

    chosen_head: draws what the chosen head looks at in one and not in the other, beside the map.
    """
    if found.distances is None:
        return
    table = found.table
    if null is not None:
        table.insert(3, "unrelated texts", null.ravel())
    left, right = st.columns(2)
    with left:
        panels.heads_picture(
            head_map_picture(
                found.distances,
                title="How differently it attends",
                layers=found.first.layer_numbers,
                selected=(request.layer, request.head),
                limits=(0.0, max(float(found.distances.max()), 0.01)),
                theme=request.theme,
            ),
            key="compare_map",
            alt="How differently each head looks, layers downwards, heads across",
        )
        st.caption(f"{UNIT} Click a head to see it above and beside this.")
        with described.words_of("compare_map", border=False):
            st.markdown(differences_in_words(found, null))
    with right:
        chosen_head()
    _numbers(table.sort_values("difference", ascending=False), "Heads", "compare_heads")


def alike(
    request: Request,
    table: pd.DataFrame,
    names: tuple[str, str],
    chosen_head: Callable[[], None] | None = None,
) -> None:
    """Which head of the other model each is most like. chosen_head: as for `differences`, if anything."""
    layers, heads = request.attention.layers, request.attention.heads
    left, right = st.columns(2)
    with left:
        panels.heads_picture(
            head_map_picture(
                table["distance"].to_numpy().reshape(layers, heads),
                title="Distance to the head most like it",
                layers=request.attention.layer_numbers,
                selected=(request.layer, request.head),
                limits=(0.0, max(float(table["distance"].max()), 0.01)),
                theme=request.theme,
            ),
            key="alike_map",
            alt="Distance of each head to the head of the other model most like it",
        )
        st.caption(f"{UNIT} Faint heads have a close match in the other model. Click a head to see it above.")
        with described.words_of("alike_map", border=False):
            st.markdown(alike_in_words(table, request.layer, request.head, names))
    with right:
        if chosen_head is not None:
            chosen_head()
        _numbers(table.sort_values("distance"), "Heads alike", "compare_alike")


def _numbers(table: pd.DataFrame, title: str, name: str) -> None:
    three = st.column_config.NumberColumn(format="%.3f")
    columns: dict[str, Any] = {each: three for each in table.columns if table[each].dtype.kind == "f"}
    columns |= {"other_layer": "other layer", "other_head": "other head"}
    columns["even"] = st.column_config.NumberColumn("from even attention", format="%.3f")
    panels.numbers(table, title, name, column_config=columns, height=300)
