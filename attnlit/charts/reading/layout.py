"""Where the words of a running text stand: lines broken for every width that a window may have.

Vega cannot break lines, so they are broken here for a row of widths, and the browser takes the widest that
fits. Lines of Arabic and Hebrew run from right to left; a stretch of the other direction inside a line keeps
its own order.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

FONT_SIZE = 15
PAD = 2  # pixels of a word's ground to each side of it where a space stands
SPACE = 3  # pixels between two words, besides
LINE = 29  # pixels from one line to the next
NARROWEST, STEP, WIDTHS = 280, 60, 22  # pixels, pixels, and how many widths there are
_RIGHT_TO_LEFT = ("R", "AL")


@dataclass(frozen=True)
class Box:
    """A word that is to be placed, or a piece of one."""

    width: float
    # Whether a space stands before it; where there is none, no line is broken.
    apart: bool
    # Whether a new line begins after it.
    ends_line: bool = False
    # 1 from left to right, -1 from right to left, 0 for signs that go with their neighbours.
    direction: int = 1
    # Whether a line may be broken before it though no space stands there, as in Chinese.
    breaks: bool = False


def widths() -> list[int]:
    """The widths for which lines are broken, in pixels."""
    return [NARROWEST + number * STEP for number in range(WIDTHS)]


def direction_of(text: str) -> int:
    """Which way a text runs, by its first letter: 1 to the right, -1 to the left, 0 where it has none."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("L", *_RIGHT_TO_LEFT):
            return -1 if kind in _RIGHT_TO_LEFT else 1
    return 0


def is_square(text: str) -> bool:
    """Whether a text begins with a sign of a script that is written without spaces."""
    return bool(text) and unicodedata.east_asian_width(text[0]) in "WF"


def placed(boxes: Sequence[Box], width: int, *, leftwards: bool = False) -> tuple[list[int], list[int]]:
    """(line, pixels from the left) of each box, in lines of at most this width."""
    lines: list[list[int]] = [[]]
    x = 0.0
    ended = False
    for run in _unbroken(boxes):
        needed = sum(boxes[place].width for place in run)
        gap = SPACE if boxes[run[0]].apart else 0
        if ended or (lines[-1] and x + gap + needed > width):
            lines.append([])
            x, gap = 0.0, 0
        for place in run:  # a word longer than a line goes on in the next
            if lines[-1] and x + boxes[place].width > width:
                lines.append([])
                x = 0.0
            lines[-1].append(place)
            x += gap + boxes[place].width
            gap = 0
        ended = boxes[run[-1]].ends_line
    numbers, xs = [0] * len(boxes), [0] * len(boxes)
    for number, line in enumerate(lines):
        for place, left in _along(boxes, line, width, leftwards):
            numbers[place], xs[place] = number, round(left)
    return numbers, xs


def _unbroken(boxes: Sequence[Box]) -> list[list[int]]:
    """The places of boxes that stay together in one line, if it holds them."""
    runs: list[list[int]] = []
    for place, box in enumerate(boxes):
        if runs and not (box.apart or box.breaks or boxes[place - 1].ends_line):
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _along(boxes: Sequence[Box], line: Sequence[int], width: int, leftwards: bool) -> list[tuple[int, float]]:
    """(place, pixels from the left) of the boxes of a line, in the order in which they stand."""
    base = -1 if leftwards else 1
    ways: list[int] = []
    for at, place in enumerate(line):
        way = boxes[place].direction
        if way == 0:  # a sign goes with its neighbours where they agree, and else with the text
            before = ways[-1] if ways else base
            after = next((boxes[each].direction for each in line[at + 1 :] if boxes[each].direction), base)
            way = before if before == after else base
        ways.append(way)
    found, x = [], 0.0
    for way, run in groupby(range(len(line)), key=lambda at: ways[at]):
        places = [line[at] for at in run]
        # A stretch that runs against the text is laid out from its far end.
        ordered = places if way == base else places[::-1]
        for at, place in enumerate(ordered):
            later = place if way == base else ordered[at - 1]  # of the two neighbours, in reading order
            if x > 0 and boxes[places[0] if at == 0 else later].apart:
                x += SPACE
            found.append((place, width - x - boxes[place].width if leftwards else x))
            x += boxes[place].width
    return found
