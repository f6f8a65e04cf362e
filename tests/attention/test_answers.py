"""An answer is what writing step by step gives, and its record what each step looked at."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

import attnlit
from attnlit.analysis.reads import read_by_word
from attnlit.attention import answer, attend, passed_on
from attnlit.attention.answers import ask, record, say
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import many
from tests.bundled import bundled
from tests.tolerances import MISTAKE, ROUNDING

pytestmark = pytest.mark.numeric

PROMPT = "The cat sat on the rug"
GetModel = Callable[[str], Model]
# Full attention, windows with a soft cap, a sink with windows, a gate between layers without attention.
DECODERS = ("gpt2", "gemma2", "gpt-oss", "qwen3.5")


@pytest.fixture
def decoder(request: pytest.FixtureRequest, tiny_model: GetModel) -> Model:
    name = request.param
    return many.model(name) if name == "qwen3.5" else tiny_model(name)


def steps(model: Model, inputs: dict[str, list[int]], count: int, start: int | None = None) -> list[dict]:
    """What the library does, one token at a time: its logits, its eager attention, and the likeliest word."""
    module = copy.deepcopy(model.module)
    module.set_attn_implementation("eager")
    grows = "input_ids" if start is None else "decoder_input_ids"
    sequence = [*inputs["input_ids"]] if start is None else [start]
    done = []
    for _ in range(count):
        tensors = {name: torch.tensor([ids]) for name, ids in inputs.items() if name == "input_ids"}
        tensors[grows] = torch.tensor([sequence])
        with torch.no_grad():
            outputs = module(**tensors, output_attentions=True, use_cache=False)
        word = int(outputs.logits[0, -1].argmax())
        done.append({"outputs": outputs, "word": word, "chances": outputs.logits[0, -1].softmax(-1)})
        sequence.append(word)
    return done


def layers(matrices: tuple) -> np.ndarray:
    """(L, H, Q, K) of the layers that have attention."""
    return torch.cat([each for each in matrices if each is not None]).numpy()


@pytest.mark.parametrize("decoder", DECODERS, indirect=True)
def test_words_weights_and_probabilities_are_those_of_the_steps(decoder: Model) -> None:
    found = answer(decoder, PROMPT, max_tokens=8)
    asked = ask(decoder, PROMPT)
    done = steps(decoder, asked.reading.source.inputs, 8)
    length = asked.tokens
    assert [found.queries[word.position].id for word in found.written] == [step["word"] for step in done]
    for word, step in zip(found.written, done, strict=True):
        weights = layers(step["outputs"].attentions)
        row = word.position - 1
        assert np.abs(found.weights[:, :, row, : row + 1] - weights[:, :, -1, : row + 1]).max() < ROUNDING
        assert found.weights[:, :, row, row + 1 :].max(initial=0) == 0
        assert abs(word.probability - float(step["chances"].max())) < ROUNDING
        assert word.likely[0][1] == pytest.approx(word.probability, abs=ROUNDING)
        assert [chance for _, chance in word.likely] == sorted(
            (chance for _, chance in word.likely), reverse=True
        )
    # A row that is taken for its neighbour would show.
    assert (
        np.abs(found.weights[:, :, length, :length] - found.weights[:, :, length - 1, :length]).max()
        > MISTAKE
    )
    assert [word.position for word in found.written] == [*range(length, length + 8)]


@pytest.mark.whole
def test_an_encoder_decoder_answers_with_cross_attention(tiny_model: GetModel) -> None:
    model = tiny_model("t5")
    found = answer(model, PROMPT, max_tokens=6)
    assert found.kind == "cross"
    asked = ask(model, PROMPT)
    target = asked.reading.target
    assert target is not None
    done = steps(model, asked.reading.source.inputs, len(found.written), target.tokens[0].id)
    assert [found.queries[word.position].id for word in found.written] == [step["word"] for step in done]
    for word, step in zip(found.written, done, strict=True):
        weights = layers(step["outputs"].cross_attentions)
        assert np.abs(found.weights[:, :, word.position - 1] - weights[:, :, -1]).max() < ROUNDING
        assert abs(word.probability - float(step["chances"].max())) < ROUNDING
    assert {span.role for span in found.spans} == {"prompt", "template"}
    on_itself = answer(model, PROMPT, max_tokens=6, kind="decoder")
    assert [span.role for span in on_itself.spans] == ["template", "answer"]
    assert not answer(model, PROMPT, max_tokens=6, kind="encoder").written


@pytest.mark.whole
def test_a_temperature_draws_words_with_the_probabilities_that_go_with_it(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    asked = ask(model, PROMPT)
    (chances,) = (step["chances"].double().numpy() for step in steps(model, asked.reading.source.inputs, 1))
    for temperature in (0.3, 1.0):  # 80 draws each tell a temperature that is left out from one that is not
        wanted = chances ** (1 / temperature)
        wanted /= wanted.sum()
        drawn = [next(say(model, asked, seed=seed, temperature=temperature)) for seed in range(80)]
        best = int(wanted.argmax())
        spread = math.sqrt(wanted[best] * (1 - wanted[best]) / 80)
        assert abs(np.mean(np.array(drawn) == best) - wanted[best]) < 4 * spread
        assert len(set(drawn)) > 1
    one, same, other = ([*say(model, asked, seed=seed, temperature=1.0, max_tokens=9)] for seed in (1, 1, 2))
    assert one == same != other


def test_what_was_stopped_goes_on_as_if_it_had_not(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    asked = ask(model, PROMPT)
    options = {"temperature": 0.9, "seed": 4, "max_tokens": 10}
    whole = [*say(model, asked, **options)]
    assert [*whole[:4], *say(model, asked, already=whole[:4], **options)] == whole
    calls = iter([False, False, True])
    stopped = answer(model, PROMPT, cancelled=lambda: next(calls), **options)
    assert [stopped.queries[word.position].id for word in stopped.written] == whole[:3]


@pytest.mark.whole
def test_it_is_a_record_of_the_text_that_was_written() -> None:
    model = bundled("mini-gpt2")
    found = attnlit.answer(model, "She opened the letter and", max_tokens=12)
    again = attend(model, f"{found.text}{found.pair}")
    assert [token.id for token in found.queries] == [token.id for token in again.queries]
    assert np.abs(found.weights - again.weights).max() < ROUNDING
    assert found.query_tokens == again.query_tokens
    assert found.pair is not None
    assert found.pair.startswith(" ")
    assert [(span.role, span.end) for span in found.spans] == [
        ("template", 1), ("prompt", len(found.queries) - 12), ("answer", len(found.queries)),
    ]  # fmt: skip
    norms = passed_on(model, found)
    assert np.abs(norms.weights - passed_on(model, f"{found.text}{found.pair}").weights).max() < 1e-3
    assert (norms.spans, norms.written, norms.kind) == (found.spans, found.written, found.kind)
    assert norms.weighs != found.weighs


def test_an_answer_that_ends_at_once_is_a_record_of_the_prompt(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    found = record(model, ask(model, PROMPT), [])["self"]
    assert (found.written, found.pair) == ((), "")
    assert found.query_tokens == attend(model, PROMPT).query_tokens


def test_bytes_and_characters_that_end_only_in_the_answer_are_drawn(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    ids = model.tokenizer("é", add_special_tokens=False)["input_ids"]
    assert len(ids) == 2
    found = record(model, ask(model, "The caf"), [*ids, ids[0]])["self"]
    assert found.query_tokens[-3:] == ["é 1/2", "é 2/2", "byte C3"]  # the last one is not whole
    assert found.pair == "é"
    assert "é" in read_by_word(found)["word"].tolist()  # and the word that both make is one
    assert [token.segment for token in found.queries[-3:]] == [1, 1, 1]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"prompt": " "}, "prompt is empty"),
        ({"prompt": "cat " * 200}, "Shorten it"),
        ({}, "either a prompt or messages"),
        ({"prompt": "a", "messages": [{"role": "user", "content": "a"}]}, "either a prompt or messages"),
        ({"prompt": PROMPT, "temperature": -1.0}, "temperature is a number from 0"),
        ({"prompt": PROMPT, "max_tokens": 0}, "max_tokens must be 1 or more"),
        ({"messages": [{"role": "user", "content": "a"}]}, "no chat template"),
    ],
)
def test_mistakes_are_answered_in_words(wrong: dict, told: str, tiny_model: GetModel) -> None:
    with pytest.raises(AttnlitError, match=told):
        answer(tiny_model("gpt2"), **wrong)


def test_no_room_for_an_answer_is_said_and_an_answer_ends_where_the_room_does(
    tiny_model: GetModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_model("gpt2")
    tokens = len(attend(model, PROMPT).queries)
    monkeypatch.setenv("ATTNLIT_MAX_TOKENS", str(tokens + 3))
    assert len(answer(model, PROMPT, max_tokens=500).queries) == tokens + 3
    monkeypatch.setenv("ATTNLIT_MAX_TOKENS", str(tokens))
    with pytest.raises(AttnlitError, match="leaves no room"):
        answer(model, PROMPT)


def test_models_that_write_nothing_say_what_they_do_instead(tiny_model: GetModel) -> None:
    with pytest.raises(AttnlitError, match=r"fills gaps.*\[MASK\].*mini-gpt2"):
        answer(tiny_model("bert"), PROMPT)
