"""A tokenizer that blows texts up is refused before it is given one."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
import transformers
from tokenizers import Regex, decoders, normalizers, processors

from attnlit.attention import load
from attnlit.attention.growth import MOST_GROWTH, check_growth, growth_of
from attnlit.errors import AttnlitError
from tests import tiny

A_LOT = "b" * 1_000_000


def with_part(part: str, value: Any) -> Any:
    tokenizer = tiny.byte_level()
    setattr(tokenizer.backend_tokenizer, part, value)
    return tokenizer


def replacing(pattern: Any, content: str) -> Any:
    return with_part("normalizer", normalizers.Replace(pattern, content))


# How each is made: when its test asks for it, and not while tests are collected.
HOSTILE: dict[str, Callable[[], Any]] = {
    "a letter": lambda: replacing("a", A_LOT),
    "a pattern": lambda: replacing(Regex("a"), A_LOT),
    "nothing": lambda: replacing("", "b" * 100),
    "perhaps nothing": lambda: replacing(Regex("x*"), "b" * 100),
    "before a letter": lambda: with_part(
        "normalizer", normalizers.Sequence([normalizers.Replace(Regex("(?=a)"), "a")] * 30)
    ),
    "behind a letter": lambda: replacing(Regex("(?<=a)|"), "b" * 100),
    "doubled": lambda: with_part("normalizer", normalizers.Sequence([normalizers.Replace("a", "aa")] * 30)),
    "sequences of sequences": lambda: with_part(
        "normalizer",
        normalizers.Sequence([normalizers.Sequence([normalizers.Replace(Regex("a"), "aaaa")] * 2)] * 2),
    ),
    "prepended": lambda: with_part("normalizer", normalizers.Prepend(A_LOT)),
    "a decoder": lambda: with_part("decoder", decoders.Replace("a", A_LOT)),
    "marks around it": lambda: with_part(
        "post_processor",
        processors.TemplateProcessing(
            single=["$A", *["<|endoftext|>"] * 5_000], special_tokens=[("<|endoftext|>", 0)]
        ),
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_rules_that_multiply_a_text_are_refused(name: str) -> None:
    with pytest.raises(AttnlitError, match="very long texts of short ones"):
        check_growth(HOSTILE[name](), "hostile")


def charsmap(forms: list[str], folder: Path) -> Any:
    """SentencePiece's table of forms with these in it, in the file of a tokenizer."""
    blob = b"\0".join(form.encode() for form in forms) + b"\0"
    trie = (1024).to_bytes(4, "little") + bytes(1024)
    tokenizer = tiny.unigram()
    tokenizer.save_pretrained(folder)
    file = folder / "tokenizer.json"
    whole = json.loads(file.read_text())
    whole["normalizer"] = {
        "type": "Precompiled",
        "precompiled_charsmap": base64.b64encode(trie + blob).decode(),
    }
    file.write_text(json.dumps(whole))
    return transformers.AutoTokenizer.from_pretrained(folder)


def test_a_long_form_in_a_table_of_forms_is_refused(tmp_path: Path) -> None:
    check_growth(charsmap(["fi", "صلى الله عليه وسلم"], tmp_path / "usual"), "usual")
    with pytest.raises(AttnlitError, match="very long texts"):
        check_growth(charsmap(["fi", "x" * 100_000], tmp_path / "hostile"), "hostile")


USUAL: dict[str, Callable[[], Any]] = {
    "BERT": tiny.wordpiece,
    "GPT-2": tiny.byte_level,
    "RoBERTa": lambda: tiny.byte_level(pairs=True),
    "T5": tiny.unigram,
    "ByT5": transformers.ByT5Tokenizer,
    "Canine": transformers.CanineTokenizer,
    "spaces": lambda: replacing(" ", "▁"),
    "many spaces": lambda: replacing(Regex(" {2,}"), "▁"),
    "quotes": lambda: replacing("``", '"'),
    "dots": lambda: replacing("…", "..."),
    "letters": lambda: with_part(
        "normalizer", normalizers.Sequence([normalizers.Replace(each, "x") for each in "abc"])
    ),
    "forms": lambda: with_part(
        "normalizer", normalizers.Sequence([normalizers.NFKC(), normalizers.Prepend("▁")])
    ),
}


@pytest.mark.parametrize(
    "name",  # one that a million letters make takes as long as all others together
    [pytest.param(each, marks=pytest.mark.whole if each == "Canine" else ()) for each in USUAL],
)
def test_usual_rules_are_not(name: str) -> None:
    tokenizer = USUAL[name]()
    check_growth(tokenizer, "usual")
    assert growth_of(tokenizer) <= MOST_GROWTH / 6


@pytest.mark.filterwarnings("ignore:Recommended")  # another package for Marian's punctuation
@pytest.mark.parametrize(
    ("rule", "refused"),
    [
        (f"61\t{' '.join(['62'] * 500)}", True),  # one letter, as it is asked for
        (f"732B\t{' '.join(['62'] * 5000)}", True),  # one that is not, nor two together
        (f"732B 72AC\t{' '.join(['62'] * 5000)}", True),
        ("732B\t62", False),
    ],
)
def test_a_tokenizer_in_python_is_asked_for_letters_and_its_table_is_read(
    rule: str, refused: bool, tmp_path: Path
) -> None:
    (tmp_path / "text.txt").write_text("\n".join(tiny.SENTENCES * 40))
    (tmp_path / "rules.tsv").write_text(rule + "\n")
    sentencepiece.SentencePieceTrainer.train(
        input=str(tmp_path / "text.txt"), model_prefix=str(tmp_path / "source"), vocab_size=60,
        hard_vocab_limit=False, minloglevel=2, normalization_rule_tsv=str(tmp_path / "rules.tsv"),
    )  # fmt: skip
    model = str(tmp_path / "source.model")
    processor = sentencepiece.SentencePieceProcessor(model_file=model)
    pieces = [processor.id_to_piece(number) for number in range(processor.get_piece_size())]
    words = dict.fromkeys(["</s>", "<unk>", *pieces, "<pad>"])
    vocabulary = {piece: number for number, piece in enumerate(words)}
    (tmp_path / "vocab.json").write_text(json.dumps(vocabulary))
    tokenizer = transformers.MarianTokenizer(model, model, str(tmp_path / "vocab.json"))
    with pytest.raises(AttnlitError, match="very long texts") if refused else nullcontext():
        check_growth(tokenizer, "hostile")


def test_no_model_with_such_a_tokenizer_opens(tmp_path: Path) -> None:
    tiny.save("gpt2", tmp_path)
    replacing("a", A_LOT).save_pretrained(tmp_path)
    with pytest.raises(AttnlitError, match="very long texts of short ones"):
        load(str(tmp_path))
