"""Patches against the planted model, against the same change made by hand, and against published numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from attnlit import patch
from attnlit.analysis.ablation import intervene
from attnlit.analysis.patching import OUTPUT, PATTERN, patch_each
from attnlit.attention import attend
from attnlit.attention.edits import PatternPatched
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import many, tiny
from tests.analysis.bias.planted_routes import BY_0_1, BY_0_3, PLANTED, SWAPPED
from tests.attention import edited
from tests.bundled import bundled
from tests.published import from_hub
from tests.tolerances import MISTAKE, RATIO, ROUNDING

pytestmark = pytest.mark.numeric

GetModel = Callable[[str], Model]
GetFolder = Callable[[str], Path]
SOURCE, TARGET = "The cat sat on the mat; the cat", "The dog sat on the mat; the cat"
WORDS = ("tired", "late")
HEADS = [(0, 1), (1, 2), (1, 3)]


def test_the_planted_heads_carry_their_share_both_ways(two_routes: Model) -> None:
    """What the heads pass on adds up here, so that each is as necessary as it is sufficient."""
    found = patch_each(two_routes, PLANTED.first, PLANTED.second, PATTERN, words=WORDS)
    assert found.difference == pytest.approx(SWAPPED, **RATIO)
    assert found.in_source == pytest.approx(0.25 + 0.125 + 0.0625, **RATIO)
    shares = found.table.set_index(["layer", "head"])
    for head, row in shares.iterrows():
        carried = {(0, 1): BY_0_1, (0, 3): BY_0_3}.get(head, 0.0) / SWAPPED
        assert row["sufficient"] == pytest.approx(carried, abs=1e-4)
        assert row["necessary"] == pytest.approx(carried, abs=1e-4)
    both = patch(two_routes, PLANTED.first, PLANTED.second, [(0, 1), (0, 3)], words=WORDS)
    assert both.sufficiency == pytest.approx((BY_0_1 + BY_0_3) / SWAPPED, abs=1e-4)
    assert found.together.sufficiency == pytest.approx(both.sufficiency, abs=1e-4)
    assert found.shape == (2, 4)


def lean(logits: torch.Tensor, ids: list[int]) -> float:
    return float(logits[0, -1, ids[0]].double() - logits[0, -1, ids[1]].double())


@pytest.mark.parametrize("architecture", ["gpt2", "llama", "gpt-oss"])
def test_patched_outputs_are_surgery_on_what_enters_the_output_projection(
    architecture: str, tiny_model: GetModel, tiny_folder: GetFolder
) -> None:
    """Heads with values of their own, in groups, and with a sink."""
    model = tiny_model(architecture)
    copy = edited.plain_copy(tiny_folder(architecture), architecture)
    entered: dict[str, torch.Tensor] = {}
    given: dict[str, torch.Tensor] = {}
    name = edited.OUTPUT[architecture, "self"]

    def surgery(place: str) -> Callable[..., torch.Tensor]:
        def operate(_: torch.nn.Module, inputs: tuple[torch.Tensor]) -> torch.Tensor:
            by_head = inputs[0].unflatten(-1, (tiny.HEADS, -1)).clone()
            entered[place] = by_head.clone()
            if place in given:
                for layer, head in HEADS:
                    if f".{layer}." in place:
                        by_head[:, :, head] = given[place][:, :, head]
            return by_head.flatten(-2)

        return operate

    for layer in (0, 1):
        place = name.replace(".1.", f".{layer}.")
        copy.get_submodule(place).register_forward_pre_hook(surgery(place))

    def run(text: str) -> torch.Tensor:
        tokens = model.tokenizer(text)["input_ids"]
        with torch.no_grad():
            return copy(torch.tensor([tokens])).logits

    ids = model.tokenizer.convert_tokens_to_ids(["Ġmat", "Ġdog"])
    found = patch(model, SOURCE, TARGET, HEADS, OUTPUT, words=("mat", "dog"))
    plain = lean(run(SOURCE), ids)
    given.update(entered)
    assert found.in_source == pytest.approx(plain, rel=1e-4, abs=1e-4)
    assert found.into_target == pytest.approx(lean(run(TARGET), ids), rel=1e-4, abs=1e-4)
    assert abs(found.into_target - found.in_target) > MISTAKE


def test_patched_patterns_equal_single_edits_and_the_map_equals_single_patches(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    found = patch_each(model, SOURCE, TARGET, words=("mat", "dog"))
    own, other = (attend(model, text).weights for text in (SOURCE, TARGET))
    seen = []
    for layer, head, into_target, into_source, sufficient, _ in found.table.itertuples(index=False):
        single = patch(model, SOURCE, TARGET, [(layer, head)], words=("mat", "dog"))
        assert single.into_target == pytest.approx(into_target, abs=1e-4)
        assert single.into_source == pytest.approx(into_source, abs=1e-4)
        assert single.sufficiency == pytest.approx(sufficient, rel=1e-2, abs=1e-3)
        seen.append(abs(into_target - found.in_target))
    assert max(seen) > MISTAKE
    bert = tiny_model("bert")
    texts = ("The cat sat on [MASK] mat.", "The dog sat on [MASK] mat.")
    of_bert = patch(bert, *texts, [(1, 2)], words=("the", "a"))
    given = attend(bert, texts[0]).weights[1, 2][None]
    edit = PatternPatched(kind="self", layer=1, heads=(2,), weights=given)
    after = intervene(bert, texts[1], [edit]).after[0]
    the, a = bert.tokenizer.convert_tokens_to_ids(["the", "a"])
    assert of_bert.into_target == pytest.approx(float(np.log(after[the] / after[a])), abs=1e-4)
    assert of_bert.probabilities[2] == pytest.approx((after[the], after[a]), rel=1e-4)
    assert own.shape == other.shape


def test_outputs_of_texts_of_other_lengths_are_patched_where_tokens_line_up(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    longer = SOURCE.replace("the mat", "on the mat")
    found = patch(model, longer, TARGET, [(1, 2)], OUTPUT, words=("mat", "dog"))
    one, other = found.tokens
    assert one > other > found.aligned - 1
    assert 0 < found.aligned <= other
    assert found.into_target != pytest.approx(found.in_target, abs=ROUNDING)
    with pytest.raises(AttnlitError, match="the same number of tokens"):
        patch(model, longer, TARGET, [(1, 2)])


def test_without_words_the_likeliest_after_each_text_are_compared() -> None:
    model = bundled("mini-gpt2")
    found = patch(model, "The king and his", "The queen and her", [(5, 1)])
    assert len(set(found.words)) == 2
    before = [intervene(model, text, []).before[0] for text in ("The king and his", "The queen and her")]
    for row, probabilities in zip(found.probabilities[:2], before, strict=True):
        assert max(probabilities) in [pytest.approx(each, rel=1e-4) for each in row]
    with pytest.raises(AttnlitError, match=r"likeliest word after both texts\. Name two words"):
        patch(model, "She looked at the old king and", "She looked at the old queen and", [(5, 1)])


def test_a_patch_that_changes_nothing_has_no_share(two_routes: Model) -> None:
    same = patch(two_routes, "the cat . it", "the dog . it", [(0, 1)], words=WORDS)
    assert np.isnan(same.sufficiency)
    assert np.isnan(same.necessity)


def test_what_cannot_be_patched_is_a_mistake_in_words(tiny_model: GetModel) -> None:
    gpt2 = tiny_model("gpt2")

    def ask(model: Any = gpt2, heads: Any = ((1, 2),), what: str = OUTPUT, **texts: str) -> None:
        source, target = texts.get("source", SOURCE), texts.get("target", TARGET)
        patch(model, source, target, heads, what, words=("a", "the"))

    for arguments, words in (
        ({"heads": ()}, "No head is named"),
        ({"heads": [(9, 0)]}, "3 layers, counted from 0: there is no layer 9"),
        ({"heads": [(0, -1)], "what": PATTERN}, "there is no head -1"),
        ({"what": "value"}, "“value” cannot be patched"),
        ({"target": SOURCE}, "are the same"),
        ({"source": " "}, "text is empty"),
        ({"model": tiny_model("t5")}, "neither writes from left to right"),
        ({"model": replace(gpt2, capture_route="weights", why_no_vectors="so.")}, "Nothing can be changed"),
        ({"model": many.model("qwen3.5")}, "a gate or a norm scales"),
        ({"model": many.model("diffllama")}, "it cannot be patched. Patch the pattern"),
    ):
        with pytest.raises(AttnlitError, match=words):
            ask(**arguments)


def test_the_map_tells_its_progress_and_can_be_ended(tiny_model: GetModel) -> None:
    seen: list[tuple[int, int]] = []
    patch_each(
        tiny_model("gpt2"), SOURCE, TARGET, words=("mat", "dog"), progress=lambda *each: seen.append(each)
    )
    assert seen[-1][0] == seen[-1][1]

    def end(done: int, runs: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        patch_each(tiny_model("gpt2"), SOURCE, TARGET, words=("mat", "dog"), progress=end)


@pytest.mark.hub
def test_gpt2s_names_of_the_indirect_object() -> None:
    """The eight prompts of TransformerLens' demonstration; name movers carry the name, 10-7 holds it back."""
    model = from_hub("gpt2")
    prompts = (
        ("When John and Mary went to the shops, {} gave the bag to", ("Mary", "John")),
        ("When Tom and James went to the park, {} gave the ball to", ("Tom", "James")),
        ("When Dan and Sid went to the shops, {} gave an apple to", ("Dan", "Sid")),
        ("After Martin and Amy went to the park, {} gave a drink to", ("Martin", "Amy")),
    )
    leans, shares = [], []
    for prompt, names in prompts:
        for right, wrong in (names, names[::-1]):
            source, target = (f"<|endoftext|>{prompt.format(giver)}" for giver in (wrong, right))
            found = [
                patch(model, source, target, [head], OUTPUT, words=(right, wrong))
                for head in ((9, 9), (10, 7))
            ]
            leans.append((found[0].in_source, found[0].in_target))
            shares.append([each.sufficiency for each in found])
    assert np.mean(leans, axis=0) == pytest.approx([3.5519, -3.5519], abs=2e-3)
    name_mover, negative = np.mean(shares, axis=0)
    assert name_mover > 0.05
    assert negative < -0.05
