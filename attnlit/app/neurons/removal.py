"""The experiment: the strongest dimensions removed, and others to compare; what the model says then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from attnlit.analysis import distance
from attnlit.analysis.ablation import intervene
from attnlit.app import described, export, panels, question_code, say
from attnlit.app.frame.controls import number
from attnlit.app.neurons.fall import EVEN, curves
from attnlit.app.neurons.measure import averages_without
from attnlit.attention.edits import DimensionsRemoved
from attnlit.charts.distance import distance_picture
from attnlit.errors import AttnlitError
from attnlit.wording import counted
from attnlit.words.dimensions import removal_in_words

if TYPE_CHECKING:
    from attnlit.analysis.distance import DistanceProfile
    from attnlit.app.frame.request import Request


_DRAWN: dict[str, Any] = {"title": "mean attention", "form": ".1%", "dashed": (EVEN,)}


def experiment(
    request: Request, by: DistanceProfile, chosen: pd.Series, table: pd.DataFrame, *, with_first: bool
) -> None:
    """The experiment: the strongest dimensions removed, and others to compare; what the model says then."""
    layer, head, side, size = request.layer, request.head, chosen["side"], len(table)
    name = f"head {layer}-{head}"
    st.header("4 · Remove them", anchor=False)
    count = number(
        "Dimensions to remove: those that carry most of the fall", size, "dimensions",
        default=size // 8, but=f"a head of {request.model.name} has {size}",
    )  # fmt: skip
    order = table["dimension"].tolist()
    removed, others = tuple(order[:count]), _drawn(order[count:], count)
    before = distance.distance_table(by, layer, head, with_first=with_first)
    drawn = [(name, before, "attention")]
    falls = {name: _fall(by, layer, head, side)}
    without: dict[str, tuple[int, ...]] = {}
    for label, dimensions in (
        (f"{counted(count, 'dimension')} removed", removed),
        (f"{counted(count, 'other')} removed", others),
    ):
        after = dimensions and averages_without(
            request.model, request.kind, layer, head, tuple(sorted(dimensions))
        )
        if after:
            drawn.append(
                (label, distance.distance_table(after, layer, 0, with_first=with_first), "attention")
            )
            falls[label] = _fall(after, layer, 0, side)
            without[label] = dimensions
    long = curves(*drawn, (EVEN, before, "even"))
    panels.picture(
        distance_picture(long, **_DRAWN, theme=request.theme),
        key="removal_curve",
        alt=f"Attention of {name} by distance, before and after {count} dimensions are removed",
    )
    with described.words_of("removal_curve", border=False):
        st.markdown(removal_in_words(falls, chosen))
    _prediction(request, removed)
    export.menu(
        request,
        "removal",
        lambda: distance_picture(long, **_DRAWN),
        lambda: long,
        code=[question_code.neurons(request, without, _DRAWN, even=EVEN, with_first=with_first)],
        heads=[request.head],
        about="mean over the built-in sample texts",
        texts=(),
    )


def _drawn(others: list[int], count: int) -> tuple[int, ...]:
    """As many of the other dimensions, always the same ones; none where there are too few to choose from."""
    if not 0 < count <= len(others):
        return ()
    return tuple(np.random.default_rng(0).choice(others, count, replace=False).tolist())


def _fall(by: DistanceProfile, layer: int, head: int, side: str) -> float:
    """What a head's log attention loses with a token of distance."""
    return -float(by.slope[by.sides.index(side), by.row(layer), head])


def _prediction(request: Request, removed: tuple[int, ...]) -> None:
    """What the model predicts for the user's text with and without these dimensions."""
    st.markdown("**What the model predicts for your text**")
    edit = DimensionsRemoved(
        kind=request.kind, layer=request.layer, heads=(request.head,), dimensions=removed
    )
    try:
        panels.prediction(
            intervene(request.model, request.attention.text, [edit], pair=request.attention.pair, top=5)
        )
    except AttnlitError as mistake:  # no [MASK] to fill in, say: the picture above stays
        say.hint(str(mistake))
