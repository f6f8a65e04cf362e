"""What heads write, against what the model's own attention layers put out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from attnlit.analysis.direct import direct_logits, has_direct_path, head_writes
from attnlit.attention.weights import weights_together
from attnlit.models.model import Model

pytestmark = pytest.mark.numeric

IDS = [40, 7, 21, 33, 90, 12]


@pytest.mark.parametrize("architecture", ["gpt2", "llama"])
def test_weighted_by_attention_the_writings_of_all_heads_make_the_layers_output(
    architecture: str, tiny_model: Callable[[str], Model]
) -> None:
    model = tiny_model(architecture)
    module: Any = model.module
    parts = (
        [block.attn for block in module.transformer.h]
        if architecture == "gpt2"
        else [block.self_attn for block in module.model.layers]
    )
    outputs: list[np.ndarray] = []  # (queries, width) of each layer
    hooks = [
        part.register_forward_hook(lambda _, given, output: outputs.append(output[0][0].numpy()))
        for part in parts
    ]
    try:
        with torch.inference_mode():
            module(torch.tensor([IDS]))
    finally:
        for hook in hooks:
            hook.remove()
    (weights,) = weights_together(model, [{"input_ids": IDS}], "self")
    written = head_writes(model, IDS).numpy()  # (layers, heads, keys, width)
    summed = np.einsum("lhqk,lhkw->lqw", weights, written)
    # Biases are the same for every query, so they are not in the differences between queries.
    np.testing.assert_allclose(np.diff(summed, axis=1), np.diff(np.stack(outputs), axis=1), atol=1e-4)


def test_direct_logits_are_of_every_head_and_pair_of_tokens(tiny_model: Callable[[str], Model]) -> None:
    model = tiny_model("llama")
    assert direct_logits(model, IDS).shape == (model.layers, model.heads, len(IDS), len(IDS))


def test_models_of_another_layout_have_no_direct_path(tiny_model: Callable[[str], Model]) -> None:
    assert has_direct_path(tiny_model("gpt2"))
    assert not has_direct_path(tiny_model("bert"))
    assert not has_direct_path(tiny_model("gemma2"))  # norms what attention writes once more
