"""Which heads look less at words farther away, and how the chosen head's attention falls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from attnlit.analysis import distance
from attnlit.app import described, panels, saving, say
from attnlit.app.frame.chosen import begin_at
from attnlit.app.frame.controls import IN_ADDRESS
from attnlit.charts.distance import distance_picture
from attnlit.charts.head_map import head_map_picture
from attnlit.words.decay import curve_in_words, decay_in_words
from attnlit.words.dimensions import decay_heads_in_words

if TYPE_CHECKING:
    from attnlit.analysis.distance import DistanceProfile
    from attnlit.app.frame.request import Request

EVEN = "all tokens alike"


def which_head(request: Request, by: DistanceProfile) -> pd.Series:
    """The map of all heads and what is said of the chosen one. Returns its row of the scan."""
    table = distance.scan(by)
    if np.isfinite(table["decay"].iloc[0]):
        begin_at(int(table["layer"].iloc[0]), int(table["head"].iloc[0]))
    chosen = table[(table["layer"] == request.layer) & (table["head"] == request.head)].iloc[0]
    st.header("1 · Which heads look less at words farther away?", anchor=False)
    st.markdown(
        "Some heads hardly care what the words say: the farther away a word is, the less they look at it. "
        "The map shows for every head how well such a steady fall describes it. Click one."
    )
    left, right = st.columns([3, 2], gap="medium")
    with left:
        values = table.pivot(index="layer", columns="head", values="decay").to_numpy()
        panels.heads_picture(
            head_map_picture(
                np.clip(values, 0, 1), title="explained by a steady fall", form=".0%",
                layers=by.layer_numbers, limits=(0.0, 1.0), selected=(request.layer, request.head),
                theme=request.theme,
            ),
            key="decay_map",
            alt="How well a steady fall with distance describes each head; layers downwards, heads across",
        )  # fmt: skip
    with right:
        with described.words_of("decay_map"):
            st.markdown(decay_in_words(chosen))
        st.markdown(decay_heads_in_words(request.model.name, table))
        _to_the_clearest(request, table.iloc[0])
    with st.expander("All heads as a table", icon=":material/table:"):
        percent = st.column_config.NumberColumn(format="percent")
        few = st.column_config.NumberColumn(format="%.2f")
        columns = {"decay": percent, "by_distance": percent, "first": percent}
        columns |= {"rank": few, "fall": few, "half": st.column_config.NumberColumn(format="%.1f")}
        panels.numbers(table, "Heads", "heads_by_distance", column_config=columns)
        st.caption(
            "decay: how much of the differences a steady fall explains, before the query or after it, "
            "whichever is more · rank: −1 if every step away takes some attention · "
            "by_distance: how much distance explains in any shape · fall: what a token of distance costs, in "
            "score (1 less makes attention 2.7 times smaller) · half: tokens until attention is half · "
            "first: attention on the first token · queries: how many tokens the numbers rest on."
        )
    return chosen


def _to_the_clearest(request: Request, best: pd.Series) -> None:
    if np.isfinite(best["decay"]):
        panels.show_head(request, int(best["layer"]), int(best["head"]), f"{best['decay']:.0%}")


def curve(request: Request, by: DistanceProfile) -> bool:
    """The chosen head's attention by distance. Returns whether the first token counts."""
    st.header("2 · Attention by distance", anchor=False)
    name = f"head {request.layer}-{request.head}"
    with_first = st.toggle(
        "Count the first token, too",
        key="with_first",
        help="Many heads rest on the first token. If it does not count, the rest of each word's attention is "
        "divided by its sum, and words with over 90% on the first token are skipped.",
        **IN_ADDRESS,
    )
    table = distance.distance_table(by, request.layer, request.head, with_first=with_first)
    long = curves((name, table, "attention"), (EVEN, table, "even"))
    panels.picture(
        distance_picture(long, title="mean attention", form=".1%", dashed=(EVEN,), theme=request.theme),
        key="distance_curve",
        alt=f"Mean attention of {name} at each distance between query and key",
    )
    pairs = int(table["pairs"].iloc[0])
    with described.words_of("distance_curve", border=False):
        say.quiet(curve_in_words(name, table))
    say.quiet(
        f"Mean over {pairs:,} tokens of the built-in sample texts. Every point rests on the same tokens, so "
        "that the length of a text does not look like a fall. Distance 0 is the token itself."
    )
    saving.offer("Attention by distance", f"{file_name(request)}_by_distance", lambda: table)
    return with_first


def curves(*named: tuple[str, pd.DataFrame, str]) -> pd.DataFrame:
    """Curves (name, table, column of the table) one below the other, as `distance_picture` takes them."""
    parts = [
        table[["distance", "pairs"]].assign(curve=name, value=table[column]) for name, table, column in named
    ]
    return pd.concat(parts, ignore_index=True)


def file_name(request: Request) -> str:
    """For files of one head."""
    return f"L{request.layer}H{request.head}"
