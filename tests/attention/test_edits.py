"""Edits against the same change made by hand: in a copy's weights, or in what its layers are given."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnlit.attention import attend_all
from attnlit.attention.edits import (
    AttentionKnockout,
    DimensionsRemoved,
    HeadsAblated,
    OutputPatched,
    PatternPatched,
    freeze_patterns,
)
from attnlit.attention.forward import forward
from attnlit.attention.recorder import Recorder
from attnlit.errors import AttnlitError
from tests import tiny
from tests.attention.edited import (
    HEAD,
    LAYER,
    OUTPUT,
    PAIR,
    QUERY,
    SIZE,
    TEXT,
    VALUE,
    GetFolder,
    GetModel,
    edit_head,
    every_architecture,
    ids,
    largest_difference,
    logits,
    plain_copy,
    plain_logits,
    rows,
    silence,
    telling_edge,
)
from tests.tolerances import MISTAKE, ROUNDING

pytestmark = pytest.mark.numeric


@every_architecture
def test_no_edit_changes_nothing_bit_for_bit(
    architecture: str, tiny_model: GetModel, tiny_folder: GetFolder
) -> None:
    model = tiny_model(architecture)
    expected = plain_logits(plain_copy(tiny_folder(architecture), architecture), model)
    assert torch.equal(logits(model), expected)
    where = {"kind": model.kinds[-1], "layer": 0, "heads": ()}
    nothing = [HeadsAblated(**where), HeadsAblated(**where, mean=True), AttentionKnockout(**where, edges=())]
    assert torch.equal(logits(model, nothing), expected)


@pytest.mark.parametrize(("architecture", "kind"), list(OUTPUT))
@pytest.mark.parametrize("heads", [(HEAD,), (0, 3)])
def test_a_head_off_is_its_part_of_the_output_projection_at_zero(
    architecture: str, kind: str, heads: tuple[int, ...], tiny_model: GetModel, tiny_folder: GetFolder
) -> None:
    model = tiny_model(architecture)
    copy = plain_copy(tiny_folder(architecture), architecture)
    before = plain_logits(copy, model)
    silence(copy.get_submodule(OUTPUT[architecture, kind]), heads)
    expected = plain_logits(copy, model)
    assert largest_difference(before, expected) > MISTAKE
    after = logits(model, [HeadsAblated(kind=kind, layer=LAYER, heads=heads)])
    assert largest_difference(after, expected) <= ROUNDING


def test_layers_that_share_a_module_are_told_apart(tiny_model: GetModel, tiny_folder: GetFolder) -> None:
    model = tiny_model("albert")
    copy = plain_copy(tiny_folder("albert"), "albert")
    silence(copy.albert.encoder.albert_layer_groups[0].albert_layers[0].attention.dense, [HEAD])
    every = [HeadsAblated(**edit_head(layer=layer)) for layer in range(tiny.LAYERS)]
    assert largest_difference(logits(model, every), plain_logits(copy, model)) <= ROUNDING
    assert largest_difference(logits(model, every[:1]), plain_logits(copy, model)) > MISTAKE


@pytest.mark.parametrize(("architecture", "kind"), list(OUTPUT))
def test_the_mean_stands_for_a_heads_output(
    architecture: str, kind: str, tiny_model: GetModel, tiny_folder: GetFolder
) -> None:
    model = tiny_model(architecture)
    copy = plain_copy(tiny_folder(architecture), architecture)

    def average(_: torch.nn.Module, inputs: tuple[torch.Tensor]) -> torch.Tensor:
        by_head = inputs[0].unflatten(-1, (tiny.HEADS, SIZE)).clone()  # (1, tokens, heads, d)
        by_head[:, :, HEAD] = by_head[:, :, HEAD].mean(1, keepdim=True)
        return by_head.flatten(-2)

    copy.get_submodule(OUTPUT[architecture, kind]).register_forward_pre_hook(average)
    after = logits(model, [HeadsAblated(**edit_head(kind=kind), mean=True)])
    assert largest_difference(after, plain_logits(copy, model)) <= ROUNDING
    assert largest_difference(after, logits(model, [HeadsAblated(**edit_head(kind=kind))])) > MISTAKE


@pytest.mark.parametrize(("architecture", "kind"), list(QUERY))
def test_dimensions_removed_are_rows_of_the_query_projection_at_zero(
    architecture: str, kind: str, tiny_model: GetModel, tiny_folder: GetFolder
) -> None:
    model = tiny_model(architecture)
    copy = plain_copy(tiny_folder(architecture), architecture)
    name, row = QUERY[architecture, kind]
    projection = copy.get_submodule(name)
    before = plain_logits(copy, model)
    dimensions = (1, 1 + SIZE // 2)
    for dimension in dimensions:
        rows(projection)[row(dimension)] = 0
        if projection.bias is not None:
            projection.bias[row(dimension)] = 0
    expected = plain_logits(copy, model)
    assert largest_difference(before, expected) > MISTAKE
    edit = DimensionsRemoved(**edit_head(kind=kind), dimensions=dimensions)
    assert largest_difference(logits(model, [edit]), expected) <= ROUNDING
    vectors = attend_all(model, TEXT, PAIR, [edit])[kind].vectors(LAYER, HEAD)
    assert not vectors.q[:, list(dimensions)].any()
    assert vectors.q[:, [0, 2]].all()


@every_architecture
def test_a_cut_edge_has_no_weight_and_the_rest_of_the_row_is_renormalised(
    architecture: str, tiny_model: GetModel
) -> None:
    model = tiny_model(architecture)
    before = attend_all(model, TEXT, PAIR)
    for kind in model.kinds:
        expected = before[kind].weights[LAYER].copy()
        half = expected.shape[1] // 2
        later_query, later_key = telling_edge(expected[HEAD, half:])
        edges = (telling_edge(expected[HEAD, :half]), (half + later_query, later_key))
        cut = AttentionKnockout(**edit_head(kind=kind), edges=edges)
        after = attend_all(model, TEXT, PAIR, [cut])[kind].weights
        for query, key in edges:
            row = expected[HEAD, query]
            sink = 1 - row.sum() if architecture == "gpt-oss" else 0.0
            row[key] = 0
            row /= row.sum() + sink  # not 1 - the cut weight: too little may be left for float32
            assert after[LAYER, HEAD, query, key] == 0
        np.testing.assert_allclose(after[LAYER], expected, atol=ROUNDING)
        np.testing.assert_array_equal(after[:LAYER], before[kind].weights[:LAYER])
        if architecture != "gpt-oss":  # its sink takes a share of every row
            np.testing.assert_allclose(after.sum(-1), 1, atol=ROUNDING)
        assert np.abs(after[LAYER] - before[kind].weights[LAYER]).max() > 0.05


@every_architecture
def test_heads_given_their_own_attention_change_nothing(architecture: str, tiny_model: GetModel) -> None:
    model = tiny_model(architecture)
    own = {kind: record.weights for kind, record in attend_all(model, TEXT, PAIR).items()}
    assert largest_difference(logits(model, freeze_patterns(model, own)), logits(model)) <= ROUNDING


@pytest.mark.parametrize(("architecture", "kind"), list(VALUE))
def test_a_given_attention_weighs_the_heads_own_values(
    architecture: str, kind: str, tiny_model: GetModel, tiny_folder: GetFolder
) -> None:
    model = tiny_model(architecture)
    own = attend_all(model, TEXT, PAIR)[kind].weights[LAYER, HEAD]
    given = np.roll(own, 1, axis=0)  # each token looks where the one before it did
    copy = plain_copy(tiny_folder(architecture), architecture)
    values = []
    copy.get_submodule(VALUE[architecture, kind]).register_forward_hook(
        lambda _, inputs, output: values.append(output.unflatten(-1, (-1, SIZE)))  # (1, keys, key heads, d)
    )

    def replaced(_: torch.nn.Module, inputs: tuple[torch.Tensor]) -> torch.Tensor:
        by_head = inputs[0].unflatten(-1, (tiny.HEADS, SIZE)).clone()
        key_head = HEAD * values[-1].shape[2] // tiny.HEADS
        by_head[:, :, HEAD] = torch.tensor(given) @ values[-1][:, :, key_head]
        return by_head.flatten(-2)

    copy.get_submodule(OUTPUT[architecture, kind]).register_forward_pre_hook(replaced)
    edit = PatternPatched(**edit_head(kind=kind), weights=given[None])
    expected = plain_logits(copy, model)
    assert largest_difference(logits(model, [edit]), expected) <= ROUNDING
    assert largest_difference(logits(model), expected) > MISTAKE
    recorded = attend_all(model, TEXT, PAIR, [edit])[kind].weights
    np.testing.assert_array_equal(recorded[LAYER, HEAD], given)


@pytest.mark.parametrize(("architecture", "kind"), list(OUTPUT))
def test_a_given_output_is_what_enters_the_output_projection(
    architecture: str, kind: str, tiny_model: GetModel, tiny_folder: GetFolder
) -> None:
    model = tiny_model(architecture)
    recorder = Recorder(model.sites, keep_outputs=True)
    forward(model, [ids(model)], recorder)
    outputs = recorder.outputs[kind, LAYER]  # (heads, queries, d)
    places = (1, 3, 4)
    given = outputs[[HEAD, 0]][:, [0, 1, 2]]
    copy = plain_copy(tiny_folder(architecture), architecture)

    def replaced(_: torch.nn.Module, inputs: tuple[torch.Tensor]) -> torch.Tensor:
        by_head = inputs[0].unflatten(-1, (tiny.HEADS, SIZE)).clone()  # (1, tokens, heads, d)
        np.testing.assert_allclose(by_head[0].movedim(1, 0), outputs, atol=ROUNDING * np.abs(outputs).max())
        for number, head in enumerate((HEAD, 0)):
            by_head[0, list(places), head] = torch.tensor(given[number])
        return by_head.flatten(-2)

    copy.get_submodule(OUTPUT[architecture, kind]).register_forward_pre_hook(replaced)
    where = edit_head(kind=kind, heads=(HEAD, 0))
    edit = OutputPatched(**where, outputs=given, queries=places)
    expected = plain_logits(copy, model)
    assert largest_difference(logits(model, [edit]), expected) <= ROUNDING
    assert largest_difference(logits(model), expected) > MISTAKE
    off = HeadsAblated(**where)  # comes last, whatever was given before
    assert largest_difference(logits(model, [edit, off]), logits(model, [off])) <= ROUNDING
    with pytest.raises(AttnlitError, match="name the tokens"):
        logits(model, [OutputPatched(**where, outputs=given)])


@pytest.mark.parametrize("architecture", ["gpt2", "bert", "llama", "bloom", "deberta-v2"])
def test_given_to_the_first_queries_the_later_ones_keep_their_own(
    architecture: str, tiny_model: GetModel
) -> None:
    model = tiny_model(architecture)
    own = attend_all(model, TEXT, PAIR)["self"].weights[LAYER, HEAD]
    mixed = np.concatenate([np.roll(own, 1, axis=0)[:5], own[5:]])
    whole = PatternPatched(**edit_head(), weights=mixed[None])
    part = PatternPatched(**edit_head(), weights=mixed[None, :5], queries=5)
    assert largest_difference(logits(model, [part]), logits(model, [whole])) <= ROUNDING
    assert largest_difference(logits(model, [part]), logits(model)) > MISTAKE
    recorded = attend_all(model, TEXT, PAIR, [part])["self"].weights
    np.testing.assert_allclose(recorded[LAYER, HEAD], mixed, atol=ROUNDING)


@every_architecture
def test_kept_patterns_stay_while_a_head_is_off(architecture: str, tiny_model: GetModel) -> None:
    model = tiny_model(architecture)
    own = {kind: record.weights for kind, record in attend_all(model, TEXT, PAIR).items()}
    off = HeadsAblated(kind=model.kinds[0], layer=0, heads=(HEAD,))
    free = attend_all(model, TEXT, PAIR, [off])
    kept = attend_all(model, TEXT, PAIR, [*freeze_patterns(model, own), off])
    for kind, weights in own.items():
        np.testing.assert_array_equal(kept[kind].weights, weights)
    assert np.abs(free[model.kinds[-1]].weights - own[model.kinds[-1]]).max() > MISTAKE
    assert largest_difference(logits(model, [*freeze_patterns(model, own), off]), logits(model)) > MISTAKE
