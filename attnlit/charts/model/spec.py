"""The model view's specification: thumbnails on a grid, and what their colours mean."""

from __future__ import annotations

from typing import Any

from attnlit.charts.grid import COLUMN_X, LEFT, OTHERS, ROW_Y, TOP, bands, grid_chart, on_cell
from attnlit.charts.later import alt
from attnlit.charts.model.others import other_layers
from attnlit.charts.model.roles import VEILED
from attnlit.charts.near import NEAR_Y, near_x
from attnlit.charts.picture import frozen
from attnlit.charts.theme import Theme
from attnlit.charts.vega import click_selection, computed, once, signal, table

HIGHEST_CELL = 140  # pixels: a small model does not grow beyond it on a wide screen
ROLE_WIDTH, ROLE_HEIGHT = 200, 24  # pixels for one role of the legend, which a finger can hit
_ROLES_A_ROW = f"max(1, floor((width - {LEFT}) / {ROLE_WIDTH}))"


LENS = 150  # pixels: how high the thumbnail under the pointer is drawn, where it is smaller


@frozen
def theme_spec(theme: Theme) -> alt.LayerChart:
    """For the app: a click is told to the server, which says what is framed."""
    return _chart(theme, by_itself=False)


@frozen
def spec_of_many(theme: Theme) -> alt.LayerChart:
    """The same for so many heads that a phone shows the chosen layer once more, large."""
    return _chart(theme, by_itself=False, many=True)


@frozen
def spec_by_itself(theme: Theme) -> alt.LayerChart:
    """For a notebook and a saved page: a click frames a head."""
    return _chart(theme, by_itself=True)


def below(roles: int, width: int) -> int:
    """Pixels under the grid, for the legend of this many roles."""
    return 2 + (8 + -(-roles // max(1, (width - LEFT) // ROLE_WIDTH)) * ROLE_HEIGHT if roles else 0)


def _chart(theme: Theme, *, by_itself: bool, many: bool = False) -> alt.LayerChart:
    """The view without its data. How many layers and heads there are travels as data, too."""
    thumbnails = (
        table("strips")
        .mark_image(
            align="left", baseline="top", aspect=False, width=alt.ExprRef("thumbnail_width"),
        )
        .encode(
            x=computed(COLUMN_X), y=computed(ROW_Y), y2=computed(f"{ROW_Y} + datum.rows * cell_height"),
            url="url:N",
        )
    )  # fmt: skip
    tooltip = (
        "roles > 0 ? {'Role': datum.role} : {}, "
        "{'Strongest': datum.strongest, 'Spreads over': datum.spread, 'Looks': datum.back}"
    )
    space = f"(2 + (roles > 0 ? 8 + ceil(roles / {_ROLES_A_ROW}) * {ROLE_HEIGHT} : 0))"
    role = _role_selection(by_itself=by_itself)
    legend, lens = _legend(theme, role), _lens(theme)
    marks = [bands(theme), *other_layers(theme), thumbnails, _veil(theme, role, by_itself=by_itself)]
    return grid_chart(
        [*marks, *legend, *lens], tooltip, theme,
        by_itself=by_itself, highest_cell=HIGHEST_CELL, space_below=space, signals=_where_the_lens_is(),
        near=[_enlarged()] if many else None,
    )  # fmt: skip


def _enlarged() -> alt.Chart:
    """The thumbnails of the chosen layer, large."""
    size = alt.ExprRef("near_cell - 2")
    return (
        table("near")
        .transform_filter("near_on")
        .mark_image(align="left", baseline="top", aspect=False, width=size, height=size)
        .encode(x=computed(near_x(LEFT)), y=computed(NEAR_Y), url="url:N", opacity=computed("datum.opacity"))
    )


def _role_selection(*, by_itself: bool) -> alt.Parameter:
    """The role that was clicked in the legend. In the app it says where that click leads: "" to all roles."""
    if not by_itself:
        return click_selection("role", "legend", fields=["to"])
    return click_selection("role", "legend", fields=["role"], toggle="true", clear=False, empty=True)


def _veil(theme: Theme, role: alt.Parameter, *, by_itself: bool) -> alt.Chart:
    """The layer's ground over each head of another role than the chosen one."""
    faded = table("cells").transform_filter(~role) if by_itself else table("faded")
    return on_cell(faded, color=theme.panel, opacity=VEILED)


def _where_the_lens_is() -> list[alt.Parameter]:
    """Beside the thumbnail under the pointer: where it has room on the left, as tooltips are on the right."""
    return [
        signal("pointed", "hover.id ? hover.id[0] : -1"),
        signal("zoom", f"{LENS} / thumbnail_height"),
        signal("pointed_x", f"{LEFT} + pointed % heads * cell_width"),
        signal("pointed_row", "floor(pointed / heads)"),
        signal("lens_width", "thumbnail_width * zoom"),
        signal("room_on_left", "pointed_x - lens_width - 10"),
        signal("lens_x", "room_on_left >= 0 ? room_on_left : pointed_x + cell_width + 10"),
        signal("lens_on", "pointed >= 0 && zoom > 1.5 && lens_x + lens_width < width - 4"),
        signal("pointed_bands", "toNumber(split(bands_above, ',')[pointed_row] || 0)"),
        signal(
            "beside_row",
            f"{TOP} + (pointed_row + 0.5) * cell_height + pointed_bands * {OTHERS} - {LENS / 2}",
        ),
        signal("lens_y", f"clamp(beside_row, 2, max(2, height - {LENS} - 2))"),
    ]


def _lens(theme: Theme) -> list[alt.Chart]:
    """The thumbnail under the pointer once more, large. It is a part of its strip, cut out."""
    edge: dict[str, Any] = {"x": computed("lens_x - 4"), "y": computed("lens_y - 4")}
    ground = (
        once()
        .transform_filter("lens_on")
        .mark_rect(cornerRadius=6, fill=theme.background, stroke=theme.faint, strokeWidth=1)
        .encode(**edge, x2=computed("lens_x + lens_width + 4"), y2=computed(f"lens_y + {LENS + 4}"))
    )
    corners = f"'M' + lens_x + ',' + lens_y + 'h' + lens_width + 'v{LENS}h' + (-lens_width) + 'z'"
    top = "lens_y - (pointed_row - datum.row) * cell_height * zoom"
    enlarged = (
        table("strips")
        .transform_filter(
            "lens_on && datum.column === pointed % heads && "
            "datum.row <= pointed_row && pointed_row < datum.row + datum.rows"
        )
        .mark_image(
            align="left", baseline="top", aspect=False, clip=alt.ExprRef(f"pathShape({corners})"),
            width=alt.ExprRef("lens_width"),
        )
        .encode(
            x=computed("lens_x"), y=computed(top), y2=computed(f"{top} + datum.rows * cell_height * zoom"),
            url="url:N",
        )
    )  # fmt: skip
    return [ground, enlarged]


def _legend(theme: Theme, role: alt.Parameter) -> list[alt.Chart]:
    """Which colour is which role, under the grid, and of how many heads. A click on one chooses it."""
    x = f"{LEFT} + datum.place % {_ROLES_A_ROW} * {ROLE_WIDTH}"
    middle = f"grid_height + 8 + (floor(datum.place / {_ROLES_A_ROW}) + 0.5) * {ROLE_HEIGHT}"
    y, opacity = computed(middle), computed("datum.opacity")
    swatch: dict[str, Any] = {"align": "left", "baseline": "middle", "width": 12, "height": 12}
    word: dict[str, Any] = {"align": "left", "baseline": "middle", "fontSize": 12, "color": theme.text}
    swatches = table("roles").mark_rect(cornerRadius=2, **swatch)
    words = table("roles").mark_text(limit=ROLE_WIDTH - 24, **word)
    place = table("roles", name="legend").mark_rect(fillOpacity=0, cursor="pointer")
    return [
        swatches.encode(x=computed(x), y=y, fill=alt.Fill("colour:N", scale=None), opacity=opacity),
        words.encode(x=computed(f"{x} + 18"), y=y, text="text:N", opacity=opacity),
        place.encode(
            x=computed(x),
            x2=computed(f"{x} + {ROLE_WIDTH - 6}"),
            y=computed(f"{middle} - {ROLE_HEIGHT / 2}"),
            y2=computed(f"{middle} + {ROLE_HEIGHT / 2}"),
        ).add_params(role),
    ]
