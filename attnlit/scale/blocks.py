"""Blocks of texts: what one worker reads at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnlit.analysis.survey import partial
from attnlit.analysis.survey.parts import to_bytes

if TYPE_CHECKING:
    from attnlit.analysis.sample import Text
    from attnlit.models.model import Model

# Texts of a block, whatever the number of workers: which texts share a forward pass is the same for all, and
# so is every rounding.
SIZE = 512


@dataclass(frozen=True)
class Block:
    """Some of the texts of a survey."""

    # The place of its first text among all.
    first: int
    texts: tuple[Text, ...]


def in_blocks(texts: Sequence[Text]) -> Iterator[Block]:
    """All texts in blocks, in their order."""
    for first in range(0, len(texts), SIZE):
        yield Block(first, tuple(texts[first : first + SIZE]))


def read_block(model: Model, block: Block, kind: str | None = None, *, written: bool = False) -> bytes:
    """The part of the survey that a block makes, as bytes; see `attnlit.analysis.survey.parts`."""
    return to_bytes(partial(model, block.texts, first=block.first, kind=kind, written=written))
