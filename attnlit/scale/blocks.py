"""Blocks of texts: what one worker reads at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnlit.analysis.survey import partial
from attnlit.analysis.survey.order import in_pieces
from attnlit.analysis.survey.parts import to_bytes

if TYPE_CHECKING:
    from attnlit.analysis.sample import Text
    from attnlit.models.model import Model


@dataclass(frozen=True)
class Block:
    """Some of the texts of a survey, of like length. There are the same blocks for any number of workers."""

    # Which block of the survey it is.
    number: int
    # The place of each of its texts among all.
    places: tuple[int, ...]
    texts: tuple[Text, ...]


@contextmanager
def _one_thread() -> Iterator[None]:
    """Inside, torch has the one thread that each worker has: several add up products in another order."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def in_blocks(texts: Sequence[Text]) -> Iterator[Block]:
    """All texts in blocks, in the order in which one process reads them."""
    for number, places in enumerate(in_pieces(texts)):
        yield Block(number, tuple(places), tuple(texts[place] for place in places))


def read_block(model: Model, block: Block, kind: str | None = None, *, written: bool = False) -> bytes:
    """The part of the survey that a block makes, as bytes; see `attnlit.analysis.survey.parts`.

    On one thread, wherever it runs: so every rounding is the same.
    """
    with _one_thread():
        return to_bytes(partial(model, block.texts, places=block.places, kind=kind, written=written))
