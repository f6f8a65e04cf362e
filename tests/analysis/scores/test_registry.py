"""One entry is all that a score needs: sums, table, map and roles follow from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnlit.analysis.scores import BY_NAME, SCORES, head_roles
from attnlit.analysis.scores.evidence import InOrder, evidence_of, evidence_of_random
from tests.analysis.scores.hand_made import CAUSAL_UNIFORM, pair_record, planted, record

WORDS = [("<s>", None), *((word, 0) for word in ("a", ".", "a", "b", "a"))]
CAUSAL = evidence_of(
    record(planted(CAUSAL_UNIFORM, CAUSAL_UNIFORM), WORDS, causal=True),
    lengths=np.ones((1, 2, 6), np.float32),
)
PAIR = evidence_of(pair_record())
CROSS = evidence_of(replace(pair_record(), kind="cross"))
RANDOM = evidence_of_random(
    planted(CAUSAL_UNIFORM, CAUSAL_UNIFORM),
    np.array([1, 7, 8, 7, 8, 7]),
    np.tile(np.eye(2), (1, 2, 1, 1)),
    InOrder(np.tile(np.eye(3), (1, 2, 1, 1)), np.array([True, True, False])),
)


def test_names_and_titles_are_told_apart() -> None:
    assert len(BY_NAME) == len(SCORES) == len({score.title for score in SCORES})


@pytest.mark.parametrize("evidence", [CAUSAL, PAIR, CROSS, RANDOM], ids=["causal", "pair", "cross", "random"])
@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.name)
def test_every_score_that_applies_has_a_value_for_each_head_within_its_limits(score, evidence) -> None:
    if score.compute is None or not score.applies(evidence):
        return
    values = score.compute(evidence)
    assert values.shape == ((len(score.offsets), 1, 2) if score.offsets else (1, 2))
    assert (np.broadcast_to(score.count(evidence), values.shape) >= 0).all()
    known = values[np.isfinite(values)]
    if score.unit.limits is not None:
        assert ((known >= score.unit.limits[0]) & (known <= score.unit.limits[1])).all()


def test_every_score_applies_somewhere() -> None:
    for score in SCORES:
        if score.compute is None:
            assert score.across is not None
            continue
        somewhere = [CAUSAL, PAIR, CROSS] if score.of_texts else [RANDOM]
        assert any(np.isfinite(score.compute(each)).any() for each in somewhere if score.applies(each)), (
            score.name
        )


@pytest.mark.parametrize("causal", [True, False])
def test_the_table_of_one_text_has_the_scores_that_one_text_can_tell(causal: bool) -> None:
    whole = record(planted(CAUSAL_UNIFORM), WORDS, causal=True) if causal else pair_record()
    known = {score.name for score in SCORES if score.on_one_text}
    assert set(head_roles(whole)) <= known | {"layer", "head", "offset", "offset_share"}
    assert {"previous", "first", "punctuation", "entropy", "distance"} <= set(head_roles(whole))
    assert ("induction" in head_roles(whole)) == causal
