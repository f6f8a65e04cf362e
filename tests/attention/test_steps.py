"""A step gives what a pass of the whole text gives, whatever a model keeps of the steps before it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from typing import Any

import numpy as np
import pytest
import torch

from attnlit.attention.answers import ask
from attnlit.attention.proof import prove
from attnlit.attention.steps import Steps
from attnlit.models.model import Model
from tests import many
from tests.tolerances import ROUNDING

pytestmark = pytest.mark.numeric

PROMPT = "The cat sat on the rug"
IDS = np.random.default_rng(0).integers(5, 60, 16).tolist()
GetModel = Callable[[str], Model]


@contextmanager
def read_by(module: torch.nn.Module) -> Iterator[list[int]]:
    """How many tokens each pass reads: one number for each time that the embedding is asked."""
    lengths: list[int] = []
    hook = module.get_input_embeddings().register_forward_pre_hook(
        lambda _, arguments: lengths.append(arguments[0].shape[-1])
    )
    try:
        yield lengths
    finally:
        hook.remove()


def begun(model: Model) -> Steps:
    reading = ask(model, PROMPT).reading
    tensors = {name: torch.tensor([ids]) for name, ids in reading.source.inputs.items()}
    steps = Steps(model, tensors, "input_ids" if reading.target is None else "decoder_input_ids")
    steps.add([] if reading.target is None else [reading.target.tokens[0].id])
    return steps


def walked(model: Model) -> np.ndarray:
    """The logits of each step along `IDS`: (steps, words)."""
    steps = begun(model)
    rows = []
    for id_ in IDS:
        rows.append(steps.logits())
        steps.add([id_])
    return np.array(rows)


def at_once(model: Model) -> np.ndarray:
    """The same from one pass of the whole text by the library's own eager attention."""
    module = copy.deepcopy(model.module)
    module.set_attn_implementation("eager")
    reading = ask(model, PROMPT).reading
    inputs = {"input_ids": torch.tensor([reading.source.inputs["input_ids"]])}
    grows = "input_ids"
    if reading.target is not None:
        grows = "decoder_input_ids"
        inputs[grows] = torch.tensor([[reading.target.tokens[0].id]])
    first = inputs[grows].shape[1] - 1
    inputs[grows] = torch.cat([inputs[grows], torch.tensor([IDS[:-1]])], dim=1)
    with torch.no_grad():
        return module(**inputs, use_cache=False).logits[0, first:].numpy()


def spoilt(model: Model, spoil: Callable[[Any], None]) -> Model:
    """The same model, which does something to what it has kept before it goes on from it."""
    module = copy.deepcopy(model.module)
    own = module.forward

    @wraps(own)
    def forward(*arguments: Any, **named: Any) -> Any:
        for name in {"cache", "past_key_values"} & named.keys():
            spoil(named[name])
        return own(*arguments, **named)

    module.forward = forward
    return replace(model, module=module)


# Full attention, windows, a sink with windows, a gate and a state that is carried on; none kept; two readers.
@pytest.mark.parametrize(
    "name",
    ["gpt2", "t5"]
    + [
        pytest.param(each, marks=pytest.mark.whole)
        for each in ("gemma2", "gpt-oss", "qwen3.5", "openai-gpt", "bart")
    ],
)
def test_steps_give_what_the_whole_text_does(name: str, tiny_model: GetModel) -> None:
    model = many.model(name) if name in ("qwen3.5", "openai-gpt") else tiny_model(name)
    expected = at_once(model)
    # A state that is carried on is made token by token here, and in chunks there: each of 16 steps rounds.
    tolerance = 10 * ROUNDING if name == "qwen3.5" else ROUNDING
    assert np.abs(walked(model) - expected).max() < tolerance * np.abs(expected).max()


def test_each_token_is_read_once_and_now_and_then_all_of_them_to_compare(tiny_model: GetModel) -> None:
    model = replace(tiny_model("gpt2"), module=copy.deepcopy(tiny_model("gpt2").module))
    with read_by(model.module) as lengths:
        walked(model)
    first = lengths[0]
    assert len(lengths) == len(IDS) + 2
    assert [length for length in lengths if length > 1] == [first, first + 1, 2 * (first + 1)]
    with read_by(model.module) as lengths:
        walked(model)
    assert lengths == [first, *[1] * (len(IDS) - 1)]  # this model is known


def forget(cache: Any) -> None:
    """What a model does that carries nothing on."""
    for layer in cache.layers:
        layer.values = torch.zeros_like(layer.values)


def fail(cache: Any) -> None:
    raise RuntimeError("no room for a next token")


@pytest.mark.parametrize("spoil", [forget, fail])
def test_a_model_that_keeps_wrongly_reads_everything_at_every_step(
    spoil: Callable[[Any], None], tiny_model: GetModel
) -> None:
    model = spoilt(tiny_model("gpt2"), spoil)
    expected = at_once(tiny_model("gpt2"))
    assert np.abs(walked(model) - expected).max() < ROUNDING * np.abs(expected).max()
    with read_by(model.module) as lengths:
        walked(model)
    assert min(lengths) > 1


def test_what_all_texts_keep_together_is_bounded_and_one_alone_may_keep_its_own(
    tiny_model: GetModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_model("gpt2")
    expected = at_once(model)
    monkeypatch.setattr("attnlit.models.limits.written_megabytes", lambda: 1e-6)
    alone = begun(model)
    alone.logits()
    with read_by(model.module) as lengths:
        beside = walked(model)
    assert min(lengths) > 1
    assert np.abs(beside - expected).max() < ROUNDING * np.abs(expected).max()
    del alone
    with read_by(model.module) as lengths:
        walked(model)
    assert lengths[-1] == 1


@pytest.mark.whole
def test_a_decoder_that_asks_what_routers_chose_gets_an_answer() -> None:
    kind = "SwitchTransformersForConditionalGeneration"
    sizes = {**many.ARCHITECTURES["t5"][1], "num_sparse_encoder_layers": 1, "num_experts": 2}
    model = prove(many.checkpoint("switch_transformers", kind, sizes))
    expected = at_once(model)
    assert np.abs(walked(model) - expected).max() < ROUNDING * np.abs(expected).max()
