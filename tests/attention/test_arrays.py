"""Records of arrays that somebody has already, from transformers or from anywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pytest
import torch
import transformers

import attnlit
from attnlit.attention import Attention, attend
from attnlit.attention.filters import between, hide_special
from attnlit.attention.softmax import softmax_error
from attnlit.errors import AttnlitError
from attnlit.models.model import Model

GetModel = Callable[[str], Model]
GetFolder = Callable[[str], Path]
TEXT, PAIR = "The cat sat on the mat.", "The dog lay on the rug."


class Users:
    """A user's own code: a model of transformers and its outputs, with nothing of ours."""

    def __init__(self, folder: Path, kind: str, text: str, pair: str | None = None, **options: Any) -> None:
        loaded = getattr(transformers, kind).from_pretrained(folder, attn_implementation="eager", **options)
        self.model = loaded.eval()
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        self.inputs = self.tokenizer(text, pair, return_tensors="pt")
        with torch.no_grad():
            self.attentions = self.model(**self.inputs, output_attentions=True).attentions
        self.tokens = self.tokenizer.convert_ids_to_tokens(self.inputs["input_ids"][0])


@pytest.fixture
def bert(tiny_folder: GetFolder) -> Users:
    return Users(tiny_folder("bert"), "BertForMaskedLM", TEXT, PAIR)


@pytest.fixture
def gpt2(tiny_folder: GetFolder) -> Users:
    return Users(tiny_folder("gpt2"), "GPT2LMHeadModel", "The cat 🙂 sat,\nunbelievably.")


def arrays(layers: int = 2, heads: int = 3, queries: int = 4, keys: int = 4) -> np.ndarray:
    weights = np.random.default_rng(0).random((layers, heads, queries, keys)).astype(np.float32)
    return weights / weights.sum(axis=-1, keepdims=True)


def test_what_a_model_reports_is_the_record_that_we_make_of_it(bert: Users, tiny_model: GetModel) -> None:
    record = Attention.from_arrays(bert.attentions, bert.tokens, segments=bert.inputs["token_type_ids"])
    ours = attend(tiny_model("bert"), TEXT, PAIR)
    np.testing.assert_array_equal(record.weights, ours.weights)
    assert [text.lower() for text in record.query_tokens] == [text.lower() for text in ours.query_tokens]
    assert record.segments == ours.segments
    assert [token.special for token in record.queries] == [token.special for token in ours.queries]
    assert (record.causal, record.kind, record.whole) == (False, "self", True)
    np.testing.assert_array_equal(between(record, "A→B").weights, between(ours, "A→B").weights)
    np.testing.assert_array_equal(hide_special(record).weights, hide_special(ours).weights)


def test_a_byte_level_vocabulary_is_read(gpt2: Users) -> None:
    record = Attention.from_arrays(gpt2.attentions, gpt2.tokens)
    assert record.causal
    shown = "".join(token.text for token in record.queries if token.text not in "␣↵")
    assert shown.startswith("Thecat")
    assert "↵" in record.query_tokens
    assert not {"Ġ", "Ċ"} & set("".join(record.query_tokens))
    assert [token.raw for token in record.queries] == gpt2.tokens


@pytest.mark.parametrize(
    "make",
    [
        lambda whole: whole,
        lambda whole: whole.astype(np.float64),
        lambda whole: whole[:, None],
        lambda whole: [layer[None] for layer in whole],
        lambda whole: tuple(whole),
        lambda whole: whole.tolist(),
        torch.tensor,
        lambda whole: torch.tensor(whole).requires_grad_(),
        lambda whole: tuple(torch.tensor(layer)[None] for layer in whole),
    ],
)
def test_every_way_to_hold_them_makes_the_same_record(make: Callable[[np.ndarray], Any]) -> None:
    whole = arrays()
    record = Attention.from_arrays(make(whole), list("abcd"))
    np.testing.assert_array_equal(record.weights, whole)
    assert record.weights.dtype == np.float32
    assert not np.shares_memory(record.weights, whole)
    with pytest.raises(ValueError, match="read-only"):
        record.weights[0] = 0


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_near_enough(dtype: torch.dtype, tiny_folder: GetFolder) -> None:
    users = Users(tiny_folder("llama"), "LlamaForCausalLM", TEXT, dtype=dtype)
    assert users.attentions[0].dtype == dtype
    record = Attention.from_arrays(users.attentions, users.tokens)
    np.testing.assert_array_equal(record.weights, torch.cat(users.attentions).float().numpy())
    assert record.causal


@pytest.mark.parametrize(
    "draw",
    [
        lambda record: attnlit.head_view(record, layer=0),
        lambda record: attnlit.head_view(record, layer=1, heads=[0]),
        lambda record: attnlit.model_view(record),
        lambda record: attnlit.heatmap(record, layer=0, head=1),
    ],
)
@pytest.mark.parametrize("shape", [(2, 3, 4, 4), (2, 2, 1, 1), (2, 2, 3, 5)])
def test_every_view_of_weights_draws_it(
    draw: Callable[[Attention], alt.TopLevelMixin], shape: tuple[int, ...]
) -> None:
    tokens, keys = list("abcdefgh")[: shape[2]], list("ABCDEFGH")[: shape[3]]
    kind = "self" if shape[2] == shape[3] else "cross"
    record = Attention.from_arrays(
        arrays(*shape), tokens, key_tokens=None if kind == "self" else keys, kind=kind
    )
    assert "$schema" in draw(record).to_dict()


def test_roles_and_the_neuron_view_take_it(tiny_model: GetModel) -> None:
    for architecture in ("bert", "gpt2", "llama"):
        ours = attend(tiny_model(architecture), TEXT)
        q, k = ([getattr(layer, name) for layer in ours.inputs] for name in "qk")
        record = Attention.from_arrays(
            torch.tensor(ours.weights), [token.raw for token in ours.queries], q=q, k=np.stack(k)
        )
        assert record.causal == ours.causal
        assert len(attnlit.head_roles(record)) == ours.layers * ours.heads
        assert "$schema" in attnlit.neuron_view(record, 1, 2, query=2).to_dict()
        for layer in range(ours.layers):
            assert softmax_error(record.inputs[layer], ours.weights[layer]) <= 1e-5
        vectors, own = record.vectors(1, 2), ours.vectors(1, 2)
        np.testing.assert_array_equal(vectors.q, own.q)
        np.testing.assert_allclose(vectors.scores, own.scores, atol=1e-4)
        assert (vectors.adds, vectors.key_head, vectors.shared_with) == (
            own.adds,
            own.key_head,
            own.shared_with,
        )


def test_without_queries_and_keys_there_is_no_neuron_view_and_it_says_why() -> None:
    record = Attention.from_arrays(arrays(), list("abcd"), model="mine")
    with pytest.raises(AttnlitError, match=r"neuron view is not possible for mine: .* weights alone"):
        attnlit.neuron_view(record, 0, 0, query=1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weights": (None, None)}, "did not report them.*eager"),
        ({"weights": ()}, "did not report them.*eager"),
        ({"weights": None}, "did not report them.*eager"),
        ({"weights": arrays().astype(complex)}, "are not numbers.*complex"),
        ({"weights": arrays().astype(str)}, "are not numbers"),
        ({"tokens": None}, "list of strings"),
        ({"segments": 5}, "is 0 for the first"),
        ({"segments": [0, 0.5, 1, 1]}, "is 0 for the first"),
        ({"segments": ["a"] * 4}, "is 0 for the first"),
        ({"causal": "yes"}, "causal is True, False or None"),
        ({"causal": True}, "some tokens look at later ones"),
        ({"model": 5}, "model's name must be one string"),
        ({"q": arrays() * np.nan, "k": arrays()}, "not finite"),
        ({"q": arrays(), "k": arrays(), "scaling": np.inf}, "one number"),
        ({"q": arrays(), "k": arrays(), "scaling": "x"}, "one number"),
        ({"weights": arrays()[0]}, r"must have the shape .*, but have \(3, 4, 4\)"),
        ({"weights": [arrays()[0], arrays(heads=2)[0]]}, "one shape"),
        ({"weights": [np.stack([arrays()[0]] * 2)]}, "are of 2 texts"),
        ({"weights": [["a"]]}, "are not numbers"),
        ({"weights": [[[1.0], [1.0, 2.0]]]}, "are not numbers"),
        ({"weights": arrays() * np.nan}, "not finite"),
        ({"weights": arrays() - 0.5}, "after the softmax"),
        ({"weights": arrays() / 0.9}, "eval mode"),
        ({"tokens": list("abc")}, "Tokens that look: 3. .* 4 by 4"),
        ({"tokens": "abcd"}, "list of strings"),
        ({"tokens": [1, 2, 3, 4]}, "convert_ids_to_tokens"),
        ({"weights": arrays(keys=5)}, "Give the keys' own as key_tokens"),
        ({"segments": [0, 1]}, "2 segments for 4 tokens"),
        ({"segments": [0, 1, 2, 0]}, "is 0 for the first"),
        ({"kind": "other"}, "no kind “other”"),
        ({"q": np.zeros((2, 3, 4, 8))}, "give both q and k"),
        ({"k": np.zeros((2, 3, 4, 8))}, "give both q and k"),
        ({"q": np.zeros((2, 3, 9, 8)), "k": np.zeros((2, 3, 4, 8))}, "does not fit that of the weights"),
        ({"q": np.zeros((2, 3, 4, 8)), "k": np.zeros((2, 2, 4, 8))}, "does not fit that of the queries"),
        ({"q": np.zeros((2, 3, 4, 8)), "k": np.zeros((2, 3, 4, 8))}, "misses the weights of layer 0"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_a_mistake_in_words(change: dict[str, Any], words: str) -> None:
    given = {"weights": arrays(), "tokens": list("abcd"), **change}
    with pytest.raises(AttnlitError, match=words):
        Attention.from_arrays(**given)


def test_strings_are_as_printable_as_any_token() -> None:
    record = Attention.from_arrays(arrays(), ["a\x00b", "\n", "[SEP]", "<|im_start|>"])
    assert record.query_tokens == ["aU+0000b", "↵", "[SEP]", "<|im_start|>"]
    assert [token.special for token in record.queries] == [False, False, True, True]


def test_a_record_says_in_a_line_what_it_is(tiny_model: GetModel) -> None:
    record = attend(tiny_model("bert"), "The <b>cat</b> sat.\n" * 2)
    assert repr(record).startswith("<Attention: bert, self, 3 layers × 4 heads × ")
    assert "“The <b>cat</b> sat." in repr(record)
    assert "\n" not in repr(record)
    assert len(repr(record)) < 250
    assert "<b>cat" not in record._repr_html_()
    assert "&lt;b&gt;cat" in record._repr_html_()


def test_the_same_tokens_twice_are_one_text() -> None:
    tokens = list("abcd")
    record = Attention.from_arrays(arrays(), tokens, key_tokens=tokens, segments=[0, 0, 1, 1])
    assert record.key_segments == [0, 0, 1, 1]
    sparse = torch.tensor(arrays()).to_sparse()
    assert (Attention.from_arrays(sparse, tokens).weights == arrays()).all()
