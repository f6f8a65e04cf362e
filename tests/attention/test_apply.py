"""Edits of batches and threads, what they leave alone, and what cannot be edited."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from attnlit.attention import apply, attend_all, load
from attnlit.attention.edits import (
    AttentionKnockout,
    DimensionsRemoved,
    Edit,
    HeadsAblated,
    PatternPatched,
)
from attnlit.errors import AttnlitError
from tests import tiny
from tests.attention.edited import (
    HEAD,
    LAYER,
    PAIR,
    TEXT,
    GetFolder,
    GetModel,
    edit_head,
    largest_difference,
    logits,
    on_the_interface,
    plain_logits,
    telling_edge,
)
from tests.tolerances import MISTAKE, ROUNDING

pytestmark = pytest.mark.numeric


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
        for turn in range(4):
            together[number, turn] = logits(model, edits[number])

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(len(edits))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(together) == 4 * len(edits)
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
    with pytest.raises(AttnlitError, match="caps them"):
        logits(traced, [DimensionsRemoved(**edit_head(), dimensions=(0,))])


def test_a_model_whose_attention_is_only_reported_cannot_be_changed(tiny_model: GetModel) -> None:
    model = replace(
        tiny_model("bert"), capture_route="weights", why_no_vectors="its queries could not be recorded."
    )
    with pytest.raises(AttnlitError, match=r"Nothing can be changed inside bert: its queries"):
        logits(model, [HeadsAblated(**edit_head())])
