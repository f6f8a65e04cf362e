"""What a model must show before anybody looks at its pictures."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from attnlit.attention import attend, attend_all, load, proof
from attnlit.attention.capture import untrained
from attnlit.attention.edits import HeadsAblated
from attnlit.attention.forward import forward
from attnlit.attention.reading import read
from attnlit.attention.softmax import softmax_error, softmax_tolerance
from attnlit.errors import AttnlitError
from attnlit.models.load import load as load_checkpoint
from attnlit.models.model import Checkpoint, Model
from tests import tiny
from tests.tolerances import ROUNDING

TEXT, PAIR = "The cat sat on the mat.", "The dog lay on the rug."
GetModel = Callable[[str], Model]
GetFolder = Callable[[str], Path]


def save(folder: Path, kind: str, options: dict[str, Any], tokenizer: Any, seed: int = 0) -> str:
    tokenizer.save_pretrained(folder)
    tiny.build(kind, options, len(tokenizer), seed).save_pretrained(folder)
    return str(folder)


def with_types(template: str, pair: str) -> Any:
    """A tokenizer in XLNet's way: <sep> and <cls> come last, and <cls> has a type of its own."""
    special = ["<unk>", "<s>", "</s>", "<cls>", "<sep>", "<pad>", "<mask>"]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=220, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(tiny.SENTENCES * 5, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=template, pair=pair, special_tokens=[("<sep>", 4), ("<cls>", 3)]
    )
    names = zip(
        ("unk_token", "bos_token", "eos_token", "cls_token", "sep_token", "pad_token", "mask_token"),
        special,
        strict=True,
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        model_max_length=tiny.POSITIONS,
        **dict(names),
    )


XLNET = {"d_model": tiny.WIDTH, "n_layer": 2, "n_head": tiny.HEADS, "d_inner": 64}
GPT2 = tiny.ARCHITECTURES["gpt2"][1]
BERT = tiny.ARCHITECTURES["bert"][1]


def difference_from_its_own(folder: str, kind: str, pair: str | None, **left_out: None) -> float:
    """Of our weights from those of `model(**tokenizer(text, pair))`, with nothing of ours."""
    module = getattr(transformers, kind).from_pretrained(folder, attn_implementation="eager").eval()
    inputs = transformers.AutoTokenizer.from_pretrained(folder)(TEXT, pair, return_tensors="pt")
    with torch.no_grad():
        own = module(**{**inputs, **left_out}, output_attentions=True).attentions
    return float(np.abs(attend(load(folder), TEXT, pair).weights - torch.cat(own).numpy()).max())


@pytest.mark.parametrize("pair", [None, PAIR])
def test_token_types_reach_a_model_that_has_some_whatever_its_configuration_calls_them(
    pair: str | None, tmp_path: Path
) -> None:
    tokenizer = with_types("$A:0 <sep>:0 <cls>:2", "$A:0 <sep>:0 $B:1 <sep>:1 <cls>:2")
    folder = save(tmp_path, "XLNetLMHeadModel", XLNET, tokenizer)
    assert "token_type_ids" in load(folder).arguments
    assert difference_from_its_own(folder, "XLNetLMHeadModel", pair) <= ROUNDING
    assert difference_from_its_own(folder, "XLNetLMHeadModel", pair, token_type_ids=None) > 0.01


def test_token_types_are_kept_from_a_model_that_takes_them_for_words(tmp_path: Path) -> None:
    """A GPT-2 with BERT's tokenizer: it would add the word number 0, [PAD], to every token."""
    folder = save(tmp_path, "GPT2LMHeadModel", GPT2, tiny.wordpiece())
    assert "token_type_ids" in inspect.signature(transformers.GPT2LMHeadModel.forward).parameters
    model = load(folder)
    assert model.arguments == ("input_ids", "attention_mask")
    assert any("they are left out" in note for note in model.notes)
    assert difference_from_its_own(folder, "GPT2LMHeadModel", None, token_type_ids=None) <= ROUNDING
    assert difference_from_its_own(folder, "GPT2LMHeadModel", None) > 0.01


def test_a_model_of_one_type_gets_none_from_a_tokenizer_of_two(tmp_path: Path) -> None:
    folder = save(tmp_path, "BertForMaskedLM", {**BERT, "type_vocab_size": 1}, tiny.wordpiece())
    assert attend(load(folder), TEXT, PAIR).segments.count(1) > 0
    assert difference_from_its_own(folder, "BertForMaskedLM", PAIR, token_type_ids=None) <= ROUNDING


def test_a_mistake_in_what_is_given_beside_the_ids_is_noticed(
    tiny_folder: GetFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A way of recording that is right for bare ids only: the proof reads a pair with its types, too."""
    from attnlit.attention import interface

    own_eager = interface.eager_function_of

    def spoilt(kind: type) -> Callable[..., Any]:
        def eager(module: Any, query: torch.Tensor, *args: Any, **options: Any) -> Any:
            output, weights = own_eager(kind)(module, query, *args, **options)
            return (output if query.shape[2] == 9 else output * 2), weights

        return eager

    monkeypatch.setattr(interface, "eager_function_of", spoilt)
    assert load(str(tiny_folder("bert"))).capture_route == "trace"


@pytest.mark.parametrize("architecture", ["bert", "gpt2", "t5"])
def test_weights_that_are_no_numbers_are_refused(architecture: str, tiny_folder: GetFolder) -> None:
    checkpoint = load_checkpoint(str(tiny_folder(architecture)))
    checkpoint.module.get_input_embeddings().weight[:] = torch.nan
    with pytest.raises(AttnlitError, match="damaged"):
        proof.prove(checkpoint)


@pytest.mark.whole
@pytest.mark.parametrize("architecture", ["bert", "gpt2", "bart"])
@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_one_weight_that_is_no_number_is_refused_wherever_it_is(
    architecture: str, number: float, tiny_folder: GetFolder
) -> None:
    """Also where no small input meets it, such as in the row of a rare word."""
    checkpoint = load_checkpoint(str(tiny_folder(architecture)))
    checkpoint.module.get_input_embeddings().weight[-1, 3] = number
    with pytest.raises(AttnlitError, match="damaged"):
        proof.prove(checkpoint)


@pytest.mark.parametrize("route", ["interface", "trace"])
def test_nan_passes_no_comparison(
    route: str, tiny_folder: GetFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A way of recording under which the model computes no numbers is no way."""
    original = proof.run

    def run(module: Any, inputs: Any, **options: Any) -> Any:
        outputs = original(module, inputs, **options)
        outputs["logits"] = outputs["logits"] * float("nan")
        return outputs

    checkpoint = load_checkpoint(str(tiny_folder("bert")))
    with monkeypatch.context() as patched:
        patched.setattr(proof, "run", run)
        model = proof.prove(checkpoint)
    assert model.capture_route == "weights"
    assert "changed what the model computes, by nan" in model.why_no_vectors


@pytest.mark.parametrize(
    "fault", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"),
              RuntimeError("can't start new thread")],
)  # fmt: skip
def test_a_fault_of_the_machine_is_not_taken_for_the_models(
    fault: Exception, tiny_folder: GetFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = load_checkpoint(str(tiny_folder("bert")))

    def full(*_: Any, **__: Any) -> Any:
        raise fault

    for where in ("attnlit.attention.proof.run", "attnlit.attention.routes.run"):
        with monkeypatch.context() as patched:
            patched.setattr(where, full)
            with pytest.raises(AttnlitError, match="memory"):
                proof.prove(checkpoint)
    assert proof.prove(checkpoint).capture_route == "interface"


@pytest.mark.whole
@pytest.mark.parametrize("architecture", ["llama", "gpt2", "t5"])
def test_large_scores_are_proven_as_small_ones_are(architecture: str, tmp_path: Path) -> None:
    """Scores in the hundreds, as Qwen2.5 has them, differ by more than 1e-5 from one processor to another."""
    tiny.save(architecture, tmp_path)
    checkpoint = scaled(load_checkpoint(str(tmp_path)), 6.0)
    model = proof.prove(checkpoint)
    assert model.capture_route == "interface"
    largest = 0.0
    for record in attend_all(model, TEXT, PAIR).values():
        for layer, inputs in enumerate(record.inputs):
            largest = max(
                largest, float(np.abs(inputs.scaling * inputs.q @ inputs.k[:1].transpose(0, 2, 1)).max())
            )
            assert softmax_error(inputs, record.weights[layer]) <= softmax_tolerance(inputs)
    assert largest > 100


def scaled(checkpoint: Checkpoint, factor: float) -> Checkpoint:
    for name, weights in checkpoint.module.named_parameters():
        if any(part in name for part in ("q_proj", "k_proj", "c_attn", "Attention.q", "Attention.k")):
            weights *= factor
    return checkpoint


def test_a_softmax_that_misses_by_more_is_refused(
    tiny_folder: GetFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = load_checkpoint(str(tiny_folder("bert")))
    monkeypatch.setattr("attnlit.attention.softmax.TOLERANCE", -1.0)
    assert proof.prove(checkpoint).capture_route == "weights"


DIFF = {
    "hidden_size": tiny.WIDTH, "num_hidden_layers": 2, "num_attention_heads": tiny.HEADS,
    "num_key_value_heads": 2, "intermediate_size": 64, "max_position_embeddings": tiny.POSITIONS,
}  # fmt: skip


@pytest.mark.whole
@pytest.mark.parametrize("head", [0, 3])
@pytest.mark.parametrize("route", ["interface", "trace"])
def test_a_head_that_attends_twice_is_off_in_both(head: int, route: str, tmp_path: Path) -> None:
    """DiffLlama makes the same attention twice, for two halves of its values."""
    model = load(save(tmp_path, "DiffLlamaForCausalLM", DIFF, tiny.byte_level()))
    assert model.capture_route == "interface"
    assert model.repeats == ((1, 0), (3, 2))
    assert [site is None for site in model.sites] == [False, True] * 2
    if route == "trace":
        model.module.set_attn_implementation("eager")
        model = replace(model, capture_route="trace")
    inputs = [read(model, TEXT).inputs]
    seen = []
    attention = model.module.model.layers[1].self_attn
    hook = attention.groupnorm.register_forward_hook(lambda _, args, out: seen.append(args[0]))
    try:
        plain = forward(model, inputs).logits
        edited = forward(model, inputs, edits=[HeadsAblated(kind="self", layer=1, heads=(head,))]).logits
        others = [HeadsAblated(kind="self", layer=1, heads=tuple({0, 1, 2, 3} - {head}))]
        forward(model, inputs, edits=others)
    finally:
        hook.remove()
    assert not torch.equal(plain, edited)
    # What goes into the norm is a sum over heads: that without the one, and that of the one alone.
    torch.testing.assert_close(seen[1] + seen[2], seen[0])
    pair = head % (tiny.HEADS // 2)
    alone = seen[2][0, :, pair]
    assert (alone != 0).any(-1).all()
    assert not seen[2][0, :, 1 - pair].any()


@pytest.mark.whole
def test_a_layer_and_a_head_are_enough(tmp_path: Path) -> None:
    sizes = {
        "BertForMaskedLM": ({**BERT, "num_hidden_layers": 1, "num_attention_heads": 1}, tiny.wordpiece),
        "GPT2LMHeadModel": ({**GPT2, "n_layer": 1, "n_head": 1}, tiny.byte_level),
        "BloomForCausalLM": ({"hidden_size": 32, "n_layer": 1, "n_head": 1}, tiny.byte_level),
        "T5ForConditionalGeneration": (
            {**tiny.ARCHITECTURES["t5"][1], "num_layers": 1, "num_heads": 1}, tiny.unigram,
        ),
    }  # fmt: skip
    for kind, (options, tokenizer) in sizes.items():
        model = load(save(tmp_path / kind, kind, options, tokenizer()))
        assert (model.layers, model.heads) == (1, 1)
        for record in attend_all(model, "a", None if model.pairs == "joined" else "b").values():
            assert record.weights.shape[:2] == (1, 1)
            assert record.vectors(0, 0).scores.shape == record.weights.shape[2:]
        off = HeadsAblated(kind=model.kinds[0], layer=0, heads=(0,))
        assert forward(model, [read(model, "a", write=False).inputs], edits=[off]).logits.isfinite().all()


LFM2 = {**DIFF, "num_hidden_layers": 4, "layer_types": ["conv", "full_attention", "conv", "full_attention"]}


@pytest.mark.whole
def test_layers_without_attention_are_counted_and_said(tmp_path: Path) -> None:
    model = load(save(tmp_path, "Lfm2ForCausalLM", LFM2, tiny.byte_level()))
    assert (model.layers, model.layer_numbers) == (2, (1, 3))
    assert "have attention: 1, 3." in " ".join(model.notes)
    assert untrained(model).notes == model.notes


@pytest.mark.parametrize("architecture", list(tiny.ARCHITECTURES))
def test_where_every_layer_has_attention_nothing_is_said(architecture: str, tiny_model: GetModel) -> None:
    model = tiny_model(architecture)
    assert model.notes == ()
    for kind in model.kinds:
        assert model.numbers_by_kind[kind] == tuple(range(model.layers_of(kind)))
