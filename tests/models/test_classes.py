"""The class that opens a checkpoint, and what its head predicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from attnlit.attention import attend, load
from tests import tiny

TEXT = {"vocab_size": 300, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
TEXT |= {"num_key_value_heads": 2, "intermediate_size": 64, "max_position_embeddings": 64}
VISION = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
VISION |= {"image_size": 8, "patch_size": 4}

WITH_PICTURES: dict[str, dict[str, Any]] = {
    "Llava": {
        "text_config": {"model_type": "llama", **TEXT},
        "vision_config": {"model_type": "clip_vision_model", **VISION},
    },
    "Mistral3": {
        "text_config": {"model_type": "mistral", "head_dim": 8, **TEXT},
        "vision_config": {"model_type": "pixtral", "head_dim": 8, **VISION},
    },
    "Idefics3": {"text_config": {"model_type": "llama", **TEXT}, "vision_config": VISION},
    "Qwen2VL": {
        "text_config": {
            "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 1e4}, **TEXT
        },
        "vision_config": {"depth": 1, "embed_dim": 16, "num_heads": 2, "hidden_size": 32},
    },
    "Gemma3": {
        "text_config": {"head_dim": 8, **TEXT},
        "vision_config": {"model_type": "siglip_vision_model", **VISION},
        "mm_tokens_per_image": 4,
    },
}  # fmt: skip


def save(folder: Path, model: Any, tokenizer: Any) -> str:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for weights in model.parameters():
            if weights.dim() > 1:
                torch.nn.init.normal_(weights, std=0.3)
    model.tie_weights()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.mark.whole
@pytest.mark.parametrize("kind", sorted(WITH_PICTURES))
def test_a_model_with_pictures_keeps_its_head_for_words(kind: str, tmp_path: Path) -> None:
    model_class = getattr(transformers, f"{kind}ForConditionalGeneration")
    config = model_class.config_class(**WITH_PICTURES[kind])
    tokenizer = tiny.byte_level()
    config.get_text_config().vocab_size = len(tokenizer)
    model = load(save(tmp_path, model_class(config), tokenizer))
    assert type(model.module) is model_class
    assert (model.predicts, model.masked, model.notes) == (True, False, ())
    record = attend(model, "The cat sat on the mat.")
    ids = torch.tensor([model.tokenizer("The cat sat on the mat.")["input_ids"]])
    plain = model_class.from_pretrained(tmp_path, attn_implementation="eager", dtype=torch.float32).eval()
    with torch.no_grad():
        expected = torch.stack(plain(input_ids=ids, output_attentions=True).attentions)[:, 0]
    torch.testing.assert_close(torch.tensor(record.weights), expected, rtol=0, atol=1e-5)


@pytest.mark.whole
@pytest.mark.parametrize(
    ("kind", "tokenizer"),
    [
        ("BertForSequenceClassification", tiny.wordpiece),
        ("RobertaForSequenceClassification", lambda: tiny.byte_level(pairs=True)),
        ("GPT2ForSequenceClassification", tiny.byte_level),
        ("LlamaForSequenceClassification", tiny.byte_level),
    ],
)
def test_a_classifier_keeps_its_head_and_names_its_classes(kind: str, tokenizer: Any, tmp_path: Path) -> None:
    made, model_class = tokenizer(), getattr(transformers, kind)
    _, options, _ = tiny.ARCHITECTURES[model_class.config_class.model_type]
    labels = {0: "negative", 1: "n/a", 2: "positive\u202e"}
    config = model_class.config_class(vocab_size=len(made), num_labels=3, **options)
    config.id2label, config.label2id = labels, {name: index for index, name in labels.items()}
    if "GPT2" in kind or "Llama" in kind:
        config.pad_token_id = None
    model = load(save(tmp_path, model_class(config), made))
    assert type(model.module) is model_class
    assert model.classes == ("negative", "n/a", "positiveU+202E")
    assert (model.predicts, model.masked) == (False, False)
    assert model.notes == ("This checkpoint predicts a class of the text, and no words.",)
    assert attend(model, "The cat sat.").weights.shape[0] == model.layers
    ids = torch.tensor([made("The cat sat.")["input_ids"]] * 2)
    logits = model.module(ids).logits  # two texts of one length, without any padding
    assert logits.shape == (2, 3)
    torch.testing.assert_close(logits[0], logits[1])


def test_a_classifier_without_its_head_has_no_classes(tmp_path: Path) -> None:
    tokenizer = tiny.wordpiece()
    _, options, _ = tiny.ARCHITECTURES["bert"]
    config = transformers.BertConfig(vocab_size=len(tokenizer), **options)
    name = save(tmp_path, transformers.BertModel(config), tokenizer)
    config.architectures = ["BertForSequenceClassification"]
    config.save_pretrained(tmp_path)
    model = load(name)
    assert model.classes == ()
    assert "no trained head" in model.notes[0]


@pytest.mark.whole
def test_bigbird_looks_at_everything_where_it_would_itself(tmp_path: Path) -> None:
    tokenizer = tiny.wordpiece()
    tokenizer.model_max_length = 256
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    config = transformers.BigBirdConfig(
        vocab_size=len(tokenizer), max_position_embeddings=256, attention_type="block_sparse", block_size=4,
        num_random_blocks=1, **sizes,
    )  # fmt: skip
    model = load(save(tmp_path, transformers.BigBirdForMaskedLM(config), tokenizer))
    assert model.max_tokens == (5 + 2) * 4
    assert "From 29 tokens on this model looks only at blocks" in model.notes[0]
    text = "The cat sat on the mat."
    plain = transformers.BigBirdForMaskedLM.from_pretrained(tmp_path, attn_implementation="eager").eval()
    with torch.no_grad():  # so short a text makes it turn to full attention; the first pass reports none
        plain(**tokenizer(text, return_tensors="pt"))
        expected = plain(**tokenizer(text, return_tensors="pt"), output_attentions=True)
    for _ in range(2):
        weights = torch.tensor(attend(model, text).weights)
        if expected.attentions and len(expected.attentions) == 2:
            torch.testing.assert_close(weights, torch.stack(expected.attentions)[:, 0], rtol=0, atol=1e-5)
    assert weights.shape[0] == 2
