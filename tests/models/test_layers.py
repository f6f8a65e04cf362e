"""Layers by their own numbers: tiny hybrids whose attention layers are known, asked everywhere by them."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from attnlit.analysis.ablation import switch_off, switch_off_each
from attnlit.analysis.bias import Contrast, bias_effects
from attnlit.analysis.distance import by_distance, distance_table, records, scan
from attnlit.analysis.flow import rollout
from attnlit.analysis.scores import head_roles, telling_head
from attnlit.analysis.survey import survey, table
from attnlit.analysis.writing import writes
from attnlit.attention import attend, attend_all
from attnlit.attention.edits import freeze_patterns
from attnlit.attention.filters import hide_special
from attnlit.attention.proof import prove
from attnlit.attention.values import passed_on
from attnlit.attention.words import merge_words
from attnlit.charts.flow import flow_picture
from attnlit.charts.head import head_picture, head_table
from attnlit.charts.heatmap import heatmap_picture
from attnlit.charts.model import model_picture
from attnlit.charts.neuron import neuron_picture
from attnlit.errors import AttnlitError
from attnlit.models.layers import heads_in_order, layer_kinds, row_of
from attnlit.models.model import Model
from attnlit.words.read_out import read_out
from tests import many
from tests.sizes import SIZES

TEXT = "the cat sat on the mat and the dog lay on the rug because it was tired"
LAYERS = (1, 3)  # of the tiny Jamba that have attention


@pytest.fixture(scope="module")
def jamba() -> Model:
    return many.model("jamba")


def test_a_number_leads_to_a_row() -> None:
    assert [row_of(each, (3, 7, 11), "m") for each in (3, 7, 11)] == [0, 1, 2]
    with pytest.raises(AttnlitError, match=r"m has no attention in layer 4. Choose layer 3, 7 or 11."):
        row_of(4, (3, 7, 11), "m")
    with pytest.raises(AttnlitError, match=r"m has 2 layers, counted from 0: there is no layer 2."):
        row_of(2, (0, 1), "m")
    assert heads_in_order((3, 7), 2) == [(3, 0), (3, 1), (7, 0), (7, 1)]


@pytest.mark.parametrize(
    ("architecture", "kinds"),
    [
        ("jamba", ("mamba", "attention", "mamba", "attention")),
        ("lfm2", ("convolution", "attention")),
        ("qwen3.5", (*["linear attention"] * 3, "attention")),
        ("gemma2", ("sliding window 4", "attention")),
        ("gpt-oss", ("sliding window 4", "attention")),
        ("llama4", ("chunk 16", "chunk 16")),
        ("gpt2", ("attention", "attention")),
        ("t5", ("attention", "attention")),
    ],
)
def test_every_layer_is_named(architecture: str, kinds: tuple[str, ...]) -> None:
    model = many.model(architecture)
    assert model.layer_kinds == kinds
    attentions = [place for place, kind in enumerate(kinds) if re.match("attention|sliding|chunk", kind)]
    assert list(model.layer_numbers) == attentions
    assert attend(model, TEXT).layer_numbers == model.layer_numbers


@pytest.mark.whole
@pytest.mark.parametrize(
    ("type_", "kind", "kinds"),
    [
        ("bamba", "BambaForCausalLM", ("mamba", "attention", "mamba")),
        ("zamba2", "Zamba2ForCausalLM", ("mamba", "attention", "mamba", "attention")),
        ("kimi_linear", "KimiLinearForCausalLM", ("linear attention", "attention", "linear attention")),
    ],
)
def test_every_layer_of_a_hybrid_is_named_whoever_made_it(
    type_: str, kind: str, kinds: tuple[str, ...]
) -> None:
    assert prove(many.checkpoint(type_, kind, SIZES[type_])).layer_kinds == kinds


@pytest.mark.whole
def test_a_layer_whose_keys_are_chosen_is_named() -> None:
    """GLM's second layer takes what the indexer of the first has chosen."""
    sizes = {**SIZES["glm_moe_dsa"], "indexer_types": ["full", "shared"]}
    model = prove(many.checkpoint("glm_moe_dsa", "GlmMoeDsaForCausalLM", sizes))
    assert model.layer_kinds == ("chosen keys 4", "chosen keys 4")
    seen = (attend(model, TEXT).weights > 0).sum(axis=-1)
    assert seen.max() == 4 < seen.shape[-1]


def test_a_layer_is_named_by_its_configuration_too() -> None:
    def kinds(**config: Any) -> tuple[str, ...]:
        config = SimpleNamespace(**config)
        config.get_text_config = lambda decoder: config
        module = torch.nn.Module()
        module.config = config
        return layer_kinds(module, 3, (0, 2))

    types = ["sliding_attention", "moe", "full_attention"]
    assert kinds(layer_types=types, sliding_window=8) == ("sliding window 8", "MLP", "attention")
    assert kinds(sliding_window=8) == ("sliding window 8", "no attention", "sliding window 8")
    assert kinds(sliding_window=8, use_sliding_window=False)[0] == "attention"
    assert kinds(attention_layers=["global", "global", "local"], window_size=5)[2] == "sliding window 5"


def test_the_record_holds_what_the_layers_of_these_numbers_did(jamba: Model) -> None:
    """Each layer's own module is asked for its queries: no count of ours comes between."""
    seen: dict[int, torch.Tensor] = {}
    hooks = [
        jamba.module.model.layers[layer].self_attn.q_proj.register_forward_hook(
            lambda _, args, out, layer=layer: seen.update({layer: out})
        )
        for layer in LAYERS
    ]
    try:
        record = attend(jamba, TEXT)
    finally:
        for hook in hooks:
            hook.remove()
    assert record.layer_numbers == LAYERS
    for layer in LAYERS:  # Jamba knows no rotation: queries enter the softmax as projected
        q = seen[layer][0].unflatten(-1, (jamba.heads, -1))[:, 2].float().numpy()
        np.testing.assert_allclose(record.vectors(layer, 2).q, q, atol=1e-6)
    for asked in (0, 2, 4):
        with pytest.raises(AttnlitError, match=rf"no attention in layer {asked}\. Choose layer 1 or 3."):
            record.vectors(asked, 0)


def test_a_head_is_switched_off_in_the_layer_of_that_number(jamba: Model) -> None:
    """The same is lost as where the head's part of that very layer's output projection is 0."""
    found = switch_off(jamba, TEXT, [(3, 1)])
    projection = jamba.module.model.layers[3].self_attn.o_proj.weight
    size, kept = projection.shape[1] // jamba.heads, projection.clone()
    with torch.no_grad():
        projection[:, size : 2 * size] = 0
    try:
        by_hand = switch_off(jamba, TEXT, []).before
    finally:
        with torch.no_grad():
            projection.copy_(kept)
    np.testing.assert_allclose(found.after, by_hand, atol=1e-6)
    assert np.abs(found.after - found.before).max() > 1e-4
    with pytest.raises(AttnlitError, match="no attention in layer 2"):
        switch_off(jamba, TEXT, [(2, 1)])
    each = switch_off_each(jamba, TEXT)
    assert each["layer"].unique().tolist() == list(LAYERS)
    assert each.set_index(["layer", "head"])["kl"][3, 1] == pytest.approx(found.kl, rel=1e-4)


def test_attention_is_held_layer_by_layer(jamba: Model) -> None:
    record = attend(jamba, TEXT)
    frozen = freeze_patterns(jamba, {"self": record.weights})
    assert [edit.layer for edit in frozen] == list(LAYERS)
    again = attend_all(jamba, TEXT, None, frozen)["self"]
    np.testing.assert_allclose(again.weights, record.weights, atol=1e-6)


def test_tables_and_words_name_the_layer(jamba: Model) -> None:
    record = attend(jamba, TEXT)
    alone = passed_on(jamba, TEXT)
    assert alone.layer_numbers == LAYERS
    assert merge_words(hide_special(record)).layer_numbers == LAYERS
    assert head_roles(record)["layer"].unique().tolist() == list(LAYERS)
    assert telling_head(record)[0] in LAYERS
    assert head_table(record, 3, [1])["weight"].max() == pytest.approx(record.weights[1, 1].max())
    assert read_out(record, 3, [0], query=5) != read_out(record, 1, [0], query=5)
    assert set(writes(jamba, TEXT).heads["layer"]) == set(LAYERS)
    assert rollout(record).routes(3).layer_numbers == LAYERS


@pytest.mark.whole
def test_surveys_and_averages_name_the_layer(jamba: Model) -> None:
    texts = [(TEXT, None), (TEXT[4:], None)]
    found = survey(jamba, texts)
    assert found.heads == heads_in_order(LAYERS, 4)
    assert set(table(found, "first")["layer"]) == set(LAYERS)
    with pytest.raises(AttnlitError, match="no attention in layer 0"):
        found.at(0, 0)
    by = by_distance(records(jamba, [TEXT], "self"), 3)
    assert set(scan(by)["layer"]) == set(LAYERS)
    np.testing.assert_array_equal(distance_table(by, 3, 2)["attention"], by.attention_rest[1, 2])
    contrast = Contrast("the cat sat on the mat", "the dog sat on the mat", "the", "it")
    measured = bias_effects(jamba, contrast)
    assert measured.layers["layer"].tolist() == list(LAYERS)
    assert measured.turned().heads["layer"].unique().tolist() == list(LAYERS)


def test_pictures_are_asked_by_the_number_and_show_it(jamba: Model) -> None:
    record = attend(jamba, TEXT)
    for draw in (head_picture, heatmap_picture, neuron_picture):
        draw(record, 3)
        with pytest.raises(AttnlitError, match=r"no attention in layer 0\. Choose layer 1 or 3."):
            draw(record, 0)
    cells = model_picture(record, selected=(3, 2)).tables["cells"].to_pydict()
    assert sorted(set(cells["layer"])) == list(LAYERS)
    setup = flow_picture(rollout(record).routes(3)).tables["setup"].to_pydict()
    assert setup["layer_names"] == ["1,3"]


def test_a_layer_may_have_settings_of_its_own() -> None:
    sizes = {**many.GROUPED, "sliding_window": 8, "per_layer_config": {1: {"sliding_window": None}}}
    module = SimpleNamespace(config=transformers.MistralConfig(**sizes), named_modules=list)
    assert layer_kinds(module, 2, (0, 1)) == ("sliding window 8", "attention")  # type: ignore[arg-type]
