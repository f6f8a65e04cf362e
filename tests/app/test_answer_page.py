"""The answer page: what it writes, what was read for it, stopping, going on, and what a link restores."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import streamlit as st

from attnlit.analysis.scores import telling_head
from attnlit.app import write
from attnlit.app.answer import ask
from attnlit.attention import answer, load, passed_on
from attnlit.words.answer import read_in_words, said_in_words, word_in_words
from tests import tiny
from tests.app.opening import opened, plain, said, told
from tests.attention.templates import tokenizer_of
from tests.bundled import bundled

PROMPT = "She opened the letter and"


def test_it_writes_and_says_what_was_read_for_the_chosen_word() -> None:
    app = opened(
        "answer",
        prompt=PROMPT,
        length="20",
        temperature="0.0",
        read_by="This head",
        layer="3",
        head="2",
        word="4",
    )
    assert not app.exception
    assert not app.warning
    assert len(app.get("vega_lite_chart")) == 1
    found = answer(bundled("mini-gpt2"), PROMPT, max_tokens=20)
    for sentence in (
        said_in_words(found), word_in_words(found, 4), *read_in_words(found, [4], [(3, 2)]),
    ):  # fmt: skip
        assert plain(sentence) in told(app)
    assert len(app.dataframe[0].value) == len(found.written)
    asked = (
        f"attnlit.answer(model, prompt={PROMPT!r}, temperature=0.0, seed=0, max_tokens={len(found.written)})"
    )
    assert any(asked in each.value and "((3, 2),)" in each.value for each in app.code)


def test_one_head_begins_at_the_most_telling_one() -> None:
    app = opened("answer", prompt=PROMPT, length="20", temperature="0.0", read_by="This head")
    assert not app.exception
    found = answer(bundled("mini-gpt2"), PROMPT, max_tokens=20)
    at = tuple(app.button_group(key=key).value for key in ("layer", "head"))
    assert at == telling_head(found) != (0, 0)


def test_a_link_restores_what_is_looked_at() -> None:
    app = opened(
        "answer", prompt=PROMPT, length="20", temperature="1.0", seed="3", read_by="All layers",
        when="Once it was there", word="2-5",
    )  # fmt: skip
    found = answer(bundled("mini-gpt2"), PROMPT, max_tokens=20, temperature=1.0, seed=3)
    for sentence in read_in_words(found, [2, 3, 4, 5], None, once_read=True):
        assert plain(sentence) in told(app)
    mine, bare = (parse_qs(each.value.split("?")[1]) for each in app.code if "model=" in each.value)
    assert mine["prompt"] == [PROMPT]
    assert "prompt" not in bare
    for name, value in {
        "word": "2-5",
        "temperature": "1.0",
        "seed": "3",
        "when": "Once it was there",
    }.items():
        assert mine[name] == bare[name] == [value]


def test_steps_lead_from_word_to_word_and_a_slider_takes_several() -> None:
    app = opened("answer", prompt=PROMPT, length="20", temperature="0.0")
    assert app.button(key="word before").disabled
    app.button(key="word after").click().run()
    assert app.query_params["word"] == "1"
    app.slider(key="answer_words").set_value((1, 3)).run()
    assert app.query_params["word"] == "1-3"
    assert "To write 3 words" in told(app)
    app.button(key="word before").click().run()
    assert app.query_params["word"] == "0"


def test_what_is_passed_on_is_counted() -> None:
    app = opened(
        "answer",
        prompt=PROMPT,
        length="20",
        temperature="0.0",
        weigh="What is passed on",
        read_by="This head",
        layer="3",
        head="2",
    )
    model = bundled("mini-gpt2")
    norms = passed_on(model, answer(model, PROMPT, max_tokens=20))
    assert plain(read_in_words(norms, [0], [(3, 2)])[0]) in told(app)


def test_another_prompt_lets_go_of_the_word() -> None:
    app = opened("answer", prompt=PROMPT, length="20", temperature="0.0", word="4")
    app.text_area(key="answer_prompt").set_value("The cat sat on the mat and")
    next(each for each in app.button if each.label == "Let it write").click().run()
    assert "word" not in app.query_params or app.query_params["word"] == "0"
    assert "prompt" not in app.query_params
    assert plain(
        said_in_words(answer(bundled("mini-gpt2"), "The cat sat on the mat and", max_tokens=20))
    ) in told(app)


def test_what_was_stopped_is_shown_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    clicks: dict[str, Callable[[], None]] = {}
    button, say = st.button, write.say

    def noted(label: str, **options: Any) -> bool:
        clicks[label] = lambda: options["on_click"](*options.get("args", ()))
        return button(label, **options)

    def slow(*asked: Any, **options: Any) -> Iterator[int]:
        for count, word in enumerate(say(*asked, **options)):
            if count == 5 and "Cancel" in clicks and "Go on" not in clicks:
                clicks["Cancel"]()  # as Streamlit does with a click, and then runs the page again
                st.rerun()
            time.sleep(0.25 if count < 3 else 0)  # from the second sign of life on there is a bar
            yield word

    monkeypatch.setattr(st, "button", noted)
    monkeypatch.setattr(write, "say", slow)
    prompt = "The ship that never came home"
    app = opened("answer", prompt=prompt, length="20", temperature="0.0")
    assert not app.exception
    assert "Stopped at 25%" in told(app)
    assert "It wrote 5 tokens" in told(app)
    next(each for each in app.button if each.label == "Go on").click().run()
    assert plain(said_in_words(answer(bundled("mini-gpt2"), prompt, max_tokens=20))) in told(app)


def test_models_that_fill_gaps_say_what_they_do_instead() -> None:
    app = opened("answer", model="mini-bert")
    assert "does not write text: it fills gaps" in said(app)
    assert not app.get("vega_lite_chart")


def test_an_encoder_decoder_answers_with_cross_attention(
    tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNLIT_ANY_MODEL", "1")
    address = {
        "model": str(tiny_folder("t5")),
        "prompt": "The cat sat.",
        "length": "20",
        "temperature": "0.0",
    }
    for given in ({}, {"kind": "decoder"}):
        app = opened("answer", **given, **address)
        assert not app.exception
        assert app.get("vega_lite_chart")
        assert app.button_group(key="kind").value == given.get("kind", "cross")
    assert "Choose decoder or cross" in told(opened("answer", kind="encoder", **address))


def test_a_chat_model_is_asked_in_a_conversation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNLIT_ANY_MODEL", "1")
    tokenizer = tokenizer_of("qwen")
    tokenizer.save_pretrained(tmp_path)
    size = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256}
    size |= {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    tiny.build("GPT2LMHeadModel", size, len(tokenizer)).save_pretrained(tmp_path)
    app = opened(
        "answer", model=str(tmp_path), prompt="The cat?", system="The dog.", length="20", temperature="0.0"
    )
    assert not app.exception
    assert not app.warning
    messages = [{"role": "system", "content": "The dog."}, {"role": "user", "content": "The cat?"}]
    found = answer(load(str(tmp_path)), messages=messages, max_tokens=20)
    assert plain(said_in_words(found)) in told(app)
    asked = {"model": str(tmp_path), "prompt": "The cat?", "length": "20", "temperature": "0.0"}
    plainly = opened("answer", form=ask.TEXT, **asked)
    assert "answer_prompt" in {each.key for each in plainly.text_area}
    assert plain(said_in_words(answer(load(str(tmp_path)), "The cat?", max_tokens=20))) in told(plainly)
