"""What is passed on, against vectors multiplied by hand from the models' own weight matrices."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from attnlit.analysis.sample import SAMPLE
from attnlit.attention import attend, load
from attnlit.attention.capture import untrained
from attnlit.attention.measuring import TOLERANCE
from attnlit.attention.reading import read
from attnlit.attention.record import ATTENTION, PASSED_ON
from attnlit.attention.values import lengths_written, mixing_ratios, passed_on, prove_values
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import many, tiny
from tests.architectures import line_of
from tests.attention.by_hand import PAIR, TEXT, by_hand, inputs_of, one_weight_at_0, run
from tests.bundled import bundled
from tests.published import from_hub
from tests.tolerances import ROUNDING

pytestmark = pytest.mark.numeric

GetModel = Callable[[str], Model]
TABLE = (Path(__file__).parents[2] / "docs" / "architectures.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("architecture", ["gpt2", "llama", "bert"])
def test_norms_are_the_lengths_of_vectors_multiplied_by_hand(architecture: str, tiny_model: GetModel) -> None:
    model = tiny_model(architecture)
    record = passed_on(model, TEXT, PAIR)
    expected = torch.stack(by_hand(model, TEXT, PAIR))
    np.testing.assert_allclose(record.weights, expected.norm(dim=-1), rtol=1e-4, atol=ROUNDING)
    together = passed_on(model, TEXT, PAIR, together=True)
    np.testing.assert_allclose(together.weights[:, 0], expected.sum(1).norm(dim=-1), rtol=1e-4, atol=ROUNDING)
    assert np.ptp(record.weights.max((2, 3))) > 0.1  # or a mix-up of heads would not show


@pytest.mark.parametrize("architecture", ["deepseek-v3", "gemma3", "gpt-oss", "qwen3.5"])
def test_a_weight_that_is_taken_away_takes_its_vector_along(architecture: str) -> None:
    """Nothing is multiplied here: a model's own code says what is missing, whatever gate or sink it has."""
    model = many.model(architecture)
    record = passed_on(model, TEXT)
    kind, options = many.ARCHITECTURES[architecture]
    module = tiny.build(kind, options, len(model.tokenizer)).requires_grad_(False)
    module.set_attn_implementation("eager")
    layer = record.layers - 1
    projection = module.model.layers[record.layer_numbers[layer]].self_attn.o_proj
    ids = torch.tensor([[token.id for token in record.queries]])

    def written(head: int, query: int, key: int) -> torch.Tensor:
        seen: list[torch.Tensor] = []
        hook = projection.register_forward_hook(lambda *call: seen.append(call[-1][0]))
        with one_weight_at_0(layer, head, query, key):
            module(ids, use_cache=False)
        hook.remove()
        return seen[0]

    for head, query, key in [(0, 5, 4), (1, 7, 7), (2, 9, 6), (3, 6, 5)]:
        missing = written(head, query, key)[query] - written(head, query - 1, 0)[query]
        expected = pytest.approx(record.weights[layer, head, query, key], rel=1e-4, abs=ROUNDING)
        assert float(missing.norm()) == expected


def surroundings(model: Model, text: str) -> tuple[list[torch.Tensor], list[Any]]:
    """(what enters each layer of a BERT, (N, D), the layer norm after each attention)."""
    layers = list(model.module.bert.encoder.layer)
    with inputs_of(layers) as seen:
        run(model, text)
    return seen, [layer.attention.output.LayerNorm for layer in layers]


def normed(vectors: torch.Tensor, whole: torch.Tensor, norm: Any) -> torch.Tensor:
    """(N, N, D) under the norm that it has on its `whole`, (N, D): Kobayashi et al. 2021."""
    deviation = (whole.var(-1, correction=0) + norm.eps).sqrt()[:, None, None]
    return (vectors - vectors.mean(-1, keepdim=True)) * norm.weight / deviation


def test_the_residual_and_the_layer_norm_of_a_bert(tiny_model: GetModel) -> None:
    model = tiny_model("bert")
    states, norms = surroundings(model, TEXT)
    with_residual, with_norm, ratios, ratios_normed = [], [], [], []
    for layer, (vectors, state, norm) in enumerate(zip(by_hand(model, TEXT), states, norms, strict=True)):
        summed = vectors.sum(0)  # (Q, K, D)
        bias = model.module.bert.encoder.layer[layer].attention.output.dense.bias
        whole = summed.sum(1) + bias + state
        itself = torch.arange(len(state))
        summed[itself, itself] += state
        with_residual.append(summed.norm(dim=-1))
        in_norm = normed(summed, whole, norm)
        with_norm.append(in_norm.norm(dim=-1))
        for parts, found in ((summed, ratios), (in_norm, ratios_normed)):
            own = parts[itself, itself]
            others = parts.sum(1) - own
            found.append(others.norm(dim=-1) / (others.norm(dim=-1) + own.norm(dim=-1)))
    kept = passed_on(model, TEXT, residual=True)
    np.testing.assert_allclose(kept.weights[:, 0], torch.stack(with_residual), rtol=1e-4, atol=1e-4)
    kept = passed_on(model, TEXT, norm=True)
    np.testing.assert_allclose(kept.weights[:, 0], torch.stack(with_norm), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(mixing_ratios(model, TEXT, residual=True), torch.stack(ratios), rtol=1e-4)
    np.testing.assert_allclose(mixing_ratios(model, TEXT, norm=True), torch.stack(ratios_normed), rtol=1e-4)


@pytest.mark.hub
@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("bert-base-uncased", [0.9641, 0.8528, 0.4821, 0.2225, 0.1875]),
        ("roberta-base", [0.9581, 0.8442, 0.4791, 0.1955, 0.1624]),
    ],
)
def test_layers_mix_far_less_than_their_weights_say(name: str, published: list[float]) -> None:
    """Kobayashi et al. 2020 and 2021, on Wikipedia; on our sentences the shares may lie some points off.

    By weights, norms, weights with the residual, norms with the residual, and those behind the layer norm.
    """
    model = from_hub(name)
    texts = [text for text, pair in SAMPLE if pair is None][:24]
    weights = [attend(model, text).weights.mean(1) for text in texts]  # (L, N, N) each
    by_weight = float(np.mean([1 - each.diagonal(axis1=1, axis2=2).mean() for each in weights]))
    norms, residual, norm = (
        float(np.mean([mixing_ratios(model, text, **choice).mean() for text in texts]))
        for choice in ({}, {"residual": True}, {"norm": True})
    )
    found = [by_weight, norms, by_weight / 2, residual, norm]  # half of each token stays with it
    np.testing.assert_allclose(found, published, atol=0.08)
    assert found == sorted(found, reverse=True)


def test_mixing_without_a_residual_is_of_what_the_heads_bring(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    expected = []
    for vectors in by_hand(model, TEXT):
        summed = vectors.sum(0)
        own = summed[torch.arange(len(summed)), torch.arange(len(summed))]
        others = (summed.sum(1) - own).norm(dim=-1)
        expected.append(others / (others + own.norm(dim=-1)))
    ratios = mixing_ratios(model, TEXT)
    np.testing.assert_allclose(ratios, torch.stack(expected), rtol=1e-4, atol=ROUNDING)
    assert ratios[:, 0].max() < 1e-4  # the first token of a causal model has only itself


def test_a_gate_belongs_to_what_is_passed_on() -> None:
    """Qwen3.5 multiplies what a head puts out with a sigmoid that its query projection makes, too."""
    model = many.model("qwen3.5")
    attention = next(part for part in model.module.modules() if type(part).__name__ == "Qwen3_5Attention")
    with inputs_of([attention.q_proj]) as seen:
        run(model, TEXT)
    record = attend(model, TEXT)
    (entered,) = seen
    gate = (entered @ attention.q_proj.weight.T).unflatten(-1, (4, 16))[..., 8:].sigmoid().transpose(0, 1)
    values = (entered @ attention.v_proj.weight.T).unflatten(-1, (2, 8)).transpose(0, 1)
    values = values.repeat_interleave(2, 0)  # (H, K, d)
    gated = gate[:, :, None] * values[:, None]  # (H, Q, K, d)
    projection = attention.o_proj.weight.T.unflatten(0, (4, 8))
    vectors = torch.einsum("hqk,hqkd,hdw->hqkw", torch.tensor(record.weights[0]), gated, projection)
    kept = passed_on(model, TEXT).weights[0]
    np.testing.assert_allclose(kept, vectors.norm(dim=-1), rtol=1e-3, atol=ROUNDING)
    kept = passed_on(model, TEXT, together=True).weights[0, 0]
    np.testing.assert_allclose(kept, vectors.sum(0).norm(dim=-1), rtol=1e-3, atol=ROUNDING)
    assert np.abs(gate.numpy() - 0.5).max() > 0.1  # or it would hardly be tested


def test_forty_architectures_are_tried_and_hybrids_among_them() -> None:
    assert len(many.ARCHITECTURES) >= 40
    assert {"qwen3.5", "lfm2", "jamba", "minimax"} <= set(many.ARCHITECTURES)


@pytest.mark.parametrize("architecture", sorted(set(many.ARCHITECTURES) - set(many.NOT_WHOLE)))
def test_of_many_architectures_the_parts_make_the_whole(architecture: str) -> None:
    model = many.model(architecture)
    assert prove_values(model).error < TOLERANCE  # it raises where they do not
    assert f"\n{line_of(model, values=True)}" in TABLE
    for kind in model.kinds:
        record = passed_on(model, TEXT, PAIR, kind)
        assert record.weights.shape == attend(model, TEXT, PAIR, kind).weights.shape
        assert np.isfinite(record.weights).all()
        assert record.weights.max() > 0.01


@pytest.mark.parametrize("architecture", many.NOT_WHOLE)
def test_where_heads_cannot_be_told_apart_nothing_is_shown(architecture: str) -> None:
    model = many.model(architecture)
    with pytest.raises(AttnlitError, match="cannot be shown: something other than a scaling"):
        passed_on(model, TEXT)
    assert f"\n{line_of(model, values=False)}" in TABLE


class Before(torch.nn.Module):
    """An output projection that does something to its input first."""

    def __init__(self, change: Callable[[torch.Tensor], torch.Tensor], projection: torch.nn.Module) -> None:
        super().__init__()
        self.change, self.projection = change, projection

    def forward(self, heads: torch.Tensor) -> torch.Tensor:
        return self.projection(self.change(heads))


def with_projection(tmp: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Model:
    model = load(str(tiny.save("llama", tmp)))
    for block in model.module.model.layers:
        block.self_attn.o_proj = Before(change, block.self_attn.o_proj)
    return model


def test_a_scaling_before_the_projection_is_part_of_what_is_passed_on(
    tmp_path: Any, tiny_model: GetModel
) -> None:
    """Twice the scale is twice the norms, whether it is one number or one for each dimension."""
    plain = passed_on(tiny_model("llama"), TEXT).weights[0]
    doubled = with_projection(tmp_path / "number", lambda heads: heads * 2.0)
    np.testing.assert_allclose(passed_on(doubled, TEXT).weights[0], 2 * plain, rtol=1e-4, atol=ROUNDING)
    each = with_projection(tmp_path / "each", lambda heads: torch.full((tiny.WIDTH,), 2.0) * heads)
    np.testing.assert_allclose(passed_on(each, TEXT).weights[0], 2 * plain, rtol=1e-4, atol=ROUNDING)


@pytest.mark.whole
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (torch.tanh, "other than a scaling"),
        (lambda heads: torch.nn.functional.layer_norm(heads, (tiny.WIDTH,)), "other than a scaling"),
        (lambda heads: heads + 1.0, "other than a scaling"),
        (lambda heads: heads * heads, "other than a scaling"),
        (lambda heads: heads.unflatten(-1, (4, 8)).transpose(-2, -1).flatten(-2), "weights times their"),
    ],
)
def test_what_is_not_a_scaling_is_refused_in_words(
    change: Callable[[torch.Tensor], torch.Tensor], why: str, tmp_path: Any
) -> None:
    with pytest.raises(AttnlitError, match=why):
        passed_on(with_projection(tmp_path, change), TEXT)


def test_two_readers_of_the_heads_are_refused(tmp_path: Any) -> None:
    model = load(str(tiny.save("llama", tmp_path)))

    class Two(torch.nn.Module):
        def __init__(self, projection: torch.nn.Module) -> None:
            super().__init__()
            self.first, self.second = projection, torch.nn.Linear(tiny.WIDTH, tiny.WIDTH)

        def forward(self, heads: torch.Tensor) -> torch.Tensor:
            return self.first(heads) + self.second(heads)

    for block in model.module.model.layers:
        block.self_attn.o_proj = Two(block.self_attn.o_proj)
    with pytest.raises(AttnlitError, match="more than one linear map"):
        passed_on(model, TEXT)


def test_the_record_says_what_it_weighs(tiny_model: GetModel) -> None:
    model = tiny_model("bert")
    assert attend(model, TEXT).weighs == ATTENTION
    record = passed_on(model, TEXT, PAIR)
    assert record.weighs == PASSED_ON
    assert passed_on(model, TEXT, norm=True).weighs.startswith(PASSED_ON)
    assert passed_on(model, TEXT, norm=True).heads == 1
    assert (record.queries, record.keys, record.pair) == (
        attend(model, TEXT, PAIR).queries, attend(model, TEXT, PAIR).keys, PAIR,
    )  # fmt: skip
    assert record.weights.dtype == np.float32
    assert not record.weights.flags.writeable
    with pytest.raises(AttnlitError, match="no softmax"):
        record.vectors(0, 0)


def test_what_a_model_has_not_is_refused_in_words(tiny_model: GetModel) -> None:
    with pytest.raises(AttnlitError, match="norms before attention"):
        passed_on(tiny_model("gpt2"), TEXT, norm=True)
    with pytest.raises(AttnlitError, match="does not add what attention writes"):
        passed_on(tiny_model("gemma2"), TEXT, residual=True)  # it is normed on the way
    with pytest.raises(AttnlitError, match="no token looks at itself"):
        passed_on(tiny_model("bart"), TEXT, PAIR, "cross", residual=True)
    with pytest.raises(AttnlitError, match="no part of its own"):
        mixing_ratios(tiny_model("bart"), TEXT, PAIR, "cross")
    with pytest.raises(AttnlitError, match="no attention of the kind"):
        passed_on(tiny_model("bert"), TEXT, kind="cross")


def test_a_residual_beside_an_mlp_is_found(tiny_model: GetModel) -> None:
    """GPT-NeoX adds MLP and attention first, and the state of the token to both."""
    model = tiny_model("gpt-neox")
    with_residual = passed_on(model, TEXT, residual=True).weights[:, 0]
    without = passed_on(model, TEXT, together=True).weights[:, 0]
    others = ~np.eye(with_residual.shape[1], dtype=bool)
    np.testing.assert_allclose(with_residual[:, others], without[:, others], rtol=1e-6)
    with inputs_of(list(model.module.gpt_neox.layers)) as states:
        run(model, TEXT)
    # The first token sees itself alone: its own state, and all that attention writes but the bias.
    layer = model.module.gpt_neox.layers[0]
    value = layer.input_layernorm(states[0][:1]) @ layer.attention.query_key_value.weight.T
    value = (value + layer.attention.query_key_value.bias).unflatten(-1, (4, 3, 8))[..., 2, :].flatten(-2)
    expected = (states[0][:1] + value @ layer.attention.dense.weight.T).norm()
    assert with_residual[0, 0, 0] == pytest.approx(float(expected), rel=1e-4)


@pytest.mark.whole
@pytest.mark.parametrize("numbers", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("architecture", ["bert", "llama", "bloom"])
def test_a_model_in_16_bits_passes_on_nearly_the_same(
    architecture: str, numbers: torch.dtype, tiny_folder: Callable[[str], Path], tiny_model: GetModel
) -> None:
    folder = tiny_folder(architecture)
    module = getattr(transformers, tiny.ARCHITECTURES[architecture][0]).from_pretrained(folder, dtype=numbers)
    model = load(module.eval(), tokenizer=transformers.AutoTokenizer.from_pretrained(folder))
    record = passed_on(model, TEXT)
    assert record.weights.dtype == np.float32
    # Scores of some tens, rounded to 8 bits, change single weights; the picture stays.
    exact = passed_on(tiny_model(architecture), TEXT).weights
    assert np.corrcoef(record.weights.ravel(), exact.ravel())[0, 1] > 0.98


def test_lengths_are_of_what_the_heads_bring_together(tiny_model: GetModel) -> None:
    model = tiny_model("bert")
    written = lengths_written(model, read(model, TEXT, PAIR), "self")
    np.testing.assert_array_equal(written.by_key, passed_on(model, TEXT, PAIR).weights)
    expected = torch.stack(by_hand(model, TEXT, PAIR)).sum(3).norm(dim=-1)  # (L, H, Q)
    np.testing.assert_allclose(written.by_query, expected, rtol=1e-4, atol=ROUNDING)


@pytest.mark.whole
def test_before_training_heads_of_a_layer_write_about_as_much_as_each_other() -> None:
    model = untrained(bundled("mini-gpt2"))
    lengths = lengths_written(model, read(model, TEXT), "self").by_query.mean(-1)  # (L, H)
    shares = lengths / lengths.mean(1, keepdims=True)
    assert ((shares > 0.5) & (shares < 2)).all()


def test_the_shared_model_keeps_nothing(tiny_model: GetModel) -> None:
    model = tiny_model("bert")
    before = {name: weights.clone() for name, weights in model.module.state_dict().items()}
    passed_on(model, TEXT)
    for name, weights in model.module.state_dict().items():
        assert torch.equal(weights, before[name])
    marks = [vars(part) for part in (*model.module.parameters(), *model.module.buffers())]
    assert not any(any("attnlit" in key for key in each) for each in marks)
