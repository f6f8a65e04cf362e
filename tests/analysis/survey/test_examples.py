"""Texts beside scores: ranked as a slow and plain count ranks them, of one size, the same in any order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnlit.analysis.survey import Survey, survey
from attnlit.analysis.survey.examples import KEPT, LEAST, both, collect
from attnlit.analysis.survey.lists import ranked_lists
from attnlit.analysis.survey.looks import CLEAR, DISTANCES, FLOOR
from attnlit.attention import Attention, attend, passed_on
from attnlit.models.model import Model
from tests.analysis.survey.planted_texts import TEXTS


@pytest.fixture(scope="module")
def records(model: Model) -> list[Attention]:
    """Attention that nobody planted, over the same tokens: a few looks stand out in each head."""
    random = np.random.default_rng(0)
    whole = [attend(model, *text) for text in TEXTS]
    return [replace(each, weights=uneven(each.weights.shape, random)) for each in whole]


def uneven(shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    weights = np.tril(random.exponential(size=shape) ** 4)
    return (weights / weights.sum(-1, keepdims=True)).astype(np.float32)


def group(distance: int) -> int:
    return max(number for number, first in enumerate(DISTANCES) if distance >= first)


def counted(records: list[Attention], layer: int, head: int) -> list[tuple[float, int, int, int]]:
    """(surprise, text, query, key) of each text's most surprising look, one weight after another."""
    looks = [
        (text, query, key, float(record.weights[layer, head, query, key]))
        for text, record in enumerate(records)
        for query in range(len(record.queries))
        for key in range(1, query)
    ]
    logs: dict[int, list[float]] = {}
    for _, query, key, weight in looks:
        logs.setdefault(group(query - key), []).append(np.log(max(weight, FLOOR)))
    best: dict[int, tuple[float, int, int, int]] = {}
    for text, query, key, weight in looks:
        surprise = np.log(max(weight, FLOOR)) - np.mean(logs[group(query - key)])
        if weight >= LEAST and (text not in best or surprise > best[text][0]):
            best[text] = (surprise, text, query, key)
    return sorted(best.values(), reverse=True)


@pytest.mark.parametrize("head", [(0, 0), (1, 3)])
def test_the_first_texts_are_those_of_the_largest_surprise_counted_plainly(
    records: list[Attention], head: tuple[int, int]
) -> None:
    examples = ranked_lists(collect(records, range(len(records))))
    expected = counted(records, *head)[:KEPT]
    found = examples.of(*head)
    assert [(each.number, each.query, each.key) for each in found] == [each[1:] for each in expected]
    np.testing.assert_allclose([each.surprise for each in found], [each[0] for each in expected], atol=1e-5)
    weights = [records[each.number].weights[*head, each.query, each.key] for each in found]
    np.testing.assert_array_equal([each.value for each in found], weights)
    clear = [record.weights[*head][np.tri(len(record.queries), k=-1, dtype=bool)] for record in records]
    firsts = [record.weights[*head, 1:, 0] for record in records]
    above = [
        (np.sort(each)[::-1] >= CLEAR).sum() > (first >= CLEAR).sum()
        for each, first in zip(clear, firsts, strict=True)
    ]
    assert examples.clear[head] == pytest.approx(np.mean(above))


def test_the_order_of_merging_and_the_size_of_parts_change_nothing(records: list[Attention]) -> None:
    whole = ranked_lists(collect(records, range(24))).table()
    parts = [collect(records[start : start + 3], range(start, start + 3)) for start in range(0, 24, 3)]
    for order in (range(8), [5, 2, 7, 0, 1, 6, 3, 4]):
        merged = parts[order[0]]
        for place in order[1:]:
            merged = both(parts[place], merged)
        assert ranked_lists(merged).table().equals(whole)
        assert list(merged.sources) == sorted(merged.sources)


def test_of_equal_looks_those_of_the_first_texts_are_kept_in_whatever_order(records: list[Attention]) -> None:
    first, last = (collect([records[0]] * 12, range(start, start + 12)) for start in (0, 12))
    for merged in (both(first, last), both(last, first)):
        kept = merged.best.texts[merged.best.texts >= 0]
        assert {*kept.tolist()} == {*range(KEPT)}
        assert ranked_lists(merged).table().equals(ranked_lists(both(first, last)).table())


def test_what_is_kept_does_not_grow_with_the_number_of_texts(records: list[Attention]) -> None:
    one = collect(records, range(24))
    many = one
    for copy in range(1, 9):
        many = both(many, collect(records, range(24 * copy, 24 * (copy + 1))))
    assert many.texts == 9 * 24
    assert many.best.values.shape == one.best.values.shape
    assert len(many.sample) == len(one.sample) == KEPT
    assert set(many.sources) == {
        *(int(each) for each in np.unique(many.best.texts) if each >= 0),
        *many.sample,
    }


@pytest.mark.whole
def test_any_texts_are_the_same_for_every_head_whatever_it_does_there(
    records: list[Attention], found: Survey
) -> None:
    texts = [
        {each.number for each in found.examples.of(layer, head, "sample")} for layer, head in np.ndindex(2, 4)
    ]
    assert all(each == texts[0] for each in texts)
    assert len(texts[0]) == KEPT
    other = ranked_lists(collect(records, range(24)))
    assert {each.number for each in other.of(0, 0, "sample")} == texts[0]
    assert {each.value for each in found.examples.of(0, 3, "sample")} == {0}  # weak as they are
    assert found.examples.of(0, 3) == []
    assert texts[0] != set(range(KEPT))


def test_planted_heads_have_the_texts_that_they_look_for(found: Survey) -> None:
    for layer, head, fits in (
        (0, 1, lambda words, query, key: key == query - 1),
        (0, 2, lambda words, query, key: words[key] == words[query]),
        (1, 2, lambda words, query, key: words[key - 1] == words[query]),
    ):
        some = found.examples.of(layer, head)
        assert some
        for each in some:
            words = f"{each.text} {each.pair or ''}".split()
            assert fits(words, each.query, each.key)
            place = each.key_place
            assert place is not None
            text = (each.text, each.pair or "")[place[0]]
            assert text[place[1] : place[2]] == words[each.key]
    assert found.examples.clear[0, 1] == 1
    assert found.examples.clear[0, 3] == 0  # the first token does not count


@pytest.mark.whole
def test_texts_in_which_a_head_writes_most_are_ranked_by_what_is_passed_on(model: Model) -> None:
    result = survey(model, TEXTS[:5], written=True)
    lengths = [passed_on(model, *text).weights[0, 1] for text in TEXTS[:5]]
    expected = sorted(
        (float(np.tril(each, -1)[:, 1:].max()) for each in lengths if np.tril(each, -1)[:, 1:].max() > 0),
        reverse=True,
    )
    some = result.examples.of(0, 1, "written")
    assert [each.value for each in some] == pytest.approx(expected)
    assert np.isnan([each.surprise for each in some]).all()
    assert survey(model, TEXTS[:5]).examples.of(0, 1, "written") == []
