"""The reading view: the text as it was written, shaded by what was read of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import attnlit
from attnlit.attention.filters import keep
from attnlit.attention.record import PASSED_ON
from attnlit.charts.reading import reading_picture, reading_view
from attnlit.charts.reading.spec import UNSEEN
from attnlit.charts.theme import DARK, LIGHT, Theme, blend, contrast
from attnlit.errors import AttnlitError
from tests.answers import ROWS, WORDS, made_answer
from tests.charts.drawing import assert_vega_lite_takes, place_of, svg_of, texts
from tests.records import random_record, record

FIRST = ((0, 0),)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_words_that_were_not_there_yet_can_be_read(theme: Theme) -> None:
    """Most of an answer is, when its first word is chosen."""
    assert contrast(blend(theme.background, theme.text, UNSEEN), theme.background) >= 4.5


@pytest.mark.parametrize(("kept", "far_more"), [(1.0, False), (0.3, True)])
def test_none_is_said_to_get_far_more_than_nearly_all(kept: float, far_more: bool) -> None:
    (note, *_) = reading_picture(made_answer(kept=kept), FIRST).notes
    assert ("far more" in note) == far_more


def test_grounds_are_as_strong_as_what_the_chosen_word_read() -> None:
    picture = reading_picture(made_answer(), FIRST, [1])
    tables = picture.tables
    full = tables["setup"]["full"][0].as_py()
    assert full == pytest.approx(1)  # row 4 gives all to “blue”
    rows = tables["rows"]["shades"].to_pylist()
    wanted = [ROWS[3], ROWS[4], ROWS[5], ROWS[4]]
    assert [[int(each or 0) for each in row.split(",")] for row in rows] == [
        [round(1000 * each) for each in row] for row in wanted
    ]
    assert tables["rows"]["title"].to_pylist()[-1] == "Read to write “cause”"
    shown = texts(svg_of(reading_view(made_answer(), FIRST, [1])))
    assert [each.replace("\u200b", "") for each in shown][: len(WORDS)] == WORDS
    assert "Read to write “cause”" in shown
    assert "user 100%" in shown


def test_pointing_at_another_word_shows_what_was_read_for_that() -> None:
    picture = reading_picture(made_answer(), FIRST, [1])
    svg = svg_of(picture, hover=[{"choice": 2}])
    shown = texts(svg)
    assert "Read to write “sky”" in shown
    assert {"template 50%", "answer 50%"} <= set(shown)


def test_a_click_in_a_notebook_stays() -> None:
    picture = reading_picture(made_answer(), FIRST, [1])
    assert "Read to write “be”" in texts(svg_of(picture, pin=[{"choice": 0}]))
    nobody = texts(svg_of(picture, pin=[{"choice": -1}]))
    assert "Read to write “cause”" in nobody


def test_the_scale_is_one_for_all_words_and_leaves_out_the_first_token() -> None:
    picture = reading_picture(made_answer(kept=0.5), FIRST, [0])
    assert picture.tables["setup"]["full"][0].as_py() == pytest.approx(0.5)
    assert picture.tables["setup"]["most"][0].as_py() == "50%"
    assert "nowhere" in picture.tables["legend"]["name"].to_pylist()


def test_several_words_are_averaged_and_how_a_word_was_read_is_its_own_row() -> None:
    tables = reading_picture(made_answer(), FIRST, [0, 1]).tables
    mean = (np.array(ROWS[3]) + np.array(ROWS[4])) / 2
    last = [int(each or 0) / 1000 for each in tables["rows"]["shades"].to_pylist()[-1].split(",")]
    np.testing.assert_allclose(last, mean, atol=1e-3)
    assert tables["rows"]["title"].to_pylist()[-1] == "Read for 2 words, on average"
    own = reading_picture(made_answer(), FIRST, [2], once_read=True).tables
    assert own["rows"]["shades"].to_pylist()[-1] == ",,,,,,1000"
    assert own["rows"]["title"].to_pylist()[-1] == "Read by “sky”"


def test_any_record_can_be_read() -> None:
    shown = texts(svg_of(reading_view(random_record(), words=[2])))
    assert "Read by “from2”" in shown
    assert [each for each in shown if each.startswith("to")] == [f"to{place}" for place in range(5)]


def test_of_cross_attention_both_texts_stand_one_below_the_other() -> None:
    attention = random_record(queries=3, keys=4)
    svg = svg_of(reading_view(attention, words=[1]))
    assert {"to0", "to3", "from0", "from2"} <= set(texts(svg))
    places = {each.text: place_of(each) for each in svg.iter() if each.text in ("to3", "from0")}
    assert places["from0"][1] > places["to3"][1]
    tables = reading_picture(attention, words=[1]).tables
    assert tables["tokens"]["key"].to_pylist() == [0, 1, 2, 3, -1, -1, -1]
    assert tables["tokens"]["choice"].to_pylist() == [-1] * 4 + [0, 1, 2]


def test_of_one_sentence_looking_at_another_both_are_drawn_and_what_comes_later_is_not_seen() -> None:
    causal = replace(random_record(layers=1, heads=1, causal=True), pair="b")
    part = keep(causal, [2, 3], [0, 1, 3])
    tables = reading_picture(part, words=[0]).tables
    assert tables["tokens"]["text"].to_pylist() == ["to0", "to1", "to3", "from2", "from3"]
    assert tables["tokens"]["choice"].to_pylist() == [-1, -1, -1, 0, 1]
    assert tables["rows"]["limit"].to_pylist() == [1, 2, 1]


def test_all_texts_share_one_spec_which_altair_takes() -> None:
    one, other = reading_picture(made_answer()), reading_picture(random_record(queries=9, keys=30))
    assert one.spec is other.spec
    assert one.spec is not reading_picture(made_answer(), theme=DARK).spec
    for spec in (one.spec, one.spec_by_itself):
        assert_vega_lite_takes(spec)


def test_a_narrow_window_breaks_more_lines() -> None:
    picture = reading_picture(record(np.full((1, 1, 40, 40), 1 / 40), ["reading"] * 40))
    assert picture.height(320) > picture.height(900) > 0


@pytest.mark.parametrize(
    ("words", "breaks"),
    [(["天", "空", "は", "青", "い", "。"] * 12, True), (["שלום", "עולם", ",", "123", "יום"] * 8, False)],
)
def test_other_scripts_are_drawn_inside(words: list[str], breaks: bool) -> None:
    picture = reading_picture(record(np.full((1, 1, len(words), len(words)), 1 / len(words)), words))
    svg = svg_of(picture, width=360)
    drawn = [each for each in svg.iter() if each.tag.endswith("text") and each.text in words]
    assert len(drawn) == len(words)
    assert all(0 <= place_of(each)[0] < 360 for each in drawn)
    if not breaks:
        first, second = (place_of(each)[0] for each in drawn[:2])
        assert first > second  # from right to left


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"words": []}, "No word is chosen"),
        ({"words": [3]}, "there is no token 3"),
        ({"heads": [(4, 0)]}, "there is no layer 4"),
    ],
)
def test_mistakes_are_answered_in_words(asked: dict, told: str) -> None:
    with pytest.raises(AttnlitError, match=told):
        reading_view(made_answer(), **asked)
    with pytest.raises(AttnlitError, match="needs the whole record"):
        reading_view(replace(made_answer(), written=()))


def test_what_is_passed_on_is_said() -> None:
    norms = replace(made_answer(), weighs=PASSED_ON)
    assert any("length" in note for note in reading_picture(norms, FIRST).notes)


def test_it_is_public_and_a_token_cannot_be_markup() -> None:
    words = [*WORDS[:-1], "</script><b>"]
    assert "</script><b>" not in str(attnlit.reading_view(made_answer(words)).to_dict())
