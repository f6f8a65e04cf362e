"""What is recorded is what the model computed: compared with its own eager attention, for every architecture.

The models are random, so nothing here depends on what a model has learned.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from attnlit.attention import attend, attend_all, load
from attnlit.attention.capture import untrained
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import tiny
from tests.tolerances import ROUNDING

pytestmark = pytest.mark.numeric

TEXT = "The cat sat on the mat, because it was tired."
PAIR = "The dog lay on the rug."

TRACED = {"deberta-v2", "gpt-neo", "bloom"}  # their files never call the attention interface
WINDOW = "sliding window of 4 tokens"


def of_classes(*endings: str) -> set[str]:
    """The architectures whose class of transformers is called so: what it is for stands in its name."""
    return {name for name, (kind, _, _) in tiny.ARCHITECTURES.items() if kind.endswith(endings)}


TARGETED = of_classes("ForConditionalGeneration", "MTModel")
CAUSAL = of_classes("ForCausalLM", "LMHeadModel")
GROUPED = {"llama", "gemma2", "gpt-oss"}

GetModel = Callable[[str], Model]
GetFolder = Callable[[str], Path]
every_architecture = pytest.mark.parametrize("architecture", list(tiny.ARCHITECTURES))


def own_attention(folder: Path, architecture: str) -> dict[str, np.ndarray]:
    """The model's own `output_attentions` by kind, (layers, heads, queries, keys), with nothing of ours."""
    kind = tiny.ARCHITECTURES[architecture][0]
    model = getattr(transformers, kind).from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32
    )
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    names = {"attentions": "self"}
    if architecture in TARGETED:
        names = {
            "encoder_attentions": "encoder",
            "decoder_attentions": "decoder",
            "cross_attentions": "cross",
        }
        inputs = tokenizer(TEXT, return_tensors="pt")
        labels = tokenizer(text_target=PAIR, return_tensors="pt")["input_ids"]
        inputs["decoder_input_ids"] = model.prepare_decoder_input_ids_from_labels(labels=labels)
    elif architecture in CAUSAL:
        inputs = tokenizer(f"{TEXT} {PAIR}", return_tensors="pt")
    else:
        inputs = tokenizer(TEXT, PAIR, return_tensors="pt")
    with torch.no_grad():
        outputs = model.eval()(**inputs, output_attentions=True)
    return {kind: torch.cat(outputs[name]).numpy() for name, kind in names.items()}


def softmax(scores: np.ndarray, sink: float | None) -> np.ndarray:
    columns = scores if sink is None else np.column_stack([scores, np.full(len(scores), sink)])
    powers = np.exp(columns - columns.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True))[:, : scores.shape[1]]


@every_architecture
def test_weights_are_the_models_own(architecture: str, tiny_model: GetModel, tiny_folder: GetFolder) -> None:
    records = attend_all(tiny_model(architecture), TEXT, PAIR)
    expected = own_attention(tiny_folder(architecture), architecture)
    assert list(records) == list(expected)
    for kind, record in records.items():
        assert record.weights.dtype == np.float32
        assert record.weights.shape == expected[kind].shape
        assert np.abs(record.weights - expected[kind]).max() <= ROUNDING


@every_architecture
def test_softmax_of_the_scores_is_the_weights(architecture: str, tiny_model: GetModel) -> None:
    for record in attend_all(tiny_model(architecture), TEXT, PAIR).values():
        for layer in range(record.layers):
            for head in range(record.heads):
                vectors = record.vectors(layer, head)
                weights = softmax(vectors.scores, vectors.sink)
                assert np.abs(weights - record.weights[layer, head]).max() <= ROUNDING


@every_architecture
def test_rows_sum_to_one_and_are_far_from_uniform(architecture: str, tiny_model: GetModel) -> None:
    for record in attend_all(tiny_model(architecture), TEXT, PAIR).values():
        sums = record.weights.sum(axis=-1)
        if architecture == "gpt-oss":  # its sink takes a share of every row
            assert (sums < 1 + ROUNDING).all()
            assert (sums < 0.99).any()
        else:
            np.testing.assert_allclose(sums, 1, atol=ROUNDING)
        assert record.weights[:, :, -1].max() > 2 / len(record.keys)  # or a mix-up of heads would not show


@every_architecture
def test_paths_and_names(architecture: str, tiny_model: GetModel) -> None:
    model = tiny_model(architecture)
    assert model.capture_route == ("trace" if architecture in TRACED else "interface")
    assert model.why_no_vectors == ""
    assert model.name == architecture
    assert model.heads == tiny.HEADS
    assert model.head_size == tiny.WIDTH // tiny.HEADS
    assert model.causal == (architecture in CAUSAL | TARGETED)
    assert model.predicts
    pairs = "target" if architecture in TARGETED else "joined" if architecture in CAUSAL else "segments"
    assert model.pairs == pairs


@every_architecture
def test_causal_models_see_nothing_later(architecture: str, tiny_model: GetModel) -> None:
    for kind, record in attend_all(tiny_model(architecture), TEXT, PAIR).items():
        assert record.causal == (architecture in CAUSAL or kind == "decoder")
        if record.causal:
            assert not np.triu(record.weights, 1).any()
            assert np.isneginf(record.vectors(0, 0).scores[np.triu_indices(len(record.queries), 1)]).all()
            assert {"causal mask", WINDOW} & {*record.vectors(0, 0).adds}


@pytest.mark.parametrize("architecture", sorted(TARGETED))
def test_encoder_decoder_and_cross_are_labelled(architecture: str, tiny_model: GetModel) -> None:
    records = attend_all(tiny_model(architecture), TEXT, PAIR)
    assert list(records) == ["encoder", "decoder", "cross"]
    source, target = records["encoder"].queries, records["decoder"].queries
    assert records["encoder"].keys == source
    assert records["decoder"].keys == target
    assert (records["cross"].queries, records["cross"].keys) == (target, source)
    assert target[0].special  # the decoder starts before the first word
    assert "".join(token.text for token in target if not token.special and token.text != "␣") == (
        PAIR.replace(" ", "")
    )
    assert [token.position for token in target] == list(range(len(target)))


@pytest.mark.parametrize("architecture", sorted(GROUPED))
def test_grouped_queries_name_their_key_head(architecture: str, tiny_model: GetModel) -> None:
    record = attend(tiny_model(architecture), TEXT)
    vectors = [record.vectors(1, head) for head in range(4)]
    assert [each.key_head for each in vectors] == [0, 0, 1, 1]
    assert [each.shared_with for each in vectors] == [(1,), (0,), (3,), (2,)]
    np.testing.assert_array_equal(vectors[0].k, vectors[1].k)
    assert not np.array_equal(vectors[1].k, vectors[2].k)


def test_scores_are_scaled_products_where_nothing_is_added(tiny_model: GetModel) -> None:
    vectors = attend(tiny_model("bert"), TEXT).vectors(1, 2)
    assert vectors.adds == ()
    assert vectors.scaling == pytest.approx(8**-0.5)
    np.testing.assert_allclose(vectors.scores, vectors.scaling * vectors.q @ vectors.k.T, atol=ROUNDING)


@pytest.mark.parametrize(
    ("architecture", "adds"),
    [
        ("gpt2", ("causal mask",)),
        ("gemma2", ("soft cap", WINDOW)),
        ("gpt-oss", (WINDOW, "sink")),
        ("bloom", ("position bias", "causal mask")),
        ("deberta-v2", ("position bias",)),
        ("t5", ("position bias",)),
    ],
)
def test_what_the_model_adds_is_named(architecture: str, adds: tuple[str, ...], tiny_model: GetModel) -> None:
    assert attend(tiny_model(architecture), TEXT).vectors(0, 1).adds == adds


@pytest.mark.parametrize("architecture", ["gpt2", "bloom"])
def test_records_are_read_only_and_own_their_memory(architecture: str, tiny_model: GetModel) -> None:
    record = attend(tiny_model(architecture), TEXT)
    vectors = record.vectors(0, 0)
    for array in (record.weights, vectors.q, vectors.k, vectors.scores):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    assert record.weights.base is None
    assert all(inputs.q.base is None and inputs.k.base is None for inputs in record.inputs)


def test_layers_share_one_mask(tiny_model: GetModel) -> None:
    inputs = attend(tiny_model("gpt2"), TEXT).inputs
    assert inputs[0].mask is not None
    assert inputs[0].mask is inputs[2].mask
    assert inputs[0].logits is None


def test_memory_counts_every_array_once(tiny_model: GetModel) -> None:
    record = attend(tiny_model("gpt2"), "a")
    one_token = 3 * 4 * 4 + 3 * 2 * 32 * 4  # weights, and q and k, of 3 layers; a single token needs no mask
    assert record.nbytes == one_token
    wide = attend(tiny_model("gpt2"), TEXT)
    count = len(wide.queries)
    assert wide.nbytes == 3 * 4 * count**2 * 4 + 3 * 2 * count * 32 * 4 + count**2 * 4


def test_kind_is_the_first_by_default_and_must_exist(tiny_model: GetModel) -> None:
    assert attend(tiny_model("bert"), TEXT).kind == "self"
    assert attend(tiny_model("t5"), TEXT, PAIR).kind == "encoder"
    with pytest.raises(AttnlitError, match="no attention of the kind “cross”"):
        attend(tiny_model("bert"), TEXT, kind="cross")


def test_attention_that_is_no_number_is_a_mistake_in_words(tmp_path: Path) -> None:
    """Weights that are finite, and so large that products of them are not."""
    model = load(str(tiny.save("bert", tmp_path)))
    model.module.bert.embeddings.LayerNorm.weight *= 1e20
    with pytest.raises(AttnlitError, match="not finite for this text"):
        attend(model, "The dog lay.")


@pytest.mark.parametrize(("layer", "head"), [(3, 0), (0, 4), (-1, 0), (0, -1)])
def test_a_layer_or_head_that_is_not_there(layer: int, head: int, tiny_model: GetModel) -> None:
    with pytest.raises(AttnlitError, match="counted from 0"):
        attend(tiny_model("bert"), TEXT).vectors(layer, head)


def test_heads_are_counted_for_each_kind(tmp_path: Path) -> None:
    tiny.save("bart", tmp_path)
    config = transformers.AutoConfig.from_pretrained(tmp_path)
    config.decoder_attention_heads = 2
    transformers.BartForConditionalGeneration(config).save_pretrained(tmp_path)
    model = load(str(tmp_path))
    record = attend(model, "The cat sat.", pair="Der Hund", kind="cross")
    assert model.heads_of("encoder") == 4
    assert model.heads_of("cross") == record.heads == 2


@pytest.mark.parametrize("architecture", ["bert", "gpt2", "t5", "bloom"])
def test_the_untrained_twin_has_other_weights_always_the_same_and_leaves_the_model_alone(
    architecture: str, tiny_model: GetModel
) -> None:
    model = tiny_model(architecture)
    before = {name: weights.clone() for name, weights in model.module.state_dict().items()}
    state = torch.random.get_rng_state()
    twin, again = untrained(model), untrained(model)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert (twin.kinds, twin.layers, twin.heads, twin.causal) == (
        model.kinds, model.layers, model.heads, model.causal,
    )  # fmt: skip
    for name, weights in model.module.state_dict().items():
        assert torch.equal(weights, before[name])
        assert torch.equal(twin.module.state_dict()[name], again.module.state_dict()[name])
    embeddings = [each.module.get_input_embeddings().weight for each in (model, twin)]
    assert not torch.allclose(*embeddings)


def test_a_model_too_large_to_be_held_twice_has_no_twin(
    tiny_model: GetModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_model("llama")
    monkeypatch.setattr("attnlit.models.limits.max_model_megabytes", lambda: 0)
    with pytest.raises(AttnlitError, match="MB"):
        untrained(model)
