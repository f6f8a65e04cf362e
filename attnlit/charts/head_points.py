"""The map of heads: each head a point, and heads that look alike are near each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from attnlit.charts.later import alt
from attnlit.charts.packed_text import rows_table
from attnlit.charts.picture import Picture, frozen
from attnlit.charts.theme import LIGHT, Theme
from attnlit.charts.vega import (
    click_selection,
    computed,
    framed,
    hover_selection,
    table,
)
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
    "Each dot is a head, stronger in later layers. Heads with dots close together attend alike; the axes "
    "have no meaning. "
    "Point at a dot to read its name.",
)


def head_points_picture(
    points: np.ndarray,
    heads: int,
    *,
    layers: Sequence[int] | None = None,
    selected: tuple[int, int] | None = None,
    near: Sequence[tuple[int, int]] = (),
    theme: Theme = LIGHT,
) -> Picture:
    """The map, for the app. points: float (layers * heads, 2), layer by layer; heads: in each layer.

    layers: their numbers in the model, counted from 0 if not given.

    selected (layer, head) is framed and named. The heads in `near`, likest first, are ringed and named where
    their name has room; the others say it under the pointer. A click comes back as the selection "cell", as
    in the model view. Raises AttnlitError where the points are not two numbers for each head.
    """
    points = np.asarray(points, np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) % heads or not np.isfinite(points).all():
        raise AttnlitError("A map of heads needs two numbers for each head.")
    low, extent = points.min(0), np.ptp(points, axis=0)
    placed = (points - low) / np.where(extent > 0, extent, 1.0)  # 0 to 1
    row, head = np.divmod(np.arange(len(points), dtype=np.int16), np.int16(heads))
    layer = row if layers is None else np.asarray(layers, np.int16)[row]
    named = list(zip(layer.tolist(), head.tolist(), strict=True))
    ringed = [named.index(each) for each in ([selected] if selected else []) + [*near]]
    names = _names(placed, list(dict.fromkeys(ringed)))
    dots = rows_table(
        id=np.arange(len(points), dtype=np.int16),
        layer=layer,
        head=head,
        across=placed[:, 0],
        down=placed[:, 1],
        strength=PALEST + (1 - PALEST) * row / max(1, int(row.max())),
        name=[f"{one}-{other}" for one, other in named],
        ringed=np.isin(np.arange(len(points)), ringed),
        named=[index in names for index in range(len(points))],
        name_across=[names.get(index, (0, 0))[0] for index in range(len(points))],
        name_down=[names.get(index, (0, 0))[1] for index in range(len(points))],
        current=[each == selected for each in named],
    )
    return Picture(theme_spec, theme, {"points": dots}, height=lambda _: HEIGHT, notes=NOTES)


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


_PLACE: dict[str, Any] = {"x": computed(_X), "y": computed(_Y)}
_NAME_PLACE: dict[str, str] = {"x": f"{_X} + datum.name_across", "y": f"{_Y} + datum.name_down"}


@frozen
def theme_spec(theme: Theme) -> alt.LayerChart:
    """The view without its data. Later layers lie on top of earlier ones."""
    hover = hover_selection("hover", "grid", "id")
    cell = click_selection("cell", "grid", fields=["layer", "head"])
    points = table("points")
    leaders = (
        points.transform_filter("datum.named && abs(datum.name_across) > 12")
        .mark_rule(color=theme.faint, strokeWidth=1)
        .encode(x2=computed(_NAME_PLACE["x"]), y2=computed(_NAME_PLACE["y"]), **_PLACE)
    )
    dots = points.mark_circle(size=90, color=theme.accent, stroke=theme.background, strokeWidth=1).encode(
        opacity=alt.Opacity("strength:Q", scale=None), **_PLACE
    )
    rings = [
        points.transform_filter(which)
        .mark_point(size=220, filled=False, opacity=1, stroke=colour, strokeWidth=width)
        .encode(**_PLACE)
        for which, colour, width in (
            ("datum.ringed && !datum.current", theme.faint, 1.5),
            ("datum.current", theme.text, 2.5),
            (hover, theme.text, 1.5),
        )
    ]
    # Last, and so on top: what the pointer meets.
    grid = (
        table("points", name="grid")
        .mark_circle(size=260, opacity=0, cursor="pointer")
        .encode(
            tooltip=[alt.Tooltip("layer:O", title="Layer"), alt.Tooltip("head:O", title="Head")], **_PLACE
        )
        .add_params(hover, cell)
    )
    return framed(alt.layer(leaders, dots, *rings, *_written_names(theme), grid), theme, WIDTH, HEIGHT)


def _written_names(theme: Theme) -> list[alt.Chart]:
    """The names beside their dots, on an edge of the ground's colour."""
    word: dict[str, Any] = {
        "align": alt.ExprRef("datum.name_across < 0 ? 'right' : 'left'"),
        "baseline": "middle",
        "fontSize": 12,
        "fontWeight": 600,
    }
    written = table("points").transform_filter("datum.named")
    place = {"x": computed(_NAME_PLACE["x"]), "y": computed(_NAME_PLACE["y"]), "text": "name:N"}
    return [
        written.mark_text(color=theme.background, stroke=theme.background, strokeWidth=4, **word).encode(
            **place
        ),
        written.mark_text(color=theme.text, **word).encode(**place),
    ]
