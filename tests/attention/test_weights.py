"""Weights of several texts in one pass, without the model's head where that changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from attnlit.attention import attend_all
from attnlit.attention.reading import read
from attnlit.attention.weights import body_suffices, weights_together
from attnlit.models.model import Model
from tests.bundled import bundled

pytestmark = pytest.mark.numeric

TEXT, PAIR = "The cat sat on the mat.", "The dog lay on the rug."
GetModel = Callable[[str], Model]


@pytest.mark.parametrize("architecture", ["gpt2", "bert", "llama", "t5", "bart", "bloom", "roberta"])
def test_weights_without_the_head_are_those_of_the_whole_model(
    architecture: str, tiny_model: GetModel
) -> None:
    model = tiny_model(architecture)
    reading = read(model, TEXT, PAIR)
    for kind, record in attend_all(model, TEXT, PAIR).items():
        np.testing.assert_array_equal(weights_together(model, [reading.inputs], kind)[0], record.weights)


@pytest.mark.parametrize("name", ["mini-gpt2", "mini-bert"])
def test_no_logit_is_computed_where_only_attention_is_asked_for(name: str) -> None:
    model = bundled(name)
    inputs = read(model, TEXT).inputs
    assert body_suffices(model, inputs, "self")
    head: Any = model.module.get_output_embeddings()
    calls = []
    hook = head.register_forward_hook(lambda *_: calls.append(1))
    try:
        weights_together(model, [inputs], "self")
        assert not calls
        attend_all(model, TEXT)  # the whole model, so that the hook is known to work
        assert calls
    finally:
        hook.remove()


@pytest.mark.parametrize("kind", ["encoder", "decoder", "cross"])
def test_nothing_is_computed_after_the_last_weights_that_were_asked_for(
    kind: str, tiny_model: GetModel
) -> None:
    model = tiny_model("bart")
    inputs = read(model, TEXT, PAIR).inputs
    body: Any = model.module.base_model
    weights_together(model, [inputs], kind)  # once, to find out whether the body suffices
    calls: list[str] = []
    hooks = [
        module.register_forward_hook(lambda *_, name=name: calls.append(name))
        for name, module in body.named_modules()
    ]
    try:
        weights = weights_together(model, [inputs], kind)
        seen = {*calls}
        calls.clear()
        whole = attend_all(model, TEXT, PAIR)[kind]
    finally:
        for hook in hooks:
            hook.remove()
    np.testing.assert_array_equal(weights[0], whole.weights)
    last = f"{'encoder' if kind == 'encoder' else 'decoder'}.layers.{whole.layers - 1}"
    assert f"{last}.fc2" in calls  # the whole model goes on behind the attention
    assert f"{last}.fc2" not in seen
    assert ("encoder" in seen) == (kind != "encoder")


def test_a_body_that_looks_otherwise_is_not_taken(tiny_model: GetModel) -> None:
    """A model that prepares its inputs around its body has other weights without it, and is run whole."""
    model = tiny_model("gpt2")
    inputs = read(model, TEXT).inputs

    class Around(torch.nn.Module):
        """Turns the tokens round before the body reads them."""

        base_model = model.module.base_model
        device = model.module.device

        def forward(self, input_ids: torch.Tensor, **others: Any) -> Any:
            return model.module(input_ids.flip(1), **others)

    around = replace(model, module=Around())
    assert not body_suffices(around, inputs, "self")
    turned = {**inputs, "input_ids": inputs["input_ids"][::-1]}
    np.testing.assert_array_equal(
        weights_together(around, [inputs], "self"), weights_together(model, [turned], "self")
    )
