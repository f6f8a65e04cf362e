"""Sums of texts: of one size for any number, and exact in any order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnlit.analysis.survey.sums import BINS, EXACT, ROWS, merge, summarise
from attnlit.attention import attend
from attnlit.attention.record import Token, frozen
from attnlit.models.model import Model
from tests.analysis.survey.planted_texts import TEXTS


def test_scores_without_the_first_token_are_means_over_the_rows_that_are_left(model: Model) -> None:
    """Two texts, of which one leaves many more rows: each row counts once, not each text by its length."""
    even = np.tri(40) / np.arange(1, 41)[:, None]
    resting = np.eye(40)[[0] * 40]
    resting[:4] = even[:4]  # three rows with anything beyond the first token
    tokens = tuple(
        Token(id=place, text=f"w{place}", raw="", special=False, segment=0, position=place)
        for place in range(40)
    )
    whole = attend(model, *TEXTS[0])
    records = [
        replace(
            whole,
            weights=weights[None, None].astype(np.float32),
            queries=tokens,
            keys=tokens,
            layer_numbers=(0,),
        )
        for weights in (even, resting)
    ]
    bins = summarise(records, [0, 1]).bins
    for name, rows in (
        ("entropy_rest", [np.log(i) for i in range(1, 40)]),
        ("distance_rest", [(i - 1) / 2 for i in range(1, 40)]),
    ):
        added, count = (bins[0] + bins[1])[:, ROWS[name], 0, 0].ravel()
        assert count == 39 + 3
        assert added / EXACT / count == pytest.approx((np.sum(rows) + np.sum(rows[:3])) / (39 + 3), rel=1e-6)


def test_the_parts_of_a_text_make_the_whole(model: Model) -> None:
    records = [attend(model, *text) for text in TEXTS]
    whole = summarise(records, range(len(records)))
    parts = [
        summarise(records[start : start + 5], range(start, min(start + 5, 24)))
        for start in (0, 10, 20, 5, 15)
    ]
    merged = parts[0]
    for part in parts[1:]:
        merged = merge(part, merged)
    assert (merged.texts, merged.tokens, merged.divergence_rows) == (
        whole.texts,
        whole.tokens,
        whole.divergence_rows,
    )
    assert set(merged.bins) == set(whole.bins)
    assert set(merged.starts) == set(whole.starts)
    for number, block in whole.bins.items():
        np.testing.assert_allclose(merged.bins[number], block)
    np.testing.assert_allclose(merged.divergence, whole.divergence)


def test_sums_do_not_grow_with_the_number_of_texts(model: Model) -> None:
    record = attend(model, *TEXTS[0])
    few, many = (summarise([record] * count, range(count)) for count in (BINS, 3 * BINS))
    for part in ("bins", "starts"):
        sizes = [sum(each.nbytes for each in getattr(sums, part).values()) for sums in (few, many)]
        assert sizes[0] == sizes[1]


def test_permuting_heads_permutes_their_scores(model: Model) -> None:
    order = [2, 0, 3, 1]
    record = attend(model, *TEXTS[0])
    permuted = replace(record, weights=frozen(record.weights[:, order].copy()))
    one, other = (summarise([each], [0]).bins[0] for each in (record, permuted))
    assert one.shape == (2, max(rows.stop for rows in ROWS.values()), 2, 4)
    np.testing.assert_allclose(other, one[..., order])
