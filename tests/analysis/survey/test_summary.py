"""What comes of a survey: planted heads come out first, and random weights have no role."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from attnlit.analysis.sample import SAMPLE
from attnlit.analysis.scores.repeated import COPIES, DRAWS, PERIOD
from attnlit.analysis.survey import Survey, roles_of, survey, table
from attnlit.analysis.survey.summary import claims
from attnlit.attention import load
from attnlit.attention.capture import untrained
from attnlit.models.model import Model
from tests import planted
from tests.analysis.survey.planted_texts import TEXTS
from tests.bundled import bundled
from tests.tolerances import ROUNDING


@pytest.mark.parametrize(
    ("score", "head"),
    [("previous", (0, 1)), ("same", (0, 2)), ("duplicate", (0, 2)), ("first", (0, 3)), ("induction", (1, 2))],
)
def test_planted_heads_come_first_with_the_exact_score_and_have_their_role(
    score: str, head: tuple[int, int], found: Survey
) -> None:
    values = found.values[score]
    assert np.unravel_index(np.argmax(values), values.shape) == head
    assert values[head] == pytest.approx(1.0, abs=ROUNDING)
    assert found.lower[score][head] == pytest.approx(1.0, abs=ROUNDING)
    assert found.claimed[score][head]
    assert found.claimed[score].sum() == 1


def test_the_copying_score_of_a_head_that_writes_what_it_sees_is_one(found: Survey) -> None:
    assert found.values["copying"][1, 2] == pytest.approx(1.0, abs=ROUNDING)
    assert np.isnan(found.values["copying"][0, 3])  # writes nothing


def test_a_previous_token_head_needs_no_real_words(found: Survey) -> None:
    assert found.values["previous_random"][0, 1] == pytest.approx(1.0, abs=ROUNDING)
    length = PERIOD * COPIES + 1  # after the model's first token
    even = (1 / np.arange(2, length + 1)).mean()  # of an unplanted head, one of all tokens up to its own
    assert found.values["previous_random"][1, 0] == pytest.approx(even, abs=ROUNDING)
    assert found.counts["previous_random"][0, 0] == DRAWS * (length - 1)


def test_a_head_that_writes_what_it_sees_suppresses_nothing(found: Survey) -> None:
    assert found.values["suppressing"][1, 2] == pytest.approx(-1.0, abs=ROUNDING)


@pytest.mark.whole
def test_a_head_that_takes_away_what_it_sees_suppresses_it(tmp_path: Path) -> None:
    module = planted.blank()
    planted.same_token(module, layer=1, head=2, to=planted.slot(0))
    planted.predict(module, planted.slot(0), logit=-5.0)
    result = survey(load(str(planted.save(module, tmp_path))), TEXTS)
    assert result.values["suppressing"][1, 2] == pytest.approx(1.0, abs=ROUNDING)
    assert result.values["copying"][1, 2] == pytest.approx(-1.0, abs=ROUNDING)


@pytest.mark.whole
def test_a_head_that_writes_the_next_word_is_a_successor_head_and_random_words_have_no_next(
    tmp_path: Path,
) -> None:
    module = planted.blank()
    planted.first_token(module, layer=1, head=1)
    planted.write_next(module, layer=1, head=1, to=planted.slot(0))
    planted.predict(module, planted.slot(0), logit=5.0)
    result = survey(load(str(planted.save(module, tmp_path))), TEXTS[:2])
    assert result.values["successor"][1, 1] == pytest.approx(1.0, abs=ROUNDING)
    assert result.counts["successor"][1, 1] == DRAWS * 5  # of one to six, over and over
    assert result.claimed["successor"].sum() == 1
    assert roles_of(result, 1, 1)[0].name == "successor"
    # The order in which random words are drawn is not the one in which they stand in the vocabulary.
    assert result.values["successor_random"][1, 1] < 0.2
    assert np.nanmax(result.untrained["successor"]) < 0.5


def test_a_head_that_writes_what_it_sees_is_no_successor_head(found: Survey) -> None:
    assert found.values["successor"][1, 2] == 0
    assert np.isnan(found.values["successor"][0, 3])  # writes nothing


@pytest.mark.whole
def test_a_head_that_writes_nothing_is_inactive_wherever_it_looks(tmp_path: Path) -> None:
    module = planted.blank()
    planted.previous_token(module, layer=0, head=0)
    planted.first_token(module, layer=0, head=1, to=planted.slot(0))
    planted.previous_token(module, layer=0, head=2, to=planted.slot(1))
    planted.same_token(module, layer=0, head=3, to=planted.slot(2))
    model = load(str(planted.save(module, tmp_path)))
    result = survey(model, TEXTS[:12], written=True)
    assert result.values["inactive"].tolist() == [[1, 0, 0, 0], [0, 0, 0, 0]]  # layer 1 writes nothing at all
    assert result.claimed["inactive"].tolist() == [[True, False, False, False], [False] * 4]
    assert result.claimed["previous"][0, 0]  # where it looks is another matter
    assert np.nanmax(result.untrained["inactive"]) == 0
    assert "inactive" not in survey(model, TEXTS[:2]).values  # lengths take a pass of their own


def test_an_unplanted_head_spreads_its_attention_evenly(found: Survey) -> None:
    lengths = np.array([len((text + " " + (pair or "")).split()) for text, pair in TEXTS])
    first = sum((1 / np.arange(1, length + 1)).sum() for length in lengths) / lengths.sum()
    breadth = sum(np.log(np.arange(1, length + 1)).sum() for length in lengths) / lengths.sum()
    assert found.values["first"][1, 0] == pytest.approx(first, abs=ROUNDING)
    assert found.values["entropy"][1, 0] == pytest.approx(breadth, abs=ROUNDING)
    assert roles_of(found, 1, 0) == []


def test_scores_count_the_tokens_and_texts_that_they_rest_on(found: Survey) -> None:
    texts = [(text + " " + (pair or "")).split() for text, pair in TEXTS]
    assert found.texts == len(TEXTS)
    assert found.tokens == found.counts["first"][0, 0] == sum(len(words) for words in texts)
    assert found.counts["previous"][0, 0] == sum(len(words) - 1 for words in texts)
    returned = sum(word in words[:place] for words in texts for place, word in enumerate(words))
    assert found.counts["same"][0, 0] == returned
    assert found.counts["induction"][0, 0] == DRAWS * PERIOD * (COPIES - 1)


def test_a_positional_head_keeps_its_offset_over_all_texts(found: Survey) -> None:
    lengths = np.array([len((text + " " + (pair or "")).split()) for text, pair in TEXTS])
    assert found.offset[0, 1] == -1
    assert found.values["positional"][0, 1] == pytest.approx(1)  # the first token has none before it
    assert found.counts["positional"][0, 1] == (lengths - 1).sum()


def test_the_untrained_model_stands_near_chance(found: Survey) -> None:
    for score in ("previous", "same", "induction", "duplicate"):
        assert np.nanmax(found.untrained[score]) < 0.25


@pytest.mark.whole
@pytest.mark.parametrize("name", ["mini-gpt2", "mini-bert"])
def test_no_role_is_claimed_of_random_weights(name: str) -> None:
    random = untrained(bundled(name))
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(7)
        for weights in random.module.parameters():  # not those of its own untrained model
            if weights.dim() > 1:
                weights.normal_(std=0.02)
    result = survey(random, SAMPLE[::4])
    assert not any(result.claimed[score].any() for score in result.values)


def test_a_role_needs_its_threshold_and_an_interval_above_the_untrained_model() -> None:
    # A head that reaches both, one below the threshold, one whose interval meets the untrained model's best.
    values, lower = {"previous": np.array([[0.6, 0.45, 0.6]])}, {"previous": np.array([[0.5, 0.4, 0.2]])}
    before = {"previous": np.array([[0.1, 0.3, 0.1]])}
    claimed = claims(values, lower, {"previous": 10}, before)
    assert claimed["previous"].tolist() == [[True, False, False]]
    assert not claims(values, lower, {"previous": 9}, before)["previous"].any()
    assert not claims(values, lower, {"previous": 10}, {})["previous"].any()


def test_no_role_is_claimed_on_a_few_texts(model: Model) -> None:
    result = survey(model, TEXTS[:3])
    assert not result.claimed["previous"].any()
    assert result.claimed["induction"][1, 2]  # rests on its own ten random sequences


@pytest.mark.parametrize(
    ("architecture", "kind"),
    [
        ("bert", "self"),
        pytest.param("llama", "self", marks=pytest.mark.whole),
        ("bloom", "self"),
        pytest.param("t5", "encoder", marks=pytest.mark.whole),
        ("t5", "cross"),
        ("bart", "decoder"),
    ],
)
def test_every_kind_of_model_is_scored(
    architecture: str, kind: str, tiny_model: Callable[[str], Model]
) -> None:
    texts = [
        ("The cat sat on the mat, because it was tired.", "The dog lay on the rug; it was tired."),
        ("A doctor asked the nurse a question; she answered.", "When the time came, nobody believed them."),
    ]
    result = survey(tiny_model(architecture), texts, kind=kind)
    assert result.texts == 2
    assert np.isfinite(result.values["first"]).all()
    assert ("induction" in result.values) == (architecture in ("llama", "bloom"))
    assert ("copying" in result.values) == (architecture == "llama")
    assert ("previous" in result.values) == (kind != "cross")
    assert len(table(result, "first")) == result.offset.size


def test_like_heads_are_near(found: Survey) -> None:
    assert found.divergence is not None
    assert found.divergence[4, 5] == pytest.approx(0, abs=ROUNDING)  # 1-0 and 1-1 are both unplanted
    assert found.divergence[1].argsort()[0] == 1
    assert found.divergence[1, 3] > 0.3  # the token before, and the first token
