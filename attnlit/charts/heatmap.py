"""The heat map of one head: queries down, keys across, each cell as opaque as the weight is large.

The matrix is one small picture made on the server, a pixel a weight, which the browser stretches without
smoothing: as crisp for 8 tokens as for 512. Above it lie invisible areas for the pointer: one a query, and,
in the query's row only, one a key.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import altair as alt
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from attnlit.charts.head import full_opacity, scaled_note
from attnlit.charts.marks import (
    CHARACTER_WIDTH,
    computed,
    event_on,
    framed,
    hover_selection,
    rows_table,
    signal,
    token_column_width,
)
from attnlit.charts.picture import Picture, chart_with_data, with_values
from attnlit.charts.raster import palette, palette_picture
from attnlit.charts.theme import LIGHT, Theme, head_colour
from attnlit.errors import AttnlitError
from attnlit.wording import percent

if TYPE_CHECKING:
    from attnlit.attention import Attention
    from attnlit.attention.record import Token

SHADES = 254  # the opacity of a weight of 1 among the picture's 256 shades
UNAVAILABLE = 255  # the shade of a cell that has no weight: a token that this one cannot see
FULL = 1000  # in ``rows`` weights are whole thousandths of the weight that is drawn at full opacity
LABEL_SIZE = 12
LARGEST_CELL, SMALLEST_LABELLED_CELL = 44, 12  # pixels
USUAL_HEIGHT, MOST_HEIGHT = 560, 768  # of the matrix, pixels
SLANT = 0.71  # a label at 45 degrees is so many times as high, and as wide, as it is long
RAMP_STEPS = 10  # of the legend
NOWHERE = -9999  # no row or column: far from any


def heatmap_picture(attention: Attention, layer: int, head: int, *, theme: Theme = LIGHT) -> Picture:
    """The heat map of one head, for the app: ``st.altair_chart(picture, key=..., theme=None)``.

    Raises `AttnlitError` for a layer or head that the record does not have.
    """
    tables = _tables(attention, layer, head, theme)
    note = scaled_note(full_opacity(attention, layer))
    return Picture(_spec(tables, theme), tables, (note,) if note else ())


def heatmap(
    attention: Attention, layer: int = 0, head: int = 0, *, theme: Theme = LIGHT, width: int = 760
) -> alt.LayerChart:
    """The heat map of one head as an Altair chart: shows itself in a notebook, saves to HTML, PNG and SVG.

    ``width`` is in pixels. Raises `AttnlitError` for a layer or head that the record does not have.
    """
    return _whole_chart(_tables(attention, layer, head, theme), theme, width)


def difference_picture(
    first: Attention, second: Attention, layer: int, head: int, *, theme: Theme = LIGHT
) -> Picture:
    """What one head looks at in the second text and not in the first, for the app; see `heatmap_picture`.

    Blue is more in the second text, orange more in the first; the largest difference is drawn at full
    opacity. Raises `AttnlitError` for texts of unequal lengths, and for a layer or head that they lack.
    """
    tables = _difference_tables(first, second, layer, head, theme)
    return Picture(_spec(tables, theme), tables)


def difference_map(
    first: Attention,
    second: Attention,
    layer: int = 0,
    head: int = 0,
    *,
    theme: Theme = LIGHT,
    width: int = 760,
) -> alt.LayerChart:
    """The same as an Altair chart, to show in a notebook or to save. ``width`` is in pixels."""
    return _whole_chart(_difference_tables(first, second, layer, head, theme), theme, width)


def difference_table(first: Attention, second: Attention, layer: int, head: int) -> pd.DataFrame:
    """The numbers behind it, one row a pair of tokens that can see each other.

    Columns: ``query``, ``query position``, ``key``, ``key position``, ``first``, ``second``, ``difference``.
    """
    _check_comparable(first, second, layer, head)
    query, key = np.nonzero(~unavailable(first))
    queries, keys = _names(first.queries, second.queries), _names(first.keys, second.keys)
    one, other = (record.weights[layer, head][query, key] for record in (first, second))
    return pd.DataFrame(
        {
            "query": [queries[place] for place in query],
            "query position": [first.queries[place].position for place in query],
            "key": [keys[place] for place in key],
            "key position": [first.keys[place].position for place in key],
            "first": one,
            "second": other,
            "difference": other - one,
        }
    )


def _whole_chart(tables: dict[str, pa.Table], theme: Theme, width: int) -> alt.LayerChart:
    chart = alt.LayerChart.from_dict({**_spec(tables, theme), "width": width})
    return chart_with_data(chart, tables)


# ------------------------------------------------------------------------------------------------------
# tables


def _tables(attention: Attention, layer: int, head: int, theme: Theme) -> dict[str, pa.Table]:
    attention.check(layer, head)
    weights = attention.weights[layer, head]  # (queries, keys)
    full = full_opacity(attention, layer)
    missing = unavailable(attention) | np.isnan(weights)
    weights = np.nan_to_num(weights)
    shades = np.rint(np.minimum(weights / full, 1) * SHADES)
    opacities = [shade / SHADES for shade in range(UNAVAILABLE)]
    steps = (np.arange(RAMP_STEPS) + 0.5) / RAMP_STEPS
    colour = head_colour(head, theme)
    return {
        **_matrix_tables(shades, missing, [colour] * UNAVAILABLE, opacities, theme),
        **_side_tables(
            [token.text for token in attention.queries],
            [token.text for token in attention.keys],
            _row_texts(np.rint(weights * (FULL / full)).astype(np.int16), missing),
        ),
        "ramp": _ramp_table([colour] * RAMP_STEPS, steps),
        "legend": _legend_table(full, ["weight", "0", percent(full)], missing, signed=False),
    }


def _difference_tables(
    first: Attention, second: Attention, layer: int, head: int, theme: Theme
) -> dict[str, pa.Table]:
    _check_comparable(first, second, layer, head)
    change = second.weights[layer, head] - first.weights[layer, head]  # (queries, keys)
    missing = unavailable(first) | np.isnan(change)
    change = np.nan_to_num(change)
    full = float(np.abs(change).max()) or 1.0
    middle = SHADES // 2
    signed = (np.arange(UNAVAILABLE) - middle) / middle  # of each shade, from -1 to 1
    steps = (np.arange(RAMP_STEPS) + 0.5) / RAMP_STEPS * 2 - 1

    def colours(values: np.ndarray) -> list[str]:
        return [theme.positive if value > 0 else theme.negative for value in values]

    texts = [f"{sign}{percent(full)}" for sign in ("−", "+")]
    return {
        **_matrix_tables(
            np.rint(change / full * middle) + middle, missing, colours(signed), np.abs(signed).tolist(), theme
        ),
        **_side_tables(
            _names(first.queries, second.queries),
            _names(first.keys, second.keys),
            _row_texts(np.rint(change * (FULL / full)).astype(np.int16), missing),
        ),
        "ramp": _ramp_table(colours(steps), np.abs(steps)),
        "legend": _legend_table(full, ["", *texts], missing, signed=True),
    }


def _check_comparable(first: Attention, second: Attention, layer: int, head: int) -> None:
    first.check(layer, head)
    second.check(layer, head)
    if first.weights.shape != second.weights.shape:
        raise AttnlitError(
            f"The texts have {len(first.queries)} and {len(second.queries)} tokens. Only two texts of "
            "equally many tokens, in the same model, can be compared token by token."
        )


def _names(ours: Sequence[Token], theirs: Sequence[Token]) -> list[str]:
    """The tokens of both texts: one name where they are the same."""
    return [
        one.text if one.text == other.text else f"{one.text} / {other.text}"
        for one, other in zip(ours, theirs, strict=True)
    ]


def _matrix_tables(
    shades: np.ndarray, missing: np.ndarray, colours: list[str], opacities: list[float], theme: Theme
) -> dict[str, pa.Table]:
    """The image of (queries, keys) shades, each with its colour and opacity; grey where one is missing."""
    shades = np.where(missing, UNAVAILABLE, shades).astype(np.uint8)
    inks = palette([*colours, theme.rule], [round(255 * each) for each in [*opacities, 1.0]])
    return {"image": rows_table(url=[palette_picture(shades, inks, bits=8)])}


def _side_tables(queries: list[str], keys: list[str], weights: pa.Array) -> dict[str, pa.Table]:
    return {
        "rows": rows_table(place=np.arange(len(queries), dtype=np.int16), text=queries, weights=weights),
        "columns": rows_table(place=np.arange(len(keys), dtype=np.int16), text=keys),
    }


def _ramp_table(colours: list[str], opacities: np.ndarray) -> pa.Table:
    return rows_table(step=np.arange(RAMP_STEPS, dtype=np.int16), colour=colours, opacity=opacities)


def _legend_table(full: float, words: list[str], missing: np.ndarray, *, signed: bool) -> pa.Table:
    name, least, most = words
    return rows_table(
        full=[full],
        signed=[signed],
        name=[name],
        least=[least],
        most=[most],
        missing=["not available" if missing.any() else ""],
    )


def unavailable(attention: Attention) -> np.ndarray:
    """Which weights cannot be other than 0, as the model hides later tokens: bool (queries, keys)."""
    query = np.array([token.position for token in attention.queries])
    key = np.array([token.position for token in attention.keys])
    return attention.causal & (key > query[:, None])


def _row_texts(thousandths: np.ndarray, missing: np.ndarray) -> pa.Array:
    """Each row of (queries, keys) as "620,,15,-": nothing for 0, which is frequent, and - for no weight."""
    texts = pa.array(thousandths.ravel()).cast(pa.string())
    texts = pc.if_else(pa.array(thousandths.ravel() == 0), "", texts)
    texts = pc.if_else(pa.array(missing.ravel()), "-", texts)
    ends = np.arange(len(thousandths) + 1, dtype=np.int32) * thousandths.shape[1]
    return pc.binary_join(pa.ListArray.from_arrays(ends, texts), ",")


# ----------------------------------------------------------------------------------------- the specification


def _spec(tables: dict[str, pa.Table], theme: Theme) -> dict[str, Any]:
    """The specification in the size of these tokens."""
    queries, keys = len(tables["rows"]), len(tables["columns"])
    texts = [*tables["rows"]["text"].to_pylist(), *tables["columns"]["text"].to_pylist()]
    label_room = token_column_width(texts, LABEL_SIZE)
    by_labels = min(queries * SMALLEST_LABELLED_CELL, MOST_HEIGHT)
    matrix_height = min(queries * LARGEST_CELL, max(USUAL_HEIGHT, by_labels))
    longest = min(label_room, max(map(len, texts)) * LABEL_SIZE * CHARACTER_WIDTH)
    top = round(longest * SLANT) + 34
    values = {
        "queries": queries,
        "keys": keys,
        "label_room": label_room,
        "matrix_height": matrix_height,
        "top": top,
    }
    return with_values(theme_spec(theme), values, height=top + matrix_height + 34)


@lru_cache(maxsize=8)
def theme_spec(theme: Theme) -> dict[str, Any]:
    """The specification before its sizes are known. Later layers lie on top of earlier ones."""
    sizes = ("queries", "keys", "label_room", "matrix_height", "top")
    chart = alt.layer(
        *_ground(),
        *_matrix(theme),
        *_labels(theme),
        *_pointer_areas(theme),
        *_legend(theme),
    ).add_params(*(alt.param(name, value=1) for name in sizes), *_where(), *_pointed_at())
    spec: dict[str, Any] = framed(chart, 760, 400, theme).to_dict(validate=False)  # tests do
    return spec


def _where() -> list[alt.Parameter]:
    """Places that hang on Vega's ``width``. Cells are square where there is room."""
    return [
        signal("label_width", "min(label_room, max(80, width * 0.25))"),
        signal("slant", f"label_width * {SLANT} - 8"),  # the last column's label leans over the edge
        signal("cell_height", "matrix_height / queries"),
        signal("fitting", "min(cell_height, (width - label_width - slant) / keys)"),
        signal("cell_width", "fitting < 4 ? fitting : floor(fitting)"),
        signal("matrix_width", "cell_width * keys"),
        signal("left", "label_width + (width - label_width - matrix_width - slant) / 2"),
        signal("row_step", "ceil(14 / cell_height)"),  # every so many rows have a label
        signal("column_step", "ceil(17 / cell_width)"),
    ]


def _pointed_at() -> list[alt.Parameter]:
    return [
        signal("active_row", f"hover_row.place ? hover_row.place[0] : {NOWHERE}"),
        signal("active_column", f"active_row >= 0 && hover_column.place ? hover_column.place[0] : {NOWHERE}"),
        signal("active_query", "pluck(data('rows'), 'text')[active_row]"),
        signal("active_weights", "split(pluck(data('rows'), 'weights')[active_row] || '', ',')"),
        signal("full_weight", "pluck(data('legend'), 'full')[0] || 1"),
        signal("signed", "pluck(data('legend'), 'signed')[0] || false"),
    ]


def _once() -> alt.Chart:
    """The start of a mark that is drawn once."""
    return alt.Chart(alt.NamedData("legend"))


def _ground() -> list[alt.Chart]:
    """An invisible floor around the matrix, where pointing ends a hover."""
    touched = alt.selection_point("floor_touched", on="@ground_marks:click", clear=False, empty=False)
    floor = alt.Chart(alt.NamedData("legend"), name="ground").mark_rect(opacity=0)
    return [
        floor.encode(x=alt.value(0), x2=computed("width"), y=alt.value(0), y2=computed("height")).add_params(
            touched
        )  # a mark without a selection does not feel the pointer
    ]


def _matrix(theme: Theme) -> list[alt.Chart]:
    size = {"width": alt.ExprRef("matrix_width"), "height": alt.ExprRef("matrix_height")}
    image = alt.Chart(alt.NamedData("image")).mark_image(
        align="left", baseline="top", aspect=False, smooth=False, **size
    )
    frame = _once().mark_rect(align="left", baseline="top", fillOpacity=0, stroke=theme.rule, **size)
    corner = {"x": computed("left"), "y": computed("top")}
    return [image.encode(**corner, url="url:N"), frame.encode(**corner)]


def _labels(theme: Theme) -> list[alt.Chart]:
    """The tokens, thinned out where cells are small; the ones pointed at always, in bold."""

    def labels(data: str, active: str, step: str, cell: str, room: int) -> alt.Chart:
        near = f"abs(datum.place - {active}) * {cell} < {room}"
        return alt.Chart(alt.NamedData(data)).transform_filter(
            f"datum.place === {active} || (datum.place % {step} === 0 && !({near}))"
        )

    def style(active: str, **where: Any) -> dict[str, Any]:
        bold = alt.ExprRef(f"datum.place === {active} ? 700 : 400")
        limit = alt.ExprRef("label_width - 10")
        return {
            "baseline": "middle",
            "fontSize": LABEL_SIZE,
            "fontWeight": bold,
            "limit": limit,
            "color": theme.text,
            **where,
        }

    rows = labels("rows", "active_row", "row_step", "cell_height", 14)
    columns = labels("columns", "active_column", "column_step", "cell_width", 17)
    titles = {"fontSize": 12, "fontWeight": 600, "color": theme.faint, "baseline": "middle"}
    return [
        rows.mark_text(**style("active_row", align="right")).encode(
            x=computed("left - 7"), y=computed("top + (datum.place + 0.5) * cell_height"), text="text:N"
        ),
        columns.mark_text(**style("active_column", align="left", angle=315)).encode(
            x=computed("left + (datum.place + 0.5) * cell_width"), y=computed("top - 8"), text="text:N"
        ),
        _once()
        .mark_text(text="attends from", align="right", **titles)
        .encode(x=computed("left - 7"), y=computed("top - 10")),
        _once()
        .mark_text(text="attends to", align="left", **titles)
        .encode(x=computed("left"), y=alt.value(9)),
    ]


def _pointer_areas(theme: Theme) -> list[alt.Chart]:
    """Invisible rows; in the row pointed at, invisible cells with their numbers; a frame around one."""
    leaving = [event_on("ground", "pointerover")]
    over_row = hover_selection("hover_row", "row", "place", also_cleared_by=leaving)
    over_cell = hover_selection("hover_column", "cell", "place", also_cleared_by=leaving)
    rows = (
        alt.Chart(alt.NamedData("rows"), name="row")
        .mark_rect(
            opacity=0,
            align="left",
            baseline="top",
            width=alt.ExprRef("matrix_width"),
            height=alt.ExprRef("cell_height"),
        )
        .encode(x=computed("left"), y=computed("top + datum.place * cell_height"))
        .add_params(over_row)
    )
    thousandths = "active_weights[datum.place]"
    weight = (
        f"{thousandths} === '-' ? 'not available'"
        f" : {thousandths} === '' ? 'below ' + format(full_weight / {2 * FULL}, '.2%')"
        f" : format({thousandths} * full_weight / {FULL}, signed ? '+.1%' : '.1%')"
    )
    where = "'attends from': active_query, 'attends to': datum.text"
    cells = (
        alt.Chart(alt.NamedData("columns"), name="cell")
        .transform_filter("active_row >= 0")
        .mark_rect(
            opacity=0,
            align="left",
            baseline="top",
            width=alt.ExprRef("cell_width"),
            height=alt.ExprRef("cell_height"),
        )
        .encode(
            x=computed("left + datum.place * cell_width"),
            y=computed("top + active_row * cell_height"),
            tooltip=computed(
                f"signed ? {{{where}, 'difference': {weight}}} : {{{where}, 'weight': {weight}}}"
            ),
        )
        .add_params(over_cell)
    )
    frame = (
        _once()
        .transform_filter("active_row >= 0 && active_column >= 0")
        .mark_rect(
            align="left",
            baseline="top",
            fillOpacity=0,
            stroke=theme.text,
            strokeWidth=1.5,
            width=alt.ExprRef("cell_width"),
            height=alt.ExprRef("cell_height"),
        )
        .encode(x=computed("left + active_column * cell_width"), y=computed("top + active_row * cell_height"))
    )
    return [rows, cells, frame]


def _legend(theme: Theme) -> list[alt.Chart]:
    """Opacity is the number: a ramp below the matrix with its two ends, and the grey of what has none."""
    y = computed("top + matrix_height + 20")
    style = {"fontSize": 11, "color": theme.faint, "baseline": "middle"}
    start = "left - label_width + 10"
    swatch = {"align": "left", "baseline": "middle", "height": 10}

    def label(x: int, align: str, field: str) -> alt.Chart:
        return (
            _once()
            .mark_text(align=align, **style)
            .encode(x=computed(f"{start} + {x}"), y=y, text=f"{field}:N")
        )

    ramp = (
        alt.Chart(alt.NamedData("ramp"))
        .mark_rect(**swatch, width=90 / RAMP_STEPS)
        .encode(
            x=computed(f"{start} + 58 + datum.step * {90 / RAMP_STEPS}"),
            y=y,
            fill=alt.Fill("colour:N", scale=None),
            fillOpacity=computed("datum.opacity"),
        )
    )
    missing = _once().transform_filter("datum.missing !== ''")
    return [
        label(40, "right", "name"),
        label(52, "right", "least"),
        ramp,
        label(154, "left", "most"),
        missing.mark_rect(**swatch, width=10, fill=theme.rule).encode(x=computed(f"{start} + 200"), y=y),
        missing.mark_text(align="left", **style).encode(x=computed(f"{start} + 216"), y=y, text="missing:N"),
    ]
