"""What the house may know about a model, asked of models of several kinds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import transformers

from attnlit.models.load import load
from attnlit.models.model import Model
from tests import tiny


@pytest.mark.parametrize("architecture", sorted(tiny.ARCHITECTURES))
def test_the_vocabulary_is_the_input_embeddings_rows(
    architecture: str, tiny_model: Callable[[str], Model]
) -> None:
    model = tiny_model(architecture)
    assert model.vocabulary_size == len(model.tokenizer)  # as they were built
    assert model.architecture == model.module.config.model_type


def test_an_embedding_that_does_not_count_its_rows(tmp_path: Path) -> None:
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 64}
    tokenizer = tiny.byte_level(pairs=True)
    config = transformers.IBertConfig(vocab_size=len(tokenizer), max_position_embeddings=66, **sizes)
    transformers.IBertForMaskedLM(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    checkpoint = load(str(tmp_path))
    assert not hasattr(checkpoint.module.get_input_embeddings(), "num_embeddings")
    assert checkpoint.vocabulary_size == len(tokenizer)


def test_marks_of_a_model_that_fills_gaps(tiny_model: Callable[[str], Model]) -> None:
    model = tiny_model("bert")
    assert (model.mask_token, model.mask_id) == ("[MASK]", 4)
    assert (model.unknown_token, model.unknown_id) == ("[UNK]", 1)
    assert model.first_id is None
    assert model.special_ids == {0, 1, 2, 3, 4}


def test_marks_of_a_model_that_has_none(tiny_model: Callable[[str], Model]) -> None:
    model = tiny_model("gpt2")
    assert (model.mask_token, model.mask_id) == ("", None)
    assert model.first_id == 0


def test_which_models_turn_queries_and_keys(tiny_model: Callable[[str], Model]) -> None:
    rotary = {each: tiny_model(each).rotary for each in ("llama", "gpt-neox", "gemma2", "gpt2", "bert", "t5")}
    assert rotary == {
        "llama": True,
        "gpt-neox": True,
        "gemma2": True,
        "gpt2": False,
        "bert": False,
        "t5": False,
    }
