"""What is said of two texts or models side by side, of patches, and of heads that must go."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from attnlit.analysis.ablation_set import AblationSet
from attnlit.analysis.compare import compare
from attnlit.analysis.patching import Patch, PatchMap
from attnlit.attention import Attention
from attnlit.words.compare import (
    ablation_set_in_words,
    aligned_in_words,
    alike_in_words,
    differences_in_words,
    largest_difference_in_words,
    lean_in_words,
    patch_in_words,
)


def record(tokens: str, own: float = 0.5) -> Attention:
    """Two heads: one spreads evenly, one gives each token so much of itself."""
    names = tokens.split()
    even = np.full((len(names), len(names)), 1 / len(names))
    kept = own * np.eye(len(names)) + (1 - own) * even
    return Attention.from_arrays(np.stack([even, kept])[None], names, causal=False)


def test_which_tokens_line_up() -> None:
    one = record("a b a c")
    assert aligned_in_words(compare(one, one)) == "All 4 tokens line up."
    other = aligned_in_words(compare(one, record("a b x c")))
    assert other == "All 4 tokens line up; different words in the same place: the 2nd *a* and *x*."
    shorter = aligned_in_words(compare(one, record("a b c")))
    assert shorter.startswith("3 tokens line up, of 4 and 3. Attention to all the others")


def test_where_a_head_looks_most_differently() -> None:
    names = ("the first", "the second")
    table = pd.DataFrame(
        {
            "query": ["sat", "."], "key": ["cat", "cat / dog"],
            "first": [0.5, 0.12], "second": [0.4, 0.68], "difference": [-0.1, 0.56],
        }
    )  # fmt: skip
    assert largest_difference_in_words(table, names) == (
        r"The largest difference: *“\.”* gives *cat \/ dog* 12% in the first and 68% in the second."
    )
    assert largest_difference_in_words(table.assign(difference=0.0), names) == (
        "It looks at the same tokens in both."
    )


def test_which_heads_look_otherwise() -> None:
    one = record("a b c")
    assert differences_in_words(compare(one, one), None) == "Every head looks at the same tokens in both."
    found = compare(one, record("a b c", own=1.0))
    said = differences_in_words(found, np.array([[0.01, 0.02]]))
    assert said.startswith("Head **0-1** differs most: 0.1")
    assert said.endswith("it would be 0.02 nats. 1 head differs more than it does between such sentences.")
    assert "No head differs more" in differences_in_words(found, np.array([[0.5, 0.6]]))


def test_which_head_is_most_alike() -> None:
    row = {"layer": 0, "head": 1, "other_layer": 2, "other_head": 3, "distance": 0.05, "typical": 0.4}
    table = pd.DataFrame([{**row, "even": 0.3}])
    said = alike_in_words(table, 0, 1, ("a*b", "c"))
    assert said.startswith("The head of c most like 0-1 of a\\*b is **2-3**: 0.05 nats apart.")
    assert "not a close match" not in said
    assert "not a close match" in alike_in_words(table.assign(even=0.08), 0, 1, ("a", "c"))


def patches(sufficient: float, necessary: float, together: float = 0.9) -> PatchMap:
    lean = {
        "source": "A", "target": "B", "words": ("king", "man"), "what": "pattern", "in_source": 1.0,
        "in_target": -1.0, "tokens": (7, 7), "aligned": 7,
    }  # fmt: skip
    table = pd.DataFrame([{"layer": 0, "head": 0, "sufficient": sufficient, "necessary": necessary}])
    into = -1 + 2 * together
    every = Patch(**lean, heads=((0, 0),), into_target=into, into_source=0.0, probabilities=())
    return PatchMap(**lean, table=table, together=every)


def test_what_the_model_prefers_after_each_text() -> None:
    said = lean_in_words(patches(0.1, 0.1))
    assert said == (
        "After the first text the model finds “king” **2.72** times as likely as “man”, after the second "
        "“man” **2.72** times as likely as “king”. In all, the difference between the two logits changes by "
        "+2.00."
    )
    assert "about as likely as" in lean_in_words(replace(patches(0.1, 0.1), in_source=0.01))


@pytest.mark.parametrize(
    ("sufficient", "necessary", "brings", "loses", "verdict"),
    [
        (0.62, 0.7, "brings 62% of the difference", "70% is lost", "sufficient and necessary"),
        (0.62, 0.02, "brings 62%", "next to nothing is lost (2.0%)", "So it is sufficient."),
        (0.01, 0.2, "brings next to nothing", "20% is lost", "So it is partly necessary."),
        (-0.3, -0.2, "pushes the other way, by 30%", "grows by 20%", "neither sufficient nor necessary"),
    ],
)
def test_what_a_head_carries(
    sufficient: float, necessary: float, brings: str, loses: str, verdict: str
) -> None:
    one, together = patch_in_words(patches(sufficient, necessary), 0, 0)
    assert brings in one
    assert loses in one
    assert verdict in one
    assert "All heads at once bring 90% of the difference, and without them 50%" in together


def test_no_difference_is_said_and_so_is_what_does_not_line_up() -> None:
    same = patches(0.1, 0.1)
    same = replace(same, together=replace(same.together, in_target=1.0))
    assert patch_in_words(same, 0, 0) == [
        "The two texts make no difference between these two words, so there is nothing to carry over."
    ]
    assert patch_in_words(replace(same, together=patches(0, 0).together, aligned=5), 0, 0)[-1].startswith(
        "Only the 5 tokens that line up are patched"
    )


def ablations(heads: tuple[tuple[int, int], ...], wins: bool, random: list[float]) -> AblationSet:
    steps = pd.DataFrame({"probability": [0.1, 0.3], "likeliest": ["door", "box"], "lead": [-1.0, 0.5]})
    return AblationSet("sea_", "door", "zero", heads, wins, steps, np.array(random))


def test_which_heads_must_go() -> None:
    said = ablation_set_in_words(ablations(((5, 1), (4, 3)), True, [-1.0, 0.2, -3.0]))
    assert "Without heads 5-1, 4-3 “sea\\_” wins** (30.0%)" in said[0]
    assert said[1] == "Of 3 random sets of 2 heads, 1 lets it win."
    assert "not a proof" in said[2]
    assert ablation_set_in_words(ablations(((5, 1),), True, [-1.0]))[1].endswith("1 head, none lets it win.")
    lost = ablation_set_in_words(ablations(((5, 1),), False, [-1.0]))
    assert "does not win" in lost[0]
    assert lost[1:] == ["Of 1 random sets of 1 head, none lets it win."]
    assert ablation_set_in_words(ablations((), True, [])) == ["“sea\\_” already wins with every head on."]
