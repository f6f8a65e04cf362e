"""Reading the texts of a survey: steps, what is kept between them, and parts that other machines read."""

from __future__ import annotations

import gc
import pickle
import weakref
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from attnlit.analysis.survey import Survey, controls, finish, order, partial, run, steps, survey
from attnlit.attention.capture import untrained
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests.analysis.survey.every_bit import every_bit
from tests.analysis.survey.planted_texts import TEXTS
from tests.tolerances import ROUNDING


def test_texts_that_are_too_short_or_too_long_are_left_out_and_counted(model: Model) -> None:
    result = survey(model, [*TEXTS[:12], ("the cat", None), ("the cat " * 200, None)])
    assert (result.texts, result.left_out) == (12, 2)
    with pytest.raises(AttnlitError, match="10 tokens"):
        survey(model, [("the cat", None)])
    with pytest.raises(AttnlitError, match="at most"):
        survey(model, [("the cat " * 200, None)])


@pytest.mark.parametrize(
    ("kind", "counts"),
    [("encoder", [True, True, False]), ("decoder", [True, False, True]), ("cross", [True, False, False])],
)
def test_only_the_text_that_looks_or_is_looked_at_must_be_long(
    kind: str, counts: list[bool], tiny_model: Callable[[str], Model]
) -> None:
    """An encoder reads no target: there is none, or one of any length."""
    long, short = "The dog lay on the rug; it was tired.", "It."
    texts = [(long, long), (long, short), (short, long)]
    for text, is_scored in zip(texts, counts, strict=True):
        part = partial(tiny_model("t5"), [text], kind=kind)
        assert (part.trained.texts, part.trained.left_out) == ((1, 0) if is_scored else (0, 1))
    if kind == "encoder":
        assert partial(tiny_model("t5"), [long], kind=kind).trained.texts == 1


def test_random_tokens_are_read_once_for_a_model(
    model: Model, found: Survey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "sums_of_random", lambda *_: pytest.fail("read again"))
    again = survey(model, TEXTS[:10])
    np.testing.assert_array_equal(again.values["induction"], found.values["induction"])
    np.testing.assert_array_equal(again.untrained["induction"], found.untrained["induction"])


@pytest.mark.whole
def test_steps_can_be_left_at_any_time_and_count_to_the_end(model: Model) -> None:
    work = steps(model, TEXTS)
    first = next(work)
    assert first.survey is None
    work.close()  # what a cancel does
    *others, last = steps(model, TEXTS)
    done = [step.done for step in others]
    assert done == sorted(done)
    assert last.done == last.total
    assert last.survey is not None


@pytest.mark.whole
def test_a_survey_that_was_left_goes_on_where_it_was(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "PIECE", 8)
    left = None
    for step in steps(model, TEXTS):
        left = step.so_far or left
        if step.done > 10:
            break
    assert left is not None
    assert left.texts == 8
    *_, last = steps(model, TEXTS, so_far=left)
    assert last.survey is not None
    assert every_bit(last.survey) == every_bit(survey(model, TEXTS))


def test_a_model_too_large_to_be_held_twice_is_not_opened_untrained_and_no_roles(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNLIT_MAX_MODEL_MB", "1")
    result = survey(model, TEXTS[:12])
    assert not result.untrained
    assert "MB" in result.why_no_untrained
    assert not result.claimed["previous"].any()


@pytest.mark.whole
def test_surveys_at_the_same_time_share_an_untrained_model_and_the_last_takes_it_away(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def counted(trained: Model) -> Model:
        before = untrained(trained)
        made.append(weakref.ref(before))
        return before

    monkeypatch.setattr(run, "untrained", counted)
    both = [steps(model, TEXTS[:3]) for _ in range(2)]
    for _ in zip(*both, strict=True):
        pass
    assert len(made) == 1
    del both
    gc.collect()
    assert made[0]() is None


@pytest.mark.whole
def test_parts_of_a_survey_make_the_same_in_any_order_to_the_byte(model: Model) -> None:
    texts = [*TEXTS, ("the cat", None), ("the cat " * 200, None)]  # too short, and too long
    every = range(len(texts))
    parts = [partial(model, texts[at : at + 5], places=every[at : at + 5]) for at in every[::5]]
    parts.append(controls(model, texts))
    parts = [pickle.loads(pickle.dumps(part)) for part in parts]  # as if they came from other machines
    random = np.random.default_rng(0)
    orders = [[parts[place] for place in random.permutation(len(parts))] for _ in range(4)]
    whole = every_bit(finish(parts))
    assert all(every_bit(finish(order)) == whole for order in orders)
    alone = survey(model, texts)
    together = finish(parts)
    assert (together.texts, together.left_out, together.tokens) == (24, 2, alone.tokens)
    for name, values in alone.values.items():
        np.testing.assert_allclose(together.values[name], values, atol=ROUNDING)
        np.testing.assert_array_equal(together.counts[name], alone.counts[name])
        np.testing.assert_array_equal(together.claimed[name], alone.claimed[name])
        np.testing.assert_allclose(together.untrained[name], alone.untrained[name], atol=ROUNDING)


def test_parts_say_what_is_missing_and_what_does_not_belong_together(model: Model) -> None:
    short = partial(model, [("the cat", None)])
    with pytest.raises(AttnlitError, match="10 tokens"):
        finish([short])
    without = finish([short, partial(model, TEXTS, places=range(1, 25))])
    assert (without.texts, without.left_out) == (24, 1)
    assert not without.untrained
    assert not any(claimed.any() for claimed in without.claimed.values())
    with pytest.raises(ValueError, match="one model"):
        finish([short, replace(short, kind="encoder")])


@pytest.mark.whole
def test_a_model_of_many_heads_has_no_map_and_says_why(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    from attnlit.analysis.survey import summary, sums

    for module in (sums, summary):
        monkeypatch.setattr(module, "MOST_COMPARED_HEADS", 7)
    found = survey(model, TEXTS[:3])
    assert found.divergence is None
    assert "this model has 8" in found.why_no_divergence
    monkeypatch.setattr(sums, "MOST_COMPARED_HEADS", 8)
    assert survey(model, TEXTS[:3]).divergence is not None
