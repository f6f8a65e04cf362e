"""The rollout of what is passed on: what is measured, its null, and what comes of both."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from attnlit.analysis.flow import contributions_and_even, rollout
from attnlit.analysis.flow.uniform import uniform_weights
from attnlit.attention import attend
from attnlit.attention.filters import hide_special
from attnlit.attention.values import contributions
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests.bundled import bundled
from tests.tolerances import ROUNDING

pytestmark = pytest.mark.numeric

GetModel = Callable[[str], Model]
TEXT = "The cat sat on the mat, because it was tired."


@pytest.mark.parametrize("architecture", ["gpt2", "bert", "llama"])
def test_the_model_is_measured_beside_the_same_values_evenly_weighed(
    architecture: str, tiny_model: GetModel
) -> None:
    model = tiny_model(architecture)
    attention = attend(model, TEXT)
    own, even = contributions_and_even(model, attention)
    np.testing.assert_array_equal(own, contributions(model, TEXT))
    weights = [uniform_weights(attention, layer) for layer in range(attention.layers)]
    np.testing.assert_array_equal(even, contributions(model, TEXT, weights=weights))
    assert np.abs(own / own.sum(-1, keepdims=True) - even / even.sum(-1, keepdims=True)).max() > 0.05
    rolled = rollout(attention, contributions=(own, even))
    np.testing.assert_allclose(rolled.matrices.sum(axis=-1), 1, atol=ROUNDING)
    assert rolled.way == rolled.routes(1).way == "contributions"


def test_both_halves_of_an_encoder_decoder_can_be_followed_also_where_the_model_writes(
    tiny_model: GetModel,
) -> None:
    model = tiny_model("t5")
    for kind in ("encoder", "decoder"):
        attention = attend(model, TEXT, kind=kind)
        rolled = rollout(attention, contributions=contributions_and_even(model, attention))
        np.testing.assert_allclose(rolled.uniform.sum(axis=-1), 1, atol=ROUNDING)


def test_records_that_are_not_whole_are_refused(tiny_model: GetModel) -> None:
    model = tiny_model("bert")
    with pytest.raises(AttnlitError, match="the whole record is needed"):
        contributions_and_even(model, hide_special(attend(model, TEXT)))


def test_the_residual_of_a_trained_model_outweighs_what_rollout_takes_for_granted() -> None:
    model = bundled("mini-gpt2")
    attention = attend(model, TEXT)
    measured = rollout(attention, contributions=contributions_and_even(model, attention))
    last = len(attention.queries) - 1
    assert measured.matrices[-1, last, last] > rollout(attention).matrices[-1, last, last]
