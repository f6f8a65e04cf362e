"""A text as a model reads it, and the texts that it cannot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import transformers

from attnlit.attention import attend, load
from attnlit.attention.reading import read, read_prompt, token_limit
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import tiny
from tests.tolerances import ROUNDING

TEXT = "The cat sat on the mat, because it was tired."
MARK = "<|endoftext|>"
TARGETED = {"t5", "bart", "marian"}
GetModel = Callable[[str], Model]


@pytest.mark.parametrize("architecture", ["bert", "gpt2", "t5"])
def test_a_reading_is_what_a_forward_pass_takes(architecture: str, tiny_model: GetModel) -> None:
    model = tiny_model(architecture)
    reading = read(model, TEXT, "The dog.")
    assert (reading.text, reading.pair) == (TEXT, "The dog.")
    assert set(reading.inputs) == set(model.arguments)
    assert {len(ids) for name, ids in reading.inputs.items() if not name.startswith("decoder")} == {
        len(reading.source.tokens)
    }
    target = reading.target
    assert (target is not None) == (architecture == "t5")
    assert reading.lengths == (len(reading.source.tokens), 0 if target is None else len(target.tokens))
    assert token_limit(model) == tiny.POSITIONS


def test_a_target_that_is_not_to_be_written_has_only_its_start(tiny_model: GetModel) -> None:
    reading = read(tiny_model("t5"), TEXT, write=False)
    assert reading.inputs["decoder_input_ids"] == [0]
    assert reading.pair == ""


def test_a_tokenizer_that_does_not_belong_to_its_model_is_a_mistake_in_words(tmp_path: Path) -> None:
    tiny.save("gpt2", tmp_path)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path)
    tokenizer.add_tokens(["unbelievable"])
    tokenizer.save_pretrained(tmp_path)
    model = load(str(tmp_path))
    assert attend(model, "The cat.").weights.size
    with pytest.raises(AttnlitError, match="tokens the model lacks"):
        attend(model, "unbelievable")


@pytest.mark.parametrize("behind", [0, 1])
@pytest.mark.parametrize(
    ("text", "ends_with"),
    [
        ("The cat", "Ġcat"),
        ("The<|endoftext|> cat", "Ġcat"),
        ("The cat<|endoftext|>", MARK),
        ("The cat<|endoftext|><|endoftext|>", MARK),
        (MARK, MARK),
    ],
)
def test_a_text_ends_with_what_was_typed(
    text: str, ends_with: str, behind: int, tiny_model: GetModel
) -> None:
    """A mark that the tokenizer puts behind it is no part of it, but one that somebody typed is."""
    model = tiny_model("gpt2")
    if behind:
        ending = transformers.AutoTokenizer.from_pretrained(model.tokenizer.name_or_path)
        ending.backend_tokenizer.post_processor = tiny.processors.TemplateProcessing(
            single=f"{MARK} $A {MARK}", special_tokens=[(MARK, 0)]
        )
        model = replace(model, tokenizer=ending)
    reading = read(model, text)
    tokens = reading.source.tokens
    assert len(tokens) - reading.end == behind
    assert tokens[reading.end - 1].raw == ends_with
    assert len(read_prompt(model, text).source.tokens) == reading.end


def test_blanks_behind_a_mark_that_was_typed_may_be_part_of_it(tiny_model: GetModel) -> None:
    """As behind Phi-3's <|assistant|>, whose tokenizer takes a line break to it."""
    model = tiny_model("gpt2")
    taking = transformers.AutoTokenizer.from_pretrained(model.tokenizer.name_or_path)
    mark = transformers.AddedToken("!", rstrip=True, special=True)
    taking.add_special_tokens({"additional_special_tokens": [mark]})
    tokens = read_prompt(replace(model, tokenizer=taking), "The cat!\n").source.tokens
    assert (tokens[-1].raw, tokens[-1].special) == ("!", True)


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_text_is_a_mistake_in_words(text: str, tiny_model: GetModel) -> None:
    with pytest.raises(AttnlitError, match="text is empty"):
        attend(tiny_model("bert"), text)


def test_an_empty_second_text_is_none(tiny_model: GetModel) -> None:
    record = attend(tiny_model("bert"), TEXT, "  ")
    assert record.pair is None
    assert 1 not in record.segments


def test_half_a_character_is_a_mistake_in_words(tiny_model: GetModel) -> None:
    with pytest.raises(AttnlitError, match="half a character"):
        attend(tiny_model("gpt2"), "broken \ud83d emoji")


def test_a_text_over_the_models_limit_names_both_numbers(tiny_model: GetModel) -> None:
    with pytest.raises(AttnlitError, match=r"has 102 tokens.* at most 64"):
        attend(tiny_model("bert"), "cat " * 100)


def test_the_deployments_limit_holds_too(tiny_model: GetModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNLIT_MAX_TOKENS", "5")
    with pytest.raises(AttnlitError, match="at most 5"):
        attend(tiny_model("bert"), TEXT)


def test_a_book_is_refused_before_it_is_tokenised(tiny_model: GetModel) -> None:
    with pytest.raises(AttnlitError, match="characters"):
        attend(tiny_model("bert"), "x" * 1_000_000)


def test_an_encoder_decoder_without_a_head_for_words_asks_for_a_target(tmp_path: Path) -> None:
    tiny.save("t5", tmp_path)
    config = transformers.AutoConfig.from_pretrained(tmp_path)
    transformers.T5Model(config).save_pretrained(tmp_path)
    model = load(str(tmp_path))
    with pytest.raises(AttnlitError, match="Type a target text"):
        attend(model, "The cat sat.")
    assert attend(model, "The cat sat.", pair="Der Hund", kind="cross").weights.ndim == 4


@pytest.mark.parametrize("architecture", sorted(TARGETED))
def test_without_a_target_the_model_writes_it(architecture: str, tiny_model: GetModel) -> None:
    record = attend(tiny_model(architecture), TEXT, kind="cross")
    assert record.pair is not None
    assert 1 <= len(record.queries) <= 64
    np.testing.assert_allclose(record.weights.sum(axis=-1), 1, atol=ROUNDING)


def test_one_token_is_enough(tiny_model: GetModel) -> None:
    record = attend(tiny_model("gpt2"), "a")
    assert record.weights.shape[2:] == (1, 1)
    assert (record.weights == 1).all()
