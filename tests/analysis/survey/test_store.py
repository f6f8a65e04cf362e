"""Surveys as files, parts as bytes: what comes back is what was given; all else is refused in words."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from attnlit.analysis.survey import Survey, controls, finish, partial
from attnlit.analysis.survey.lists import LISTS
from attnlit.analysis.survey.parts import from_bytes, to_bytes
from attnlit.analysis.survey.store import EXAMPLES_FILE, SCORES_FILE, Saved, load, save
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests.analysis.survey.every_bit import every_bit
from tests.analysis.survey.planted_texts import TEXTS


@pytest.fixture(scope="module")
def written(model: Model) -> Survey:
    return finish([partial(model, TEXTS, written=True), controls(model, TEXTS[:3])])


def test_a_part_travels_as_bytes_and_is_the_same(model: Model) -> None:
    texts = [*TEXTS[:12], ("the cat", None)]
    parts = [
        partial(model, texts[:6], written=True),
        partial(model, texts[6:], places=range(6, 13), written=True),
    ]
    parts.append(controls(model, texts[:3]))
    assert every_bit(finish([from_bytes(to_bytes(each)) for each in parts])) == every_bit(finish(parts))
    for wrong in (b"", b"PK", to_bytes(parts[0])[:-400]):
        with pytest.raises(AttnlitError, match="not part of a survey"):
            from_bytes(wrong)


def test_bytes_that_were_damaged_on_their_way(model: Model) -> None:
    sound = to_bytes(partial(model, TEXTS[:2]))
    damaged = 0
    for place in range(0, len(sound), 23):
        try:
            from_bytes(sound[:place] + bytes([sound[place] ^ 0xFF]) + sound[place + 1 :])
        except AttnlitError:
            damaged += 1
    assert damaged


def test_a_survey_comes_back_from_its_files(written: Survey, tmp_path: Path) -> None:
    save(Saved(written, "planted", "planted 1", "words"), tmp_path)
    back = load(tmp_path)
    assert (back.source, back.identity, back.texts) == ("planted", "planted 1", "words")
    for each in fields(Survey):
        ours, theirs = getattr(back.survey, each.name), getattr(written, each.name)
        if isinstance(theirs, dict):
            assert list(ours) == list(theirs)
            for name in theirs:
                np.testing.assert_array_equal(ours[name], theirs[name])
        elif each.name != "examples":
            np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(back.survey.examples.clear, written.examples.clear)
    np.testing.assert_array_equal(back.survey.examples.usual, written.examples.usual)
    for name in LISTS:
        assert repr(back.survey.examples.of(0, 1, name)) == repr(written.examples.of(0, 1, name))
    assert back.survey.examples.table().equals(written.examples.table())


def test_files_that_are_no_survey_are_refused_in_words(written: Survey, tmp_path: Path) -> None:
    with pytest.raises(AttnlitError, match="There is no survey"):
        load(tmp_path)
    save(Saved(written, "planted", "planted 1", "words"), tmp_path)
    scores = (tmp_path / SCORES_FILE).read_bytes()
    for file, content in ((SCORES_FILE, b"nonsense"), (SCORES_FILE, scores[:500]), (EXAMPLES_FILE, scores)):
        save(Saved(written, "planted", "planted 1", "words"), tmp_path)
        (tmp_path / file).write_bytes(content)
        with pytest.raises(AttnlitError, match="cannot be read"):
            load(tmp_path)
    (tmp_path / EXAMPLES_FILE).unlink()
    with pytest.raises(AttnlitError, match="incomplete"):
        load(tmp_path)
