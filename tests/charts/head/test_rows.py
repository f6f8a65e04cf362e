"""The head view in rows: the same lines and numbers, along rows that run as the text does."""

from __future__ import annotations

import numpy as np
import pytest

from attnlit.charts.head import head_picture
from attnlit.charts.picture import Picture
from attnlit.charts.theme import HEAD_COLOURS
from tests.charts.drawing import Svg, place_of, svg_of, texts
from tests.records import random_record, record

ENGLISH = ["the", "cat", "sat", "on", "a", "mat"]
HEBREW = ["החתול", "ישב", "על", "השטיח"]
CHINESE = [*"猫坐在垫子上因为它很暖和的时候"]


def tokens_along(svg: Svg, words: list[str]) -> list[tuple[float, float]]:
    """(x, y) of each text that is one of these words, in the order in which they are drawn."""
    written = [element for element in svg.iter() if element.tag.endswith("text") and element.text in words]
    return [place_of(element) for element in written]


def in_rows(words: list[str], **options: object) -> Picture:
    count = len(words)
    return head_picture(record(np.full((1, 2, count, count), 1 / count), words), rows=True, **options)


@pytest.mark.parametrize(("words", "direction"), [(ENGLISH, 1), (CHINESE, 1), (HEBREW, -1)])
@pytest.mark.parametrize("width", [320, 760])
def test_rows_run_as_their_text_does_and_stay_in_the_window(
    words: list[str], direction: int, width: int
) -> None:
    placed = tokens_along(svg_of(in_rows(words), width=width), words)
    assert len(placed) == 2 * len(words)
    (above,), (below,) = ({round(y) for _, y in row} for row in (placed[: len(words)], placed[len(words) :]))
    assert above < below
    for row in (placed[: len(words)], placed[len(words) :]):
        steps = np.diff([x for x, _ in row]) * direction
        assert (steps > 0).all()
        assert all(0 < x < width for x, _ in row)


def test_every_line_leads_from_its_query_to_its_key_and_is_as_opaque_as_its_weight() -> None:
    attention = random_record(heads=1, queries=4, keys=6)
    svg = svg_of(head_picture(attention, 1, rows=True))
    above = [x for x, _ in tokens_along(svg, attention.query_tokens)]
    below = [x for x, _ in tokens_along(svg, attention.key_tokens)]
    lines = {}
    for element in svg.iter():
        if element.get("stroke", "").upper() == HEAD_COLOURS[0]:
            begin = place_of(element)[0]
            end = begin + float(element.get("x2", "0"))
            ends = (abs(np.array(above) - begin).argmin(), abs(np.array(below) - end).argmin())
            lines[tuple(int(each) for each in ends)] = float(element.get("stroke-opacity", "1"))
    weights = attention.weights[1, 0]
    assert len(lines) == int((weights >= 0.0005).sum())
    for ends, opacity in lines.items():
        assert opacity == pytest.approx(weights[ends], abs=6e-5)


@pytest.mark.parametrize("side", ["query", "key"])
def test_a_pinned_token_shows_its_lines_and_the_means_as_numbers(side: str) -> None:
    attention = random_record(heads=2, queries=5, keys=5)
    svg = svg_of(head_picture(attention, 0, rows=True, pinned=(side, 3)))
    mean = attention.weights[0].mean(axis=0)
    wanted = sorted(100 * each for each in (mean[3] if side == "query" else mean[:, 3]) if each >= 0.005)
    numbers = [int(text[:-1]) for text in texts(svg) if text.endswith("%")]
    numbers.remove(100)  # at the end of the legend's ramp
    assert sorted(numbers) == pytest.approx(wanted, abs=0.56)
    by_itself = svg_of(head_picture(attention, 0, rows=True), pin=[{"side": side, "index": 3}])
    assert sorted(texts(by_itself)) == sorted(texts(svg))


def test_a_text_that_is_long_for_rows_says_so() -> None:
    assert not any("long for rows" in note for note in in_rows(ENGLISH).notes)
    assert any("long for rows" in note for note in in_rows(ENGLISH * 9).notes)
