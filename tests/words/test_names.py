"""How words and tokens are called in sentences."""

from attnlit.attention.record import Token
from attnlit.words.names import apart, token_name, word_name


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


def test_what_runs_from_right_to_left_leaves_the_numbers_behind_it_where_they_are() -> None:
    """Between the two invisible marks a name has a direction of its own (Unicode Annex 9)."""
    assert word_name("لأن") == "\u2068*لأن*\u2069"
    assert apart("“שלום”") == "\u2068“שלום”\u2069"
    assert apart("*naïve 猫*") == "*naïve 猫*"


def test_a_token_that_occurs_again_is_counted() -> None:
    text = tokens("the", ",", "the", ",")
    assert token_name(text, 2) == "the 2nd *the*"
    assert token_name(text, 1) == "the 1st *“\\,”*"
