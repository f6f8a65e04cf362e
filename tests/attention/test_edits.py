"""Edits against the same change made by hand: in a copy's weights, or in what its layers are given.

The copy is opened by transformers alone and runs its own eager attention, with nothing of ours.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from attnlit.attention import apply, attend_all, load
from attnlit.attention.edits import (
    AttentionKnockout,
    DimensionsRemoved,
    Edit,
    HeadsAblated,
    PatternPatched,
    freeze_patterns,
)
from attnlit.attention.forward import forward
from attnlit.attention.reading import read
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import tiny
from tests.tolerances import MISTAKE, ROUNDING

pytestmark = pytest.mark.numeric

TEXT = "The cat sat on the mat, because it was tired."
PAIR = "The dog lay on the rug."
LAYER, HEAD = 1, 2
SIZE = tiny.WIDTH // tiny.HEADS

GetModel = Callable[[str], Model]
GetFolder = Callable[[str], Path]
every_architecture = pytest.mark.parametrize("architecture", list(tiny.ARCHITECTURES))
on_the_interface = pytest.mark.parametrize("architecture", ["bert", "gpt2", "llama", "gemma2", "t5", "bart"])

# Where the modules stand whose weights are changed by hand: (architecture, kind of attention) -> in layer 1.
OUTPUT = {
    ("gpt2", "self"): "transformer.h.1.attn.c_proj",
    ("bert", "self"): "bert.encoder.layer.1.attention.output.dense",
    ("distilbert", "self"): "distilbert.transformer.layer.1.attention.out_lin",
    ("llama", "self"): "model.layers.1.self_attn.o_proj",
    ("gemma2", "self"): "model.layers.1.self_attn.o_proj",
    ("gpt-oss", "self"): "model.layers.1.self_attn.o_proj",
    ("t5", "encoder"): "encoder.block.1.layer.0.SelfAttention.o",
    ("t5", "decoder"): "decoder.block.1.layer.0.SelfAttention.o",
    ("t5", "cross"): "decoder.block.1.layer.1.EncDecAttention.o",
    ("bart", "cross"): "model.decoder.layers.1.encoder_attn.out_proj",
    ("bloom", "self"): "transformer.h.1.self_attention.dense",
    ("gpt-neo", "self"): "transformer.h.1.attn.attention.out_proj",
    ("deberta-v2", "self"): "deberta.encoder.layer.1.attention.output.dense",
}
VALUE = {
    ("bert", "self"): "bert.encoder.layer.1.attention.self.value",
    ("llama", "self"): "model.layers.1.self_attn.v_proj",
    ("gpt-oss", "self"): "model.layers.1.self_attn.v_proj",
    ("t5", "cross"): "decoder.block.1.layer.1.EncDecAttention.v",
    ("gpt-neo", "self"): "transformer.h.1.attn.attention.v_proj",
    ("deberta-v2", "self"): "deberta.encoder.layer.1.attention.self.value_proj",
}
# (architecture, kind) -> (module that makes q, rows of its weights that make dimension d of the head's q).
# Rotation mixes dimension d with d + 4 alone, so that removing both is the same before and after it.
QUERY: dict[tuple[str, str], tuple[str, Callable[[int], int]]] = {
    ("gpt2", "self"): ("transformer.h.1.attn.c_attn", lambda d: HEAD * SIZE + d),
    ("bert", "self"): ("bert.encoder.layer.1.attention.self.query", lambda d: HEAD * SIZE + d),
    ("llama", "self"): ("model.layers.1.self_attn.q_proj", lambda d: HEAD * SIZE + d),
    ("gemma2", "self"): ("model.layers.1.self_attn.q_proj", lambda d: HEAD * SIZE + d),
    ("t5", "cross"): ("decoder.block.1.layer.1.EncDecAttention.q", lambda d: HEAD * SIZE + d),
    ("gpt-neo", "self"): ("transformer.h.1.attn.attention.q_proj", lambda d: HEAD * SIZE + d),
    ("bloom", "self"): ("transformer.h.1.self_attention.query_key_value", lambda d: HEAD * 3 * SIZE + d),
}


def ids(model: Model) -> dict[str, list[int]]:
    """What the model takes for the two texts."""
    return read(model, TEXT, PAIR).inputs


def logits(model: Model, edits: Iterable[Edit] = (), rows: int = 1) -> torch.Tensor:
    """(rows, tokens, words)"""
    return forward(model, [ids(model)] * rows, edits=edits).logits


def plain_copy(folder: Path, architecture: str) -> Any:
    kind = tiny.ARCHITECTURES[architecture][0]
    module = getattr(transformers, kind).from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32
    )
    return module.eval().requires_grad_(False)


def plain_logits(module: Any, model: Model) -> torch.Tensor:
    with torch.no_grad():
        return module(**{name: torch.tensor([each]) for name, each in ids(model).items()}).logits


def largest_difference(first: torch.Tensor, second: torch.Tensor) -> float:
    """Relative to the logits' own size."""
    return float((first - second).abs().max() / second.abs().max())


def silence(projection: torch.nn.Module, heads: Iterable[int]) -> None:
    """Sets to 0 what an output projection multiplies these heads' outputs with."""
    for head in heads:
        rows(projection, turned=True)[head * SIZE : (head + 1) * SIZE] = 0


def rows(projection: torch.nn.Module, turned: bool = False) -> torch.Tensor:
    """The weights by output, or turned by input."""
    linear = isinstance(projection, torch.nn.Linear)  # GPT-2 keeps its weights the other way round
    return projection.weight if linear != turned else projection.weight.T


def edit_head(**options: Any) -> dict[str, Any]:
    return {"kind": "self", "layer": LAYER, "heads": (HEAD,), **options}


def telling_edge(weights: np.ndarray) -> tuple[int, int]:
    """The (query, key) whose weight is nearest to a half: cutting it changes much, and leaves much."""
    query, key = np.unravel_index(np.abs(weights - 0.5).argmin(), weights.shape)
    return int(query), int(key)


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
    assert largest_difference(logits(model, freeze_patterns(own)), logits(model)) <= ROUNDING


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
    kept = attend_all(model, TEXT, PAIR, [*freeze_patterns(own), off])
    for kind, weights in own.items():
        np.testing.assert_array_equal(kept[kind].weights, weights)
    assert np.abs(free[model.kinds[-1]].weights - own[model.kinds[-1]]).max() > MISTAKE
    assert largest_difference(logits(model, [*freeze_patterns(own), off]), logits(model)) > MISTAKE


@on_the_interface
def test_rows_of_a_batch_are_edited_each_for_itself(architecture: str, tiny_double: GetModel) -> None:
    model = tiny_double(architecture)
    kind = model.kinds[-1]
    own = attend_all(model, TEXT, PAIR)[kind].weights[LAYER, HEAD]
    where = edit_head(kind=kind)
    edits = [
        HeadsAblated(**where),
        HeadsAblated(**where, mean=True),
        DimensionsRemoved(**where, dimensions=(0, 3)),
        AttentionKnockout(**where, edges=(telling_edge(own),)),
        PatternPatched(**where, weights=np.roll(own, 1, axis=0)[None]),
    ]
    together = logits(model, [replace(edit, row=row) for row, edit in enumerate(edits)], len(edits) + 1)
    for row, edit in enumerate(edits):
        alone = logits(model, [edit])[0]
        assert largest_difference(together[row], alone) <= ROUNDING
        assert largest_difference(alone, logits(model)[0]) > MISTAKE
    assert largest_difference(together[-1], logits(model)[0]) <= ROUNDING


def test_a_traced_model_takes_one_edited_row(tiny_model: GetModel) -> None:
    """BLOOM folds its batch into its heads: an edit of one row would land on another one's head."""
    with pytest.raises(ValueError, match="one row at a time"):
        logits(tiny_model("bloom"), [HeadsAblated(**edit_head(), row=0)], rows=2)


@pytest.mark.parametrize("architecture", ["bert", "albert", "llama", "deberta-v2", "bart"])
def test_threads_with_different_edits_never_mix(architecture: str, tiny_model: GetModel) -> None:
    model = tiny_model(architecture)
    kind = model.kinds[-1]
    own = attend_all(model, TEXT, PAIR)[kind].weights[0]
    edits: list[list[Edit]] = [
        [],
        *([HeadsAblated(kind=kind, layer=1, heads=(head,))] for head in range(tiny.HEADS)),
        [HeadsAblated(kind=kind, layer=0, heads=(0,), mean=True)],
        [AttentionKnockout(kind=kind, layer=0, heads=(1,), edges=(telling_edge(own[1]),))],
        [PatternPatched(kind=kind, layer=0, heads=(2,), weights=np.roll(own[2:3], 1, axis=1))],
    ]
    alone = [logits(model, each) for each in edits]
    together: dict[tuple[int, int], torch.Tensor] = {}
    start = threading.Barrier(len(edits))

    def visit(number: int) -> None:
        start.wait()
        for turn in range(10):
            together[number, turn] = logits(model, edits[number])

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(len(edits))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(together) == 80
    for (number, _), result in together.items():
        differences = [largest_difference(result, each) for each in alone]
        assert differences[number] <= ROUNDING
        assert all(each > MISTAKE for other, each in enumerate(differences) if other != number)


@pytest.mark.parametrize("architecture", ["bert", "deberta-v2", "bart"])
def test_the_shared_model_is_left_as_it_was(architecture: str, tiny_model: GetModel) -> None:
    model = tiny_model(architecture)
    kind = model.kinds[-1]
    before, plain = logits(model), plain_logits(model.module, model)
    weights = {name: value.clone() for name, value in model.module.state_dict().items()}
    hooks = [[*each._forward_hooks, *each._forward_pre_hooks] for each in model.module.modules()]
    logits(
        model,
        [
            HeadsAblated(kind=kind, layer=0, heads=(0, 1)),
            AttentionKnockout(**edit_head(kind=kind), edges=((1, 0),)),
        ],
    )
    with pytest.raises(AttnlitError):
        logits(model, [HeadsAblated(kind=kind, layer=0, heads=(9,))])
    assert torch.equal(plain_logits(model.module, model), plain)  # no edit waits for this thread's next pass
    for name, value in model.module.state_dict().items():
        assert torch.equal(value, weights[name])
    assert hooks == [[*each._forward_hooks, *each._forward_pre_hooks] for each in model.module.modules()]
    assert torch.equal(logits(model), before)


def test_tensors_of_the_model_are_never_written_to() -> None:
    tensor, edits = (
        torch.rand(2, 4, 5, 5),
        [HeadsAblated(**edit_head()), HeadsAblated(**edit_head(), mean=True)],
    )
    given = PatternPatched(**edit_head(), weights=np.eye(5)[None])
    edges = apply.edges_cut([AttentionKnockout(**edit_head(), edges=((1, 0),))], tensor.shape, tensor.device)
    before = tensor.clone()
    assert edges is not None
    for result in (
        apply.heads_off(tensor, edits[:1]),
        apply.heads_off(tensor, edits[1:]),
        apply.attention_given(tensor, [given]),
        apply.of_given(tensor, tensor, tensor.roll(1), [given]),
        apply.dimensions_removed(tensor, [DimensionsRemoved(**edit_head(), dimensions=(1,))]),
        apply.masked(tensor, edges),
    ):
        assert torch.equal(tensor, before)
        assert not torch.equal(result, before)


@pytest.mark.parametrize("architecture", ["gpt2", "bloom"])
@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (HeadsAblated(**edit_head(kind="cross")), "no layer 1 of the kind “cross”"),
        (HeadsAblated(**edit_head(layer=3)), "no layer 3"),
        (HeadsAblated(**edit_head(layer=-1)), "no layer -1"),
        (HeadsAblated(**edit_head(heads=(4,))), "no head 4"),
        (HeadsAblated(**edit_head(heads=(-1,))), "no head -1"),
        (DimensionsRemoved(**edit_head(), dimensions=(8,)), "no dimension 8"),
        (AttentionKnockout(**edit_head(), edges=((500, 0),)), "no query token 500"),
        (AttentionKnockout(**edit_head(), edges=((0, 500),)), "no key token 500"),
        (AttentionKnockout(**edit_head(), edges=((2, 0), (2, 1), (2, 2))), "Leave it at least one"),
        (PatternPatched(**edit_head(), weights=np.eye(3)[None]), "3 by 3 tokens"),
        (PatternPatched(**edit_head(), weights=np.eye(3)[None], queries=3), "3 by 3 tokens"),
        (PatternPatched(**edit_head(), weights=np.eye(500)[None], queries=500), "500 by 500 tokens"),
    ],
)
def test_what_is_not_there_is_a_mistake_in_words(
    architecture: str, edit: Edit, words: str, tiny_model: GetModel
) -> None:
    with pytest.raises(AttnlitError, match=words):
        logits(tiny_model(architecture), [edit])


def test_scores_of_several_products_keep_their_dimensions(tiny_model: GetModel) -> None:
    with pytest.raises(AttnlitError, match="more than one product"):
        logits(tiny_model("deberta-v2"), [DimensionsRemoved(**edit_head(), dimensions=(0,))])


def test_soft_capped_scores_keep_their_dimensions_where_they_are_traced(tiny_folder: GetFolder) -> None:
    model = load(str(tiny_folder("gemma2")))
    model.module.set_attn_implementation("eager")
    traced = replace(model, capture_route="trace")
    assert largest_difference(logits(traced, [HeadsAblated(**edit_head())]), logits(traced)) > MISTAKE
    with pytest.raises(AttnlitError, match="bends them"):
        logits(traced, [DimensionsRemoved(**edit_head(), dimensions=(0,))])


def test_a_model_whose_attention_is_only_reported_cannot_be_changed(tiny_model: GetModel) -> None:
    model = replace(
        tiny_model("bert"), capture_route="weights", why_no_vectors="its queries could not be recorded."
    )
    with pytest.raises(AttnlitError, match=r"Nothing can be changed inside bert: its queries"):
        logits(model, [HeadsAblated(**edit_head())])
