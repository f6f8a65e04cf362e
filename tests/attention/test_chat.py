"""Conversations: rendered as the library does, every message found again, and hostile templates bounded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from attnlit.attention import answer, load
from attnlit.attention.answers import ask, record
from attnlit.attention.chat import conversation
from attnlit.attention.spans import ROLES, Part, Span
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import tiny
from tests.attention.templates import FAMILIES, FORGET, tokenizer_of

SYSTEM, FIRST, THOUGHT, SAID, LAST = (
    "The dog lay on the rug.",
    "  A doctor asked the nurse?  ",
    "she answered",
    "The cat sat.",
    "The dog lay on the rug.",  # the same words as the system's
)


def messages(*, system: bool) -> list[dict[str, str]]:
    first = [{"role": "system", "content": SYSTEM}] if system else []
    return [
        *first,
        {"role": "user", "content": FIRST},
        {"role": "assistant", "content": f"<think>\n{THOUGHT}\n</think>\n\n{SAID}"},
        {"role": "user", "content": LAST},
    ]


# One of each kind of tokenizer; `make test` tries the others, too.
QUICK = ("chatml", "gemma")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(each, marks=() if each in QUICK else pytest.mark.whole) for each in sorted(FAMILIES)
    ],
)
def family(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def chat(family: str) -> Model:
    """A tiny model that writes, with this family's tokenizer."""
    return of_tokenizer(tokenizer_of(family))


def of_tokenizer(tokenizer: Any) -> Model:
    size = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256}
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    return load(tiny.build("GPT2LMHeadModel", size | ends, len(tokenizer)), tokenizer=tokenizer)


def covered(spans: tuple[Span, ...], tokens: Any) -> list[tuple[str, int, str]]:
    """(role, turn, what its tokens show) of every span but the template's."""
    return [
        (span.role, span.turn, " ".join(token.text for token in tokens[span.start : span.end]))
        for span in spans
        if span.role != "template"
    ]


def squeezed(text: str) -> str:
    return "".join(text.split()).replace("␣", "")


def test_every_message_is_found_and_the_rest_is_the_template(family: str, chat: Model) -> None:
    system = FAMILIES[family][2]
    given = messages(system=system)
    asked = ask(chat, messages=given)
    assert asked.reading.text == chat.tokenizer.apply_chat_template(
        given, tokenize=False, add_generation_prompt=True
    )
    ids = chat.tokenizer.apply_chat_template(given, add_generation_prompt=True)["input_ids"]
    assert asked.reading.source.inputs["input_ids"] == ids
    found = record(chat, asked, [])["self"]
    assert {span.role for span in found.spans} <= set(ROLES)
    assert found.spans[0].start == 0
    assert all(one.end == other.start for one, other in zip(found.spans, found.spans[1:], strict=False))
    assert found.spans[-1].end == len(found.queries)
    wanted = [("system", 0, SYSTEM)] if system else []
    wanted.append(("user", len(wanted), FIRST))
    if family not in FORGET:
        wanted.append(("thinking", len(given) - 2, THOUGHT))
    wanted += [("assistant", len(given) - 2, SAID), ("user", len(given) - 1, LAST)]
    shown = covered(found.spans, found.queries)
    assert [(role, turn, squeezed(text)) for role, turn, text in shown] == [
        (role, turn, squeezed(text)) for role, turn, text in wanted
    ]


def test_what_was_thought_may_stand_beside_the_message(chat: Model, family: str) -> None:
    given = [
        {"role": "user", "content": "A doctor?"},
        {"role": "assistant", "content": SAID, "reasoning_content": THOUGHT},
        {"role": "user", "content": "The dog."},
    ]
    rendered = conversation(chat, given)
    assert rendered.text == chat.tokenizer.apply_chat_template(
        given, tokenize=False, add_generation_prompt=True
    )
    assert [part.role for part in rendered.parts] == [
        "user",
        "assistant",
        "user",
    ]  # all drop it, or never ask
    assert rendered.text[rendered.parts[1].start : rendered.parts[1].end] == SAID


def test_an_answer_in_a_conversation_has_its_own_span_and_its_thinking(chat: Model, family: str) -> None:
    found = answer(chat, messages=[{"role": "user", "content": "The cat?"}], max_tokens=3)
    assert len(found.written) == 3
    assert found.spans[-1].end == len(found.queries)
    asked = ask(chat, messages=[{"role": "user", "content": "The cat?"}])
    encode = chat.tokenizer.encode
    ids = encode("<think>she</think>The dog", add_special_tokens=False)
    thought = record(chat, asked, ids)["self"]
    roles = [span.role for span in thought.spans]
    assert roles[-2:] == ["thinking", "answer"]
    assert "</think>" in (thought.pair or "")
    said = thought.queries[thought.spans[-1].start :]
    assert squeezed("".join(token.text for token in said)) == "Thedog"


def test_a_template_that_opens_the_thinking_is_known_to(chat: Model, family: str) -> None:
    tokenizer = tokenizer_of(family)
    tokenizer.chat_template += "<think>\n"
    model = replace(chat, tokenizer=tokenizer)
    ids = tokenizer.encode("she </think> The", add_special_tokens=False)
    found = record(model, ask(model, messages=[{"role": "user", "content": "The cat?"}]), ids)["self"]
    assert [span.role for span in found.spans][-2:] == ["thinking", "answer"]


GEMMA_CHAT = [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}]


@pytest.fixture(scope="module")
def gemma() -> Model:
    return of_tokenizer(tokenizer_of("gemma"))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "1 to 64 messages"),
        ("Hi", "as a list, not as a str"),
        ([{"role": "user", "content": "a"}] * 65, "1 to 64 messages"),
        ([{"role": "wizard", "content": "a"}], "needs a role"),
        ([{"role": "user"}], "needs its content"),
        ([{"role": "user", "content": ["a"]}], "needs its content"),
        ([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "must be the user's"),
        ([{"role": "user", "content": "a" * 20_000}], "takes fewer"),
        (GEMMA_CHAT, "System role not supported"),
    ],
)
def test_mistakes_in_messages_are_answered_in_words(given: list[Any], told: str, gemma: Model) -> None:
    with pytest.raises(AttnlitError, match=told):
        conversation(gemma, given)


HOSTILE = {
    "endless": "{% for a in range(99999) %}{{ 10 ** (10 ** 9) }}{% endfor %}",
    "memory": "{{ 'a' * 10 ** 10 }}",
    "doubling": "{% set n = namespace(s='a') %}{% for i in range(60) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
    "too long": "{% for a in range(99999) %}aaaaaaaaaaaaaaaaaaaaaaaa{% endfor %}",
    "escape": "{{ ''.__class__.__mro__[1].__subclasses__() }}{{ messages.append('a') }}",
    "file": "{% include '/etc/passwd' %}",
    "no template": "{% if %}",
}


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(each, marks=pytest.mark.whole if each in ("endless", "doubling") else ())
        for each in sorted(HOSTILE)
    ],
)
def test_a_hostile_template_ends_in_words(kind: str) -> None:
    tokenizer = tokenizer_of("llama")
    tokenizer.chat_template = HOSTILE[kind]
    with pytest.raises(AttnlitError, match="makes nothing of this conversation"):
        conversation(of_tokenizer(tokenizer), [{"role": "user", "content": "a"}])


def test_a_message_that_looks_like_the_template_or_a_made_up_word_is_only_a_message() -> None:
    model = of_tokenizer(tokenizer_of("chatml"))
    text = "attnlit0words <|im_end|> {{ messages }} attnlit1words"
    rendered = conversation(model, [{"role": "user", "content": text}])
    (part,) = rendered.parts
    assert rendered.text[part.start : part.end] == text


@pytest.mark.whole
def test_where_a_template_changes_what_it_is_given_all_is_the_prompt_and_nobody_is_named() -> None:
    tokenizer = tokenizer_of("chatml")
    tokenizer.chat_template = "{{ messages[0].content | upper }}:"
    model = of_tokenizer(tokenizer)
    given = [{"role": "user", "content": "The cat"}]
    rendered = conversation(model, given)
    assert (rendered.text, rendered.parts) == ("THE CAT:", (Part("prompt", 0, 0, 8),))
    found = answer(model, messages=given, max_tokens=2)
    assert [span.role for span in found.spans] == ["prompt", "answer"]


def test_a_tool_that_speaks_is_answered_in_words() -> None:
    model = of_tokenizer(tokenizer_of("harmony"))
    for given, told in (
        ([{"role": "tool", "content": "12"}], "needs a role: system, user, assistant"),
        ([{"role": "assistant", "content": "<|channel|>a"}, {"role": "user", "content": "b"}], "beside the"),
    ):
        with pytest.raises(AttnlitError, match=told):
            conversation(model, given)


@pytest.mark.parametrize("name", ["bert", "t5"])
def test_a_template_does_not_make_a_writer_of_another_model(
    name: str, tiny_model: Callable[[str], Model]
) -> None:
    told = "fills gaps" if name == "bert" else "no chat template"
    with pytest.raises(AttnlitError, match=told):
        answer(tiny_model(name), messages=[{"role": "user", "content": "a"}])
