"""Heads like the chosen one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from attnlit.analysis.statistics import classical_mds
from attnlit.app import export, panels, say
from attnlit.charts.head_points import head_points_picture

if TYPE_CHECKING:
    from attnlit.analysis.survey import Survey
    from attnlit.app.frame.request import Request

ALIKE = 5  # heads that are named as most like the chosen one


def alike(request: Request, found: Survey) -> None:
    """The heads most like the chosen one, and the map on which like heads are near."""
    if found.divergence is None:
        say.quiet(found.why_no_divergence)
        return
    heads = request.attention.heads
    distances = found.divergence[request.layer * heads + request.head]
    nearest = [int(each) for each in np.argsort(distances, kind="stable")]
    nearest = [each for each in nearest if each != request.layer * heads + request.head][:ALIKE]
    named = [divmod(each, heads) for each in nearest]
    said = ", ".join(
        f"**{layer}-{head}** ({distances[each]:.2f})"
        for each, (layer, head) in zip(nearest, named, strict=True)
    )
    st.markdown(
        f"Most like {request.layer}-{request.head}: {said}. In brackets the Jensen–Shannon divergence of "
        "their attention, in nats: 0 is the same, 0.69 is nothing in common."
    )
    # Roots, because the divergence behaves as a squared distance.
    points = classical_mds(np.sqrt(found.divergence))
    panels.picture(
        head_points_picture(
            points, heads, selected=(request.layer, request.head), near=named, theme=request.theme
        ),
        key="head_points",
        on_select=lambda: panels.follow_head("head_points"),
        selection=["cell"],
        alt="Map of heads: one dot a head, heads that look alike are near each other",
    )
    export.numbers(lambda: _points_table(found, points), f"{found.model} map of heads", key="points_file")


def _points_table(found: Survey, points: np.ndarray) -> pd.DataFrame:
    layers, heads = np.indices(found.offset.shape)
    names = [f"{layer}-{head}" for layer, head in np.ndindex(*found.offset.shape)]
    table = pd.DataFrame(
        {"layer": layers.ravel(), "head": heads.ravel(), "x": points[:, 0], "y": points[:, 1]}
    )
    return pd.concat(
        [table, pd.DataFrame(found.divergence, columns=names).add_prefix("divergence from ")], axis=1
    )
