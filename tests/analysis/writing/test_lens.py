"""The logit lens, against the model's own states put through its own last norm."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from attnlit.analysis.writing import logit_lens, take_apart
from attnlit.attention.reading import read
from attnlit.errors import AttnlitError
from tests import many

pytestmark = pytest.mark.numeric

TEXT = "The cat sat on the mat, because it was"
NORMS = {
    "gpt2": lambda module: module.transformer.ln_f,
    "llama": lambda module: module.model.norm,
    "gemma2": lambda module: module.model.norm,
    "cohere": lambda module: module.model.norm,
    "gpt-neox": lambda module: module.gpt_neox.final_layer_norm,
    "qwen3.5": lambda module: module.model.norm,
}


@pytest.mark.parametrize("architecture", sorted(NORMS))
def test_each_layers_state_through_the_models_own_norm(architecture: str) -> None:
    model = many.model(architecture)
    module: Any = model.module
    inputs = {name: torch.tensor([ids]) for name, ids in read(model, TEXT).inputs.items()}
    layers: list[torch.Tensor] = []  # what enters each layer, then what the last one gives
    norm = NORMS[architecture](module)
    with torch.no_grad():
        outputs = module(**inputs, output_hidden_states=True)
        hook = norm.register_forward_pre_hook(lambda _, given: layers.append(given[0]))
        module(**inputs)
        hook.remove()
        states = [*outputs.hidden_states[:-1], layers[0]]
        expected = [module.lm_head(norm(state))[0, 4] for state in states]
    scale = getattr(module.config, "logit_scale", 1.0)
    cap = getattr(module.config, "final_logit_softcapping", None)
    table = logit_lens(take_apart(model, TEXT, position=4), top=3)
    assert table["layer"].unique().tolist() == list(range(-1, len(states) - 1))
    for layer, logits in enumerate(expected, start=-1):
        logits = logits * scale if cap is None else cap * torch.tanh(logits / cap)
        shares = logits.double().softmax(-1).numpy()
        rows = table[table["layer"] == layer]
        assert rows["id"].tolist() == np.argsort(-shares)[:3].tolist()
        np.testing.assert_allclose(rows["probability"], shares[rows["id"]], rtol=1e-3)
    own = outputs.logits[0, 4].double().softmax(-1).max()
    assert table["probability"][table["layer"] == len(states) - 2].iloc[0] == pytest.approx(
        float(own), rel=1e-4
    )


def test_a_model_that_norms_after_each_layer_has_no_lens() -> None:
    with pytest.raises(AttnlitError, match="norms its state after each layer"):
        logit_lens(take_apart(many.model("openai-gpt"), TEXT))
