"""Sentences of a book, which are as uneven as people write them."""

from __future__ import annotations

import lzma
import random
from pathlib import Path

from attnlit.analysis.sample import sentences_of_line


def draw(book: Path, count: int) -> list[str]:
    """So many sentences from all over a book, a paragraph a line, perhaps in .xz; always the same."""
    opener = lzma.open if book.suffix == ".xz" else open
    with opener(book, "rt", encoding="utf-8") as file:
        paragraphs = [line for line in file if line.strip()]
    random.Random(0).shuffle(paragraphs)
    found: list[str] = []
    for paragraph in paragraphs:
        found += [text for text, _ in sentences_of_line(paragraph)]
        if len(found) >= count:
            return found[:count]
    raise SystemExit(f"{book} has {len(found):,} sentences, fewer than {count:,}.")
