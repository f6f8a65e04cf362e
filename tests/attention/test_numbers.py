"""A model is recorded on its own device and in its own numbers; the record is float32 and the model's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from attnlit.analysis.ablation import switch_off
from attnlit.attention import attend, load
from attnlit.attention.edits import AttentionKnockout, DimensionsRemoved, HeadsAblated, PatternPatched
from attnlit.attention.forward import forward
from attnlit.attention.numbers import to_numpy
from attnlit.attention.reading import read
from attnlit.attention.softmax import softmax_error
from attnlit.models.model import Model
from tests import tiny

TEXT = "The cat sat on the mat."
DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")),
]
HALVES = [pytest.param(each, marks=pytest.mark.whole) for each in (torch.bfloat16, torch.float16)]
KINDS = [torch.float32, *HALVES]
ARCHITECTURES = ["bert", "gpt2", "llama", "gpt-oss", "bloom", "deberta-v2", "t5"]


def held(folder: Path, numbers: torch.dtype, device: str) -> tuple[Any, Any]:
    config = transformers.AutoConfig.from_pretrained(folder)
    model_class = getattr(transformers, config.architectures[0])
    module = model_class.from_pretrained(folder, dtype=numbers, attn_implementation="eager").to(device).eval()
    return module, transformers.AutoTokenizer.from_pretrained(folder)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("numbers", KINDS, ids=str)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_weights_are_the_models_own(
    architecture: str,
    numbers: torch.dtype,
    device: str,
    tiny_folder: Callable[[str], Path],
    tiny_model: Callable[[str], Model],
) -> None:
    module, tokenizer = held(tiny_folder(architecture), numbers, device)
    model = load(module, tokenizer=tokenizer)
    assert model.capture_route == tiny_model(architecture).capture_route != "weights"
    record = attend(model, TEXT, pair="The dog." if model.pairs == "target" else None)
    inputs = tokenizer(TEXT, return_tensors="pt").to(device)
    if model.pairs == "target":
        inputs["decoder_input_ids"] = torch.tensor([[0, 7]], device=device)
    with torch.no_grad():
        outputs = module(**inputs, output_attentions=True)
    matrices = outputs.encoder_attentions if model.pairs == "target" else outputs.attentions
    expected = torch.stack(matrices)[:, 0].float().cpu().numpy()
    assert record.weights.dtype == np.float32
    np.testing.assert_allclose(record.weights, expected, rtol=0, atol=1e-6)
    assert ("agree to two digits" in " ".join(model.notes)) == (numbers != torch.float32)
    error = max(softmax_error(record.inputs[layer], record.weights[layer]) for layer in range(model.layers))
    assert error < {torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 0.1}[numbers]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("numbers", KINDS, ids=str)
@pytest.mark.parametrize("architecture", ["gpt2", "bloom"])
def test_edits_are_made_there(
    architecture: str, numbers: torch.dtype, device: str, tiny_folder: Callable[[str], Path]
) -> None:
    module, tokenizer = held(tiny_folder(architecture), numbers, device)
    model = load(module, tokenizer=tokenizer)
    inputs = read(model, TEXT).inputs
    length = len(inputs["input_ids"])
    even = np.full((1, length, length), 1 / length, dtype=np.float32)
    plain = to_numpy(forward(model, [inputs]).logits)
    for edit in (
        HeadsAblated(kind="self", layer=1, heads=(2,)),
        HeadsAblated(kind="self", layer=1, heads=(2,), mean=True),
        DimensionsRemoved(kind="self", layer=1, heads=(2,), dimensions=(0, 3)),
        AttentionKnockout(kind="self", layer=1, heads=(2,), edges=((3, 1),)),
        PatternPatched(kind="self", layer=1, heads=(2,), weights=even),
    ):
        found = forward(model, [inputs], edits=[edit]).logits
        assert found.device.type == device
        assert np.abs(to_numpy(found) - plain).max() > 1e-3
    assert switch_off(model, TEXT, [(1, 2)]).kl > 0


def test_a_model_on_another_device_is_not_moved(tiny_folder: Callable[[str], Path]) -> None:
    module, tokenizer = held(tiny_folder("gpt2"), torch.bfloat16, "cpu")
    model = load(module, tokenizer=tokenizer)
    assert {each.dtype for each in model.module.parameters()} == {torch.bfloat16}
    assert model.layers == tiny.LAYERS
