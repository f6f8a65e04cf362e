"""The products of query and key on the visitor's own text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnlit.analysis import distance
from attnlit.app import described, panels, saving
from attnlit.app.frame import address
from attnlit.app.neurons.fall import file_name
from attnlit.charts.dimensions import dimensions_picture
from attnlit.words.dimensions import pair_in_words, strongest_in_words

if TYPE_CHECKING:
    from attnlit.app.frame.request import Request

_STRONGEST = "strongest"  # the choice of a key token: the one that the query looks at most


def products(request: Request, with_first: bool) -> None:
    """The products of one query and key of the user's text, and the shares over all its pairs."""
    layer, head, query = request.layer, request.head, request.query
    st.markdown("**The same on your text**")
    key = _key(request)
    left, right = st.columns(2, gap="medium")
    with left:
        pair = distance.pair_products(request.shown, layer, head, query, key)
        total = float(pair["product"].sum())
        with described.words_of("pair_bars", border=False):
            said = pair_in_words(request.shown, layer, head, query, key, total)
            st.markdown(f"{said} {strongest_in_words(pair, 'product', '+.2f')}")
        panels.picture(
            dimensions_picture(pair, "product", form="+.2f", theme=request.theme),
            key="pair_bars",
            alt="The product of query and key in each dimension, for one pair of tokens",
        )
        saving.offer("One pair of your text", f"{file_name(request)}_one_pair", lambda: pair)
    with right:
        shares = distance.score_shares(request.shown, layer, head, without_first=not with_first)
        with described.words_of("share_bars", border=False):
            said = "Over all pairs of the text: the share of what makes scores differ between words."
            st.markdown(f"{said} {strongest_in_words(shares, 'share', '.0%')}")
        panels.picture(
            dimensions_picture(shares, "share", form=".0%", theme=request.theme),
            key="share_bars",
            alt="Share of the scores' variance that each dimension carries on the text",
        )
        saving.offer("All pairs of your text", f"{file_name(request)}_shares", lambda: shares)


def _key(request: Request) -> int:
    """The index of the key token that is chosen: by itself the one that the query looks at most."""
    tokens, layer, head, query = request.shown.keys, request.layer, request.head, request.query
    row = np.nan_to_num(request.shown.weights[request.shown.row(layer), head, query])  # (keys,)
    visible = np.isfinite(request.shown.vectors(layer, head).scores[query])
    seen = {str(token.position): place for place, token in enumerate(tokens) if visible[place]}
    chosen = address.settled("key_token", seen, "the query token does not see that one")
    st.session_state["key_token"] = chosen or _STRONGEST
    st.selectbox(
        "Key token",
        [_STRONGEST, *seen],
        format_func=lambda each: (
            "the one it looks at most" if each == _STRONGEST else f"{tokens[seen[each]].text}  ·  {each}"
        ),
        key="key_token",
        on_change=_choose_key,
        help="The token that is looked at. The query token is chosen above.",
    )
    return int(row.argmax()) if chosen is None else seen[chosen]


def _choose_key() -> None:
    chosen = st.session_state["key_token"]
    address.choose("key_token", None if chosen == _STRONGEST else chosen)
