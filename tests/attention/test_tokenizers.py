"""Tokenizers of other kinds: that tell no places, that fail, that do not end."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
import sentencepiece
import transformers

from attnlit.attention.tokens import encode
from attnlit.errors import AttnlitError


class RunsNotCut:
    """A tokenizer that says of three pieces that they cover the same letters, and spells none of them."""

    is_fast = True
    unk_token_id = mask_token_id = None
    all_special_ids = all_special_tokens = ()

    def __call__(self, text: str, pair: str | None = None, **_: object) -> transformers.BatchEncoding:
        cut = {"input_ids": [1, 2, 3], "special_tokens_mask": [0, 0, 0], "offset_mapping": [(0, 5)] * 3}
        encoding = transformers.BatchEncoding(cut)
        encoding.sequence_ids = lambda _: [0, 0, 0]
        return encoding

    def convert_tokens_to_ids(self, tokens: list[str]) -> list[int]:
        return []

    def convert_ids_to_tokens(self, ids: list[int]) -> list[str]:
        return [f"#{each}" for each in ids]


def test_pieces_of_which_no_more_is_known_are_counted() -> None:
    tokens = encode(RunsNotCut(), "hello").tokens  # type: ignore[arg-type]
    assert [token.text for token in tokens] == ["hello 1/3", "hello 2/3", "hello 3/3"]


class WithoutPlaces:
    """A tokenizer that tells no offsets, as those written in Python are, with SentencePiece spelling."""

    is_fast = False
    unk_token_id = 9
    mask_token_id = None
    all_special_ids, all_special_tokens = (6, 9), ("</s>", "<unk>")
    words = ("▁the", "▁cat", "s", "▁sat", ".", "<unk>", "</s>")

    def __call__(
        self, text: str, pair: str | None = None, add_special_tokens: bool = True, **_: object
    ) -> dict:
        end = [6] if add_special_tokens else []
        ids = [*self.pieces(text), *end, *(self.pieces(pair) + end if pair else [])]
        return {"input_ids": ids, "special_tokens_mask": [int(each == 6) for each in ids]}

    def pieces(self, text: str) -> list[int]:
        known = {"The": [0], "cats": [1, 2], "cat": [1], "sat": [3], "sat.": [3, 4]}
        return [each for word in text.split() for each in known.get(word, [9])]

    def convert_tokens_to_ids(self, tokens: list[str]) -> list[int]:
        return [self.words.index(each) for each in tokens]

    def convert_ids_to_tokens(self, ids: list[int]) -> list[str]:
        return ["<unk>" if each == 9 else self.words[each] for each in ids]


def test_a_tokenizer_that_tells_no_places_is_looked_up_in_the_text() -> None:
    tokens = encode(WithoutPlaces(), "The cats sat.", "The cat ☃ sat.").tokens  # type: ignore[arg-type]
    assert [token.text for token in tokens] == [
        "The", "cat", "s", "sat", ".", "</s>", "The", "cat", "<unk>", "sat", ".", "</s>",
    ]  # fmt: skip
    assert [token.segment for token in tokens] == [0, 0, 0, 0, 0, None, 1, 1, 1, 1, 1, None]
    assert [token.word for token in tokens] == [0, 1, 1, 2, 3, None, 0, 1, 2, 3, 4, None]
    assert tokens[8].source == "☃"
    assert [token.special for token in tokens].count(True) == 2


class Failing(WithoutPlaces):
    """A tokenizer whose files are odd: it raises something, or never comes back while another text waits."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.working, self.go_on = threading.Event(), threading.Event()

    def __call__(
        self, text: str, pair: str | None = None, add_special_tokens: bool = True, **_: object
    ) -> dict:
        if self.error is not None:
            raise self.error
        self.working.set()
        self.go_on.wait(60)
        return super().__call__(text, pair, add_special_tokens)


class PanicException(BaseException):
    """As pyo3 raises where Rust panics: no Exception, so that it passes most nets."""


@pytest.mark.parametrize(
    "error", [PanicException("index out of bounds"), KeyError(None), Exception("odd regex")]
)
def test_what_a_tokenizer_raises_is_a_mistake_in_words(error: BaseException) -> None:
    with pytest.raises(AttnlitError, match="tokenizer cannot read this text"):
        encode(Failing(error), "The cat")  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError()])
def test_what_is_no_fault_of_the_tokenizer_passes(error: BaseException) -> None:
    with pytest.raises(type(error)):
        encode(Failing(error), "The cat")  # type: ignore[arg-type]


def test_one_tokenizer_that_does_not_end_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = Failing()
    first = threading.Thread(target=encode, args=(endless, "The cat"))
    first.start()
    try:
        assert endless.working.wait(60)
        assert encode(WithoutPlaces(), "The cat").tokens  # type: ignore[arg-type]
        monkeypatch.setattr("attnlit.attention.tokens.BUSY_SECONDS", 0.01)
        with pytest.raises(AttnlitError, match="busy with another text"):
            encode(endless, "sat.")  # type: ignore[arg-type]
    finally:
        endless.go_on.set()
        first.join()
    assert encode(endless, "sat.").tokens  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore:Recommended")  # another package for Marian's punctuation
@pytest.mark.parametrize("text", ["İyi günler, kedi", "İİ ☃ kedi İ", "cafe\u0301 İ ﬁ ½", "  ☃☃ İ  "])
def test_what_a_real_one_without_places_cuts_is_found(text: str, tmp_path: Path) -> None:
    """Marian's, in Python: it tells no places, and its SentencePiece changes the text first."""
    lines = ["İyi günler, kedi paspasın üstünde.", "İstanbul'da kedi oturdu.", "The cat sat on the mat."]
    (tmp_path / "text.txt").write_text("\n".join(lines * 40))
    sentencepiece.SentencePieceTrainer.train(
        input=str(tmp_path / "text.txt"), model_prefix=str(tmp_path / "source"), vocab_size=60,
        hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    model = str(tmp_path / "source.model")
    processor = sentencepiece.SentencePieceProcessor(model_file=model)
    pieces = [processor.id_to_piece(number) for number in range(processor.get_piece_size())]
    words = dict.fromkeys(["</s>", "<unk>", *pieces, "<pad>"])
    (tmp_path / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    tokenizer = transformers.MarianTokenizer(model, model, str(tmp_path / "vocab.json"))
    spans = [token.span for token in encode(tokenizer, text).tokens if token.span is not None]
    assert spans == sorted(spans)
    covered = {place for span in spans for place in range(*span)}
    assert covered == {place for place, each in enumerate(text) if not each.isspace()}
