"""What holds for any text, any filter and any address: tried with what hypothesis thinks of, always the same.

More of them: `HYPOTHESIS_EXAMPLES=1000 python -m pytest tests/test_properties.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from attnlit.attention.filters import BETWEEN, between, has_pair, hide_and_renormalise, hide_special
from attnlit.attention.record import Attention
from attnlit.attention.spelling import words_of
from attnlit.attention.tokens import encode
from attnlit.attention.vectors import mask_name
from attnlit.attention.words import merge_words
from attnlit.charts.head import head_picture
from attnlit.charts.heatmap import heatmap_picture
from attnlit.errors import AttnlitError
from attnlit.wording import escaped, one_line, printable, visible
from tests import tiny
from tests.app.opening import opened
from tests.charts.drawing import svg_of, texts
from tests.records import vectors_record as record

ODD = "İıſß\u0301\u200d\u200f\u202e\ufeff\0\x1b\ufffe🙂👩‍🚒🏴猫犬́ﬁﬀ½…“”\t\n\r [MASK]</s><0x0A>##Ġ▁"
PIECES = ["cat", "Cat", "[SEP]", "...", ").", "unbelievable", "é", "e\u0301", "🙂"]
TEXTS = st.one_of(
    st.text(max_size=24),
    st.text(alphabet=ODD, max_size=16),
    st.lists(st.sampled_from(PIECES)).map(" ".join),
)
TOKENIZERS = ("wordpiece", "byte_level", "unigram")


def examples(usual: int) -> Callable[[Any], Any]:
    many = int(os.environ.get("HYPOTHESIS_EXAMPLES", usual))
    return settings(
        max_examples=many,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


@cache
def tokenizer(name: str) -> Any:
    return getattr(tiny, name)()


@examples(150)
@given(text=st.text(max_size=40))
def test_any_text_becomes_harmless(text: str) -> None:
    for clean in (printable, visible):
        once = clean(text)
        assert clean(once) == once
        assert not {"\0", "\x1b", "\u202e", "\ufffe", "\ud800"} & set(once)
    assert "\n" not in one_line(text)
    assert "<" not in escaped(text).replace("\\<", "")


@examples(80)
@given(name=st.sampled_from(TOKENIZERS), text=TEXTS, pair=st.none() | TEXTS)
def test_any_text_is_cut_into_tokens_that_tell_where_they_stand(
    name: str, text: str, pair: str | None
) -> None:
    rule = "segments" if name == "wordpiece" else "joined"
    assume(text.strip() and (pair is None or pair.strip()))  # an empty text is refused before
    tokens = encode(tokenizer(name), text, pair, rule).tokens
    sources = [text, pair or ""]
    assert [each.position for each in tokens] == list(range(len(tokens)))
    for token in tokens:
        assert visible(token.text) == token.text
        assert token.text
        if token.special or token.segment is None:
            continue
        words = words_of(sources[token.segment])
        assert token.word is None or token.word < len(words)
        if token.span is not None:
            start, end = token.span
            assert 0 <= start < end <= len(sources[token.segment])
            assert sources[token.segment][start:end] in token.source  # of a joined character the whole


@st.composite
def records(draw: st.DrawFn) -> Attention:
    """Random weights over tokens of two sentences, some of them special, some of them pieces of one word."""
    count = draw(st.integers(1, 7))
    whole = record(layers=draw(st.integers(1, 2)), heads=draw(st.integers(1, 3)), queries=count)
    tokens, word, segment = [], -1, 0
    for token in whole.queries:
        special, starts = draw(st.booleans()), draw(st.booleans())
        segment = max(segment, int(draw(st.booleans())))
        word = word + 1 if starts or not tokens or tokens[-1].segment != segment else word
        text = draw(st.text(max_size=4))
        tokens.append(
            replace(token, text=text, special=special, segment=None if special else segment,
                    word=None if special else max(word, 0))
        )  # fmt: skip
    return replace(whole, queries=tuple(tokens), keys=tuple(tokens))


@examples(60)
@given(whole=records(), which=st.sampled_from(BETWEEN), merged=st.booleans(), data=st.data())
def test_any_filter_leaves_weights_as_they_were(
    whole: Attention, which: str, merged: bool, data: st.DataObject
) -> None:
    left = merge_words(whole) if merged else whole
    np.testing.assert_allclose(left.weights.sum(-1), 1, atol=1e-5)
    if which != "All" and not has_pair(left):
        return
    try:
        left = hide_special(between(left, which)) if data.draw(st.booleans()) else between(left, which)
    except AttnlitError:
        return
    assert left.weights.shape[2:] == (len(left.queries), len(left.keys))
    assert (left.weights.sum(-1) <= 1 + 1e-5).all()
    assert left.layer_numbers == whole.layer_numbers
    if not merged:
        rows = [token.position for token in left.queries]
        columns = [token.position for token in left.keys]
        np.testing.assert_array_equal(left.weights, whole.weights[:, :, rows][..., columns])
        np.testing.assert_array_equal(left.visible(0), np.ones((len(rows), len(columns)), bool))


@examples(40)
@given(whole=records(), hidden=st.sets(st.integers(0, 6)))
def test_any_hidden_keys_leave_rows_that_sum_to_one_or_are_empty(whole: Attention, hidden: set[int]) -> None:
    try:
        left = hide_and_renormalise(whole, hidden)
    except AttnlitError:
        assert hidden >= set(range(len(whole.keys)))
        return
    sums = left.weights.sum(-1)
    assert ((abs(sums - 1) < 1e-4) | np.isnan(sums)).all()


@examples(60)
@given(size=st.integers(2, 9), reach=st.integers(1, 8), causal=st.booleans(), chunked=st.booleans())
def test_any_window_and_chunk_is_named(size: int, reach: int, causal: bool, chunked: bool) -> None:
    back = np.arange(size)[:, None] - np.arange(size)
    seen = back >= 0 if causal or chunked else np.ones((size, size), bool)
    reach = min(reach, size - 1)
    place = np.arange(size) // reach
    visible_keys = seen & (place == place[:, None]) if chunked else seen & (abs(back) < reach)
    name = mask_name(visible_keys)
    if reach == 1:  # each token alone: a window and a chunk are the same
        assert name in ("sliding window of 1 tokens", "sliding window of 0 tokens each way")
    elif chunked:
        assert name == f"chunks of {reach} tokens"
    else:
        wide, ways = (reach, "") if causal else (reach - 1, " each way")
        assert name == f"sliding window of {wide} tokens{ways}"


@examples(12)
@given(whole=records(), layer=st.integers(-1, 3))
def test_any_tokens_can_be_drawn_and_saved(whole: Attention, layer: int) -> None:
    for draw in (head_picture, heatmap_picture):
        try:
            picture = draw(whole, layer)
        except AttnlitError:
            assert layer not in whole.layer_numbers
            continue
        assert layer in whole.layer_numbers
        drawn = " ".join(texts(svg_of(picture, width=400)))
        assert "<" not in drawn or any("<" in token.text for token in whole.queries)


VALUES = st.one_of(
    st.text(max_size=8), st.integers(-5, 99).map(str), st.sampled_from(["", "All", "None", "true"])
)
KEYS = ("layer", "heads", "kind", "query", "key", "words", "special", "rescaled", "filter", "weigh", "model")


@examples(5)
@given(address=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6))
@pytest.mark.whole
def test_any_address_opens_a_page(address: dict[str, str]) -> None:
    app = opened("head_view", **address)
    assert not app.exception
    assert app.get("vega_lite_chart") or app.warning
