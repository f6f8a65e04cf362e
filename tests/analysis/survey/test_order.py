"""The order in which texts are read: like lengths together, each text once, whatever reads them."""

from __future__ import annotations

import numpy as np
import pytest

from attnlit.analysis.survey import order
from attnlit.analysis.survey.order import in_pieces


def test_like_lengths_come_together_within_a_window_and_every_text_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(order, "WINDOW", 12)
    monkeypatch.setattr(order, "PIECE", 4)
    lengths = np.random.default_rng(0).permutation(30) + 1
    texts = [("a" * length, None) for length in lengths]
    pieces = list(in_pieces(texts))
    assert [len(piece) for piece in pieces] == [4, 4, 4, 4, 4, 4, 4, 2]
    assert sorted(place for piece in pieces for place in piece) == [*range(30)]
    for first in (0, 3, 6):
        window = [lengths[place] for piece in pieces[first : first + 3] for place in piece]
        assert window == sorted(lengths[first * 4 : first * 4 + 12])


def test_second_sentences_count_and_equal_lengths_keep_their_order() -> None:
    assert [*in_pieces([("aaaa", None), ("a", "bb"), ("bbb", None), ("", None)])] == [[3, 1, 2, 0]]
    assert [*in_pieces([])] == []


def test_a_piece_on_its_own_is_read_in_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "PIECE", 4)
    texts = [("a" * (place % 5 + 1), None) for place in range(10)]
    for piece in in_pieces(texts):
        assert [*in_pieces([texts[place] for place in piece])] == [[*range(len(piece))]]
