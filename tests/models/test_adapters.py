"""A model that PEFT has wrapped: looked at with its adapters, and left exactly as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from attnlit.attention import attend, load
from attnlit.errors import AttnlitError
from tests import tiny
from tests.models.held import state
from tests.tolerances import MISTAKE

peft = pytest.importorskip("peft")
pytestmark = pytest.mark.filterwarnings("ignore")  # peft asks transformers by names of older versions

TEXT = "The cat sat on the mat."
# Which layers get an adapter, by architecture.
ADAPTED = {
    "gpt2": ["c_attn"],
    "llama": ["q_proj", "k_proj"],
    "bert": ["query", "key"],
    "t5": ["q", "k"],
}
GetFolder = Callable[[str], Path]


@pytest.fixture
def wrap(tiny_folder: GetFolder) -> Callable[..., tuple[Any, Any]]:
    """(a model of an architecture with an adapter that changes much, its tokenizer)"""

    def make(architecture: str, config: Any = None) -> tuple[Any, Any]:
        folder = tiny_folder(architecture)
        kind = getattr(transformers, tiny.ARCHITECTURES[architecture][0])
        module = kind.from_pretrained(folder, attn_implementation="eager")
        wrapped = peft.get_peft_model(
            module, config or peft.LoraConfig(r=4, target_modules=ADAPTED[architecture], lora_dropout=0.5)
        )
        torch.manual_seed(1)
        with torch.no_grad():
            for name, weights in wrapped.named_parameters():
                if "lora_" in name:
                    weights.normal_(std=0.25)
        return wrapped, transformers.AutoTokenizer.from_pretrained(folder)

    return make


def attention_of(wrapped: Any, tokenizer: Any) -> torch.Tensor:
    """The weights that the wrapped model reports itself: (L, H, N, N)."""
    inputs = dict(tokenizer(TEXT, return_tensors="pt"))
    if wrapped.config.is_encoder_decoder:
        inputs["decoder_input_ids"] = torch.tensor([[0]])
    was = wrapped.training
    with torch.no_grad():
        outputs = wrapped.eval()(**inputs, output_attentions=True)
    wrapped.train(was)
    return torch.cat(outputs.get("encoder_attentions") or outputs.attentions)


@pytest.mark.parametrize("architecture", sorted(ADAPTED))
def test_it_is_seen_with_its_adapter_and_left_as_it_was(
    architecture: str, wrap: Callable[..., tuple[Any, Any]]
) -> None:
    wrapped, tokenizer = wrap(architecture)
    wrapped.train()  # as in the middle of training: dropout is on
    expected, base = attention_of(wrapped, tokenizer), wrapped.get_base_model()
    before, numbers = state(base), torch.random.get_rng_state()
    model = load(wrapped, tokenizer=tokenizer)
    found = torch.tensor(attend(model, TEXT).weights)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)
    assert state(base) == before
    assert torch.equal(torch.random.get_rng_state(), numbers)
    assert "Looked at with its adapter “default”." in model.notes

    with wrapped.disable_adapter():
        plain = load(wrapped, tokenizer=tokenizer)
        without = torch.tensor(attend(plain, TEXT).weights)
        torch.testing.assert_close(without, attention_of(wrapped, tokenizer), rtol=0, atol=1e-6)
    assert "Its adapters are switched off: this is the model without them." in plain.notes
    assert (without - expected).abs().max() > MISTAKE

    module = wrapped.merge_and_unload()
    merged = load(module, tokenizer=tokenizer)
    found = torch.tensor(attend(merged, TEXT).weights)
    torch.testing.assert_close(found, attention_of(module, tokenizer), rtol=0, atol=1e-6)
    assert (found - expected).abs().max() < MISTAKE < (found - without).abs().max()
    assert not any("adapter" in note for note in merged.notes)


@pytest.mark.parametrize("kind", ["PromptTuningConfig", "PrefixTuningConfig"])
def test_vectors_before_every_text_are_no_tokens(kind: str, wrap: Callable[..., tuple[Any, Any]]) -> None:
    config = getattr(peft, kind)(task_type="CAUSAL_LM", num_virtual_tokens=3)
    wrapped, tokenizer = wrap("llama", config)
    with pytest.raises(AttnlitError, match=r"puts 3 trained vectors before every text .*get_base_model"):
        load(wrapped, tokenizer=tokenizer)
    assert load(wrapped.get_base_model(), tokenizer=tokenizer).predicts
