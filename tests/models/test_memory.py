"""A model that its owner holds: looked at as it is, and left exactly as it was."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from attnlit.analysis.ablation import switch_off_each
from attnlit.attention import attend, load
from attnlit.attention.capture import untrained
from attnlit.errors import AttnlitError
from tests import tiny
from tests.models.held import state
from tests.tolerances import MISTAKE, ROUNDING

TEXT = "The cat sat on the mat."
GetFolder = Callable[[str], Path]


@pytest.fixture
def held(tiny_folder: GetFolder) -> tuple[Any, Any]:
    """A model as somebody has loaded it, and its tokenizer."""
    folder = tiny_folder("gpt2")
    module = transformers.GPT2LMHeadModel.from_pretrained(folder, attn_implementation="sdpa")
    return module, transformers.AutoTokenizer.from_pretrained(folder)


@pytest.mark.parametrize("training", [True, False])
def test_it_is_left_exactly_as_it_was(training: bool, held: tuple[Any, Any]) -> None:
    module, tokenizer = held
    module.train(training)
    module.transformer.wte.requires_grad_(False)
    module.config.use_cache = True
    before, weights = state(module), copy.deepcopy(module.state_dict())
    model = load(module, tokenizer=tokenizer)
    attend(model, TEXT)
    untrained(model)
    assert state(module) == before
    assert all(torch.equal(each, weights[name]) for name, each in module.state_dict().items())
    assert not model.module.training


def test_it_shows_what_a_folder_shows(held: tuple[Any, Any], tiny_folder: GetFolder) -> None:
    module, tokenizer = held
    module.train()
    model, local = load(module, tokenizer=tokenizer), load(tiny_folder("gpt2"))
    found, expected = attend(model, TEXT), attend(local, TEXT)
    assert (found.weights == expected.weights).all()
    assert (found.vectors(1, 2).q == expected.vectors(1, 2).q).all()
    assert (model.predicts, model.capture_route) == (True, local.capture_route)


def test_a_class_of_its_owner_may_pass_on_whatever_its_forward_is_given(tiny_folder: GetFolder) -> None:
    class Timed(transformers.GPT2LMHeadModel):
        def forward(self, *given: Any, **named: Any) -> Any:
            return super().forward(*given, **named)

    folder = tiny_folder("gpt2")
    model = load(Timed.from_pretrained(folder), tokenizer=transformers.AutoTokenizer.from_pretrained(folder))
    assert (attend(model, TEXT).weights == attend(load(folder), TEXT).weights).all()


def test_its_weights_are_shared_and_not_copied(held: tuple[Any, Any]) -> None:
    module, tokenizer = held
    model = load(module, tokenizer=tokenizer)
    theirs = dict(module.named_parameters())
    ours = dict(model.module.named_parameters())
    assert ours.keys() == theirs.keys()
    assert all(each.data_ptr() == theirs[name].data_ptr() for name, each in ours.items())
    assert not any(each.requires_grad for each in ours.values())
    before = attend(model, TEXT).weights.copy()
    with torch.no_grad():
        module.transformer.h[0].attn.c_attn.weight.mul_(3.0)  # as a step of training would
    assert abs(attend(model, TEXT).weights - before).max() > MISTAKE


@pytest.mark.whole
def test_it_can_be_trained_on(held: tuple[Any, Any]) -> None:
    module, tokenizer = held
    attend(load(module, tokenizer=tokenizer), TEXT)
    module.train()
    batch = tokenizer(TEXT, return_tensors="pt")
    module(**batch, labels=batch["input_ids"]).loss.backward()
    assert all(each.grad is not None for each in module.parameters())


@pytest.mark.whole
def test_every_load_is_another_model(held: tuple[Any, Any]) -> None:
    module, tokenizer = held
    identities = {load(module, tokenizer=tokenizer).identity for _ in range(3)}
    assert len(identities) == 3


def test_the_hooks_of_its_owner_go_on_and_ours_are_not_among_them(held: tuple[Any, Any]) -> None:
    module, tokenizer = held
    plain = attend(load(module, tokenizer=tokenizer), TEXT).weights
    module.transformer.h[0].register_forward_hook(lambda part, given, made: 2 * made)
    steered = attend(load(module, tokenizer=tokenizer), TEXT).weights
    assert abs(steered[0] - plain[0]).max() == 0
    assert abs(steered[1:] - plain[1:]).max() > MISTAKE


@pytest.mark.whole
def test_a_pipeline_brings_its_tokenizer(held: tuple[Any, Any]) -> None:
    module, tokenizer = held
    pipeline = transformers.pipeline("text-generation", model=module, tokenizer=tokenizer, device="cpu")
    assert (
        attend(load(pipeline), TEXT).weights == attend(load(module, tokenizer=tokenizer), TEXT).weights
    ).all()


# The usual backend would start a process for every processor, which outlives the tests.
compiled = functools.partial(torch.compile, backend="eager")


def with_a_layer_compiled(module: Any) -> Any:
    module.transformer.h[0] = compiled(module.transformer.h[0])
    return module


def with_forward_compiled(module: Any) -> Any:
    module.forward = compiled(module.forward)
    return module


def compiled_in_place(module: Any) -> Any:
    module.compile(backend="eager")
    return module


@pytest.mark.whole
@pytest.mark.parametrize(
    "wrap",
    [compiled, with_a_layer_compiled, with_forward_compiled, compiled_in_place, torch.nn.DataParallel],
)
def test_a_compiled_or_wrapped_model_is_looked_at_inside(
    wrap: Callable[[Any], Any], held: tuple[Any, Any]
) -> None:
    module, tokenizer = held
    plain = attend(load(module, tokenizer=tokenizer), TEXT)
    found = load(wrap(module), tokenizer=tokenizer)
    assert (found.predicts, found.capture_route) == (True, "interface")
    assert (attend(found, TEXT).weights == plain.weights).all()


@pytest.mark.whole
def test_adapters_are_active(held: tuple[Any, Any]) -> None:
    """As peft does it: a wrapper around the base model, whose layers are replaced by adapted ones."""
    module, tokenizer = held
    plain = attend(load(module, tokenizer=tokenizer), TEXT).weights

    class Adapted(torch.nn.Module):
        def __init__(self, base: torch.nn.Module) -> None:
            super().__init__()
            self.base_layer, self.extra = base, torch.nn.Linear(tiny.WIDTH, 3 * tiny.WIDTH)

        def forward(self, given: torch.Tensor) -> torch.Tensor:
            return self.base_layer(given) + self.extra(given)

    class Wrapper(torch.nn.Module):
        peft_config = None

        def __init__(self, base: torch.nn.Module) -> None:
            super().__init__()
            self.base = base

        def get_base_model(self) -> torch.nn.Module:
            return self.base

    torch.manual_seed(0)
    module.transformer.h[1].attn.c_attn = Adapted(module.transformer.h[1].attn.c_attn)
    adapted = attend(load(Wrapper(module), tokenizer=tokenizer), TEXT).weights
    assert abs(adapted[0] - plain[0]).max() == 0
    assert abs(adapted[1] - plain[1]).max() > MISTAKE


class Numbers(torch.nn.Parameter):
    """Quantised, as bitsandbytes has them: whole numbers that know what one of them is worth."""

    def __new__(cls, numbers: torch.Tensor, worth: float) -> Numbers:
        self = torch.Tensor._make_subclass(cls, numbers, False)
        self.worth = worth
        return self


class Quantised(torch.nn.Module):
    def __init__(self, plain: Any, worth: float) -> None:
        super().__init__()
        self.weight = Numbers((plain.weight.detach() / worth).round().to(torch.int8), worth)
        self.bias = plain.bias

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        return given @ (self.weight.float() * self.weight.worth) + self.bias


@pytest.mark.whole
def test_a_quantised_weight_keeps_what_it_knows(held: tuple[Any, Any]) -> None:
    module, tokenizer = held
    attention = module.transformer.h[1].attn
    worth = float(attention.c_attn.weight.detach().abs().max()) / 127
    quantised = Quantised(attention.c_attn, worth)
    with torch.no_grad():
        attention.c_attn.weight.copy_(quantised.weight.float() * worth)
    expected = attend(load(module, tokenizer=tokenizer), TEXT).weights
    attention.c_attn = quantised
    before = state(module)
    found = attend(load(module, tokenizer=tokenizer), TEXT).weights
    assert abs(found - expected).max() <= ROUNDING
    assert state(module) == before


def test_what_kind_of_model_it_is(tiny_folder: GetFolder) -> None:
    folder = tiny_folder("bert")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    headless = load(transformers.BertModel.from_pretrained(folder), tokenizer=tokenizer)
    assert "no trained head" in headless.notes[0]
    masked = load(transformers.BertForMaskedLM.from_pretrained(folder), tokenizer=tokenizer)
    assert (masked.predicts, masked.masked, masked.name) == (True, True, folder.name)
    config = transformers.BertConfig.from_pretrained(folder)
    config.id2label, config.label2id = {0: "no", 1: "yes"}, {"no": 0, "yes": 1}
    classifier = load(transformers.BertForSequenceClassification(config), tokenizer=tokenizer)
    assert classifier.classes == ("no", "yes")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda module, tokenizer: (module, None), "Give the tokenizer of “gpt2”, too: attnlit.load("),
        (lambda module, tokenizer: (module, "gpt2"), "Give the tokenizer"),
        (lambda module, tokenizer: (torch.nn.Linear(2, 2), tokenizer), "this is of the type “Linear”"),
        (lambda module, tokenizer: (None, None), "this is of the type “NoneType”"),
        (lambda module, tokenizer: (module.state_dict(), tokenizer), "this is of the type “OrderedDict”"),
        (lambda module, tokenizer: (module.to("meta"), tokenizer), "Load it without offloading"),
    ],
)  # fmt: skip
def test_what_cannot_be_looked_at(
    make: Callable[[Any, Any], tuple[Any, Any]], sentence: str, held: tuple[Any, Any]
) -> None:
    model, tokenizer = make(*held)
    with pytest.raises(AttnlitError) as refused:
        load(model, tokenizer=tokenizer)
    assert sentence in str(refused.value)


def test_a_model_that_fails_by_itself_says_why(held: tuple[Any, Any]) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("no kernel for Double")

    model, tokenizer = held
    hook = model.register_forward_pre_hook(fail)
    try:
        with pytest.raises(AttnlitError, match=r"it fails by itself \(RuntimeError: no kernel for Double\)"):
            load(model, tokenizer=tokenizer)
    finally:
        hook.remove()


def test_a_model_of_pictures() -> None:
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    with pytest.raises(AttnlitError, match="Choose a text model"):
        load(transformers.ViTModel(transformers.ViTConfig(**sizes)), tokenizer=tiny.wordpiece())


def test_a_classifier_that_was_told_of_no_padding_reads_several_copies_of_a_text(
    held: tuple[Any, Any],
) -> None:
    sizes = {**tiny.ARCHITECTURES["gpt2"][1], "pad_token_id": None}
    module = transformers.GPT2ForSequenceClassification(transformers.GPT2Config(**sizes))
    model = load(module.eval(), tokenizer=held[1])
    assert len(switch_off_each(model, TEXT)) == tiny.LAYERS * tiny.HEADS
    assert module.config.pad_token_id is None
