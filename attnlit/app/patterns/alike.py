"""Heads like the chosen one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from attnlit.analysis.statistics import classical_mds
from attnlit.app import described, panels, saving, say
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
    chosen = found.heads.index((request.layer, request.head))
    distances = found.divergence[chosen]
    nearest = [int(each) for each in np.argsort(distances, kind="stable") if each != chosen][:ALIKE]
    near = [found.heads[each] for each in nearest]
    said = ", ".join(
        f"**{layer}-{head}** ({distances[each]:.2f})"
        for each, (layer, head) in zip(nearest, near, strict=True)
    )
    with described.words_of("head_points", border=False):
        st.markdown(
            f"Most like {request.layer}-{request.head}: {said}. In brackets the Jensen–Shannon divergence of "
            "their attention, in nats: 0 is the same, 0.69 is nothing in common."
        )
    # Roots, because the divergence behaves as a squared distance.
    points = classical_mds(np.sqrt(found.divergence))
    panels.heads_picture(
        head_points_picture(
            points,
            request.attention.heads,
            layers=found.layer_numbers,
            selected=(request.layer, request.head),
            near=near,
            theme=request.theme,
        ),
        key="head_points",
        alt="Map of heads: one dot a head, heads that look alike are near each other",
    )
    saving.offer("Map of heads", "map_of_heads", lambda: _points_table(found, points))


def _points_table(found: Survey, points: np.ndarray) -> pd.DataFrame:
    names = [f"{layer}-{head}" for layer, head in found.heads]
    table = pd.DataFrame(found.heads, columns=["layer", "head"]).assign(x=points[:, 0], y=points[:, 1])
    return pd.concat(
        [table, pd.DataFrame(found.divergence, columns=names).add_prefix("divergence from ")], axis=1
    )
