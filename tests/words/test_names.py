"""How words and tokens are called in sentences."""

from attnlit.attention.record import Token
from attnlit.words.names import token_name, word_name


def tokens(*texts: str) -> list[Token]:
    return [
        Token(id=place, text=text, raw=text, special=False, segment=0, position=place)
        for place, text in enumerate(texts)
    ]


def test_a_word_stands_in_italics_and_what_has_no_letter_in_quotation_marks_besides() -> None:
    assert [word_name(each) for each in ("mat", "naïve", "猫")] == ["*mat*", "*naïve*", "*猫*"]
    assert [word_name(each) for each in (",", "17", "␣")] == ["*“\\,”*", "*“17”*", "*“␣”*"]
    assert word_name("mat", "**") == "**mat**"
    assert word_name(".", "**") == "**“\\.”**"


def test_a_token_that_occurs_again_is_counted() -> None:
    text = tokens("the", ",", "the", ",")
    assert token_name(text, 2) == "the 2nd *the*"
    assert token_name(text, 1) == "the 1st *“\\,”*"
