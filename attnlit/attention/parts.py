"""The parts of a record: tokens, the kinds of attention, and arrays that nobody writes to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnlit.wording import printable, visible

MOST_DRAWN = 200  # characters of a token: a vocabulary's may be of any length
KINDS = ("self", "encoder", "decoder", "cross")
UNNAMED = "This model"  # what a model is called if nobody says


@dataclass(frozen=True)
class Token:
    """One token as people should see it.

    Whatever it is made of, `text` and `raw` hold nothing that is invisible or could harm what draws them, and
    at most 200 characters: see `attnlit.wording.visible`.
    """

    # In the vocabulary.
    id: int
    # What to draw: a slice of the source text, a special token, "🙂 1/3" for a piece of a character.
    text: str
    # The vocabulary's own spelling, for hover.
    raw: str
    # A mark for the model: [CLS], [SEP], <s>, <|endoftext|> ..., put there by the tokenizer or typed.
    special: bool
    # 0 for text A, 1 for text B, None for special tokens.
    segment: int | None
    # In the sequence that the model saw: stays the same when tokens are filtered away.
    position: int
    # Index of the word of its segment that it belongs to.
    word: int | None = None
    # The slice of the text that it stands for: what an [UNK] hides, the whole of a pieced emoji. As it was
    # typed, so not for drawing.
    source: str = ""
    # Its characters of its segment's text, from the first to the one after the last, where that is known.
    span: tuple[int, int] | None = None
    # Of several tokens taken together, the first and the last of those that stand side by side at this place.
    stretch: tuple[Token, Token] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", _at_most(visible(self.text)))
        object.__setattr__(self, "raw", _at_most(printable(self.raw)))


def _at_most(text: str) -> str:
    return text if len(text) <= MOST_DRAWN else text[: MOST_DRAWN - 1] + "…"


def frozen(array: np.ndarray) -> np.ndarray:
    """The same array, which nobody can write to any more."""
    array.flags.writeable = False
    return array
