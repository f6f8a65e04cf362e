"""The model view's specification: thumbnails on a grid, and what their colours mean."""

from __future__ import annotations

from typing import Any

import altair as alt

from attnlit.charts.grid import COLUMN_X, LEFT, TOP, bands, grid_chart
from attnlit.charts.picture import frozen
from attnlit.charts.theme import Theme
from attnlit.charts.vega import computed, table

HIGHEST_CELL = 140  # pixels: a small model does not grow beyond it on a wide screen
ROLE_WIDTH, ROLE_HEIGHT = 190, 20  # pixels for one role of the legend
_ROLES_A_ROW = f"max(1, floor((width - {LEFT}) / {ROLE_WIDTH}))"


@frozen
def theme_spec(theme: Theme) -> alt.LayerChart:
    """For the app: a click is told to the server, which says what is framed."""
    return _chart(theme, by_itself=False)


@frozen
def spec_by_itself(theme: Theme) -> alt.LayerChart:
    """For a notebook and a saved page: a click frames a head."""
    return _chart(theme, by_itself=True)


def below(roles: int, width: int) -> int:
    """Pixels under the grid, for the legend of so many roles."""
    return 2 + (8 + -(-roles // max(1, (width - LEFT) // ROLE_WIDTH)) * ROLE_HEIGHT if roles else 0)


def _chart(theme: Theme, *, by_itself: bool) -> alt.LayerChart:
    """The view without its data. How many layers and heads there are travels as data, too."""
    thumbnails = (
        table("strips")
        .mark_image(
            align="left", baseline="top", aspect=False,
            width=alt.ExprRef("thumbnail_width"), height=alt.ExprRef("cell_height * layers"),
        )
        .encode(x=computed(COLUMN_X), y=alt.YValue(TOP), url="url:N")
    )  # fmt: skip
    tooltip = [
        alt.Tooltip("role:N", title="What it does"),
        alt.Tooltip("strongest:N", title="Strongest"),
        alt.Tooltip("spread:N", title="Spreads over"),
        alt.Tooltip("back:N", title="Looks"),
    ]
    space = f"(2 + (roles > 0 ? 8 + ceil(roles / {_ROLES_A_ROW}) * {ROLE_HEIGHT} : 0))"
    return grid_chart(
        [bands(theme), thumbnails, *_legend(theme)], tooltip, theme,
        by_itself=by_itself, highest_cell=HIGHEST_CELL, space_below=space,
    )  # fmt: skip


def _legend(theme: Theme) -> list[alt.Chart]:
    """Which colour is which role, under the grid."""
    x = f"{LEFT} + datum.place % {_ROLES_A_ROW} * {ROLE_WIDTH}"
    y = computed(f"grid_height + 8 + (floor(datum.place / {_ROLES_A_ROW}) + 0.5) * {ROLE_HEIGHT}")
    swatch: dict[str, Any] = {"align": "left", "baseline": "middle", "width": 10, "height": 10}
    word: dict[str, Any] = {"align": "left", "baseline": "middle", "fontSize": 12, "color": theme.text}
    swatches = table("roles").mark_rect(cornerRadius=2, **swatch)
    words = table("roles").mark_text(limit=ROLE_WIDTH - 24, **word)
    return [
        swatches.encode(x=computed(x), y=y, fill=alt.Fill("colour:N", scale=None)),
        words.encode(x=computed(f"{x} + 16"), y=y, text="text:N"),
    ]
