"""Lines of running text: broken at spaces, between Chinese signs, and from right to left."""

from __future__ import annotations

from itertools import pairwise

import pytest

from attnlit.charts.reading.layout import SPACE, Box, direction_of, placed, widths


def words(*widths_of: float, direction: int = 1) -> list[Box]:
    return [Box(width, apart=True, direction=direction) for width in widths_of]


def test_a_line_is_broken_where_the_next_word_does_not_fit() -> None:
    lines, xs = placed(words(40, 40, 40), 100)
    assert lines == [0, 0, 1]
    assert xs == [0, 40 + SPACE, 0]


def test_pieces_of_a_word_stay_together_and_stand_without_a_space() -> None:
    boxes = [*words(50), Box(30, apart=True), Box(30, apart=False)]
    assert placed(boxes, 100) == ([0, 1, 1], [0, 0, 30])


def test_a_word_longer_than_a_line_goes_on_in_the_next() -> None:
    boxes = [Box(60, apart=False)] * 3
    assert placed(boxes, 100)[0] == [0, 1, 2]


def test_signs_without_spaces_may_part_anywhere() -> None:
    boxes = [Box(40, apart=False, breaks=True)] * 3
    assert placed(boxes, 100) == ([0, 0, 1], [0, 40, 0])


def test_a_line_break_of_the_text_ends_a_line() -> None:
    boxes = [Box(20, apart=True, ends_line=True), *words(20)]
    assert placed(boxes, 100)[0] == [0, 1]


def test_hebrew_runs_from_the_right_and_numbers_in_it_keep_their_order() -> None:
    lines, xs = placed(words(20, 20, direction=-1), 100, leftwards=True)
    assert (lines, xs) == ([0, 0], [80, 80 - SPACE - 20])
    boxes = [Box(20, True, direction=-1), Box(10, True), Box(10, True), Box(20, True, direction=-1)]
    _, xs = placed(boxes, 100, leftwards=True)
    assert xs == [80, 80 - 2 * SPACE - 20, 80 - SPACE - 10, 80 - 3 * SPACE - 40]


def test_hebrew_in_an_english_line_runs_from_right_to_left() -> None:
    boxes = [*words(20), *words(10, 10, direction=-1), *words(20)]
    _, xs = placed(boxes, 200)
    assert xs == [0, 20 + 2 * SPACE + 10, 20 + SPACE, 40 + 3 * SPACE]


def test_a_sign_between_two_directions_goes_with_the_text() -> None:
    boxes = [Box(20, True, direction=-1), Box(5, False, direction=0), Box(20, True)]
    _, xs = placed(boxes, 100, leftwards=True)
    assert xs[1] == 80 - 5


@pytest.mark.parametrize(("text", "way"), [("cat", 1), ("שלום", -1), ("العربية", -1), ("漢字", 1), ("…", 0)])
def test_which_way_a_word_runs(text: str, way: int) -> None:
    assert direction_of(text) == way


def test_nothing_stands_outside_whatever_the_width() -> None:
    boxes = words(*range(10, 120, 7)) + words(*range(10, 120, 7), direction=-1)
    for width in widths():
        for leftwards in (False, True):
            lines, xs = placed(boxes, width, leftwards=leftwards)
            assert min(xs) >= 0
            assert all(x + box.width <= width + 1 for x, box in zip(xs, boxes, strict=True))
            by_line: dict[int, list[tuple[float, float]]] = {}
            for line, x, box in zip(lines, xs, boxes, strict=True):
                by_line.setdefault(line, []).append((x, x + box.width))
            for line in by_line.values():
                line.sort()
                assert all(one[1] <= other[0] + 1 for one, other in pairwise(line))
