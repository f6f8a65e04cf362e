"""What edits change at every word of a text, against switching a head off at one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from attnlit.analysis.ablation import switch_off
from attnlit.analysis.everywhere import MASK_EVERY, all_at_once, divergences
from attnlit.attention.edits import HeadsAblated
from attnlit.attention.reading import read
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests.tolerances import MISTAKE, ROUNDING

pytestmark = pytest.mark.numeric

TEXT = "The cat sat on the mat, because it was tired."
PAIR = "The dog lay on the rug."

GetModel = Callable[[str], Model]


def test_a_decoder_is_asked_for_each_word_from_the_token_before_it(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    asked = all_at_once(model, TEXT)
    assert asked.inputs == read(model, TEXT).inputs
    assert asked.places == tuple(range(len(asked.inputs["input_ids"]) - 1))


def test_a_targets_words_are_asked_for_after_its_start(tiny_model: GetModel) -> None:
    model = tiny_model("t5")
    target = read(model, TEXT, PAIR).target
    assert target is not None
    words = [token.position for token in target.tokens if not token.special]
    assert all_at_once(model, TEXT, PAIR).places == tuple(position - 1 for position in words)


def test_the_divergence_is_that_of_switching_off(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    asked = all_at_once(model, TEXT)
    last = replace(asked, places=(*asked.places, asked.places[-1] + 1))  # of the word after the text, too
    for mean, how in ((False, "zero"), (True, "mean")):
        off = HeadsAblated(kind="self", layer=1, heads=(2,), mean=mean)
        (found,) = divergences(model, last, [[off]])
        expected = switch_off(model, TEXT, [(1, 2)], how=how).kl
        assert found[-1] == pytest.approx(expected, rel=1e-3, abs=1e-7)
        assert found.max() > MISTAKE


def test_each_of_several_variants_has_a_row(tiny_model: GetModel) -> None:
    model = tiny_model("bert")
    asked = all_at_once(model, TEXT)
    off = [HeadsAblated(kind="self", layer=1, heads=(2,))]
    both = divergences(model, asked, [[], off])
    assert both.shape == (2, len(asked.places))
    np.testing.assert_allclose(both[1:], divergences(model, asked, [off]), atol=ROUNDING)


def test_nothing_off_changes_nothing(tiny_model: GetModel) -> None:
    for architecture in ("gpt2", "bert", "bloom"):
        asked = all_at_once(tiny_model(architecture), TEXT)
        np.testing.assert_allclose(divergences(tiny_model(architecture), asked, [[], []]), 0, atol=ROUNDING)


def test_a_masked_model_is_asked_for_every_seventh_word_at_once(tiny_model: GetModel) -> None:
    model = tiny_model("bert")
    text = f"{TEXT} {PAIR} {TEXT}"
    asked = all_at_once(model, text)
    masked = [place for place, id_ in enumerate(asked.inputs["input_ids"]) if id_ == model.mask_id]
    assert tuple(masked) == asked.places
    assert len(masked) > 2
    assert set(np.diff(masked)) == {MASK_EVERY}
    before = read(model, text).inputs["input_ids"]
    assert np.flatnonzero(np.array(before) != asked.inputs["input_ids"]).tolist() == masked
    assert len(all_at_once(model, "cat").places) == 1  # however short


def test_what_cannot_be_asked_is_a_mistake_in_words(tiny_model: GetModel) -> None:
    with pytest.raises(AttnlitError, match="too short"):
        all_at_once(tiny_model("gpt2"), "a")
    with pytest.raises(AttnlitError, match="no trained head for words"):
        all_at_once(replace(tiny_model("gpt2"), predicts=False), TEXT)
    with pytest.raises(AttnlitError, match="from left to right"):
        all_at_once(replace(tiny_model("gpt2"), causal=False), TEXT)
    asked, off = all_at_once(tiny_model("gpt2"), TEXT), HeadsAblated(kind="self", layer=0, heads=(9,))
    with pytest.raises(AttnlitError, match="no head 9"):
        divergences(tiny_model("gpt2"), asked, [[off]])
