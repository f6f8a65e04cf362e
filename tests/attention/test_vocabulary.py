"""The words of a vocabulary, as people see them."""

from __future__ import annotations

from collections.abc import Callable

from attnlit.attention.vocabulary import vocabulary_texts
from attnlit.models.model import Model
from tests.bundled import bundled

GetModel = Callable[[str], Model]


def test_tokens_outside_a_text(tiny_model: GetModel) -> None:
    def drawn(architecture: str, *raws: str) -> list[str]:
        tokenizer = tiny_model(architecture).tokenizer
        ids = tokenizer.convert_tokens_to_ids(raws)
        assert tokenizer.unk_token_id not in ids
        return vocabulary_texts(tokenizer, ids)

    assert drawn("bert", "the", "##e", ".", "[SEP]") == ["the", "…e", ".", "[SEP]"]
    assert drawn("gpt2", "Ġthe", "e", ".", "Ġ", "Ã") == ["the", "…e", ".", "␣", "byte C3"]
    assert drawn("t5", "▁", "e", "</s>", "<0xC3>") == ["␣", "…e", "</s>", "byte C3"]
    assert vocabulary_texts(tiny_model("gpt2").tokenizer, [9999]) == ["#9999"]
    tokenizer = bundled("mini-gpt2").tokenizer
    assert vocabulary_texts(tokenizer, tokenizer("\n")["input_ids"][-1:]) == ["↵"]
    control = tokenizer.convert_tokens_to_ids(chr(256 + 0x10))  # a byte that is no letter and goes on no word
    assert vocabulary_texts(tokenizer, [control]) == ["U+0010"]
