"""Contributions against vectors multiplied by hand, with the states that the model itself reports."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from attnlit.attention import attend
from attnlit.attention.reading import read
from attnlit.attention.values import contributions, prove_values
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import many
from tests.attention.by_hand import TEXT, by_hand, inputs_of, run
from tests.tolerances import ROUNDING

pytestmark = pytest.mark.numeric

GetModel = Callable[[str], Model]


def states(model: Model, text: str) -> list[torch.Tensor]:
    """What enters each layer: (N, D) each."""
    tensors = {name: torch.tensor([ids]) for name, ids in read(model, text, None).inputs.items()}
    with torch.no_grad():
        return [each[0] for each in model.module(**tensors, output_hidden_states=True).hidden_states]


def output_bias(model: Model, layer: int) -> torch.Tensor:
    if model.architecture == "gpt2":
        return model.module.transformer.h[layer].attn.c_proj.bias
    if model.architecture == "bert":
        return model.module.bert.encoder.layer[layer].attention.output.dense.bias
    return torch.zeros(1)


def by_definition(parts: torch.Tensor, bias: torch.Tensor, own: torch.Tensor, norm, whole) -> np.ndarray:
    """max(0, |y_i| - |y_i - c_ij|), vector by vector: parts c (N, N, D), own states (N, D).

    norm, whole: what is made of a part of a state, and of the whole, before y and c.
    """
    count = len(own)
    found = np.zeros((count, count))
    for i in range(count):
        brought = [parts[i, j] + (own[i] if i == j else 0) for j in range(count)]
        new = whole(sum(brought) + bias)
        for j in range(count):
            found[i, j] = max(0.0, float(new.abs().sum() - (new - norm(brought[j])).abs().sum()))
    return found


@pytest.mark.parametrize("architecture", ["gpt2", "llama", "bert"])
def test_they_are_what_vectors_multiplied_by_hand_make_them(architecture: str, tiny_model: GetModel) -> None:
    model = tiny_model(architecture)
    found = contributions(model, TEXT)
    entering = states(model, TEXT)
    assert bool(prove_values(model).why_no_norm) == (architecture != "bert")
    for layer, heads in enumerate(by_hand(model, TEXT)):
        after = None  # the norm
        if architecture == "bert":
            after = model.module.bert.encoder.layer[layer].attention.output.LayerNorm
            assert after.bias.abs().max() > 0.1

        def norm(vector: torch.Tensor, after=after) -> torch.Tensor:
            return vector if after is None else (vector - vector.mean()) * after.weight

        def whole(vector: torch.Tensor, after=after) -> torch.Tensor:
            """What the model itself makes of it, but for the division by the norm's deviation."""
            return vector if after is None else after(vector) * (vector.var(correction=0) + after.eps).sqrt()

        with torch.no_grad():
            expected = by_definition(heads.sum(0), output_bias(model, layer), entering[layer], norm, whole)
        size = expected.max()
        np.testing.assert_allclose(found[layer] / size, expected / size, atol=ROUNDING)
    assert (found >= 0).all()


def test_a_gate_counts() -> None:
    """Qwen3.5 multiplies what a head puts out with a sigmoid that its query projection makes, too."""
    model = many.model("qwen3.5")
    part = next(each for each in model.module.modules() if type(each).__name__ == "Qwen3_5Attention")
    block = next(each for each in model.module.modules() if getattr(each, "self_attn", None) is part)
    with inputs_of([part.q_proj, block]) as seen:
        run(model, TEXT)
    own, entered = seen
    weights = torch.tensor(attend(model, TEXT).weights[0])
    gate = (entered @ part.q_proj.weight.T).unflatten(-1, (4, 16))[..., 8:].sigmoid().transpose(0, 1)
    values = (entered @ part.v_proj.weight.T).unflatten(-1, (2, 8)).transpose(0, 1).repeat_interleave(2, 0)
    projection = part.o_proj.weight.T.unflatten(0, (4, 8))
    gated = gate[:, :, None] * values[:, None]  # (H, Q, K, d)
    parts = torch.einsum("hqk,hqkd,hdw->qkw", weights, gated, projection)
    same = torch.nn.Identity()
    expected = by_definition(parts, torch.zeros(1), own, same, same)
    np.testing.assert_allclose(contributions(model, TEXT)[0], expected, atol=1e-4 * expected.max())


@pytest.mark.parametrize("architecture", ["gpt2", "bert"])
def test_many_tokens_are_taken_block_by_block(
    architecture: str, tiny_model: GetModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = contributions(tiny_model(architecture), TEXT)
    monkeypatch.setattr("attnlit.attention.contributions.NUMBERS_AT_ONCE", 3 * 4 * 32)  # three tokens
    np.testing.assert_allclose(
        contributions(tiny_model(architecture), TEXT), whole, atol=ROUNDING * whole.max()
    )


def test_a_causal_model_has_none_from_later_tokens(tiny_model: GetModel) -> None:
    found = contributions(tiny_model("gpt2"), TEXT)
    assert not found[:, *np.triu_indices(found.shape[1], 1)].any()


@pytest.mark.parametrize("architecture", ["gpt2", "bert", "t5", "gpt-oss"])
def test_the_models_own_weights_in_its_place_change_nothing(architecture: str, tiny_model: GetModel) -> None:
    model = tiny_model(architecture)
    attention = attend(model, TEXT)
    own, pair = attention.weights, attention.pair
    found = contributions(model, TEXT, pair)
    np.testing.assert_allclose(
        contributions(model, TEXT, pair, weights=list(own)), found, atol=1e-4 * found.max()
    )
    looking_at_themselves = [np.eye(own.shape[-1])[None]] * len(own)
    alone = contributions(model, TEXT, pair, weights=looking_at_themselves)
    assert not alone[:, ~np.eye(own.shape[-1], dtype=bool)].any()


def test_cross_attention_has_no_residual_of_its_own(tiny_model: GetModel) -> None:
    with pytest.raises(AttnlitError, match="no token looks at itself"):
        contributions(tiny_model("t5"), TEXT, "Der Hund.", "cross")
