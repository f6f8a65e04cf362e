"""Blocks: the same for whoever reads them, each on one thread."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from attnlit.scale import Block, in_blocks, read_block
from tests.analysis.survey.planted_texts import TEXTS


def test_blocks_hold_every_text_once_at_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["attnlit.analysis.survey.order"], "PIECE", 10)
    blocks = [*in_blocks(TEXTS)]
    assert [block.number for block in blocks] == [0, 1, 2]
    placed = [each for block in blocks for each in zip(block.places, block.texts, strict=True)]
    assert sorted(placed) == [*enumerate(TEXTS)]


def test_a_block_is_read_on_one_thread_and_others_keep_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def read(*_: Any, **__: Any) -> None:
        threads.append(torch.get_num_threads())
        raise InterruptedError

    monkeypatch.setattr(sys.modules["attnlit.scale.blocks"], "partial", read)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(InterruptedError):
            read_block(SimpleNamespace(), Block(0, (0,), TEXTS[:1]))  # type: ignore[arg-type]
        assert threads == [1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
