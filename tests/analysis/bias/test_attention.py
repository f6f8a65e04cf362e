"""How differently heads look at two prompts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from attnlit.analysis.bias import (
    attention_differences,
    watchable,
)
from attnlit.attention import attend
from attnlit.attention.record import Attention, Token
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests.analysis.bias.planted_routes import (
    PLANTED,
)
from tests.tolerances import ROUNDING

pytestmark = pytest.mark.numeric

GetModel = Callable[[str], Model]
GetFolder = Callable[[str], Path]


def hand_made(weights: np.ndarray, texts: list[str], causal: bool) -> Attention:
    tokens = tuple(
        Token(id=hash(text), text=text, raw=text, special=False, segment=0, position=place, word=place)
        for place, text in enumerate(texts)
    )
    return Attention(weights, tokens, tokens, "hand-made", "self", causal, " ".join(texts), None)


def test_differences_of_attention_by_hand() -> None:
    first = np.array([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0, 0.8, 0.2, 0], [0.1, 0.3, 0, 0.6]])
    second = np.array([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0, 0.5, 0.5, 0], [0.7, 0.1, 0, 0.2]])
    records = [
        hand_made(weights[None, None].astype(np.float32), ["nurse", "doctor", pronoun, "saw"], causal=True)
        for weights, pronoun in ((first, "She"), (second, "He"))
    ]
    table = attention_differences(*records, ["nurse", "Doctor"])
    assert table["difference"].item() == pytest.approx((0.3 + 0.6) / 2)  # rows "She" and "saw"
    assert table["She → nurse"].item() == pytest.approx(0.0)
    assert table["He → Doctor"].item() == pytest.approx(0.5)
    assert table["lean"].item() == pytest.approx((0.0 - 0.8) - (0.0 - 0.5))
    both_ways = [replace(each, causal=False) for each in records]
    assert attention_differences(*both_ways)["difference"].item() == pytest.approx((0.3 + 0.6) / 4)
    assert list(attention_differences(*both_ways)) == ["layer", "head", "difference"]
    with pytest.raises(AttnlitError, match="The word “farmer” is not in"):
        attention_differences(*records, ["farmer"])
    with pytest.raises(AttnlitError, match="The two prompts are the same"):
        attention_differences(records[0], records[0])
    shorter = hand_made(first[None, None, :3, :3], ["nurse", "doctor", "He"], causal=True)
    with pytest.raises(AttnlitError, match="the same number of tokens"):
        attention_differences(records[0], shorter)


def test_only_the_planted_heads_look_elsewhere(two_routes: Model) -> None:
    records = [attend(two_routes, text) for text in (PLANTED.first, PLANTED.second)]
    table = attention_differences(*records, ["nurse", "doctor"]).set_index(["layer", "head"])
    for place, row in table.iterrows():
        routed = place in ((0, 1), (0, 3))
        assert row["difference"] == pytest.approx(float(routed), abs=ROUNDING)
        assert row["lean"] == pytest.approx(2.0 * routed, abs=ROUNDING)
        assert not routed or (row["she → nurse"], row["he → doctor"]) == (1, 1)


def test_words_that_a_prompt_lacks_cannot_be_watched(two_routes: Model) -> None:
    records = [attend(two_routes, text) for text in (PLANTED.first, PLANTED.second)]
    assert watchable(*records, ("Nurse", "she", "admiral", "doctor")) == ("Nurse", "doctor")


def test_pieces_of_a_watched_word_are_added_up(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    records = [attend(model, f"An unusual story: {animal}") for animal in ("cat", "mat")]
    pieces = [token.position for token in records[0].keys if token.word == 1]
    assert len(pieces) > 1
    table = attention_differences(*records, ["unusual"])
    last = [len(record.queries) - 1 for record in records]
    for column, record, place in zip(table.columns[3:], records, last, strict=True):
        assert column.endswith(" → unusual")
        expected = record.weights[:, :, place, pieces].sum(-1)
        np.testing.assert_allclose(table[column], expected.ravel(), atol=ROUNDING)
