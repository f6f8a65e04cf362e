"""The head view: one layer, any of its heads, as lines between two columns of tokens."""

from dataclasses import replace

import streamlit as st

from attnlit.app.frame import classroom
from attnlit.app.frame.controls import one_of
from attnlit.app.frame.router import ask

request = ask()  # before what draws is imported: a cold server shows its controls first

from attnlit.app import code, export, panels, say  # noqa: E402
from attnlit.charts.head import HOW_TO, SELECTIONS, head_picture, head_table  # noqa: E402
from attnlit.charts.heatmap import heatmap_picture  # noqa: E402

COLUMNS, ROWS, HEAT_MAP = SHAPES = ("Columns", "Rows", "Heat map")
pinned = panels.pinned(request)

left, right = panels.beside([3, 1])
with left:
    shape = one_of(st.segmented_control, "Tokens in", SHAPES, "shape", label_visibility="collapsed")
    rows = shape == ROWS
    if shape == HEAT_MAP:
        key = "heat_map"
        if len(request.heads) > 1:
            say.quiet(f"A heat map has room for one head: this is head {request.head}.")
            request = replace(request, heads=(request.head,))  # so are words, files and code
        heat = heatmap_picture(request.shown, request.layer, request.head, theme=request.theme)
        panels.picture(heat, key=key, alt="Heat map of one head")
    else:
        key = "head_rows_picture" if rows else "head_picture"
        st.caption(HOW_TO)
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
with right:
    panels.words(request, key, clicked=shape != HEAT_MAP)
    classroom.page_link(
        "neuron_view",
        label="Open in the neuron view",
        icon=":material/neurology:",
        width="stretch",
        query_params={"layer": str(request.layer), "head": str(request.heads[0])},
    )
    export.menu(
        request,
        {COLUMNS: "head", ROWS: "head_rows", HEAT_MAP: "heatmap"}[shape],
        lambda: (
            heatmap_picture(request.shown, request.layer, request.head)
            if shape == HEAT_MAP
            else head_picture(request.shown, request.layer, request.heads, pinned=pinned, rows=rows)
        ),
        lambda: head_table(request.shown, request.layer, request.heads),
        code=[code.heatmap(request) if shape == HEAT_MAP else code.head_view(request, rows=rows)],
        heads=request.heads,
        about="" if shape == HEAT_MAP else export.pinned(request),
    )
