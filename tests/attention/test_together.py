"""Several tokens as one: sums over keys, means over queries, and what the one token is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from attnlit.attention import attend
from attnlit.attention.together import take_together
from attnlit.charts.head import head_table
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests.records import random_record
from tests.tolerances import ROUNDING

pytestmark = pytest.mark.numeric


def test_weights_to_them_are_added_up_and_weights_from_them_averaged() -> None:
    record = random_record(queries=6, keys=6)
    one = take_together(record, {1, 2, 4})
    assert one.weights.shape == (2, 3, 4, 4)
    for row, rows in enumerate(([0], [1, 2, 4], [3], [5])):
        for column, columns in enumerate(([0], [1, 2, 4], [3], [5])):
            block = record.weights[:, :, rows][:, :, :, columns]
            expected = block.sum(axis=-1).mean(axis=-1)
            np.testing.assert_allclose(one.weights[:, :, row, column], expected, atol=ROUNDING)
    np.testing.assert_allclose(one.weights.sum(axis=-1), 1, atol=ROUNDING)
    assert one.query_tokens == ["from0", "from1 from2 … from4", "from3", "from5"]
    assert one.key_tokens == ["to0", "to1 to2 … to4", "to3", "to5"]
    assert not one.whole


def test_the_two_sides_may_be_different_ones() -> None:
    record = random_record(queries=4, keys=5)
    one = take_together(record, [0, 1], [3, 4])
    assert one.query_tokens == ["from0 from1", "from2", "from3"]
    assert one.key_tokens == ["to0", "to1", "to2", "to3 to4"]
    looking = take_together(record, [0, 1], [])
    assert (len(looking.queries), len(looking.keys)) == (3, 5)


def test_fewer_than_two_tokens_change_nothing() -> None:
    record = random_record()
    assert take_together(record, [2]) is record
    assert take_together(record, [2, 99]) is record


def test_an_empty_row_does_not_count_in_the_average_and_only_empty_ones_stay_empty() -> None:
    record = random_record(queries=4, keys=4)
    weights = record.weights.copy()
    weights[:, :, 1] = np.nan
    one = take_together(replace(record, weights=weights), [1, 2], [])
    np.testing.assert_allclose(one.weights[:, :, 1], weights[:, :, 2], atol=ROUNDING)
    weights[:, :, 2] = np.nan
    assert np.isnan(take_together(replace(record, weights=weights), [1, 2], []).weights[:, :, 1]).all()


def test_no_weight_of_a_causal_model_is_taken_for_a_hidden_one() -> None:
    """The tokens between those that are taken together are earlier than the last of them."""
    one = take_together(random_record(queries=6, keys=6, causal=True), [1, 4])
    table = head_table(one, 0, [0])
    hidden = table[table["weight"].isna()]
    assert (one.weights[0, 0][~one.visible(0)] == 0).all()
    assert len(hidden) == int((~one.visible(0)).sum())
    assert np.nansum(table["weight"]) == pytest.approx(len(one.queries), abs=ROUNDING)


@pytest.mark.parametrize(
    ("architecture", "kind", "pair", "expected"),
    [
        ("gpt2", "self", None, "travellers came home"),
        ("t5", "cross", "Der Hund schlief", "Hund schlief"),
        ("t5", "decoder", "Der Hund schlief", "Hund schlief"),
    ],
)
def test_they_are_called_as_they_were_typed(
    architecture: str, kind: str, pair: str | None, expected: str, tiny_model: Callable[[str], Model]
) -> None:
    text = "The time travellers came home, late."
    record = attend(tiny_model(architecture), text, pair, kind=kind)
    typed = pair or text
    first, end = typed.index(expected), typed.index(expected) + len(expected)
    taken = [
        token.position
        for token in record.queries
        if token.span is not None and first <= token.span[0] + 1 and token.span[1] <= end
    ]
    assert len(taken) > 1
    one = take_together(record, taken, [])
    assert expected in one.query_tokens
    with pytest.raises(AttnlitError, match="taken together"):
        one.vectors(0, 0)
