"""A copy around the same weights: of whatever people hang on a model, and put in place of its parts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from torch.nn.utils import prune

from attnlit.attention import attend, load
from attnlit.attention.record import Attention
from attnlit.errors import AttnlitError
from tests import tiny
from tests.models.held import state
from tests.tolerances import ROUNDING

TEXT = "The cat sat on the mat."
GetFolder = Callable[[str], Path]
LAYER: Any = None  # what a notebook's cell names


@pytest.fixture
def held(tiny_folder: GetFolder) -> tuple[Any, Any]:
    folder = tiny_folder("gpt2")
    module = transformers.GPT2LMHeadModel.from_pretrained(folder, attn_implementation="sdpa")
    return module, transformers.AutoTokenizer.from_pretrained(folder)


def looked_at(module: Any, tokenizer: Any) -> Attention:
    """The record, once it is sure that the model was left as it was."""
    before = state(module)
    record = attend(load(module, tokenizer=tokenizer), TEXT)
    assert state(module) == before
    return record


class Notes:
    """Counts the passes that it sees; what has no copy is the usual thing in such objects."""

    def __init__(self) -> None:
        self.lock, self.seen = threading.Lock(), 0

    def take(self, *_: Any) -> None:
        with self.lock:
            self.seen += 1


def test_a_hook_that_cannot_be_copied_goes_on_taking_notes_itself(held: tuple[Any, Any]) -> None:
    module, tokenizer = held
    notes = Notes()
    module.transformer.h[1].register_forward_hook(notes.take)
    looked_at(module, tokenizer)
    assert notes.seen > 0


def test_what_hangs_on_a_model_need_have_no_copy(held: tuple[Any, Any]) -> None:
    module, tokenizer = held
    plain = looked_at(module, tokenizer)
    module.lock, module.back = [threading.Lock()], [module]
    module.transformer.h[0].last = module(**tokenizer(TEXT, return_tensors="pt")).logits
    assert (looked_at(module, tokenizer).weights == plain.weights).all()


def test_a_layer_that_torch_has_pruned(held: tuple[Any, Any]) -> None:
    module, tokenizer = held
    projection = module.transformer.h[0].attn.c_attn
    prune.random_unstructured(projection, "weight", amount=0.3)
    found = looked_at(module, tokenizer)
    prune.remove(projection, "weight")
    assert (looked_at(module, tokenizer).weights == found.weights).all()


def with_a_cell(layer: Any) -> Callable[..., Any]:
    own = layer.forward
    return lambda *given, **options: own(*given, **options)


def with_a_default(layer: Any) -> Callable[..., Any]:
    def forward(*given: Any, layer: Any = layer, **options: Any) -> Any:
        return type(layer).forward(layer, *given, **options)

    return forward


@pytest.mark.parametrize("put", [with_a_cell, with_a_default])
@pytest.mark.parametrize("place", ["transformer.h.0.attn", ""])
def test_a_function_in_place_of_forward_runs_the_copy(
    put: Callable[[Any], Callable[..., Any]], place: str, held: tuple[Any, Any]
) -> None:
    module, tokenizer = held
    plain = looked_at(module, tokenizer)
    layer = module.get_submodule(place)
    layer.forward = put(layer)
    found = looked_at(module, tokenizer)
    assert found.layer_numbers == plain.layer_numbers
    assert (found.weights == plain.weights).all()


def test_one_that_finds_the_owners_layer_by_its_name_is_refused(
    held: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    module, tokenizer = held
    layer = module.transformer.h[0].attn
    monkeypatch.setitem(globals(), "LAYER", layer)
    layer.forward = lambda *given, **options: type(LAYER).forward(LAYER, *given, **options)
    with pytest.raises(AttnlitError, match=r"in place of “forward” in “transformer.h.0.attn”"):
        load(module, tokenizer=tokenizer)


def test_outputs_have_names_whatever_the_configuration_says(held: tuple[Any, Any]) -> None:
    module, tokenizer = held
    plain = looked_at(module, tokenizer)
    module.config.return_dict = False
    assert (looked_at(module, tokenizer).weights == plain.weights).all()
    assert module.config.return_dict is False


def test_what_cannot_be_switched_any_more_is_looked_at_as_it_computes() -> None:
    """Falcon, made for sdpa, reports attention to later tokens, which it does not compute with."""
    tokenizer = tiny.byte_level()
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "alibi": False}
    module = tiny.build("FalconForCausalLM", sizes, len(tokenizer))
    assert module.config._attn_implementation == "sdpa"
    with torch.no_grad():
        last = module(**tokenizer(TEXT, return_tensors="pt"), output_hidden_states=True).hidden_states[-1]
    model = load(module, tokenizer=tokenizer)
    assert (model.causal, model.capture_route) == (True, "trace")
    record = attend(model, TEXT)
    assert not record.weights[..., ~torch.ones(record.weights.shape[2:]).tril().bool().numpy()].any()
    with torch.no_grad():
        found = model.module(**tokenizer(TEXT, return_tensors="pt"), output_hidden_states=True)
    assert (found.hidden_states[-1] - last).abs().max() < ROUNDING
