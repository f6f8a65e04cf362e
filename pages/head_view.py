"""The head view: one layer, any of its heads, as lines between two columns of tokens."""

import streamlit as st

from attnlit.app.frame import classroom
from attnlit.app.frame.controls import one_that_fits
from attnlit.app.frame.router import ask

request = ask()  # before what draws is imported: a cold server shows its controls first

from attnlit.app import code, export, panels, shape  # noqa: E402
from attnlit.charts.head import HOW_TO, SELECTIONS, head_picture, head_table  # noqa: E402
from attnlit.charts.heatmap import HOW_TO as HOW_TO_READ_CELLS  # noqa: E402
from attnlit.charts.heatmap import heatmap_picture  # noqa: E402

COLUMNS, ROWS, HEAT_MAP = SHAPES = ("Columns", "Rows", shape.HEAT_MAP)
pinned = panels.pinned(request)

left, right = panels.beside([3, 1])
with left:
    fits = HEAT_MAP if shape.is_long(request.attention) else COLUMNS
    drawn, chosen = one_that_fits(
        st.segmented_control, "Tokens in", SHAPES, "shape", fits=fits, label_visibility="collapsed"
    )
    rows, cells = drawn == ROWS, drawn == HEAT_MAP
    why = "" if chosen or not cells else shape.why(request.attention, "For lines, choose columns or rows.")
    key = {COLUMNS: "head_picture", ROWS: "head_rows_picture", HEAT_MAP: "head_map_picture"}[drawn]
    st.caption(f"{why} {HOW_TO_READ_CELLS}" if cells else HOW_TO)
    if cells:
        heat = heatmap_picture(
            request.shown, request.layer, request.heads, theme=request.theme, pinned=pinned, clicks=True
        )
        panels.picture(
            heat,
            key=key,
            on_select=lambda: panels.follow_head_view(request, key),
            selection=["pin"],
            alt="Heat map of the chosen heads",
        )
    else:
        panels.picture(
            head_picture(
                request.shown, request.layer, request.heads,
                theme=request.theme, pinned=pinned, answered=panels.answered(key), rows=rows,
            ),
            key=key,
            on_select=lambda: panels.follow_head_view(request, key, together=True),
            selection=SELECTIONS,
            alt="Head view of one layer: lines from each token to the tokens that it looks at",
        )  # fmt: skip
mean = "cells are means over heads" if cells and len(request.heads) > 1 else ""
with right:
    panels.words(request, key, clicked=True)
    classroom.page_link(
        "neuron_view",
        label="Open in the neuron view",
        icon=":material/neurology:",
        width="stretch",
        query_params={"layer": str(request.layer), "head": str(request.heads[0])},
    )
    export.menu(
        request,
        {COLUMNS: "head", ROWS: "head_rows", HEAT_MAP: "heatmap"}[drawn],
        lambda: (
            heatmap_picture(request.shown, request.layer, request.heads, pinned=pinned)
            if cells
            else head_picture(request.shown, request.layer, request.heads, pinned=pinned, rows=rows)
        ),
        lambda: head_table(request.shown, request.layer, request.heads),
        code=[code.heatmap(request) if cells else code.head_view(request, rows=rows)],
        heads=request.heads,
        about=" · ".join(filter(None, (mean, export.pinned(request)))),
    )
