"""Some ten thousand sentences of our own, for the surveys that travel with the bundled models.

They may be passed on, which the books that the models were trained on may not from here. Patterns are filled
with words: names and things return, pronouns and agreement refer, there are lists, numbers, quotations,
brackets and questions, so that every role has something to do.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

SEED = 0
MOST_TRIES = 1000  # to fill a pattern as it was not filled before
_FOUND = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
PATTERNS: list[str] = _FOUND["patterns"].split("\n")[:-1]
WORDS: dict[str, list[str]] = {
    kind: [word.strip() for word in words.replace("\n", " ").split(",")]
    for kind, words in _FOUND["words"].items()
}
_SLOT = re.compile(r"\{([a-z]+)(\d?)\}")


def texts(count: int) -> Iterator[tuple[str, str | None]]:
    """So many texts, every third with a second sentence; always the same."""
    some = sentences(count + (count + 2) // 3)
    for number in range(count):
        yield next(some), None if number % 3 else next(some)


def sentences(count: int) -> Iterator[str]:
    """So many sentences, no two alike; always the same."""
    random = np.random.default_rng(SEED)
    seen: set[str] = set()
    while len(seen) < count:
        pattern = PATTERNS[len(seen) % len(PATTERNS)]
        for _ in range(MOST_TRIES):
            sentence = _filled(pattern, random)
            if sentence not in seen:
                break
        else:
            raise ValueError(f"No {count:,} sentences can be made of these words: give more patterns.")
        seen.add(sentence)
        yield sentence


def _filled(pattern: str, random: np.random.Generator) -> str:
    chosen: dict[tuple[str, str], str] = {}

    def word(slot: re.Match[str]) -> str:
        kind, number = slot.groups()
        if (kind, number) not in chosen or not number:
            taken = {each for (other, _), each in chosen.items() if other == kind}
            left = [each for each in WORDS[kind] if each not in taken]
            chosen[kind, number] = left[int(random.integers(len(left)))]
        return chosen[kind, number]

    filled = _SLOT.sub(word, pattern)
    filled = (
        filled.replace("sheeps", "sheep")
        .replace("mouses", "mice")
        .replace("foxs", "foxes")
        .replace("oxs", "oxen")
    )
    filled = re.sub(r"\ba (?=[aeio])", "an ", filled)
    return filled[0].upper() + filled[1:]
