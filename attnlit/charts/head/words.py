"""The head view's words that stand in it once: of the active token, the titles, the legend's ends."""

from __future__ import annotations

from attnlit.charts.head.layout import NUMBER_WIDTH, OTHERS, ROOM_FOR_BOTH, SWITCH_HEIGHT
from attnlit.charts.head.marks import BEHIND
from attnlit.charts.lettering import Word
from attnlit.charts.theme import Theme


def said(theme: Theme) -> Word:
    """Where the active token looks, or who looks at it most: the caption of what is drawn.

    It is of the heads that the server knows to be on, and stays away while others are.
    """
    line = "on === on_before ? (data('tokens')[active] || {}).said || '' : ''"
    return Word(line, "1", "said_line", "'left'", size=13, ink=theme.text)


def of_others() -> Word:
    """What the grey lines are: beside the switch of one head, else beside what is said of the active token.

    In a narrow window that leaves no room; there it stands below the tokens.
    """
    drawn = "at_rest && !idle && (data('lines')[0] || {}).slots"
    beside = f"width < {ROOM_FOR_BOTH} ? wide_height + {OTHERS // 2} : said_line"
    return Word(
        f"{drawn} ? 'grey, at {BEHIND:.0%}: the other tokens' : ''",
        "width",
        f"switches === 1 ? {SWITCH_HEIGHT / 2} : {beside}",
        "'right'",
        size=12,
    )


def titles() -> list[Word]:
    """What each column is, and what the numbers are."""

    def title(x: str, align: str, text: str) -> Word:
        return Word(text, x, "titles", align, size=12, weight=600)

    # On a phone the numbers stand under the legend.
    word = f"idle || beside < {NUMBER_WIDTH} ? '' : shown === 1 ? measure : 'mean'"
    return [
        title("left - 6", "'right'", "'attends from'"),
        title("right + 6", "'left'", "'attends to'"),
        title("idle ? right : numbers_x", "'right'", word),
    ]


def legend_words() -> list[Word]:
    """What the ramp of the legend means at its two ends, in numbers, and what they measure."""

    def word(x: str, align: str, text: str) -> Word:
        return Word(text, x, "titles", align, size=11)

    return [
        word("ramp_left - 5", "'right'", "setup_row.none || ''"),
        word("ramp_left + ramp_width + 5", "'left'", "setup_row.most || ''"),
        word("ramp_left - 18", "'right'", "lines_width < 280 ? '' : measure"),
    ]
