"""Which tokens of two texts line up."""

from __future__ import annotations

import pytest

from attnlit.analysis.alignment import lined_up, tokens_lined_up
from attnlit.attention import attend
from tests.bundled import bundled


@pytest.mark.parametrize(
    ("first", "second", "pairs"),
    [
        ("a b c d", "a x c d", [(0, 0), (1, 1), (2, 2), (3, 3)]),
        ("a b c d", "a c d", [(0, 0), (2, 1), (3, 2)]),  # one is missing
        ("a b c", "a x y c", [(0, 0), (2, 3)]),  # one for two: they do not line up
        ("a b c e", "a x y e", [(0, 0), (1, 1), (2, 2), (3, 3)]),  # two for two: they do
        ("z a b c d", "a b c d z", [(1, 0), (2, 1), (3, 2), (4, 3)]),  # shifted: one by one leaves none
        ("john and mary went : john", "mary and john went : john", [(n, n) for n in range(6)]),
        ("a", "b", [(0, 0)]),
        ("", "b", []),
    ],
)
def test_by_hand(first: str, second: str, pairs: list[tuple[int, int]]) -> None:
    ours, theirs = lined_up(first.split(), second.split())
    assert list(zip(ours.tolist(), theirs.tolist(), strict=True)) == pairs


def test_tokens_of_two_models_line_up_by_what_they_spell() -> None:
    """mini-gpt2 begins with its end mark and keeps capitals, mini-bert has [CLS], [SEP] and none."""
    records = [attend(bundled(name), "The cat sat.") for name in ("mini-gpt2", "mini-bert")]
    first, second = (record.queries for record in records)
    pairs = zip(*tokens_lined_up(first, second), strict=True)
    spelled = [(first[one].text.lower(), second[other].text.lower()) for one, other in pairs]
    assert spelled[-4:] == [("the", "the"), ("cat", "cat"), ("sat", "sat"), (".", ".")]
