"""A model that was pickled is the same model."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest
import torch

from attnlit.attention.capture import attend
from attnlit.models.model import Model
from tests import tiny


@pytest.mark.parametrize("architecture", ["llama", "t5", "deberta-v2"])
def test_a_model_can_be_sent_to_another_process(
    architecture: str, tiny_model: Callable[[str], Model]
) -> None:
    model = tiny_model(architecture)
    attention = attend(model, tiny.SENTENCES[0])  # transformers has hung its own hooks on it by now
    hooks = [len(part._forward_hooks) for part in model.module.modules()]
    arrived = pickle.loads(pickle.dumps(model))
    assert np.array_equal(attend(arrived, tiny.SENTENCES[0]).weights, attention.weights)
    with torch.inference_mode():
        inputs = {name: torch.tensor([[1, 2]]) for name in model.arguments if name.endswith("input_ids")}
        outputs = arrived.module(**inputs, output_hidden_states=True)
    assert [each for name, each in outputs.items() if "hidden_states" in name and len(each) > 1]
    assert hooks == [len(part._forward_hooks) for part in model.module.modules()]
    assert str(arrived) == str(model)
