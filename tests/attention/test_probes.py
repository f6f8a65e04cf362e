"""Models of which only a part weighs every token against every other one show that part, and say so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from attnlit.analysis.ablation import switch_off
from attnlit.attention import attend_all, load
from attnlit.attention.capture import record_of
from attnlit.attention.proof import prove
from attnlit.attention.reading import read
from attnlit.attention.recorder import Recorder
from attnlit.attention.values import proof_of
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import many, tiny
from tests.sizes import SIZES
from tests.tolerances import ROUNDING

TEXT, TARGET = "The cat sat on the mat, because it was tired.", "The dog lay on the rug."


def own(model: Model, pair: str | None) -> dict[str, list[np.ndarray]]:
    """What the model itself reports of a text with its eager attention, by the names of its outputs."""
    inputs = {name: torch.tensor([ids]) for name, ids in read(model, TEXT, pair).inputs.items()}
    route = model.module.config._attn_implementation
    model.module.set_attn_implementation("eager")
    try:
        with torch.no_grad():
            outputs = model.module(**inputs, output_attentions=True)
    finally:
        model.module.set_attn_implementation(route)
    return {name: [each.numpy() for each in outputs[name]] for name in outputs if name.endswith("attentions")}


def test_columns_that_stand_for_several_tokens_have_no_picture(tiny_model: Callable[[str], Model]) -> None:
    """As in a long text of DeepSeek-V4: the weights of a layer are of more than the text's tokens."""
    model = tiny_model("gpt2")
    reading = read(model, TEXT)
    count = len(reading.source.tokens)
    with pytest.raises(AttnlitError, match="look at summaries of several tokens"):
        record_of(model, "self", reading, np.full((3, 4, count, count + 1), 0.1, dtype=np.float32))
    recorder = Recorder(model.sites)
    recorder.take_reported({("self", 0): torch.ones(1, 4, count, count)})
    with pytest.raises(AttnlitError, match="Shorten the text"):
        recorder.take_reported({("self", 1): torch.ones(1, 4, count, count + 1)})


def test_a_tokenizer_of_another_model_is_told(tmp_path: Path) -> None:
    tiny.save("bert", tmp_path)
    tiny.byte_level().save_pretrained(tmp_path)
    with pytest.raises(AttnlitError, match="does not belong to it: it makes tokens the model lacks"):
        load(tmp_path)


@pytest.mark.parametrize(
    "drops",
    [
        {"normalizer": {"type": "Replace", "pattern": {"Regex": ".*"}, "content": ""}},
        {"post_processor": {"type": "TemplateProcessing", "single": [], "pair": [], "special_tokens": {}}},
    ],
    ids=["normalizer", "post_processor"],
)
def test_a_tokenizer_that_drops_every_text_is_told(drops: dict[str, object], tmp_path: Path) -> None:
    tiny.save("gpt2", tmp_path)
    settings = json.loads((tmp_path / "tokenizer.json").read_text())
    (tmp_path / "tokenizer.json").write_text(json.dumps({**settings, **drops}))
    with pytest.raises(AttnlitError, match="makes no token of a plain sentence"):
        load(tmp_path)


def test_the_layers_of_a_hybrid_that_report_something_else_are_left_out() -> None:
    model = many.model("minimax")
    assert model.layer_numbers == (1, 3)
    assert model.layer_kinds == ("linear attention", "attention", "linear attention", "attention")
    assert model.notes == (
        "Only some layers of this model have attention: 1, 3. The others mix tokens in another way.",
    )
    record = attend_all(model, TEXT)["self"]
    reported = own(model, None)["attentions"]
    np.testing.assert_allclose(record.weights, np.concatenate([reported[1], reported[3]]), rtol=0, atol=1e-6)
    assert switch_off(model, TEXT, [(3, 1)]).kl > ROUNDING


@pytest.mark.parametrize("architecture", ["led", "longt5"])
def test_a_decoder_is_shown_without_its_encoder_and_that_is_said(architecture: str) -> None:
    model = many.model(architecture)
    assert (model.kinds, model.pairs, model.causal) == (("decoder", "cross"), "target", True)
    assert model.notes == (
        "The encoder attention of this model is not shown: the model reports no weights there from every "
        "token to every other one.",
    )
    records, reported = attend_all(model, TEXT, TARGET), own(model, TARGET)
    for kind in model.kinds:
        expected = np.concatenate(reported[f"{kind}_attentions"])
        np.testing.assert_allclose(records[kind].weights, expected, rtol=0, atol=1e-6)
        assert switch_off(model, TEXT, [(1, 2)], pair=TARGET, kind=kind).kl > ROUNDING


def small(type_: str, kind: str) -> Model:
    return prove(many.checkpoint(type_, kind, SIZES[type_]))


@pytest.mark.whole
def test_a_model_whose_layers_cannot_be_told_apart_is_not_shown_in_part() -> None:
    """Funnel sees everything in its first block and in its decoder, whose layers begin at 0 again."""
    with pytest.raises(AttnlitError, match="no full picture"):
        small("funnel", "FunnelForMaskedLM")


@pytest.mark.whole
def test_a_decoder_alone_that_reports_empty_cross_attention_is_shown() -> None:
    model = small("prophetnet", "ProphetNetForCausalLM")
    assert (model.kinds, model.causal, model.layer_numbers) == (("self",), True, (0, 1))
    # Its logits come of a second stream, which the same heads read in another way.
    with pytest.raises(AttnlitError, match="attends a second time"):
        switch_off(model, TEXT, [(1, 0)])


def test_a_model_of_sounds_is_refused_in_words() -> None:
    with pytest.raises(AttnlitError, match="no table of words"):
        small("musicgen", "MusicgenForCausalLM")


@pytest.mark.whole
def test_an_encoder_that_keeps_two_states_hides_no_values_of_the_decoder() -> None:
    model = small("pegasus_x", "PegasusXForConditionalGeneration")
    assert model.kinds == ("decoder", "cross")
    assert not proof_of(model).why_no_values
