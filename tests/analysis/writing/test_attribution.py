"""The sum that makes a logit: for many architectures against the model's own logits, for some by hand."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from attnlit.analysis.writing import head_words, look_logits, look_words, take_apart, totals, writes
from attnlit.attention import load
from attnlit.attention.reading import read
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import many, planted, tiny
from tests.published import from_hub
from tests.tolerances import MISTAKE, ROUNDING

pytestmark = pytest.mark.numeric

TEXT = "The cat sat on the mat, because it was"
TARGET = "the dog lay"

GetModel = Callable[[str], Model]

# Between their last state and the words stands a layer that is bent, or one more matrix.
BENT = ("bert", "roberta", "modernbert", "mpnet", "deberta", "esm", "opt-after")
WRITE = sorted(set(many.ARCHITECTURES) - set(BENT) - set(many.NOT_WHOLE))


def logits_of(model: Model, text: str, pair: str | None = None) -> np.ndarray:
    """The model's own, (N, V)."""
    inputs = read(model, text, pair).inputs
    with torch.no_grad():
        return model.module(**{name: torch.tensor([ids]) for name, ids in inputs.items()}).logits[0].numpy()


@pytest.mark.parametrize("architecture", WRITE)
def test_of_many_architectures_the_parts_make_the_logit(architecture: str) -> None:
    model = many.model(architecture)
    pair = TARGET if model.pairs == "target" else None
    own = logits_of(model, TEXT, pair)
    for position in (2, len(own) - 2):  # the tokenizer puts its mark behind the last one
        found = writes(model, TEXT, position=position, pair=pair)
        word = int(own[position].argmax())
        assert found.ids == (word,)
        assert found.logit == pytest.approx(own[position, word], rel=1e-5, abs=ROUNDING)
        assert found.table["logit"].sum() == pytest.approx(found.total, rel=1e-4, abs=1e-4)
        cap = getattr(model.module.config, "final_logit_softcapping", None)
        bent = found.total if cap is None else cap * np.tanh(found.total / cap)
        assert found.logit == pytest.approx(bent, rel=1e-4, abs=1e-4)
        heads = found.heads
        assert heads.groupby(["attention", "layer"]).size().eq(4).all()
        attentions = {"decoder", "cross"} if model.pairs == "target" else {"self"}
        assert set(heads["attention"]) == attentions
        assert heads["logit"].abs().min() > 0


@pytest.mark.parametrize("architecture", ["llama", "gemma2", "cohere"])
def test_the_difference_of_two_words_needs_no_mean(architecture: str) -> None:
    model = many.model(architecture)
    own = logits_of(model, TEXT)[2]
    found = writes(model, TEXT, "cat", "dog", position=2)
    cat, dog = model.tokenizer.convert_tokens_to_ids(["cat", "dog"])
    assert found.ids == (cat, dog)
    assert (found.word, found.against) == ("cat", "dog")
    assert found.logit == pytest.approx(own[cat] - own[dog], rel=1e-4, abs=1e-4)
    assert found.table["logit"].sum() == pytest.approx(found.total, rel=1e-4, abs=1e-4)
    assert "every word alike" not in set(found.table["kind"])


@pytest.mark.parametrize("architecture", BENT)
def test_a_bent_prediction_head_is_refused_in_words(architecture: str) -> None:
    with pytest.raises(AttnlitError, match="no head has a share of its own"):
        writes(many.model(architecture), TEXT)


def by_hand(model: Model, text: str, direction: torch.Tensor) -> np.ndarray:
    """Each head's share at the last token, (L, H), by the weight matrices of a GPT-2 or a Llama."""
    module: Any = model.module
    like_gpt2 = model.architecture == "gpt2"
    blocks = module.transformer.h if like_gpt2 else module.model.layers
    norm = module.transformer.ln_f if like_gpt2 else module.model.norm
    projections = [block.attn.c_proj if like_gpt2 else block.self_attn.o_proj for block in blocks]
    seen: list[torch.Tensor] = []
    hooks = [
        part.register_forward_pre_hook(lambda _, given: seen.append(given[0][0, -1]))
        for part in (*projections, norm)
    ]
    ids = torch.tensor([read(model, text).inputs["input_ids"]])
    with torch.no_grad():
        module(input_ids=ids)
    for hook in hooks:
        hook.remove()
    *entered, last = seen
    centred = last - last.mean() if like_gpt2 else last
    eps = norm.eps if like_gpt2 else norm.variance_epsilon
    scale = norm.weight / (centred.square().mean() + eps).sqrt()
    shares = []
    for heads, projection in zip(entered, projections, strict=True):
        weight = projection.weight if like_gpt2 else projection.weight.T
        written = torch.einsum("hd,hdw->hw", heads.unflatten(0, (4, -1)), weight.unflatten(0, (4, -1)))
        written = written - written.mean(-1, keepdim=True) if like_gpt2 else written
        shares.append((written * scale) @ direction)
    return torch.stack(shares).numpy()


@pytest.mark.parametrize("architecture", ["gpt2", "llama"])
def test_a_heads_share_by_hand(architecture: str, tiny_model: GetModel) -> None:
    model = tiny_model(architecture)
    found = writes(model, TEXT)
    unembedding = model.module.lm_head.weight
    expected = by_hand(model, TEXT, unembedding[found.ids[0]] - unembedding.mean(0))
    shares = found.heads["logit"].to_numpy(float).reshape(expected.shape)
    np.testing.assert_allclose(shares, expected, rtol=1e-3, atol=ROUNDING)
    assert np.ptp(expected) > 0.01


def test_a_planted_head_writes_the_whole_logit(tmp_path: Path) -> None:
    """The induction head 1-2 copies what followed before, and nothing else knows the word."""
    model = load(str(planted.save_with_roles(tmp_path)))
    found = writes(model, "red cat one dog red cat one", "dog", "bird")
    shares = found.heads.set_index(["layer", "head"])["logit"]
    assert shares[1, 2] == pytest.approx(5, abs=1e-3)
    assert shares.drop((1, 2)).abs().max() < 1e-3
    assert found.total == pytest.approx(5, abs=1e-3)
    looks = look_logits(found, 1, 2)
    assert looks[3] == pytest.approx(5, abs=1e-3)  # where it looks at “dog”
    assert head_words(found.state, 1, 2)["token"].iloc[0] == "dog"
    # Without it the word is as likely as any; 0-1, which it needs, wrote nothing itself.
    lost = totals(found, [("self", 1, 2), ("self", 0, 1), ("self", 0, 3)])
    np.testing.assert_allclose(lost, [5, 5, 0], atol=1e-3)


@pytest.mark.parametrize("architecture", ["qwen3.5", "gemma2", "gpt-neox", "t5"])
def test_a_heads_share_is_the_sum_of_its_looks(architecture: str) -> None:
    model = many.model(architecture)
    pair = TARGET if model.pairs == "target" else None
    found = writes(model, TEXT, position=2, pair=pair)
    for row in found.heads.itertuples():
        looks = look_logits(found, row.layer, row.head, row.attention)
        assert looks.sum() == pytest.approx(row.logit, rel=1e-3, abs=ROUNDING)


def test_words_raised_and_lowered_are_against_the_mean(tiny_model: GetModel) -> None:
    model = tiny_model("llama")
    state = take_apart(model, TEXT)
    unembedding = model.module.lm_head.weight.double().numpy()
    head = next(i for i, part in enumerate(state.parts) if (part.layer, part.head) == (1, 2))
    expected = unembedding @ state.vectors[head]
    expected -= expected.mean()
    table = head_words(state, 1, 2, top=3)
    assert table["id"].tolist() == [*np.argsort(-expected)[:3], *np.argsort(-expected)[-3:]]
    np.testing.assert_allclose(table["logit"], expected[table["id"]], rtol=1e-4, atol=ROUNDING)
    looks = [look_words(state, 1, 2, key, top=200).set_index("id")["logit"] for key in range(3)]
    assert not looks[0].sort_index().equals(looks[1].sort_index())
    with pytest.raises(AttnlitError, match="no token 99"):
        look_words(state, 1, 2, 99)
    with pytest.raises(AttnlitError, match="no head 4"):
        head_words(state, 1, 4)
    with pytest.raises(AttnlitError, match="layer 7 of llama"):
        head_words(state, 7, 0)


def test_totals_are_what_switching_off_does(tiny_model: GetModel) -> None:
    from attnlit.analysis.ablation import switch_off

    model = tiny_model("gpt2")
    found = writes(model, TEXT, "cat", "dog")
    effects = [switch_off(model, TEXT, [head]) for head in ((0, 1), (2, 3))]
    cat, dog = found.ids
    expected = [
        float(np.log(each.before[0, cat] / each.before[0, dog] / (each.after[0, cat] / each.after[0, dog])))
        for each in effects
    ]
    lost = totals(found, [("self", 0, 1), ("self", 2, 3)])
    np.testing.assert_allclose(lost, expected, rtol=1e-3, atol=1e-4)
    direct = found.heads.set_index(["layer", "head"])["logit"]
    assert abs(lost[0] - direct[0, 1]) > MISTAKE  # of an early head most goes through later ones


def test_which_word_is_meant(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    inside, alone = model.tokenizer.convert_tokens_to_ids(["Ġcat", "A"])
    assert writes(model, TEXT, "cat").ids == (inside,)
    assert writes(model, TEXT, " cat").ids == (inside,)
    assert writes(model, TEXT, "A").ids == (alone,)  # which it has only without a space
    with pytest.raises(AttnlitError, match="several tokens"):
        writes(model, TEXT, "xylophone")
    with pytest.raises(AttnlitError, match="Type a word"):
        writes(model, TEXT, " ")
    with pytest.raises(AttnlitError, match="does not know"):
        writes(many.model("llama"), TEXT, "ж")


def test_where_the_word_is_predicted(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    own = logits_of(model, TEXT)
    assert writes(model, TEXT).logit == pytest.approx(own[-1].max(), rel=1e-5)
    assert writes(model, TEXT, position=-2).logit == pytest.approx(own[-2].max(), rel=1e-5)
    assert writes(model, "The cat sat.").state.position == 3
    for position in (len(own), -len(own) - 1):
        with pytest.raises(AttnlitError, match=f"there is no token {position}"):
            writes(model, TEXT, position=position)
    # A mark that the tokenizer puts behind the text is no place to ask for a word.
    llama = many.model("llama")
    assert writes(llama, "The cat sat").state.position == len(read(llama, "The cat sat").source.tokens) - 2


def test_the_likelihood_is_the_models(tiny_model: GetModel) -> None:
    own = logits_of(tiny_model("gpt2"), TEXT)[-1].astype(float)
    found = writes(tiny_model("gpt2"), TEXT)
    assert found.probability == pytest.approx(np.exp(own.max()) / np.exp(own).sum(), rel=1e-4)


def test_a_model_without_a_head_for_words_writes_none(tiny_model: GetModel) -> None:
    from dataclasses import replace

    with pytest.raises(AttnlitError, match="no trained head for words"):
        writes(replace(tiny_model("gpt2"), predicts=False), TEXT)


def test_a_state_that_is_rounded_to_16_bits_is_not_taken_apart(tiny_folder: Callable[[str], Path]) -> None:
    folder = tiny_folder("gpt2")
    module = transformers.GPT2LMHeadModel.from_pretrained(folder, dtype=torch.bfloat16).eval()
    model = load(module, tokenizer=transformers.AutoTokenizer.from_pretrained(folder))
    with pytest.raises(AttnlitError, match="computes in bfloat16"):
        writes(model, TEXT)


def test_one_token_is_enough(tiny_model: GetModel) -> None:
    for architecture in ("gpt2", "llama"):
        found = writes(tiny_model(architecture), "a")
        assert found.table["logit"].sum() == pytest.approx(found.total, rel=1e-4, abs=1e-4)
    assert len(found.heads) == tiny.LAYERS * tiny.HEADS


@pytest.mark.hub
def test_gpt2s_names_of_the_indirect_object() -> None:
    """Wang et al. 2022: the heads that move the name, and those that hold it back."""
    model = from_hub("gpt2")
    text = "<|endoftext|>When John and Mary went to the shops, John gave the bag to"
    shares = writes(model, text, "Mary", "John").heads.set_index(["layer", "head"])["logit"]
    golden = {
        (9, 9): 1.9583, (9, 6): 1.6281, (10, 7): -1.4267, (11, 1): -0.9117,
        (11, 10): -0.9042, (10, 0): 0.6370, (10, 10): 0.4524, (8, 10): 0.4264,
    }  # fmt: skip
    for head, share in golden.items():
        assert shares[head] == pytest.approx(share, abs=2e-3), head


def test_words_that_are_made_with_another_matrix_are_refused() -> None:
    model = many.model("t5")
    module = copy.deepcopy(model.module)
    module.get_output_embeddings = lambda: torch.nn.Linear(32, model.vocabulary_size)
    with pytest.raises(AttnlitError, match="not made with the matrix that it names"):
        writes(replace(model, module=module), TEXT, pair=TARGET)


def test_a_mark_that_was_typed_at_the_end_is_asked(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    found = writes(model, "The cat<|endoftext|>")
    tokens = read(model, "The cat<|endoftext|>").source.tokens
    assert tokens[found.state.position].raw == "<|endoftext|>"
    assert writes(model, "The cat<|endoftext|>", position=-2).state.position == found.state.position - 1
