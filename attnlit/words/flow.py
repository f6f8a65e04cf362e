"""What the picture of flow shows, in sentences (Markdown): what is the model's, what is the mask's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.flow.mixing import STAYS
from attnlit.wording import percent, times
from attnlit.words.names import token_name

if TYPE_CHECKING:
    from attnlit.analysis.flow import Routes

CLEARLY_MORE, CLEARLY_LESS = 1.25, 0.8  # times the even share: less of a difference is not named
WORTH_NAMING = 0.01  # a token with a smaller share, under both, is not named
NAMED = 3  # tokens in a list, at most
LOST = 0.005  # from here on it is said what went nowhere

ABOUT = {
    "rollout": (
        "**Rollout** multiplies the layers' attention weights, averaged over heads: how much of each input a "
        "token would hold in the end, if weights were all that counted. It does not know what is passed on "
        "along a line, or what the MLPs do between the layers."
    ),
    "flow": (
        "**Max flow** treats each weight as the width of a pipe: how much could get from each input to this "
        "token if that input were the only source? A narrow pipe anywhere on the way limits it. It does not "
        "know what is passed on along a line, or what the MLPs do between the layers."
    ),
    "contributions": (
        "**What is passed on** is followed instead of weights: how much closer each vector brings a token to "
        "its new state, layer by layer. It still leaves out what the MLPs do between the layers."
    ),
}


def flow_in_words(routes: Routes) -> list[str]:
    """What the chosen token is made of, why the first token gets so much, and what differs from that."""
    sentences = [_made_of(routes), _what_the_mask_does(routes), *_differences(routes)]
    if routes.residual and routes.way == "rollout":
        sentences.append(_not_through_attention(routes))
    if routes.nowhere >= LOST:
        sentences.append(
            f"{percent(routes.nowhere)} comes from no token: layers gave it to their learned sinks, which "
            "hold nothing."
        )
    return sentences


def left_out_in_words(depth: int, layers: int) -> str:
    """What is said where only `layers` of `depth` layers have attention; nothing if all have."""
    if depth <= layers:
        return ""
    return (
        f"Only {layers} of this model's {depth} layers have attention. The others mix tokens in another way, "
        "which is not followed here."
    )


def _made_of(routes: Routes) -> str:
    name = token_name(routes.tokens, routes.query)
    first = int(np.argmax(routes.shares))
    own = routes.shares[routes.query]
    if routes.way == "flow":
        return _greatest_flow(routes, first)
    if first == routes.query:
        rest = "" if own >= 0.9995 else f", {percent(1 - own - routes.nowhere)} from other tokens"
        return f"After the last layer, {percent(own)} of {name} is still {name} itself{rest}."
    other = token_name(routes.tokens, first)
    return (
        f"After the last layer, {percent(routes.shares[first])} of {name} comes from {other}, and "
        f"{percent(own)} is still {name} itself."
    )


def _greatest_flow(routes: Routes, first: int) -> str:
    """Each flow is as great as if it were alone, so they are set beside each other, and are no parts."""
    name, own = token_name(routes.tokens, routes.query), percent(routes.shares[routes.query])
    if first == routes.query:
        return f"Of the flows that reach {name}, its own is the greatest: {own} of their sum."
    return (
        f"Of the flows that reach {name}, the one from {token_name(routes.tokens, first)} is the greatest: "
        f"{percent(routes.shares[first])} of their sum. Its own has {own}."
    )


def _what_the_mask_does(routes: Routes) -> str:
    even = routes.uniform_nodes[0]
    if not routes.causal:
        others = np.delete(even, routes.query)
        if not others.size:
            return "There is no other token that it could come from."
        return (
            f"With attention spread evenly, each other token would get {percent(float(others.mean()))}: "
            "nothing is hidden here, so no position has an advantage."
        )
    if routes.query == 0:
        return "The first token can look only at itself: the mask hides all later ones from it."
    if int(np.argmax(even)) != 0:
        return f"With attention spread evenly, the first token would get {percent(even[0])}."
    name = token_name(routes.tokens, 0)
    return (
        f"**The mask alone favours the first token**: with attention spread evenly over all that a token may "
        f"see, {name} would get {percent(even[0])}, because every layer hands on what earlier tokens hold "
        "and nothing comes back. Only what differs from that is the model's doing."
    )


def _differences(routes: Routes) -> list[str]:
    """The tokens that get clearly more, and clearly less, than even attention would give them."""
    ratio = np.nan_to_num(routes.ratio, nan=1.0)
    seen = np.maximum(routes.shares, routes.uniform_nodes[0]) >= WORTH_NAMING
    more = [place for place in np.argsort(-ratio) if seen[place] and ratio[place] >= CLEARLY_MORE]
    less = [place for place in np.argsort(ratio) if seen[place] and ratio[place] <= CLEARLY_LESS]
    if not more and not less:
        return ["No token differs much from that."]
    sentences = []
    if more:
        sentences.append(f"More than that: {_list(routes, more, ratio)}.")
    if less:
        sentences.append(f"Less: {_list(routes, less, ratio)}.")
    return sentences


def _list(routes: Routes, places: Sequence[int], ratio: np.ndarray) -> str:
    named = [f"{token_name(routes.tokens, place)} ({times(ratio[place])})" for place in places[:NAMED]]
    return ", ".join(named)


def _not_through_attention(routes: Routes) -> str:
    untouched = STAYS ** len(routes.edges)
    return (
        f"{percent(untouched)} never went through attention: rollout lets half of each token stay as it is "
        f"in each of the {len(routes.edges)} layers."
    )
