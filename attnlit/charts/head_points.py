"""The map of heads: each head a point, and heads that look alike are near each other."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import numpy as np

from attnlit.charts.marks import (
    POINTER_LEFT_THE_CHART,
    click_or_tap,
    computed,
    framed,
    hover_selection,
    rows_table,
)
from attnlit.charts.picture import Picture
from attnlit.charts.theme import LIGHT, Theme
from attnlit.errors import AttnlitError

WIDTH, HEIGHT = 480, 320  # pixels; the width is only what it is before the page is known
PALEST = 0.4  # opacity of the first layer's points; the last layer's are opaque
NAME_WIDTH, NAME_HEIGHT = 34, 15  # pixels
_LEFT, _TOP = 20, 16
_X = f"{_LEFT} + datum.across * (width - {2 * _LEFT})"
_Y = f"{_TOP} + datum.down * (height - {2 * _TOP})"
_RING = 9  # pixels: radius of a ringed dot
_WIDTHS = (300, 390, 480, 620, 780)  # of the chart, from a phone's up, at which no name lies on another
# Where a name begins (to the right of its dot) or ends, in pixels from the dot: the nearest that is free.
_BESIDE = ((12, 0), (-12, 0), (9, 15), (9, -15), (-9, 15), (-9, -15))
_FARTHER = tuple(
    (side * across, way * down) for across, down in ((30, 15), (24, 30), (30, 45)) for side in (1, -1)
    for way in (1, -1)
)  # fmt: skip

NOTES = (
    "One dot is one head, stronger in later layers. Near dots look alike; the axes have no meaning. "
    "Point at a dot to read its name.",
)


def head_points_picture(
    points: np.ndarray,
    heads: int,
    *,
    selected: tuple[int, int] | None = None,
    near: Sequence[tuple[int, int]] = (),
    theme: Theme = LIGHT,
) -> Picture:
    """The map, for the app. points: float (layers * heads, 2), layer by layer; heads: in each layer.

    selected (layer, head) is framed and named. The heads in `near`, likest first, are ringed and named where
    their name has room; the others say it under the pointer. A click comes back as the selection "cell", as
    in the model view. Raises AttnlitError where the points are not two numbers for each head.
    """
    points = np.asarray(points, np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) % heads or not np.isfinite(points).all():
        raise AttnlitError("A map of heads needs two numbers for each head.")
    low, extent = points.min(0), np.ptp(points, axis=0)
    placed = (points - low) / np.where(extent > 0, extent, 1.0)  # 0 to 1
    layer, head = np.divmod(np.arange(len(points), dtype=np.int16), np.int16(heads))
    ringed = [one * heads + other for one, other in ([selected] if selected else []) + [*near]]
    names = _names(placed, list(dict.fromkeys(ringed)))
    table = rows_table(
        id=np.arange(len(points), dtype=np.int16),
        layer=layer,
        head=head,
        across=placed[:, 0],
        down=placed[:, 1],
        strength=PALEST + (1 - PALEST) * layer / max(1, int(layer.max())),
        name=[f"{one}-{other}" for one, other in zip(layer, head, strict=True)],
        ringed=np.isin(np.arange(len(points)), ringed),
        named=[index in names for index in range(len(points))],
        name_across=[names.get(index, (0, 0))[0] for index in range(len(points))],
        name_down=[names.get(index, (0, 0))[1] for index in range(len(points))],
        current=[(int(one), int(other)) == selected for one, other in zip(layer, head, strict=True)],
    )
    return Picture(_spec(theme), {"points": table}, NOTES)


def _names(placed: np.ndarray, ringed: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Where names of ringed dots stand, in pixels from their dots; those without a free place are left out.

    A name lies on no other name and no ringed dot, at any width, and on as few other dots as may be.
    """
    width = np.array(_WIDTHS)[:, None]
    across = _LEFT + placed[:, 0] * (width - 2 * _LEFT)  # (widths, dots)
    down = np.broadcast_to(_TOP + placed[:, 1] * (HEIGHT - 2 * _TOP), across.shape)
    found: dict[int, tuple[int, int]] = {}
    taken: list[tuple[np.ndarray, np.ndarray]] = []  # left edges and middles of names: (widths,) each
    for index in ringed:
        free = []
        for place in (*_BESIDE, *_FARTHER):
            left = across[:, index] + place[0] - (NAME_WIDTH if place[0] < 0 else 0)
            middle = down[:, index] + place[1]
            inside = (left >= 0) & (left + NAME_WIDTH <= width[:, 0])
            inside &= (middle >= NAME_HEIGHT / 2) & (middle <= HEIGHT - NAME_HEIGHT / 2)
            on_names = any(
                ((abs(left - other) < NAME_WIDTH) & (abs(middle - beside) < NAME_HEIGHT)).any()
                for other, beside in taken
            )
            covered = (across > left[:, None] - _RING) & (across < left[:, None] + NAME_WIDTH + _RING)
            covered &= abs(down - middle[:, None]) < NAME_HEIGHT / 2 + _RING / 2
            covered[:, index] = False
            if inside.all() and not on_names and not covered[:, ringed].any():
                free.append((int(covered.sum(1).max()), place, left, middle))
        if free:
            _, found[index], *edges = min(free, key=lambda each: each[0])
            taken.append((edges[0], edges[1]))
    return found


@lru_cache(maxsize=8)
def _spec(theme: Theme) -> dict[str, Any]:
    """The frozen specification: shared, never written to."""
    spec: dict[str, Any] = _chart(theme).to_dict()
    return spec


def _chart(theme: Theme) -> alt.LayerChart:
    place: dict[str, Any] = {"x": computed(_X), "y": computed(_Y)}
    hover = hover_selection("hover", "grid", "id")
    cell = alt.selection_point(
        "cell", fields=["layer", "head"], on=click_or_tap("grid"), toggle=False, empty=False,
        clear=POINTER_LEFT_THE_CHART,
    )  # fmt: skip
    points = alt.Chart(alt.NamedData("points"))
    dots = points.mark_circle(size=90, color=theme.accent, stroke=theme.background, strokeWidth=1).encode(
        opacity=alt.Opacity("strength:Q", scale=None), **place
    )
    ring = {"size": 220, "filled": False, "opacity": 1}
    near = points.transform_filter("datum.ringed && !datum.current").mark_point(
        stroke=theme.faint, strokeWidth=1.5, **ring
    )
    current = points.transform_filter("datum.current").mark_point(stroke=theme.text, strokeWidth=2.5, **ring)
    pointed = points.transform_filter(hover).mark_point(stroke=theme.text, strokeWidth=1.5, **ring)
    word: dict[str, Any] = {
        "align": alt.ExprRef("datum.name_across < 0 ? 'right' : 'left'"),
        "baseline": "middle",
        "fontSize": 12,
        "fontWeight": 600,
    }
    beside: dict[str, Any] = {"x": f"{_X} + datum.name_across", "y": f"{_Y} + datum.name_down"}
    written = points.transform_filter("datum.named").encode(
        x=computed(beside["x"]), y=computed(beside["y"]), text="name:N"
    )
    names = [
        written.mark_text(color=theme.background, stroke=theme.background, strokeWidth=4, **word),
        written.mark_text(color=theme.text, **word),
    ]
    leaders = (
        points.transform_filter("datum.named && abs(datum.name_across) > 12")
        .mark_rule(color=theme.faint, strokeWidth=1)
        .encode(x2=computed(beside["x"]), y2=computed(beside["y"]), **place)
    )
    # Last, and so on top: what the pointer meets.
    grid = (
        alt.Chart(alt.NamedData("points"), name="grid")
        .mark_circle(size=260, opacity=0, cursor="pointer")
        .encode(tooltip=[alt.Tooltip("layer:O", title="Layer"), alt.Tooltip("head:O", title="Head")], **place)
        .add_params(hover, cell)
    )
    layers = [each.encode(**place) for each in (near, current, pointed)]
    chart: Any = alt.layer(leaders, dots, *layers, *names, grid)
    return framed(chart, WIDTH, HEIGHT, theme)
