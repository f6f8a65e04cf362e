"""Where things stand in the head view: sizes that follow from the text, places from the window."""

from __future__ import annotations

from dataclasses import dataclass

from attnlit.charts.labels import row_height
from attnlit.charts.later import alt
from attnlit.charts.vega import signal

NOBODY = "-"  # in place of the click that a picture answers: clicks on its switches do nothing
SWITCH_HEIGHT = 22
SWITCH_ROW = SWITCH_HEIGHT + 6
SAID = 22  # pixels for the line that says where the active token looks
SWITCHES_A_ROW = 16
ROOM_FOR_BOTH = 600  # pixels: a line about the active token, and beside it one about the others
OTHERS = 18  # pixels below the tokens for the line about the others, where it has no room beside
SWITCHES_LEFT = 52  # pixels for the word "Heads"
NUMBER_WIDTH = 40  # pixels for "100%" beside a token
NARROW = 420  # pixels: below that the numbers stand at the lines' ends, and leave them the room
LEAST_LINES_WIDTH = 84  # pixels between the columns on a phone
# Where rows are lower than this, lines are one pixel thick: they are many and long there, and a browser
# without a graphics card paints thicker ones more slowly.
THIN_LINES_BELOW = 16


@dataclass(frozen=True)
class HeadShape:
    """The sizes that follow from the text and from the number of switches; all in pixels."""

    queries: int
    keys: int
    switches: int

    @property
    def row(self) -> int:
        """Height of a token."""
        return row_height(max(self.queries, self.keys))

    @property
    def switch_rows(self) -> int:
        """How many rows of switches there are: a number, not pixels."""
        return -(-self.switches // SWITCHES_A_ROW)

    @property
    def said(self) -> int:
        """Where the line runs that says where the active token looks, from the top."""
        return self.switch_rows * SWITCH_ROW + 12

    @property
    def titles(self) -> int:
        """Where the line of titles and legend runs, from the top."""
        return self.said + SAID + 6

    @property
    def top(self) -> int:
        """Where the first token begins."""
        return self.titles + 14

    @property
    def height(self) -> int:
        """What all of it takes in a wide window; in a narrow one `height_at` says it."""
        return self.top + max(self.queries, self.keys) * self.row + 6


def height_at(width: int, height: int, switches: int) -> int:
    """How high a picture is in a window of this width that is `height` high in a wide one; all in pixels."""
    return height + (OTHERS if switches > 1 and width < ROOM_FOR_BOTH else 0)


def height_in_window() -> alt.Parameter:
    """The same for the browser: Vega's own signal, which follows the window."""
    return signal("height", f"wide_height + (switches > 1 && width < {ROOM_FOR_BOTH} ? {OTHERS} : 0)")


def places() -> list[alt.Parameter]:
    """Places that hang on Vega's `width`, from a phone to a wide screen: the lines take all that is left.

    Squares and numbers stand beside the column that is looked at: the squares at the end of its lines, the
    numbers beyond its tokens, or on a phone beside the squares.
    """
    return [
        signal("beside", f"width < {NARROW} ? 4 : {NUMBER_WIDTH}"),
        signal("token_width", f"min(token_room, max(40, (width - 2 * beside - {LEAST_LINES_WIDTH}) / 2))"),
        signal("left", "token_width + beside"),
        signal("right", f"max(width - left, left + {LEAST_LINES_WIDTH})"),
        signal("lines_width", "right - left"),
        signal("most_squares", f"lines_width * (beside < {NUMBER_WIDTH} ? 0.22 : 0.4)"),
        signal("square", "min(clamp(floor(108 / shown), 3, 12), most_squares / shown)"),
        signal("strip", "square * shown"),
        signal("apart", "min(1.1, row * 0.5 / shown)"),  # lines of neighbouring heads do not hide each other
        # Where the line of the first head that is on begins, at the first token of a column.
        signal("first_line", "top + row / 2 - (shown - 1) / 2 * apart"),
        signal("active_x", "from_left ? left : right"),
        signal("ends", f"strip + 4 + (beside < {NUMBER_WIDTH} ? {NUMBER_WIDTH - 6} : 0)"),
        signal("other_x", "from_left ? right - ends : left + ends"),
        signal("active_y", "first_line + active_place * row"),  # of the first line at the active token
        signal("squares_x", "from_left ? right - strip - 1 : left + 1"),
        signal(
            "numbers_x",
            f"beside < {NUMBER_WIDTH} ? (from_left ? right - strip - 6 : left + ends - 4)"
            " : from_left ? width - 2 : left - token_width - 4",
        ),
        signal("switches_a_row", "ceil(switches / switch_rows)"),
        signal("switch_width", f"clamp(floor((width - {SWITCHES_LEFT}) / switches_a_row), 12, 30)"),
        signal("ramp_width", "clamp(lines_width - 110, 24, 120)"),
        signal("ramp_left", "(left + right - ramp_width) / 2"),
        signal("line_width", f"shown > 2 || row < {THIN_LINES_BELOW} ? 1 : 1.75"),
        signal("active_width", f"row < {THIN_LINES_BELOW} ? 1 : shown > 2 ? 1.5 : 2"),
    ]
