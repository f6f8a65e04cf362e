"""Heads that do what somebody points at: planted ones come first, for the relation that the tokens have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attnlit.analysis.survey import Survey
from attnlit.analysis.survey.find import find_heads
from attnlit.attention import attend
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests.bundled import bundled

#       0   1   2     3   4   5   6     7   8   9
TEXT = "the cat saw , a dog . the cat saw"


@pytest.mark.parametrize(
    ("query", "key", "score", "head"),
    [
        (5, 4, "previous", (0, 1)),
        (8, 1, "same", (0, 2)),
        (5, 0, "first", (0, 3)),
        (8, 2, "induction", (1, 2)),  # after “cat” came “saw”
    ],
)
def test_pointing_at_two_tokens_finds_the_head_that_looks_so(
    query: int, key: int, score: str, head: tuple[int, int], model: Model, found: Survey
) -> None:
    result = find_heads(attend(model, TEXT), query, key, found)
    assert result.score is not None
    assert result.score.name == score
    first = result.table.iloc[0]
    assert (first["layer"], first["head"]) == head
    assert first["here"] == pytest.approx(1, abs=1e-6)
    assert first["overall"] == pytest.approx(1, abs=1e-6)
    assert len(result.table) == 8
    assert result.table["here"].iloc[1] < 0.5


def test_tokens_without_a_relation_are_ranked_by_how_unusual_the_look_is(model: Model, found: Survey) -> None:
    result = find_heads(attend(model, TEXT), 5, 2, found)
    assert result.score is None
    first = result.table.iloc[0]
    # Of the unplanted heads, which spread their attention evenly: a sixth here, less in longer texts.
    assert first["here"] == pytest.approx(1 / 6, abs=1e-6)
    assert first["usual"] < first["here"]
    times = (result.table["here"] / result.table["usual"])[result.table["here"] >= 0.1]
    assert times.is_monotonic_decreasing


def test_what_cannot_be_looked_at_is_said(model: Model, found: Survey) -> None:
    record = attend(model, TEXT)
    for query, key, says in (
        (2, 5, "no token sees a later one"),
        (99, 0, "no token 99"),
        (5, -1, "no token -1"),
    ):
        with pytest.raises(AttnlitError, match=says):
            find_heads(record, query, key, found)


def test_a_survey_of_another_model_is_refused(model: Model, found: Survey) -> None:
    of_its_size = replace(attend(model, TEXT), model="another")
    with pytest.raises(AttnlitError, match="Give one of the model"):
        find_heads(of_its_size, 2, 1, found)
    with pytest.raises(AttnlitError, match="Give one of the model"):
        find_heads(attend(bundled("mini-gpt2"), "The cat sat."), 2, 1, found)
