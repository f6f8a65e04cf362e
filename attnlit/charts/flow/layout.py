"""Where the columns of the layered picture stand: signals that hang on Vega's `width`."""

from __future__ import annotations

from attnlit.charts.later import alt
from attnlit.charts.vega import signal

TOP = 46  # pixels for the titles and the numbers of the layers
BOTTOM = 10
SHARE_NUMBER, RATIO_NUMBER = 40, 46  # pixels for "100%" and "×0.24"
DOUBLINGS = 3  # the ratio's bars reach from an eighth to eight times
NOBODY = -1  # no token


def places() -> list[alt.Parameter]:
    """The columns' places, from a phone, where numbers stand without bars, to a wide screen."""
    return [
        signal("narrow", "width < 480"),
        signal("gap", "narrow ? 10 : 26"),
        signal("label_width", "min(token_room, max(64, width * 0.2))"),
        signal("share_width", f"{SHARE_NUMBER} + (narrow ? 0 : clamp(width * 0.1, 36, 110))"),
        signal("bars_width", "narrow ? 0 : clamp(width * 0.09, 40, 100)"),
        signal("taken", f"label_width + share_width + bars_width + {RATIO_NUMBER} + 3.2 * gap"),
        signal("graph_width", "max(40, (width - taken) / 2)"),
        signal("step", "graph_width / layers"),
        signal("shares_left", "label_width + 4"),
        signal("own_left", "label_width + share_width + gap"),
        signal("even_left", "own_left + graph_width + 1.4 * gap"),
        signal("no_ratio", f"width - {RATIO_NUMBER} - bars_width / 2"),
        signal("largest_even", "extent(pluck(data('tokens'), 'even'))[1] || 0"),
        signal("largest_share", "max(0.01, largest_even, extent(pluck(data('tokens'), 'share'))[1] || 0)"),
        signal("label_step", "ceil(16 / step)"),  # every so many layers have a number
    ]
