"""What is lost without heads: against switching them off one by one, of models that fill in words, too."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from attnlit.analysis.ablation import switch_off
from attnlit.analysis.writing import guess, lost_without
from attnlit.errors import AttnlitError
from attnlit.models.model import Model

TEXT = "The cat sat on the mat, because it was"

GetModel = Callable[[str], Model]


def test_a_masked_model_guesses_the_chosen_word_which_is_left_out(tiny_model: GetModel) -> None:
    model = tiny_model("bert")
    found = guess(model, "The cat sat on the mat", position=2)
    assert found.left_out
    assert found.position == 2
    assert found.inputs["input_ids"][2] == model.mask_id
    there = guess(model, f"The {model.mask_token} sat on the mat")
    assert not there.left_out
    assert there.inputs == found.inputs
    assert (there.ids, there.probability) == (found.ids, found.probability)
    effects = [
        switch_off(model, f"The {model.mask_token} sat on the mat", [head]) for head in ((0, 1), (2, 3))
    ]
    expected = [
        np.log(each.before[0, found.ids[0]] / each.after[0, found.ids[0]])
        - np.log(each.before[0] / each.after[0]).mean()
        for each in effects
    ]
    told: list[tuple[int, int]] = []
    lost = lost_without(
        model, found, [("self", 0, 1), ("self", 2, 3)], lambda done, of: told.append((done, of))
    )
    np.testing.assert_allclose(lost, expected, rtol=1e-3, atol=1e-5)
    assert np.abs(lost).min() > 1e-4
    assert told[-1] == (2, 2)


def test_a_mark_stands_for_no_word_that_could_be_left_out(tiny_model: GetModel) -> None:
    with pytest.raises(AttnlitError, match="Choose a word of the text"):
        guess(tiny_model("bert"), TEXT, position=0)


def test_the_likeliest_word_is_said_to_be_that(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    best = guess(model, TEXT)
    assert best.likeliest
    assert not best.left_out
    other = next(word for word in ("cat", "dog") if word != best.words[0])
    asked = guess(model, TEXT, other)
    assert not asked.likeliest
    assert asked.words == (other,)
    assert asked.probability < best.probability
