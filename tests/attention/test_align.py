"""Pieces of a tokenizer that tells no places are found again in the text, however it was changed before."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import pytest
import transformers

from attnlit.attention.align import align
from attnlit.attention.tokens import encode


def shown(raws: Sequence[str | None], text: str) -> list[str | None]:
    """The slice of the text that each piece is said to cover."""
    return [None if span is None else text[slice(*span)] for span in align(raws, text)]


@pytest.mark.parametrize(
    ("text", "raws", "slices"),
    [
        # lower case makes one letter of İ two
        ("İyi gün", ["▁i̇yi", "▁gün"], ["İyi", "gün"]),
        ("İİİ gün", ["▁i̇", "i̇i̇", "▁gün"], ["İ", "İİ", "gün"]),
        ("STRASSE ΟΔΟΣ", ["▁strasse", "▁οδος"], ["STRASSE", "ΟΔΟΣ"]),
        ("Straße alt", ["▁strasse", "▁alt"], ["Straße", "alt"]),
        # compatibility forms: one letter becomes several, or the other way round
        ("ﬁne №5 ①", ["▁fi", "ne", "▁No", "5", "▁1"], ["ﬁ", "ne", "№", "5", "①"]),
        ("㎏ each", ["▁k", "g", "▁each"], ["㎏", "㎏", "each"]),
        ("wait… there", ["▁wait", "...", "▁there"], ["wait", "…", "there"]),
        ("ｆｕｌｌ ｗｉｄｔｈ", ["▁full", "▁width"], ["ｆｕｌｌ", "ｗｉｄｔｈ"]),
        # accents composed, taken apart, dropped
        ("cafe\u0301 noir", ["▁café", "▁noir"], ["cafe\u0301", "noir"]),
        ("café noir", ["▁cafe", "\u0301", "▁noir"], ["café", "é", "noir"]),
        ("Café noir", ["cafe", "noir"], ["Café", "noir"]),
        ("cafe\u0301s noirs", ["▁cafe", "s", "▁noirs"], ["cafe\u0301", "s", "noirs"]),
        ("한국", ["▁\u1112\u1161\u11ab", "국"], ["한", "국"]),
        ("हिन्दी", ["▁ह", "िन", "्द", "ी"], ["ह", "िन", "्द", "ी"]),
        # other quotation marks and dashes
        ("“so” — she’s", ['▁"', "so", '"', "▁-", "▁she", "'", "s"], ["“", "so", "”", "—", "she", "’", "s"]),
        # the marks of other vocabularies
        ("unbelievable C#", ["un", "##believ", "##able", "C", "#"], ["un", "believ", "able", "C", "#"]),
        ("low lower", ["low</w>", "low", "er</w>"], ["low", "low", "er"]),
        ("low lower", ["low", "low@@", "er"], ["low", "low", "er"]),
        ("# ## a@@", ["#", "##", "a", "@@"], ["#", "##", "a", "@@"]),
        ("Ġurnata", ["▁Ġur", "nata"], ["Ġur", "nata"]),
        # bytes
        ("é 🙂", ["Ã", "©", "ĠðŁ", "ĻĤ"], ["é", "é", "🙂", "🙂"]),
        ("é\u00a0x", ["Ã©", "Âł", "x"], ["é", "\u00a0", "x"]),
        ("é x", ["Ã", "©", " ", "x"], ["é", "é", None, "x"]),
        ("a猫\n", ["▁a", "<0xE7>", "<0x8C>", "<0xAB>", "<0x0A>"], ["a", "猫", "猫", "猫", None]),
        ("a <0x0A>b", ["▁a", "▁", "<0x0A>", "b"], ["a", None, "<0x0A>", "b"]),
        # blanks
        ("  on   the ", ["▁", "▁on", "▁▁", "▁the", "▁"], [None, "on", None, "the", None]),
        ("", [], []),
    ],
)  # fmt: skip
def test_a_piece_covers_what_it_spells(text: str, raws: list[str], slices: list[str | None]) -> None:
    assert shown(raws, text) == slices


@pytest.mark.parametrize(
    ("text", "raws", "slices"),
    [
        ("mktay MKT", [None, "M", "K", "T"], ["mktay", "M", "K", "T"]),
        ("XmktMKT", ["X", None, "M", "K", "T"], ["X", "mkt", "M", "K", "T"]),
        ("☃ The dog ☃ the dog", [None, "the", "dog"] * 2, ["☃", "The", "dog", "☃", "the", "dog"]),
        ("the ☃☀ the", ["▁the", None, None, "▁the"], ["the", "☃", "☀", "the"]),
        ("the ☃a ☀b the", ["▁the", "▁", None, "▁", None, "▁the"], ["the", None, "☃a", None, "☀b", "the"]),
        ("the ☃☀ the", ["▁the", None, "▁the"], ["the", "☃☀", "the"]),
        ("☃the thé the", [None, "▁thé", "▁the"], ["☃the", "thé", "the"]),
        ("İ ☃ İ", ["▁i̇", None, "▁i̇"], ["İ", "☃", "İ"]),
        ("☃", [None], ["☃"]),
        ("☃☃", [None, None, None], ["☃☃", "☃☃", "☃☃"]),
    ],
)  # fmt: skip
def test_an_unknown_piece_uses_up_what_no_other_spells(
    text: str, raws: list[str | None], slices: list[str | None]
) -> None:
    assert shown(raws, text) == slices


def test_where_a_text_is_spelled_otherwise_the_rest_is_still_found() -> None:
    """Some tokenizers write “&” for “and”, or drop a sign."""
    assert shown(["▁cats", "▁&", "▁dogs", "▁sat"], "cats and dogs sat") == ["cats", None, "dogs", "sat"]
    assert shown(["▁cats", "▁dogs"], "cats © dogs") == ["cats", "dogs"]
    assert shown(["▁other", "▁words"], "cats and dogs") == [None, None]


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize(
    "text",
    ["Ünïcödé İSTANBUL ﬃ ㎏ Ⅷ", "Ελλάδα ΟΔΟΣ", "Việt Nam số", "한국어 조선말", "مَرْحَبًا بالعالم", "½ ¾ ™ …"],
)
def test_whatever_a_normalizer_does_pieces_stand_in_order_and_cover_the_text(
    form: str, lower: bool, text: str
) -> None:
    changed = unicodedata.normalize(form, text)  # type: ignore[arg-type]
    changed = changed.lower() if lower else changed
    raws = [("▁" if index == 0 or changed[index - 1] == " " else "") + each
            for index, each in enumerate(changed) if each != " "]  # fmt: skip
    spans = [span for span in align(raws, text) if span is not None]
    assert spans == sorted(spans)
    covered = {place for span in spans for place in range(*span)}
    assert covered >= {place for place, each in enumerate(text) if not each.isspace()}


def test_an_unknown_blank_is_a_blank_where_each_character_is_a_piece() -> None:
    raws = ["t", "h", "e", None, None, "a", "t"]
    assert shown(raws, "the Cat") == ["t", "h", "e", " ", "C", "a", "t"]


def test_a_tokenizer_of_bytes_shows_characters() -> None:
    tokens = encode(transformers.ByT5Tokenizer(), "né 🙂").tokens
    texts = ["n", "é 1/2", "é 2/2", "␣", "🙂 1/4", "🙂 2/4", "🙂 3/4", "🙂 4/4", "</s>"]
    assert [token.text for token in tokens] == texts


@pytest.mark.whole
def test_a_tokenizer_of_characters_keeps_their_case() -> None:
    tokens = encode(transformers.CanineTokenizer(), "İyi").tokens
    assert [token.text for token in tokens if not token.special] == ["İ", "y", "i"]
    tokens = encode(transformers.CanineTokenizer(), "a▁ Ġieħ").tokens  # Maltese, and a letter like any other
    assert [token.text for token in tokens if not token.special] == ["a", "▁", "␣", *"Ġieħ"]


@pytest.mark.whole
def test_aligning_a_long_text_of_unknown_pieces_ends() -> None:
    text = "a b " * 6_000
    assert len(align([None, "▁b"] * 6_000, text)) == 12_000
    assert len(align([None, "▁c"] * 6_000, text)) == 12_000
