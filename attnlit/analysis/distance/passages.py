"""Texts long enough to measure distances in, and what a model records of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from attnlit.attention.capture import attend_all
from attnlit.attention.edits import Edit
from attnlit.attention.reading import token_limit
from attnlit.attention.tokens import count_tokens
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    from attnlit.attention.record import Attention
    from attnlit.models.model import Model

LONGEST = 32  # tokens: the longest distance, where the model takes texts that are long enough
PASSAGE = 128  # tokens that a text to average over has at most


def longest_distance(model: Model, kind: str) -> int:
    """The longest distance measured in this model, in tokens: LONGEST, less where its texts are short.

    A half of the tokens at most (in both directions, a quarter), so that enough queries have such a key.
    """
    one_sided = kind == "decoder" or (kind == "self" and model.causal)
    return min(LONGEST, _passage(model) // (2 if one_sided else 4) - 1)


def passages(model: Model, sentences: Iterable[str], kind: str) -> list[str]:
    """The sentences, joined in their order into texts of nearly PASSAGE tokens, or of what the model takes.

    A text too short for `longest_distance`, at the end, is left out, and so is a sentence that is too long.
    Raises AttnlitError if nothing is left.
    """
    most = _passage(model)
    texts, text = [], ""
    for sentence in sentences:
        longer = f"{text} {sentence}".strip()
        if _tokens(model, longer) <= most:
            text = longer
        else:
            texts.append(text)
            text = sentence if _tokens(model, sentence) <= most else ""
    fewest = most - most // 4
    texts = [each for each in [*texts, text] if each and _tokens(model, each) >= fewest]
    if not texts or longest_distance(model, kind) < 2:
        raise AttnlitError(
            f"{model.name} takes too few tokens at once to tell how its attention changes with distance. "
            "Choose another model."
        )
    return texts


def _passage(model: Model) -> int:
    return min(PASSAGE, token_limit(model))


def _tokens(model: Model, text: str) -> int:
    return count_tokens(model.tokenizer, text)


def records(model: Model, texts: Iterable[str], kind: str, edits: Iterable[Edit] = ()) -> Iterator[Attention]:
    """The attention of each text, one forward pass at a time. An encoder-decoder's target is the text itself.

    Raises AttnlitError for cross-attention, which has no distance: its queries and keys are different texts.
    """
    if kind == "cross":
        raise AttnlitError(
            "Cross-attention goes from one text to another, so there is no distance to measure. Choose the "
            "encoder's or the decoder's attention."
        )
    edits = tuple(edits)
    for text in texts:
        yield attend_all(model, text, text if model.pairs == "target" else None, edits)[kind]
