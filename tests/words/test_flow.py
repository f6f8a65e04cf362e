"""What is said of a token's flow: its numbers, what the mask does, what the model does, what is lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from attnlit.analysis.flow import flow, rollout
from attnlit.attention import attend, load
from attnlit.wording import percent
from attnlit.words.flow import ABOUT, flow_in_words, left_out_in_words
from tests import many
from tests.analysis.flow.hand_made import looking_at, with_sink
from tests.bundled import bundled
from tests.planted import blank, previous_token, save
from tests.records import random_record, record


def even(layers: int, count: int, *, causal: bool = True) -> np.ndarray:
    seen = np.tri(count) if causal else np.ones((count, count))
    return np.broadcast_to(seen / seen.sum(axis=-1, keepdims=True), (layers, 1, count, count))


def test_greatest_flows_are_no_parts_of_a_token() -> None:
    attention = random_record(queries=5, causal=True)
    routes = flow(attention, 4)
    first = int(np.argmax(routes.shares))
    said = flow_in_words(routes)[0]
    assert said.startswith("Of the flows that reach")
    assert f"{percent(routes.shares[first])} of their sum" in said
    assert "comes from" not in said
    alone = flow_in_words(flow(attention, 0))[0]
    assert alone.endswith("its own is the greatest: 100% of their sum.")


def test_even_attention_is_called_the_masks_doing_and_nothing_else() -> None:
    words = [f"w{place}" for place in range(32)]
    attention = record(even(12, 32), words, causal=True)
    first, mask, *rest = flow_in_words(rollout(attention).routes(31))
    assert first == "After the last layer, 71% of *w31* comes from *w0*, and 0.0% is still *w31* itself."
    assert mask.startswith("**The mask alone favours the first token**")
    assert "*w0* would get 71%" in mask
    assert rest == [
        "No token differs much from that.",
        "0.0% never went through attention: rollout lets half of each token stay as it is in each of the 12 "
        "layers.",
    ]


def test_what_differs_is_named_with_how_many_times() -> None:
    one_by_one = looking_at([[0, 0, 1, 2], [0, 0, 1, 2]])
    weights = np.concatenate([even(2, 4), one_by_one.weights], axis=1)  # the even head shows the mask
    attention = record(weights, one_by_one.query_tokens, causal=True)
    routes = rollout(attention, heads=[(0, 1), (1, 1)]).routes(3)
    words = flow_in_words(routes)
    assert words[0] == "After the last layer, 50% of *w3* comes from *w2*, and 25% is still *w3* itself."
    named = [place for place in range(4) if routes.ratio[place] >= 1.25]
    assert named == [1, 2]
    more = next(each for each in words if each.startswith("More than that: "))
    less = next(each for each in words if each.startswith("Less: "))
    assert f"*w2* (×{routes.ratio[2]:.1f})" in more
    assert "*w1*" in more
    assert "*w3*" not in more
    assert "*w0* (×0)" in less
    assert any(each.startswith("25% never went through attention") for each in words)


def test_a_planted_head_is_seen_to_walk_back(tmp_path: Path) -> None:
    module = blank(layers=2)
    for layer in (0, 1):
        previous_token(module, layer=layer, head=1)
    attention = attend(load(str(save(module, tmp_path / "planted"))), "the cat saw the dog today")
    words = flow_in_words(rollout(attention, heads=[(0, 1), (1, 1)]).routes(len(attention.queries) - 1))
    assert words[0].startswith("After the last layer, 50% of *today* comes from *dog*, and 25% is still")


def test_both_directions_have_no_first_token_to_explain() -> None:
    words = flow_in_words(rollout(record(even(2, 5, causal=False), list("abcde"))).routes(2))
    assert words[0].startswith("After the last layer, 40% of *c* is still *c* itself, 60% from other tokens")
    assert words[1] == (
        "With attention spread evenly, each other token would get 15%: nothing is hidden here, so no "
        "position has an advantage."
    )


def test_the_first_token_is_all_its_own() -> None:
    first, mask, *_ = flow_in_words(rollout(random_record(queries=4, causal=True)).routes(0))
    assert first == "After the last layer, 100% of *from0* is still *from0* itself."
    assert mask == "The first token can look only at itself: the mask hides all later ones from it."


def test_a_text_of_one_token_has_no_other() -> None:
    words = flow_in_words(rollout(record(np.ones((2, 1, 1, 1)), ["a"])).routes(0))
    assert words[1] == "There is no other token that it could come from."


def test_what_sinks_took_is_said_and_its_absence_is_not() -> None:
    attention = random_record(layers=3, queries=5, causal=True)
    lost = flow_in_words(rollout(with_sink(attention, 0.6)).routes(4))[-1]
    assert lost.startswith("49% comes from no token")
    assert not any("no token:" in each for each in flow_in_words(rollout(attention).routes(4)))


def test_what_stays_is_said_only_where_rollout_lets_it_stay() -> None:
    attention = random_record(layers=3, queries=5, causal=True)
    said = "12% never went through attention"
    assert any(said in each for each in flow_in_words(rollout(attention).routes(4)))
    for routes in (rollout(attention, residual=False).routes(4), flow(attention, 4)):
        assert not any("never went through attention" in each for each in flow_in_words(routes))
        assert routes.way in ABOUT


def test_layers_without_attention_are_not_passed_over_in_silence() -> None:
    hybrid = many.model("qwen3.5")
    attention = attend(hybrid, "the cat sat")
    assert (hybrid.depth, attention.layers) == (4, 1)
    assert left_out_in_words(2, 1).startswith("Only 1 of this model's 2 layers have attention.")
    assert left_out_in_words(bundled("mini-gpt2").depth, 6) == ""


def test_tokens_cannot_be_markup() -> None:
    attention = record(even(2, 3), ["![x](http://a.b)", "<b>", "*c*"], causal=True)
    for sentence in flow_in_words(rollout(attention).routes(2)):
        assert "![x](" not in sentence
        assert "<b>" not in sentence
