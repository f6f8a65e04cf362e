"""The head view draws the weights: in the tables that travel, and in what Vega makes of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyarrow as pa
import pytest

from attnlit.attention.record import PASSED_ON, TOGETHER
from attnlit.charts.head import head_picture, head_table, head_view
from attnlit.charts.head.marks import BEHIND
from attnlit.charts.picture import Picture, with_values
from attnlit.charts.theme import DARK, HEAD_COLOURS, LIGHT
from attnlit.errors import AttnlitError
from tests.charts.drawing import Svg, place_of, svg_of, texts
from tests.records import random_record, record

LIST_OF_WORDS = ["the", "cat", "sat", "on", "the", "mat", "because", "it", "was", "the", "cat"]


def drawn_lines(picture: Picture) -> dict[tuple[int, int, int], float]:
    """The opacity of each line, by (slot, query, key), in the order in which they are drawn."""
    (row,) = picture.tables["lines"].to_pylist()
    columns = [row[name].split(",") for name in ("slots", "queries", "keys", "opacities")]
    return {
        (int(slot), int(query), int(key)): int(opacity) / 10_000
        for slot, query, key, opacity in zip(*columns, strict=True)
    }


def detailed_weights(tables: dict[str, pa.Table]) -> dict[tuple[int, int, int], float]:
    """What travels for pointing, by (slot, query, key), as shares of the weight drawn at full opacity."""
    weights = {}
    for row in tables["rows"].to_pylist():
        for entry in row["entries"].strip(";").split(";"):
            key, slots, values = entry.split(":")
            for slot, value in zip(slots.split(","), values.split(","), strict=True):
                weights[int(slot), row["query"], int(key)] = int(value) / 1000
    return weights


def percentages(svg: Svg) -> list[int]:
    """The numbers beside the tokens, without the one at the end of the legend's ramp."""
    numbers = [int(text[:-1]) for text in texts(svg) if text.endswith("%")]
    numbers.remove(100)
    return sorted(numbers)


def assert_percentages(svg: Svg, weights: np.ndarray) -> None:
    """The numbers are these weights in whole percent; what would be 0 % is left out."""
    wanted = sorted(100 * weights[weights >= 0.005])
    assert percentages(svg) == pytest.approx(wanted, abs=0.56)  # rounded to a tenth, then to a whole percent


def stores(clicked: dict[str, tuple[str, int]]) -> dict[str, list[dict[str, Any]]]:
    """What the selections hold after these clicks on switches: which heads they ask for, and when."""
    asks = {"heads": "turned", "solo": "alone"}
    return {name: [{asks[name]: f"{heads} {when}"}] for name, (heads, when) in clicked.items()}


def with_clicks(picture: Picture, clicked: dict[str, list[dict[str, Any]]]) -> Picture:
    """The app's picture after these clicks."""
    return replace(picture, draw=lambda theme: with_values(picture.draw(theme), clicked))


def assert_draws_these(svg: Svg, row: np.ndarray) -> None:
    """The lines of a pinned token are of these weights (heads, keys), and the numbers are their mean."""
    lines = opacities(svg, "mark-rule", "stroke-opacity", HEAD_COLOURS)
    assert np.allclose(sorted(lines), np.sort(row[row >= 0.01]), atol=0.0015)
    assert_percentages(svg, row.mean(axis=0))


def opacities(svg: Svg, mark: str, attribute: str, colours: tuple[str, ...]) -> list[float]:
    """The opacity of each mark that has a head's colour."""
    paint = attribute.split("-")[0]
    return [
        float(element.get(attribute, "1"))
        for group in svg.iter()
        if mark in group.get("class", "").split()
        for element in group.iter()
        if element.get(paint, "").upper() in colours
    ]


@pytest.mark.parametrize("heads", [None, [2], [0, 2]])
def test_every_line_is_as_opaque_as_its_weight_whatever_else_is_shown(heads: list[int] | None) -> None:
    attention = random_record(heads=3, queries=4, keys=6)
    picture = head_picture(attention, 1, heads)
    lines = drawn_lines(picture)
    shown = heads or [0, 1, 2]
    for (slot, query, key), opacity in lines.items():
        assert opacity == pytest.approx(attention.weights[1, shown[slot], query, key], abs=5e-5)
    assert len(lines) == (attention.weights[1, shown] >= 0.0005).sum()
    assert [switch["name"] for switch in picture.tables["switches"].to_pylist()] == [str(h) for h in shown]


def test_a_number_in_the_picture_is_the_one_in_the_words() -> None:
    """Rounded to thousandths and then to percent, 52.47% would be 53% here and 52% beside it."""
    rows = [[0.5247, 0.4753], [0.2853, 0.7147], [0.525001, 0.474999]]
    drawn = detailed_weights(head_picture(record(np.array([[rows]]), list("abc"), list("xy")), 0).tables)
    for (_, query, key), weight in drawn.items():
        assert np.floor(100 * weight + 0.5) == round(100 * rows[query][key])


def test_the_budget_keeps_the_strongest_lines_and_the_notes_say_what_share() -> None:
    attention = random_record(layers=1, heads=4, queries=12)
    picture = head_picture(attention, 0, budget=50)
    weights = np.sort(attention.weights[0].ravel())[::-1]
    opacity = [*drawn_lines(picture).values()]
    assert np.allclose(np.sort(opacity)[::-1], weights[:50], atol=5e-5)
    assert (np.diff(opacity) >= 0).all(), "the strongest must be drawn last, on top"
    share = weights[:50].sum() / weights.sum()
    assert f"{share:.0%} of their weight" in picture.notes[0]
    assert "50 strongest of" in picture.notes[0]


@pytest.mark.parametrize(("queries", "lines"), [(200, 2000), (256, 2000), (512, 1000)])
def test_beyond_256_tokens_lines_get_longer_and_fewer(queries: int, lines: int) -> None:
    attention = random_record(layers=1, heads=1, queries=queries)
    weights = np.sort(attention.weights[0].ravel())[::-1]
    opacity = [*drawn_lines(head_picture(attention, 0)).values()]
    assert len(opacity) == pytest.approx(lines, rel=0.01)  # of weights that are alike all are drawn
    assert np.allclose(np.sort(opacity)[::-1], weights[: len(opacity)], atol=5e-5)


@pytest.mark.parametrize(
    ("queries", "keys", "heads", "spread"),
    [
        (5, 5, 3, 2),
        (3, 8, 2, 2),
        pytest.param(100, 100, 12, 2, marks=pytest.mark.whole),
        pytest.param(70, 70, 12, 0.3, marks=pytest.mark.whole),
    ],
)
def test_pointing_shows_every_weight_of_one_percent_and_more(
    queries: int, keys: int, heads: int, spread: float
) -> None:
    attention = random_record(layers=1, heads=heads, queries=queries, keys=keys, spread=spread)
    travelled = detailed_weights(head_picture(attention, 0).tables)
    for (slot, query, key), weight in travelled.items():
        assert weight == pytest.approx(attention.weights[0, slot, query, key], abs=0.0015)
    wanted = set(zip(*np.nonzero(attention.weights[0] >= 0.01), strict=True))
    assert wanted <= travelled.keys()


def test_in_a_faint_layer_the_largest_weight_is_full_opacity_and_a_note_says_so() -> None:
    uniform = np.full((2, 1, 100, 100), 0.01)
    uniform[1] = np.eye(100)
    attention = record(uniform, [f"w{place}" for place in range(100)])
    faint = head_picture(attention, 0)
    assert set(drawn_lines(faint).values()) == {1}
    assert faint.tables["setup"].to_pylist()[0]["most"] == "1.0%"
    assert "1.0% is drawn at full opacity" in faint.notes[-1]
    usual = head_picture(attention, 1)
    assert usual.tables["setup"].to_pylist()[0]["most"] == "100%"
    assert not any("full opacity" in note for note in usual.notes)


def test_the_spec_is_the_same_for_every_layer_and_choice_of_heads() -> None:
    attention = random_record(layers=3, heads=4)
    first = head_picture(attention, 0).spec
    assert head_picture(attention, 2).spec is first
    assert head_picture(attention, 1, [3], pinned=("key", 2), answered="10 5").spec is first
    assert head_picture(attention, 0, theme=DARK).spec != first


def test_repeated_words_are_told_apart_by_place() -> None:
    attention = record(np.full((1, 1, 11, 11), 1 / 11), LIST_OF_WORDS)
    tokens = head_picture(attention, 0).tables["tokens"].to_pylist()
    assert [(token["side"], token["index"]) for token in tokens[9:13]] == [
        ("query", 9), ("query", 10), ("key", 0), ("key", 1),
    ]  # fmt: skip
    assert [token["text"] for token in tokens[:11]] == LIST_OF_WORDS


def test_a_pinned_token_on_the_left_shows_its_lines_squares_and_mean_weights() -> None:
    attention = random_record(layers=1, heads=2, queries=4, keys=5, seed=3)
    svg = svg_of(head_view(attention, 0, pinned=("query", 2)))
    rows = attention.weights[0, :, 2]  # (heads, keys)
    assert_percentages(svg, rows.mean(axis=0))
    assert "mean" in texts(svg)
    lines = opacities(svg, "mark-rule", "stroke-opacity", HEAD_COLOURS)
    assert np.allclose(sorted(lines), np.sort(rows[rows >= 0.01]), atol=0.0006)
    squares = [
        opacity
        for opacity in opacities(svg, "mark-rect", "fill-opacity", HEAD_COLOURS)
        if opacity < 1  # the head switches are rectangles too
    ]
    assert np.allclose(sorted(squares), np.sort(rows[rows >= 0.02]), atol=0.0006)


def test_a_pinned_token_on_the_right_shows_who_looks_at_it() -> None:
    attention = random_record(layers=1, heads=1, queries=4, keys=12, seed=5)
    svg = svg_of(head_view(attention, 0, pinned=("key", 1)))  # key 1, and not 10 or 11
    column = attention.weights[0, 0, :, 1]
    assert_percentages(svg, column)
    lines = opacities(svg, "mark-rule", "stroke-opacity", HEAD_COLOURS)
    assert np.allclose(sorted(lines), np.sort(column[column >= 0.01]), atol=0.0006)


@pytest.mark.parametrize(
    ("switched", "on"),
    [
        ({"heads": ("101", 1)}, [0, 2]),
        ({"heads": ("101", 1), "solo": ("010", 2)}, [1]),
        ({"heads": ("101", 2), "solo": ("010", 2)}, [1]),  # a double click comes after its second click
        ({"heads": ("110", 3), "solo": ("010", 2)}, [0, 1]),
    ],
)
def test_the_last_click_on_a_switch_says_which_heads_are_drawn(
    switched: dict[str, tuple[str, int]], on: list[int]
) -> None:
    attention = random_record(layers=1, heads=3, queries=3, seed=1)
    picture = head_picture(attention, 0, pinned=("query", 0))
    svg = svg_of(picture, pin=[{"side": "query", "index": 0}], **stores(switched))
    assert_draws_these(svg, attention.weights[0, on, 0])


def test_a_head_whose_row_is_empty_does_not_count_in_what_is_said_of_the_mean() -> None:
    weights = np.full((1, 2, 3, 3), 1 / 3)
    weights[0, 0, 1] = np.nan
    svg = svg_of(head_view(record(weights, ["a", "b", "c"]), 0, pinned=("query", 1)))
    assert "On average “b” gives 33% to “a”" in texts(svg)


@pytest.mark.parametrize("before", [[0], [0, 1, 2], [1, 2]])
def test_a_click_draws_what_the_server_then_answers(before: list[int]) -> None:
    attention = random_record(layers=1, heads=3, queries=3, seed=1)
    click = stores({"heads": ("101", 7)})
    asked, answer = (
        svg_of(with_clicks(head_picture(attention, 0, heads, pinned=("query", 0), answered=when), click))
        for heads, when in ((before, ""), ([0, 2], "101 7"))
    )
    (said,) = {*texts(answer)} - {*texts(asked)}  # only the server knows where these heads look on average
    assert said.startswith("On average “from0” gives")
    for each in answer.iter():
        each.text = None if each.text == said else each.text
    assert ElementTree.tostring(asked) == ElementTree.tostring(answer)
    assert_draws_these(asked, attention.weights[0, [0, 2], 0])


def test_once_a_click_is_answered_the_server_says_which_heads_are_on() -> None:
    attention = random_record(layers=1, heads=3, queries=3, seed=1)
    picture = head_picture(attention, 0, [1], pinned=("query", 0), answered="101 7")
    svg = svg_of(with_clicks(picture, stores({"heads": ("101", 7)})))
    assert_draws_these(svg, attention.weights[0, [1], 0])


def test_a_picture_that_nobody_answers_does_not_switch() -> None:
    attention = random_record(layers=1, heads=3, queries=3, seed=1)
    picture = head_picture(attention, 0, [1, 2], pinned=("query", 0))
    svg = svg_of(with_clicks(picture, stores({"heads": ("10", 7)})))
    assert_draws_these(svg, attention.weights[0, [1, 2], 0])


@pytest.mark.parametrize("pinned", [("query", 2), pytest.param(("key", 1), marks=pytest.mark.whole)])
@pytest.mark.parametrize("rows", [False, pytest.param(True, marks=pytest.mark.whole)])
def test_behind_a_pinned_token_the_lines_of_the_others_stay_in_grey(
    pinned: tuple[str, int], rows: bool
) -> None:
    attention = random_record(layers=1, heads=3, queries=4, keys=5, seed=3)
    svg = svg_of(head_view(attention, 0, [0, 2], pinned=pinned, rows=rows))
    axis = 1 if pinned[0] == "query" else 2
    others = np.delete(attention.weights[0, [0, 2]], pinned[1], axis=axis)
    lines = opacities(svg, "mark-rule", "stroke-opacity", (LIGHT.faint,))
    assert np.allclose(np.sort(lines), np.sort(others[others >= 0.01 / BEHIND]) * BEHIND, atol=0.0001)
    assert "grey, at 40%: the other tokens" in texts(svg)
    assert "grey, at 40%: the other tokens" not in texts(svg_of(head_view(attention, 0, rows=rows)))
    nothing_behind = head_view(attention, 0, pinned=pinned, rows=rows, budget=0)
    assert "grey, at 40%: the other tokens" not in texts(svg_of(nothing_behind))


@pytest.mark.parametrize("rows", [False, pytest.param(True, marks=pytest.mark.whole)])
@pytest.mark.parametrize(
    ("heads", "width", "below"), [([1], 300, False), ([0, 1], 300, True), ([0, 1], 760, False)]
)
def test_every_width_has_room_for_what_grey_is_below_the_tokens_if_not_beside_them(
    heads: list[int], width: int, below: bool, rows: bool
) -> None:
    attention = random_record(layers=1, heads=2, queries=4)
    picture = head_picture(attention, 0, heads, pinned=("query", 2), rows=rows)
    svg = svg_of(picture, width=width)
    drawn = float(svg.get("height", 0))
    assert drawn == picture.height(width)
    words = [(element.text, place_of(element)[1]) for element in svg.iter() if element.tag.endswith("text")]
    (down,) = (y for text, y in words if text == "grey, at 40%: the other tokens")
    lowest_token = max(y for text, y in words if text in {token.text for token in attention.keys})
    assert (down > lowest_token) == below
    assert 10 < down < drawn - 4, "no letter is cut off"


def test_a_pinned_key_is_not_taken_for_one_whose_number_ends_like_its_own() -> None:
    weights = np.zeros((1, 1, 2, 12))
    weights[0, 0, :, 11] = 0.7, 1
    weights[0, 0, 0, 1] = 0.3
    attention = record(weights, ["a", "b"], [f"to{place}" for place in range(12)], kind="cross")
    assert percentages(svg_of(head_view(attention, 0, pinned=("key", 1)))) == [30]


def test_with_nothing_pinned_all_lines_are_drawn_and_no_numbers() -> None:
    attention = random_record(layers=1, heads=2, queries=4)
    svg = svg_of(head_view(attention, 0))
    assert (
        len(opacities(svg, "mark-rule", "stroke-opacity", HEAD_COLOURS))
        == (attention.weights >= 0.0005).sum()
    )
    assert percentages(svg) == []
    assert {"attends from", "attends to", "from0", "to3"} <= set(texts(svg))


@pytest.mark.parametrize("pinned", [None, ("query", 1), ("key", 3)])
def test_a_line_runs_from_its_token_to_the_one_looked_at(pinned: tuple[str, int] | None) -> None:
    weights = np.zeros((1, 1, 3, 5))
    weights[0, 0, 1, 3] = 1
    svg = svg_of(head_view(record(weights, list("abc"), list("vwxyz"), kind="cross"), 0, pinned=pinned))
    places = {element.text: place_of(element)[1] for element in svg.iter() if element.tag.endswith("text")}
    (line,) = (
        each for each in svg.iter() if each.get("stroke") == HEAD_COLOURS[0] and each.tag.endswith("line")
    )
    start = place_of(line)[1]
    ends = [start, start + float(line.get("y2", 0))]
    if pinned == ("key", 3):
        ends.reverse()  # there it starts at the key
    # Letters hang a third of their size below the middle of their line.
    assert [round(place - end) for place, end in zip((places["b"], places["y"]), ends, strict=True)] == [4, 4]


@pytest.mark.parametrize(("tokens", "thick"), [(6, True), (80, False)])
@pytest.mark.parametrize("pinned", [None, ("query", 1)])
def test_lines_are_a_pixel_thick_where_rows_are_low(
    tokens: int, thick: bool, pinned: tuple[str, int] | None
) -> None:
    attention = record(np.eye(tokens)[None, None], [f"w{place}" for place in range(tokens)])
    svg = svg_of(head_view(attention, 0, pinned=pinned))
    lines = [
        each for each in svg.iter() if each.get("stroke") == HEAD_COLOURS[0] and each.tag.endswith("line")
    ]
    behind = [each for each in svg.iter() if each.get("stroke") == LIGHT.faint and each.tag.endswith("line")]
    assert (len(lines), len(behind)) == ((1, tokens - 1) if pinned else (tokens, 0))
    assert all((float(line.get("stroke-width", 1)) > 1) == thick for line in lines + behind)


def test_no_line_is_drawn_where_no_weight_is_worth_it() -> None:
    empty = record(np.full((1, 1, 2, 2), np.nan), ["a", "b"])
    assert head_picture(empty, 0).tables["lines"].num_rows == 0


def test_empty_rows_are_drawn_as_empty() -> None:
    weights = np.full((1, 2, 3, 3), 1 / 3)
    weights[0, :, 1] = np.nan
    picture = head_picture(record(weights, ["a", "b", "c"]), 0)
    assert {query for _, query, _ in detailed_weights(picture.tables)} == {0, 2}
    assert {query for _, query, _ in drawn_lines(picture)} == {0, 2}


@pytest.mark.parametrize(
    ("layer", "heads", "words"),
    [
        (2, None, "no layer 2"),
        (-1, None, "has 2 layers, counted from 0: there is no layer -1"),
        (0, [0, 3], "has 3 heads, counted from 0: there is no head 3"),
        (0, [], "at least one"),
    ],
)
def test_a_wrong_layer_or_head_is_answered_in_words(layer: int, heads: list[int] | None, words: str) -> None:
    with pytest.raises(AttnlitError, match=words):
        head_picture(random_record(layers=2, heads=3), layer, heads)


def test_the_table_holds_every_weight_by_head_and_position() -> None:
    attention = record(random_record(layers=1, heads=2, queries=11).weights, LIST_OF_WORDS)
    table = head_table(attention, 0, [1])
    columns = ["model", "layer", "head", "query", "query position", "key", "key position", "weight"]
    assert list(table.columns) == columns
    assert table[["model", "layer", "head"]].drop_duplicates().to_numpy().tolist() == [["hand-made", 0, 1]]
    assert len(table) == 121
    cell = table[(table["query position"] == 7) & (table["key position"] == 4)]
    assert cell["query"].item() == "it"
    assert cell["key"].item() == "the"
    assert cell["weight"].item() == attention.weights[0, 1, 7, 4]
    assert len(head_table(attention, 0, [1], at_least=0.1)) == (attention.weights[0, 1] >= 0.1).sum()


def test_a_token_longer_than_its_column_is_cut_and_the_columns_stay_apart() -> None:
    attention = record(np.full((1, 1, 2, 2), 0.5), ["Donaudampfschifffahrtsgesellschaft" * 3, "b"])
    svg = svg_of(head_view(attention, 0, width=360))
    cut = [text for text in texts(svg) if text.startswith("Donau")]
    assert len(cut) == 2
    assert all(text.endswith("…") and len(text) < 20 for text in cut)


def test_a_diffuse_layer_sends_its_strongest_weights_not_all_of_them() -> None:
    scores = np.random.default_rng(0).uniform(1, 2, (1, 4, 120, 120))
    weights = (scores / scores.sum(-1, keepdims=True)).astype(np.float32)  # all are below 2 %
    travelling = detailed_weights(head_picture(record(weights, ["word"] * 120), 0).tables)
    assert len(travelling) == 24_000
    strongest = np.sort(weights[0].ravel())[-24_000]
    assert all(weights[0][place] >= strongest for place in travelling)


def test_a_budget_of_no_lines_draws_none_and_a_negative_one_is_refused() -> None:
    attention = random_record(layers=1, heads=2, queries=4)
    picture = head_picture(attention, 0, budget=0)
    assert picture.tables["lines"].num_rows == 0
    assert picture.notes[0].startswith("No lines are drawn")
    assert detailed_weights(picture.tables), "pointing still shows them"
    with pytest.raises(AttnlitError, match="0 or more, not -1"):
        head_picture(attention, 0, budget=-1)


def test_hidden_pairs_are_empty_in_the_table_and_zeros_are_zeros() -> None:
    weights = np.array([[[[1.0, 0.0], [1.0, 0.0]]]])
    table = head_table(record(weights, ["a", "b"], causal=True))
    assert table["weight"].tolist()[0] == 1
    assert np.isnan(table["weight"][1])  # the first token cannot see the second
    assert table["weight"].tolist()[2:] == [1, 0]  # the second can see itself, and does not look
    assert len(head_table(record(weights, ["a", "b"], causal=True), at_least=0.5)) == 2


def test_pieces_of_a_word_are_marked_as_joined() -> None:
    attention = record(np.full((1, 1, 3, 3), 1 / 3), ["p", "izz", "a"])
    pieces = tuple(replace(token, word=0) for token in attention.queries)
    drawn = texts(svg_of(head_picture(replace(attention, queries=pieces))))
    assert {"p", "·izz", "·a", "izz", "a"} <= set(drawn)


@pytest.mark.parametrize("width", [360, 700, 1400])
@pytest.mark.parametrize("heads", [1, 8])
def test_the_lines_take_the_width_that_the_tokens_leave(width: int, heads: int) -> None:
    attention = random_record(layers=1, heads=heads, queries=4)
    lines = [
        each
        for each in svg_of(head_picture(attention, 0), width=width).iter()
        if each.get("stroke", "").upper() in HEAD_COLOURS and each.tag.endswith("line")
    ]
    beside = 40 if width > 420 else 4  # for the numbers, which have no room of their own on a phone
    assert {float(line.get("x2", 0)) for line in lines} == {width - 2 * (72 + beside)}


def test_every_head_has_a_switch_where_heads_are_chosen_and_the_others_are_pale() -> None:
    picture = head_picture(random_record(heads=4), 0, [1, 3], answered="")
    switches = picture.tables["switches"].to_pylist()
    assert [(each["name"], each["slot"]) for each in switches] == [("0", 0), ("1", 1), ("2", 2), ("3", 3)]
    drawn = [
        float(each.get("fill-opacity", "1"))
        for each in svg_of(picture).iter()
        if each.get("fill", "").upper() in HEAD_COLOURS[:4]
    ]
    assert drawn == [0.16, 1, 0.16, 1]


def test_later_heads_repeat_the_colours_with_other_dashes() -> None:
    attention = record(np.tile(np.eye(2), (1, 17, 1, 1)), ["a", "b"])
    svg = svg_of(head_picture(attention, 0, [0, 8, 16]))
    dashes = {
        each.get("stroke-dasharray", "")
        for each in svg.iter()
        if each.tag.endswith("line") and each.get("stroke", "").upper() == HEAD_COLOURS[0]
    }
    assert len(dashes) == 3


def test_in_the_app_the_pinned_token_is_the_callers() -> None:
    attention = random_record(layers=1, heads=1, queries=4)
    assert "weight" in texts(svg_of(head_picture(attention, pinned=("key", 1))))
    row = head_picture(attention, pinned=("key", 1)).tables["tokens"].to_pylist()
    assert [(each["side"], each["index"]) for each in row if each["held"]] == [("key", 1)]
    assert percentages(svg_of(head_picture(attention))) == []


def test_an_entry_that_stands_for_all_heads_is_called_all() -> None:
    whole = replace(record(np.full((1, 1, 3, 3), 1 / 3), LIST_OF_WORDS[:3]), weighs=PASSED_ON + TOGETHER)
    shown = texts(svg_of(head_view(whole)))
    assert {"all", "Heads"} <= set(shown)
    assert set(head_table(whole)["head"]) == {"all"}
    assert set(head_table(replace(whole, weighs=PASSED_ON))["head"]) == {0}


def test_lengths_are_not_called_weights() -> None:
    weights = record(np.full((1, 1, 3, 3), 1 / 3), LIST_OF_WORDS[:3])
    for weighs, word in ((weights.weighs, "weight"), (PASSED_ON, "share")):
        tables = head_picture(replace(weights, weighs=weighs)).tables
        assert tables["setup"]["measure"].to_pylist() == [word]
