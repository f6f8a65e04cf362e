"""Who said what: tokens in the parts of a text, and thinking told from what was said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attnlit.attention.record import Token
from attnlit.attention.spans import Part, Span, begins_thinking, named_spans, spans_of, thought_and_said


def token(position: int, span: tuple[int, int] | None, segment: int = 0, *, special: bool = False) -> Token:
    return Token(position, "t", "t", special, segment, position, span=span)


def test_a_token_belongs_where_most_of_its_characters_do_and_one_without_any_to_its_neighbours() -> None:
    tokens = [
        token(0, None, special=True),
        token(1, (0, 3)),
        token(2, None),  # a blank inside the message
        token(3, (4, 9)),  # three characters of the message, two of the template
        token(4, (9, 12)),
        token(5, None),
        token(6, (0, 2), 1),
    ]
    found = spans_of(tokens, [Part("user", 0, 0, 7)], [Part("answer", 1, 0, 2)])
    assert found == (
        Span("template", -1, 0, 1),
        Span("user", 0, 1, 4),
        Span("template", -1, 4, 6),
        Span("answer", 1, 6, 7),
    )
    assert 3 in found[1]
    assert 4 not in found[1]


def test_a_part_of_a_character_at_the_end_of_an_answer_is_of_the_answer() -> None:
    tokens = [token(0, (0, 1)), token(1, (0, 1), 1), token(2, None, 1)]
    found = spans_of(tokens, [Part("prompt", 0, 0, 1)], [Part("answer", 1, 0, 1)])
    assert found[-1] == Span("answer", 1, 1, 3)
    marked = [*tokens[:2], replace(tokens[2], special=True)]
    assert spans_of(marked, [], [Part("answer", 1, 0, 1)])[-1] == Span("template", -1, 2, 3)


def test_an_answer_of_bytes_that_make_no_character_is_an_answer() -> None:
    tokens = [token(0, (0, 1)), token(1, None, 1), token(2, None, 1)]
    assert spans_of(tokens, [Part("prompt", 0, 0, 1)], [], 1)[-1] == Span("answer", 1, 1, 3)


@pytest.mark.parametrize(
    ("text", "thinks", "wanted"),
    [
        ("Hi", False, [("answer", "Hi")]),
        ("<think>a</think>b", False, [("thinking", "<think>a</think>"), ("answer", "b")]),
        ("a</think>b", True, [("thinking", "a</think>"), ("answer", "b")]),
        ("a", True, [("thinking", "a")]),
        ("x<think>a", False, [("answer", "x"), ("thinking", "<think>a")]),
        ("", True, []),
    ],
)
def test_thinking_is_told_from_what_was_said(text: str, thinks: bool, wanted: list) -> None:
    parts = thought_and_said(text, 1, thinks=thinks)
    assert [(part.role, text[part.start : part.end]) for part in parts] == wanted


def test_a_prompt_may_end_inside_a_thought() -> None:
    assert begins_thinking("<think>\n")
    assert not begins_thinking("<think>a</think>")
    assert not begins_thinking("Hi")


def test_several_messages_of_a_role_are_numbered() -> None:
    spans = [
        Span("user", 0, 0, 1),
        Span("template", -1, 1, 2),
        Span("user", 2, 2, 3),
        Span("answer", 3, 3, 4),
    ]
    assert named_spans(spans) == ["user 1", "template", "user 2", "answer"]
