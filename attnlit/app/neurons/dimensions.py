"""Which dimensions of query and key carry the chosen head's fall."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from attnlit.analysis import distance
from attnlit.app import described, panels, saving
from attnlit.app.neurons import on_text
from attnlit.app.neurons.fall import curves, file_name
from attnlit.charts.dimensions import dimensions_picture
from attnlit.charts.distance import distance_picture
from attnlit.words.dimensions import SOME_FALL, WORTH_NAMING, carriers_in_words

if TYPE_CHECKING:
    from attnlit.analysis.distance import DistanceProfile
    from attnlit.app.frame.request import Request

_DRAWN = 3  # dimensions with a curve of their own


def carriers(request: Request, by: DistanceProfile, chosen: pd.Series, *, with_first: bool) -> pd.DataFrame:
    """Which dimensions carry the fall, and which the scores of the user's text. Returns the former."""
    st.header("3 · Which dimensions carry the fall?", anchor=False)
    side = chosen["side"]
    table = distance.falling_dimensions(by, request.layer, request.head, side)
    added = distance.added_share(by, request.layer, request.head, side)
    if not chosen["decay"] > SOME_FALL:  # shares of next to nothing would be thousands of percent
        table, added = table.assign(share=np.nan), float("nan")
    with described.words_of("fall_bars", "fall_curves", border=False):
        st.markdown(carriers_in_words(table, added, rotary=request.model.rotary))
    left, right = st.columns(2, gap="medium")
    with left:
        _fall_bars(request, table, added)
    with right:
        _fall_curves(request, by, table, side)
    on_text.products(request, with_first)
    return table


def _fall_bars(request: Request, table: pd.DataFrame, added: float) -> None:
    falls = bool(table["share"].notna().all())
    st.markdown("**Share of the fall**" if falls else "**Fall with each token of distance, in score**")
    panels.picture(
        dimensions_picture(
            table,
            "share" if falls else "fall",
            form=".0%" if falls else "+.1g",
            added=added if abs(added) > WORTH_NAMING else 0.0,
            theme=request.theme,
        ),
        key="fall_bars",
        alt="How much of the fall with distance each dimension carries",
    )
    saving.offer("Share of the fall", f"{file_name(request)}_falling_dimensions", lambda: table)


def _fall_curves(request: Request, by: DistanceProfile, table: pd.DataFrame, side: str) -> None:
    where = f", towards the words {side} it" if len(by.sides) > 1 else ""
    st.markdown(f"**Mean query × key by distance{where}**")
    strongest = table["dimension"].tolist()[:_DRAWN]
    scores = distance.score_table(by, request.layer, request.head, strongest, side)
    counted = scores.assign(pairs=by.queries)
    others = f"mean of the {len(table) - len(strongest)} others"
    drawn = [(f"dimension {each}", counted, f"dimension {each}") for each in strongest]
    panels.picture(
        distance_picture(
            curves(*drawn, (others, counted, "others")),
            title="product, less that at distance 1",
            form=".2f",
            dashed=(others,),
            theme=request.theme,
        ),
        key="fall_curves",
        alt="How the products of the strongest dimensions fall with distance",
    )
    saving.offer("Query × key by distance", f"{file_name(request)}_scores_by_distance", lambda: scores)
