"""The sum of all parts, and the map of what each head writes, or of what is lost without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from attnlit.app import code, described, export, panels
from attnlit.app.frame.chosen import begin_at
from attnlit.charts.head_map import head_map_picture
from attnlit.charts.theme import LIGHT
from attnlit.charts.writing import writing_picture
from attnlit.models.layers import heads_in_order
from attnlit.wording import number_text, quoted
from attnlit.words.writing import LOST_ABOUT, SUM_ABOUT, WRITTEN_ABOUT, sum_in_words

if TYPE_CHECKING:
    from attnlit.analysis.writing import Guess, WordSum
    from attnlit.app.frame.request import Request
    from attnlit.app.writing.ask import Asked
    from attnlit.attention import Attention
    from attnlit.charts.picture import Picture
    from attnlit.charts.theme import Theme


def whole(request: Request, found: WordSum) -> None:
    """The sum as bars that end in the real logit, and in words."""
    left, right = panels.beside([3, 2])
    with left:
        panels.heads_picture(
            _bars(request, found, request.theme),
            key="writing_sum",
            alt="The sum that makes the word's logit: a bar for each part, the last one is the logit",
        )
    with right:
        with described.words_of("writing_sum"):
            for sentence in sum_in_words(found):
                st.markdown(sentence)
        st.caption(SUM_ABOUT)


def _bars(request: Request, found: WordSum, theme: Theme) -> Picture:
    return writing_picture(found, kind=request.kind, selected=(request.layer, request.head), theme=theme)


def all_parts(request: Request, found: WordSum) -> None:
    """Every part as a table that sorts."""
    logit = st.column_config.NumberColumn(format="%+.3f")
    columns: dict[str, Any] = {"logit": logit, "layer": None, "number": "layer"}
    table = found.table
    if table["attention"].isin(["", request.kind]).all():
        columns["attention"] = None
    panels.table_of(table, "parts", column_config=columns, height=380)


def written(found: WordSum, attention: Attention) -> np.ndarray:
    """What each head of the record's kind writes: (L, H); NaN for layers that write into another state."""
    values = np.full(attention.weights.shape[:2], np.nan)
    heads = found.heads[found.heads["attention"] == attention.kind]
    rows = [attention.row(int(layer)) for layer in heads["layer"]]
    values[rows, heads["head"].astype(int)] = heads["logit"]
    return values


def head_map(request: Request, values: np.ndarray, found: Guess, *, lost: bool) -> None:
    """All heads, coloured by their number; a click chooses one everywhere. The page begins at the largest."""
    best = int(np.nanargmax(np.abs(values))) if np.isfinite(values).any() else None
    heads = heads_in_order(request.attention.layer_numbers, values.shape[1])
    if best is not None:
        begin_at(*heads[best])
    panels.heads_picture(
        _map(request, values, found, request.theme, lost=lost),
        key="writing_map",
        alt="Map of all heads, layers downwards, heads across, coloured by what each adds to the logit",
    )
    if best is not None:
        panels.show_head(request, *heads[best], number_text(float(values.flat[best])))
    st.caption(LOST_ABOUT if lost else WRITTEN_ABOUT)


def menu(
    request: Request, found: Guess, summed: WordSum | None, lost: np.ndarray | None, asked: Asked
) -> None:
    """A link, and the sum as files; without a sum, the map of what is lost."""
    heads = heads_in_order(request.attention.layer_numbers, request.attention.heads)
    if summed is not None:
        export.menu(
            request,
            "writing",
            lambda: _bars(request, summed, LIGHT),
            lambda: summed.table,
            own=asked.own,
            about=_asked(request, found),
            code=[code.writing_view(request, found.position, asked.word, asked.against)],
        )
    elif lost is not None:
        export.menu(
            request,
            "writing",
            lambda: _map(request, lost, found, LIGHT, lost=True),
            lambda: pd.DataFrame(heads, columns=["layer", "head"]).assign(lost=lost.ravel()),
            own=asked.own,
            about=_asked(request, found),
        )


def _asked(request: Request, found: Guess) -> str:
    """For a figure's caption: whose logit, and where."""
    tokens = request.attention.queries
    at = next((f" at {quoted(token.text)}" for token in tokens if token.position == found.position), "")
    return f"the logit of {' less that of '.join(map(quoted, found.words))}{at}"


def _map(request: Request, values: np.ndarray, found: Guess, theme: Theme, *, lost: bool) -> Picture:
    words = [quoted(word) for word in found.words]
    of = " − ".join(words) if len(words) > 1 else f"the logit of {words[0]}"
    return head_map_picture(
        values,
        title=f"{'lost from' if lost else 'written to'} {of}",
        layers=request.attention.layer_numbers,
        selected=(request.layer, request.head),
        signed=True,
        form="+.2f",
        theme=theme,
    )
