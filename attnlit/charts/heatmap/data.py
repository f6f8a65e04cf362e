"""The heat map's tables: the matrix as one small image, and the numbers that a hover shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from attnlit.charts.heatmap.layout import NOWHERE, sizes
from attnlit.charts.opacity import FULL
from attnlit.charts.packed_text import row_texts, rows_table
from attnlit.charts.pinned import PinnedToken, Side
from attnlit.charts.png import palette, palette_picture
from attnlit.charts.theme import Theme

SHADES = 254  # the opacity of a weight of 1 among the picture's 256 shades
UNAVAILABLE = 255  # the shade of a cell that has no weight: a token that this one cannot see
RAMP_STEPS = 10  # of the legend


@dataclass(frozen=True, eq=False)
class Matrix:
    """What a heat map draws. Q queries, K keys."""

    # Float (Q, K), without NaN.
    values: np.ndarray
    # Bool (Q, K): where there is no value.
    missing: np.ndarray
    queries: Sequence[str]
    keys: Sequence[str]
    # The value that is drawn at full opacity.
    full: float
    # The colour of values above and below zero; the same where none is below.
    above: str
    below: str
    # Words of the legend: what the values are, and the two ends of the scale.
    name: str
    least: str
    most: str
    # What is said of each query, where there is something to say.
    said: Sequence[str] = ()
    pinned: PinnedToken | None = None
    # Whether a click on a row pins its query: somebody answers it.
    clicks: bool = False

    @property
    def signed(self) -> bool:
        return self.above != self.below


def matrix_tables(matrix: Matrix, theme: Theme) -> dict[str, pa.Table]:
    """The tables that the specification names."""
    shares = matrix.values / matrix.full
    lowest = -1.0 if matrix.signed else 0.0
    steps = lowest + (np.arange(RAMP_STEPS) + 0.5) / RAMP_STEPS * (1 - lowest)
    row: dict[str, Any] = {
        **sizes(matrix.queries, matrix.keys, says=len(matrix.said) > 0),
        "full": matrix.full,
        "signed": matrix.signed,
        "name": matrix.name,
        "least": matrix.least,
        "most": matrix.most,
        "missing": "not available" if matrix.missing.any() else "",
        "clicks": matrix.clicks,
        "pinned_row": _place(matrix.pinned, "query"),
        "pinned_column": _place(matrix.pinned, "key"),
    }
    whole = np.rint(shares * FULL).astype(np.int16)
    return {
        "setup": rows_table(**{name: [value] for name, value in row.items()}),
        "image": rows_table(url=[_image(matrix, shares, theme)]),
        "rows": rows_table(
            place=np.arange(len(matrix.queries), dtype=np.int16),
            text=list(matrix.queries),
            said=list(matrix.said) or [""] * len(matrix.queries),
            # Nothing for 0, which is frequent, and - for no weight.
            weights=row_texts(whole, {"": whole == 0, "-": matrix.missing}),
        ),
        "columns": rows_table(place=np.arange(len(matrix.keys), dtype=np.int16), text=list(matrix.keys)),
        "ramp": rows_table(
            step=np.arange(RAMP_STEPS, dtype=np.int16),
            colour=_colours(matrix, steps),
            opacity=np.abs(steps),
        ),
    }


def _place(pinned: PinnedToken | None, side: Side) -> int:
    """The row or column of the pinned token, if it is of this side."""
    return pinned.index if pinned is not None and pinned.side == side else NOWHERE


def _image(matrix: Matrix, shares: np.ndarray, theme: Theme) -> str:
    """A pixel a value: in its colour, as opaque as it is large; grey where there is no value."""
    if matrix.signed:
        middle = SHADES // 2
        of_shade = (np.arange(UNAVAILABLE) - middle) / middle  # of each shade, from -1 to 1
        shades = np.rint(np.clip(shares, -1, 1) * middle) + middle
    else:
        of_shade = np.arange(UNAVAILABLE) / SHADES
        shades = np.rint(np.minimum(shares, 1) * SHADES)
    inks = palette(
        [*_colours(matrix, of_shade), theme.rule],
        [round(255 * opacity) for opacity in [*np.abs(of_shade), 1.0]],
    )
    return palette_picture(np.where(matrix.missing, UNAVAILABLE, shades).astype(np.uint8), inks, bits=8)


def _colours(matrix: Matrix, values: np.ndarray) -> list[str]:
    return [matrix.below if value < 0 else matrix.above for value in values]
