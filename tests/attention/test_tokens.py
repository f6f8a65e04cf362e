"""What people see of a token: slices of their own text, whatever the tokenizer's marks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from attnlit.attention import Token, attend
from attnlit.attention.tokens import encode, encode_target, pair_rule, written
from attnlit.models.model import Model
from tests import tiny

GetModel = Callable[[str], Model]

ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
TOKENIZERS = {
    "wordpiece": tiny.wordpiece(),
    "byte-level": tiny.byte_level(),
    "byte-level pairs": tiny.byte_level(pairs=True),
    "unigram": tiny.unigram(),
    "unigram with a start": tiny.unigram(start=True),
}
every_tokenizer = pytest.mark.parametrize("kind", list(TOKENIZERS))


def tokens_of(kind: str, text: str, pair: str | None = None, rule: str = "segments") -> tuple[Token, ...]:
    return encode(TOKENIZERS[kind], text, pair, rule).tokens


def texts_of(kind: str, text: str) -> list[str]:
    return [token.text for token in tokens_of(kind, text) if not token.special]


@every_tokenizer
def test_tokens_spell_the_text_without_marks(kind: str) -> None:
    text = "The Doctor asked unbelievably tired travellers, didn't she?"
    tokens = [token for token in tokens_of(kind, text) if not token.special and token.text != "␣"]
    assert "".join(token.source for token in tokens) == text.replace(" ", "")
    assert all(token.text in (token.source, "[UNK]") for token in tokens)


@every_tokenizer
def test_ids_raw_spellings_and_positions_are_the_tokenizers(kind: str) -> None:
    tokenizer, text = TOKENIZERS[kind], "The cat sat."
    encoded = encode(tokenizer, text)
    assert (
        [token.id for token in encoded.tokens] == tokenizer(text)["input_ids"] == encoded.inputs["input_ids"]
    )
    assert [token.raw for token in encoded.tokens] == tokenizer.convert_ids_to_tokens(
        encoded.inputs["input_ids"]
    )
    assert [token.position for token in encoded.tokens] == list(range(len(encoded.tokens)))


@pytest.mark.parametrize("kind", ["byte-level", "byte-level pairs", "unigram"])
def test_a_character_in_pieces_is_whole_and_counted(kind: str) -> None:
    assert [each for each in texts_of(kind, "on 🙂 the") if "🙂" in each] == [
        "🙂 1/4",
        "🙂 2/4",
        "🙂 3/4",
        "🙂 4/4",
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("привет", "п 1/2,п 2/2,р 1/2,р 2/2,и 1/2,и 2/2,в 1/2,в 2/2,е 1/2,е 2/2,т 1/2,т 2/2"),
        ("xyz猫犬w", "x,y,z,猫 1/3,猫 2/3,猫 3/3,犬 1/3,犬 2/3,犬 3/3,w"),
        ("🙂🙂", "🙂 1/4,🙂 2/4,🙂 3/4,🙂 4/4,🙂 1/4,🙂 2/4,🙂 3/4,🙂 4/4"),
        ("e\u0301", "e\u0301 1/3,e\u0301 2/3,e\u0301 3/3"),
        ("é\né", "é 1/2,é 2/2,↵,é 1/2,é 2/2"),
    ],
)
def test_a_run_of_unknown_characters_is_told_apart(text: str, shown: str) -> None:
    """A tokenizer that falls back on bytes says of each byte that it covers the whole run."""
    assert [each for each in texts_of("unigram", text) if each != "␣"] == shown.split(",")


@pytest.mark.parametrize("kind", ["byte-level", "byte-level pairs"])
def test_the_same_emoji_twice_is_two(kind: str) -> None:
    pieces = ["🙂 1/4", "🙂 2/4", "🙂 3/4", "🙂 4/4"]
    assert texts_of(kind, "🙂🙂") == pieces + pieces


@pytest.mark.parametrize("character", [ENGLAND, "❤️", "👩‍🚀", "🇫🇷", "👍🏽", "e\u0301", "हि"])
def test_characters_of_several_code_points_stay_whole(character: str) -> None:
    shown = texts_of("byte-level", character)
    assert shown == [f"{character} {part + 1}/{len(shown)}" for part in range(len(shown))]


@pytest.mark.parametrize("text", ["你好吗", "こんにちは", "مرحبا بالعالم", "สวัสดี", "Привет", "שלום"])
def test_other_scripts_are_read_as_they_are_written(text: str) -> None:
    tokens = tokens_of("byte-level", text)
    assert len(tokens) > 1
    for token in tokens:
        assert token.text == "␣" or token.source.strip("◌") in text
        assert not set(token.text) & set("ĠÃä½")
    seen = dict.fromkeys(character for token in tokens for character in token.source)
    assert set(text.replace(" ", "")) <= set(seen)


def test_an_unknown_token_keeps_what_it_hides() -> None:
    hidden = next(token for token in tokens_of("wordpiece", "The 🙂 sat.") if token.text == "[UNK]")
    assert hidden.source == "🙂"
    assert not hidden.special
    assert hidden.segment == 0


@pytest.mark.parametrize(("text", "blank"), [("on  the", "␣"), ("on\nthe", "↵"), ("on\tthe", "⇥")])
def test_blanks_can_be_seen(text: str, blank: str) -> None:
    assert texts_of("byte-level", text) in (["on", blank, "the"], ["on", blank, "t", "he"])


def test_control_characters_cannot_turn_the_picture() -> None:
    shown = "".join(texts_of("byte-level", "on\u202ethe\u0007"))
    assert "\u202e" not in shown
    assert "U+202E" in shown
    assert "U+0007" in shown


def test_special_tokens_are_special_and_of_no_text() -> None:
    tokens = tokens_of("wordpiece", "The cat.", "The dog.")
    special = [(token.text, token.segment, token.word) for token in tokens if token.special]
    assert special == [("[CLS]", None, None), ("[SEP]", None, None), ("[SEP]", None, None)]


@pytest.mark.parametrize(
    ("kind", "text", "typed"),
    [
        ("wordpiece", "The cat [SEP] the dog", ["[SEP]"]),
        ("wordpiece", "[CLS] The cat [PAD][SEP]", ["[CLS]", "[PAD]", "[SEP]"]),
        ("byte-level", "The cat<|endoftext|> the dog", ["<|endoftext|>"]),
        ("byte-level pairs", "<s>The cat</s>", ["<s>", "</s>"]),
        ("unigram", "The cat</s> the dog", ["</s>"]),
    ],
)
def test_special_tokens_that_somebody_typed_are_special(kind: str, text: str, typed: list[str]) -> None:
    plain = [token.raw for token in tokens_of(kind, "The cat") if token.special]
    special = [token for token in tokens_of(kind, text) if token.special]
    assert sorted(token.text for token in special) == sorted(typed + plain)
    assert all((token.segment, token.word, token.source) == (None, None, "") for token in special)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("wordpiece", "[MASK]"),
        ("wordpiece", "[UNK]"),
        ("byte-level pairs", "<mask>"),
        ("unigram", "<extra_id_0>"),
    ],
)
def test_what_stands_for_a_text_is_text(kind: str, text: str) -> None:
    """A mask, a sentinel and an unknown word hold the place of words."""
    tokenizer = TOKENIZERS[kind]
    if kind == "unigram":
        tokenizer = tiny.unigram()
        tokenizer.add_special_tokens({"extra_special_tokens": ["<extra_id_0>", "<extra_id_1>"]})
    tokens = encode(tokenizer, f"The {text} sat.").tokens
    mask = next(token for token in tokens if token.text == text)
    assert not mask.special
    assert mask.segment == 0


@pytest.mark.parametrize(
    ("kind", "special"),
    [
        ("wordpiece", ["[CLS]", "[SEP]", "[SEP]"]),
        ("byte-level pairs", ["<s>", "</s>", "</s>", "</s>"]),
        ("unigram", ["</s>", "</s>"]),
    ],
)
def test_a_sentence_pair_has_its_boundary(kind: str, special: list[str]) -> None:
    tokens = tokens_of(kind, "The cat sat.", "The dog lay.")
    assert [token.text for token in tokens if token.special] == special
    for segment, text in enumerate(("Thecatsat.", "Thedoglay.")):
        shown = [token.text for token in tokens if token.segment == segment and token.text != "␣"]
        assert "".join(shown) == text
    order = [token.segment for token in tokens if token.segment is not None]
    assert order == sorted(order)


@pytest.mark.parametrize("kind", ["byte-level", "unigram with a start"])
@pytest.mark.parametrize(
    ("text", "pair"),
    [("The cat sat.", "The dog lay."), ("The cat sat. ", "The dog lay."), ("The cat sat.", " The dog lay.")],
)
def test_joined_texts_have_one_space_between_and_a_boundary(kind: str, text: str, pair: str) -> None:
    encoded = encode(TOKENIZERS[kind], text, pair, "joined")
    assert encoded.inputs["input_ids"] == TOKENIZERS[kind]("The cat sat. The dog lay.")["input_ids"]
    for segment, words in enumerate((["The", "cat", "sat", "."], ["The", "dog", "lay", "."])):
        tokens = [each for each in encoded.tokens if each.segment == segment and each.text != "␣"]
        assert "".join(token.text for token in tokens) == "".join(words)
        for index, word in enumerate(words):
            assert "".join(token.text for token in tokens if token.word == index) == word


@pytest.mark.parametrize("byte_fallback", [True, False])
def test_a_run_of_unknown_characters_ends_with_its_text(byte_fallback: bool) -> None:
    tokens = encode(tiny.unigram(byte_fallback=byte_fallback), "é\n", "éé", "joined").tokens
    placed = [(token.segment, token.source) for token in tokens if token.span is not None]
    assert placed == ([(0, "é")] * 2 + [(1, "é")] * 4 if byte_fallback else [(0, "é")])
    assert all(token.span == (0, 1) for token in tokens if token.segment == 0 and token.span is not None)


@pytest.mark.parametrize(
    ("architecture", "rule"),
    [("bert", "segments"), ("roberta", "segments"), ("distilbert", "segments"), ("gpt2", "joined"),
     ("gemma2", "joined"), ("t5", "target")],
)  # fmt: skip
def test_how_a_model_takes_a_second_text(architecture: str, rule: str, tiny_model: GetModel) -> None:
    assert tiny_model(architecture).pairs == rule


def test_a_tokenizer_without_marks_between_joins() -> None:
    assert pair_rule(TOKENIZERS["byte-level"], encoder_decoder=False, causal=False) == "joined"
    assert pair_rule(TOKENIZERS["wordpiece"], encoder_decoder=False, causal=False) == "segments"


def test_token_types_go_to_models_that_know_them(tiny_model: GetModel) -> None:
    """DistilBERT shares BERT's tokenizer and has no token types: it must work all the same."""
    assert attend(tiny_model("distilbert"), "The cat.", "The dog.").segments.count(1) == 3


def test_a_target_starts_with_its_start_and_has_no_end() -> None:
    encoded = encode_target(TOKENIZERS["unigram"], "The cat sat.", start=0)
    ids = TOKENIZERS["unigram"]("The cat sat.")["input_ids"]
    assert encoded.inputs == {"decoder_input_ids": [0, *ids[:-1]]}
    assert [token.text for token in encoded.tokens][:1] == ["<pad>"]
    assert encoded.tokens[0].special
    assert [token.position for token in encoded.tokens] == list(range(len(ids)))
    assert {token.segment for token in encoded.tokens[1:]} == {0}


def test_pieces_know_their_word() -> None:
    tokens = [token for token in tokens_of("wordpiece", "The unbelievable cat.") if not token.special]
    assert [token.word for token in tokens if token.text in ("The", "cat", ".")] == [0, 2, 3]
    assert len([token for token in tokens if token.word == 1]) > 1


@pytest.mark.parametrize("kind", ["unigram", "byte-level", "wordpiece"])
def test_what_a_decoder_wrote_is_kept_as_it_is(kind: str) -> None:
    tokenizer = TOKENIZERS[kind]
    ids = [0, *tokenizer("The cat 🙂 sat, unbelievably.\nOn the mat.", add_special_tokens=False)["input_ids"]]
    text, encoded = written(tokenizer, ids)
    assert encoded.inputs == {"decoder_input_ids": ids}
    assert [token.id for token in encoded.tokens] == ids
    assert encoded.tokens[0].special
    shown = [token for token in encoded.tokens[1:] if token.text not in ("␣", "↵")]
    assert all(token.span is not None and token.word is not None for token in shown)
    assert "".join(dict.fromkeys(token.source for token in shown if "/" in token.text)) in ("", "🙂")
    whole = "".join(token.source for token in shown if "/" not in token.text)
    assert whole == text.replace(" ", "").replace("\n", "").replace("🙂", "")


def test_what_a_decoder_wrote_may_be_no_text() -> None:
    """A sentinel stays text, an end in the middle is special, bytes of no character keep their spelling."""
    tokenizer = tiny.unigram()
    tokenizer.add_special_tokens({"extra_special_tokens": ["<extra_id_0>"]})
    words = ["<pad>", "<extra_id_0>", "▁the", "</s>", "<0xD1>", "<0xAA>", "▁", "<unk>"]
    text, encoded = written(tokenizer, tokenizer.convert_tokens_to_ids(words))
    assert [token.text for token in encoded.tokens] == [
        "<pad>", "<extra_id_0>", "the", "</s>", "<0xD1>", "<0xAA>", "␣", "<unk>",
    ]  # fmt: skip
    assert [token.special for token in encoded.tokens] == [True, False, False, True] + [False] * 4
    assert text.startswith("<extra_id_0>")
