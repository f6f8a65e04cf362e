"""Patterns of tokenizers that could run on and on are told from plain ones, and ended."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import transformers
from tokenizers import Regex, decoders, normalizers, pre_tokenizers

from attnlit.attention import attend, load, patterns
from attnlit.attention.patterns import check_time, is_plain
from attnlit.attention.tokens import encode
from attnlit.errors import AttnlitError
from tests import tiny

LLAMA_3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
CL100K = (
    r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$"
    r"|\s*[\r\n]|\s+(?!\S)|\s"
)
O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
DEEPSEEK = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# Shares each run of “a” between three repetitions in all ways, from each of its places anew: minutes in all.
ENDLESS = r"a*a*a*[bd]"
HARD = ("a" * 300 + "x") * 40 + "b"


@pytest.mark.parametrize(
    "pattern",
    [
        LLAMA_3,
        CL100K,
        O200K,
        DEEPSEEK,
        r" {2,}",
        r"\s+",
        r"\A +| +\z",
        r"^▁+$",
        r"[\n\r\t]",
        "x",
        "",
        r"[[:alpha:]]+",
    ],
)
def test_patterns_of_real_tokenizers_are_plain(pattern: str) -> None:
    assert is_plain(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$",
        r"(a|a)*$",
        r"(?:a|aa)+b",
        r"(a*)*b",
        r"a*a*b",
        ENDLESS,
        r"(a)\1",
        r"(?=(a+)+$)x",
        "(",
        r"[a",
    ],
)
def test_patterns_that_try_many_ways_are_not(pattern: str) -> None:
    assert not is_plain(pattern)


def cutting(pattern: str) -> transformers.PreTrainedTokenizerFast:
    tokenizer = tiny.byte_level()
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return tokenizer


def test_work_without_an_end_is_ended_and_the_next_text_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "SECONDS", 0.5)
    tokenizer = cutting(ENDLESS)
    assert [token.text for token in encode(tokenizer, "cat").tokens]
    start = time.monotonic()
    with pytest.raises(AttnlitError, match=r"take more than 0\.5 seconds for this one"):
        encode(tokenizer, HARD)
    assert time.monotonic() - start < 20  # alone it takes minutes
    assert encode(tokenizer, "cat").tokens == encode(tiny.byte_level(), "cat").tokens


def test_a_rewriting_pattern_is_tried_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "SECONDS", 0.5)
    tokenizer = tiny.byte_level()
    tokenizer.backend_tokenizer.normalizer = normalizers.Replace(Regex(ENDLESS), "x")
    with pytest.raises(AttnlitError, match="The patterns by which"):
        check_time(tokenizer, ["cat", HARD])


def test_a_pattern_that_puts_texts_together_is_refused() -> None:
    tokenizer = tiny.byte_level()
    tokenizer.backend_tokenizer.decoder = decoders.Replace(Regex(ENDLESS), "x")
    with pytest.raises(AttnlitError, match="could run on and on"):
        encode(tokenizer, "cat")


def test_a_model_with_such_a_tokenizer_opens_and_reads_what_it_can(tmp_path: Path) -> None:
    tiny.save("gpt2", tmp_path)
    cutting(ENDLESS).save_pretrained(tmp_path)
    record = attend(load(tmp_path), "The cat sat.")
    assert "".join(token.text for token in record.queries).startswith("The")
