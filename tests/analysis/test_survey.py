"""Heads scored over many texts: planted heads come out first, and random weights have no role."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from attnlit.analysis import scores, survey
from attnlit.analysis.sample import SAMPLE
from attnlit.analysis.scores import SUMMED, merge, summarise
from attnlit.attention import attend, load
from attnlit.attention.capture import untrained
from attnlit.attention.record import Token, frozen
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import planted

WORDS = planted.WORDS[2:]
# Lengths differ, words return, and there are commas and pairs.
TEXTS = [
    (
        " ".join(np.random.default_rng(seed).choice(WORDS[:24], 12 + seed % 7)),
        None if seed % 3 else "the cat ,",
    )
    for seed in range(24)
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load(str(planted.save_with_roles(tmp_path_factory.mktemp("planted"))))


@pytest.fixture(scope="module")
def found(model: Model) -> survey.Survey:
    return survey.survey(model, TEXTS)


@pytest.mark.parametrize(
    ("score", "head"),
    [("previous", (0, 1)), ("same", (0, 2)), ("duplicate", (0, 2)), ("first", (0, 3)), ("induction", (1, 2))],
)
def test_planted_heads_come_first_with_the_exact_score_and_have_their_role(
    score: str, head: tuple[int, int], found: survey.Survey
) -> None:
    values = found.values[score]
    assert np.unravel_index(np.argmax(values), values.shape) == head
    assert values[head] == pytest.approx(1.0, abs=1e-6)
    assert found.lower[score][head] == pytest.approx(1.0, abs=1e-6)
    assert found.claimed[score][head]
    assert found.claimed[score].sum() == 1


def test_the_copying_score_of_a_head_that_writes_what_it_sees_is_one(found: survey.Survey) -> None:
    assert found.values["copying"][1, 2] == pytest.approx(1.0, abs=1e-5)
    assert np.isnan(found.values["copying"][0, 3])  # writes nothing


def test_an_unplanted_head_spreads_its_attention_evenly(found: survey.Survey) -> None:
    lengths = np.array([len((text + " " + (pair or "")).split()) for text, pair in TEXTS])
    first = sum((1 / np.arange(1, length + 1)).sum() for length in lengths) / lengths.sum()
    breadth = sum(np.log(np.arange(1, length + 1)).sum() for length in lengths) / lengths.sum()
    assert found.values["first"][1, 0] == pytest.approx(first, abs=1e-6)
    assert found.values["entropy"][1, 0] == pytest.approx(breadth, abs=1e-5)
    assert survey.roles_of(found, 1, 0) == []


def test_scores_count_the_tokens_and_texts_that_they_rest_on(found: survey.Survey) -> None:
    texts = [(text + " " + (pair or "")).split() for text, pair in TEXTS]
    assert found.texts == len(TEXTS)
    assert found.tokens == found.counts["first"][0, 0] == sum(len(words) for words in texts)
    assert found.counts["previous"][0, 0] == sum(len(words) - 1 for words in texts)
    returned = sum(word in words[:place] for words in texts for place, word in enumerate(words))
    assert found.counts["same"][0, 0] == returned
    assert found.counts["induction"][0, 0] == survey.DRAWS * survey.PERIOD * (survey.COPIES - 1)


def test_a_positional_head_keeps_its_offset_over_all_texts(found: survey.Survey) -> None:
    lengths = np.array([len((text + " " + (pair or "")).split()) for text, pair in TEXTS])
    assert found.offset[0, 1] == -1
    assert found.values["positional"][0, 1] == pytest.approx(1)  # the first token has none before it
    assert found.counts["positional"][0, 1] == (lengths - 1).sum()


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
        replace(whole, weights=weights[None, None].astype(np.float32), queries=tokens, keys=tokens)
        for weights in (even, resting)
    ]
    bins = summarise(records, [0, 1]).bins
    for name, rows in (
        ("entropy_rest", [np.log(i) for i in range(1, 40)]),
        ("distance_rest", [(i - 1) / 2 for i in range(1, 40)]),
    ):
        added, count = (bins[0] + bins[1])[:, SUMMED.index(name), 0, 0]
        assert count == 39 + 3
        assert added / count == pytest.approx((np.sum(rows) + np.sum(rows[:3])) / (39 + 3), rel=1e-6)


def test_the_untrained_twin_stands_near_chance(found: survey.Survey) -> None:
    for score in ("previous", "same", "induction", "duplicate"):
        assert np.nanmax(found.twin[score]) < 0.25


@pytest.mark.parametrize("name", ["mini-gpt2", "mini-bert"])
def test_no_role_is_claimed_of_random_weights(name: str) -> None:
    random = untrained(load(name))
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(7)
        for weights in random.module.parameters():  # not those of its own twin
            if weights.dim() > 1:
                weights.normal_(std=0.02)
    result = survey.survey(random, SAMPLE[::4])
    assert not any(result.claimed[score].any() for score in result.values)


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
    few, many = (summarise([record] * count, range(count)) for count in (scores.BINS, 3 * scores.BINS))
    for part in ("bins", "starts"):
        sizes = [sum(each.nbytes for each in getattr(sums, part).values()) for sums in (few, many)]
        assert sizes[0] == sizes[1]


def test_permuting_heads_permutes_their_scores(model: Model) -> None:
    order = [2, 0, 3, 1]
    record = attend(model, *TEXTS[0])
    permuted = replace(record, weights=frozen(record.weights[:, order].copy()))
    one, other = (summarise([each], [0]).bins[0] for each in (record, permuted))
    assert one.shape == (2, len(SUMMED), 2, 4)
    np.testing.assert_allclose(other, one[..., order])


def test_texts_that_are_too_short_or_too_long_are_left_out_and_counted(model: Model) -> None:
    result = survey.survey(model, [*TEXTS[:12], ("the cat", None), ("the cat " * 200, None)])
    assert (result.texts, result.left_out) == (12, 2)
    with pytest.raises(AttnlitError, match="10 tokens"):
        survey.survey(model, [("the cat", None)])
    with pytest.raises(AttnlitError, match="at most"):
        survey.survey(model, [("the cat " * 200, None)])


def test_a_role_needs_its_threshold_and_an_interval_above_the_untrained_model() -> None:
    # A head that reaches both, one below the threshold, one whose interval meets the twin's best head.
    values, lower = {"previous": np.array([[0.6, 0.45, 0.6]])}, {"previous": np.array([[0.5, 0.4, 0.2]])}
    twin = {"previous": np.array([[0.1, 0.3, 0.1]])}
    claims = survey._claims(values, lower, {"previous": 10}, twin)
    assert claims["previous"].tolist() == [[True, False, False]]
    assert not survey._claims(values, lower, {"previous": 9}, twin)["previous"].any()
    assert not survey._claims(values, lower, {"previous": 10}, {})["previous"].any()


def test_no_role_is_claimed_on_a_few_texts(model: Model) -> None:
    result = survey.survey(model, TEXTS[:3])
    assert not result.claimed["previous"].any()
    assert result.claimed["induction"][1, 2]  # rests on its own ten random sequences


def test_random_tokens_are_read_once_for_a_model(
    model: Model, found: survey.Survey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "_read_random", lambda *_: pytest.fail("read again"))
    again = survey.survey(model, TEXTS[:10])
    np.testing.assert_array_equal(again.values["induction"], found.values["induction"])
    np.testing.assert_array_equal(again.twin["induction"], found.twin["induction"])


def test_steps_can_be_left_at_any_time_and_count_to_the_end(model: Model) -> None:
    work = survey.steps(model, TEXTS)
    first = next(work)
    assert first.survey is None
    work.close()  # what a cancel does
    *others, last = survey.steps(model, TEXTS)
    done = [step.done for step in others]
    assert done == sorted(done)
    assert last.done == last.total
    assert last.survey is not None


def test_a_survey_that_was_left_goes_on_where_it_was(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "_WINDOW", 8)
    left = None
    for step in survey.steps(model, TEXTS):
        left = step.so_far or left
        if step.done > 10:
            break
    assert left is not None
    assert left.texts == 8
    *_, last = survey.steps(model, TEXTS, so_far=left)
    assert last.survey is not None
    whole = survey.survey(model, TEXTS)
    for name, values in whole.values.items():
        np.testing.assert_allclose(last.survey.values[name], values)
        np.testing.assert_allclose(last.survey.lower[name], whole.lower[name])


def test_a_role_is_told_in_words(found: survey.Survey) -> None:
    assert "**A previous-token head and a positional head.**" in survey.in_words(found, 0, 1)
    assert "100%" in survey.in_words(found, 0, 1)
    assert [role.score for role in survey.roles_of(found, 0, 3)] == ["first"]
    assert "No plain role" in survey.in_words(found, 1, 0)
    assert survey.shown("entropy", 1.234) == "1.23 nats"
    assert survey.shown("copying", -0.5) == "−0.50"
    assert survey.shown("previous", np.nan) == "–"


def test_a_model_too_large_to_be_held_twice_has_no_twin_and_no_roles(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNLIT_MAX_MODEL_MB", "1")
    result = survey.survey(model, TEXTS[:12])
    assert not result.twin
    assert "MB" in result.why_no_twin
    assert not result.claimed["previous"].any()


@pytest.mark.parametrize(
    ("architecture", "kind"),
    [
        ("bert", "self"),
        ("llama", "self"),
        ("bloom", "self"),
        ("t5", "encoder"),
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
    result = survey.survey(tiny_model(architecture), texts, kind=kind)
    assert result.texts == 2
    assert np.isfinite(result.values["first"]).all()
    assert ("induction" in result.values) == (architecture in ("llama", "bloom"))
    assert ("copying" in result.values) == (architecture == "llama")
    assert ("previous" in result.values) == (kind != "cross")
    table = survey.table(result, "first")
    assert len(table) == result.offset.size


def test_the_flat_map_keeps_distances_that_fit_into_the_plane() -> None:
    points = np.random.default_rng(0).normal(size=(9, 2))
    distances = np.linalg.norm(points[:, None] - points, axis=-1)
    placed = survey.classical_mds(distances)
    np.testing.assert_allclose(np.linalg.norm(placed[:, None] - placed, axis=-1), distances, atol=1e-9)


def test_like_heads_are_near(found: survey.Survey) -> None:
    assert found.divergence is not None
    assert found.divergence[4, 5] == pytest.approx(0, abs=1e-6)  # 1-0 and 1-1 are both unplanted
    assert found.divergence[1].argsort()[0] == 1
    assert found.divergence[1, 3] > 0.3  # the token before, and the first token


def test_surveys_at_the_same_time_share_a_twin_and_the_last_takes_it_away(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def counted(trained: Model) -> Model:
        made.append(trained.source)
        return untrained(trained)

    monkeypatch.setattr(survey, "untrained", counted)
    both = [survey.steps(model, TEXTS[:3]) for _ in range(2)]
    for _ in zip(*both, strict=True):
        pass
    assert len(made) == 1
    del both
    gc.collect()
    assert not survey._twins
