"""What is shown is harmless to look at, to Markdown and to what draws it."""

import pytest

from attnlit import errors
from attnlit.errors import AttnlitError
from attnlit.wording import (
    a_kind,
    counted,
    either,
    escaped,
    number_text,
    one_line,
    ordinal,
    percent,
    percent_or_less,
    printable,
    quoted,
    times,
    visible,
    with_article,
)

ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cat", "cat"),
        ("a\x00b", "aU+0000b"),
        ("\x1b[31m", "U+001B[31m"),
        ("\u202egnp.exe", "U+202Egnp.exe"),
        ("\ufffe", "U+FFFE"),
        ("\U0001fffe", "U+1FFFE"),
        ("\ufdd0", "U+FDD0"),
        ("\u2028", "U+2028"),
        ("\u00a0", "U+00A0"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("\u200d", "U+200D"),
        ("\u200c\u200d", "U+200CU+200D"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        (ENGLAND, ENGLAND),
        (f"a{ENGLAND}{ENGLAND}\u202e", f"a{ENGLAND}{ENGLAND}U+202E"),
        ("a\U000e0067\U000e007f", "aU+E0067U+E007F"),  # letters that hide in a text, without a flag
        ("\u2764\ufe0f", "\u2764\ufe0f"),
        ("\u3164", "U+3164"),
        ("\u0e01", "\u0e01"),
        ("\U0003fff0", "\U0003fff0"),  # assigned by no Unicode yet, so perhaps by the next one
    ],
)
def test_what_is_invisible_or_harmful_is_spelled_out(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cat", "cat"),
        ("New York", "New York"),
        ("", "␣"),
        ("  ", "␣"),
        ("\u00a0", "␣"),
        ("\u3000", "␣"),
        ("\t", "⇥"),
        (" \t", "⇥"),
        ("\n", "↵"),
        (" \r\n\n", "↵"),
        ("\u2028", "↵"),
        ("a\tb\n\nc", "a⇥b↵c"),
        ("\x1b", "U+001B"),
        ("\x1c", "U+001C"),
        ("a\x00b", "aU+0000b"),
        ("\u0301", "◌\u0301"),
        ("\ufe0f", "◌\ufe0f"),
        ("🙂 1/4", "🙂 1/4"),
        (ENGLAND, ENGLAND),
    ],
)
def test_a_token_is_drawn_so_that_it_can_be_seen(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown


def test_a_message_is_one_printable_line_with_an_end() -> None:
    assert one_line("a\n b\tc\x00") == "a b cU+0000"
    assert one_line("abcdef", 4) == "abc…"
    assert quoted("x" * 500) == f"“{'x' * 79}…”"
    assert str(AttnlitError("There is no model\n\x1b[2J" + "x" * 5_000)).startswith(
        "There is no model U+001B[2J"
    )
    assert len(str(AttnlitError("x" * 5_000))) == 600


def test_markdown_shows_an_escaped_text_as_it_is() -> None:
    assert escaped("![](http://a.b) **x** $1 <b>\n|") == (
        "\\!\\[\\]\\(http\\:\u2060\\/\\/a\\.b\\) \\*\\*x\\*\\* \\$1 \\<b\\> \\|"
    )
    assert escaped(" ") == "␣"


@pytest.mark.parametrize("text", ["https://a.b", "www.a.b", "WWW.A.B", "x@a.b", "->", "<-", "--", ">=", "~="])
def test_markdown_makes_nothing_of_an_escaped_text(text: str) -> None:
    """Addresses and arrows are found after the backslashes are gone, so these do not keep them apart."""
    seen = escaped(text).replace("\\", "")
    assert text not in seen
    assert seen.replace("\u2060", "") == text  # looks the same


def test_numbers_and_names_as_people_say_them() -> None:
    assert [counted(number, "token") for number in (0, 1, 2)] == ["0 tokens", "1 token", "2 tokens"]
    assert [number_text(value) for value in (1.234, -0.4, float("nan"))] == ["+1.23", "−0.40", "–"]
    assert number_text(-0.0123, ".3f") == "−0.012"
    assert [number_text(value) for value in (0.0, -0.004, 0.004, -0.005001)] == ["0.00"] * 3 + ["−0.01"]
    assert [percent(share) for share in (0.62, 0.0994, 0.0996, 0.002)] == ["62%", "9.9%", "10%", "0.2%"]
    assert [ordinal(each) for each in (1, 2, 3, 4, 11, 12, 21, 112)] == [
        "1st", "2nd", "3rd", "4th", "11th", "12th", "21st", "112th",
    ]  # fmt: skip
    assert [with_article(name) for name in ("induction head", "broad head")] == [
        "an induction head",
        "a broad head",
    ]


@pytest.mark.parametrize(
    ("ratio", "written"),
    [
        (12.3, "×12"),
        (9.96, "×10"),
        (1.94, "×1.9"),
        (0.996, "×1.0"),
        (0.24, "×0.24"),
        (0.004, "×0.004"),
        (0.0001, "×0"),
        (float("nan"), ""),
    ],
)
def test_a_ratio_as_people_write_it(ratio: float, written: str) -> None:
    assert times(ratio) == written


def test_a_share_that_is_next_to_nothing_is_not_called_nothing() -> None:
    said = [percent_or_less(each) for each in (0.62, 0.0123, 0.001, 0.00099, 0.0)]
    assert said == ["62%", "1.2%", "0.1%", "less than 0.1%", "less than 0.1%"]


def test_what_there_is_to_choose_from_is_named() -> None:
    assert [either(range(3, each, 4)) for each in (4, 8, 12)] == ["3", "3 or 7", "3, 7 or 11"]


def test_what_an_earlier_import_made_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (a_kind([]), a_kind(None), a_kind(AttnlitError("x"))) == ("a list", "None", "an AttnlitError")
    earlier = AttnlitError("x")
    monkeypatch.setattr(errors, "AttnlitError", type("AttnlitError", (ValueError,), {}))
    assert a_kind(earlier) == "an AttnlitError from before attnlit was imported anew"
