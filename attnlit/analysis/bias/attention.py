"""How differently heads look at two prompts: the first part of the paper's question, before any effect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.patching.prompts import swapped_tokens
from attnlit.attention.spelling import words_of
from attnlit.errors import AttnlitError
from attnlit.models.layers import heads_in_order
from attnlit.wording import quoted

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.attention.record import Attention


def attention_differences(first: Attention, second: Attention, watched: Sequence[str] = ()) -> pd.DataFrame:
    """How differently each head looks at two prompts with the same number of tokens.

    One row a head: `layer`, `head`, and `difference`, the total variation between its rows in the two
    prompts, half the sum of |A - A'|, between 0 and 1; the mean over the tokens whose row can differ (in a
    causal model those from the first swapped token on). For each `watched` word two columns, "She → nurse"
    and "He → nurse": the weight from the swapped token to that word (mean over the swapped tokens, sum over
    the word's pieces and places). With two watched words also `lean`: how much more the first prompt's token
    prefers the first of them to the second than the other prompt's token does, from -2 to 2.
    Raises AttnlitError for prompts that are the same or of unequal lengths, and for a word that they lack.
    """
    import pandas as pd

    swapped = swapped_tokens(first, second)
    start = swapped[0] if first.causal else 0
    apart = np.abs(first.weights[:, :, start:] - second.weights[:, :, start:], dtype=np.float64)
    heads = heads_in_order(first.layer_numbers, first.heads)
    table = pd.DataFrame(heads, columns=["layer", "head"])
    table["difference"] = (apart.sum(-1) / 2).mean(-1).ravel()
    to_words = []
    for word in watched:
        both = []
        for record in (first, second):
            keys = _keys_of(record, word)
            looks = record.weights[:, :, swapped][..., keys].sum(-1, dtype=np.float64).mean(-1)
            name = " ".join(record.query_tokens[place] for place in swapped)
            table[f"{name} → {word}"] = looks.ravel()
            both.append(looks.ravel())
        to_words.append(both[0] - both[1])
    if len(to_words) == 2:
        table["lean"] = to_words[0] - to_words[1]
    return table


def watchable(first: Attention, second: Attention, words: Sequence[str]) -> tuple[str, ...]:
    """Those of the words that stand in both prompts, and so can be watched."""
    return tuple(word for word in words if _places_of(first, word) and _places_of(second, word))


def _keys_of(record: Attention, word: str) -> list[int]:
    """The places of a word's pieces, wherever it stands. Raises AttnlitError where it does not."""
    places = _places_of(record, word)
    if not places:
        raise AttnlitError(
            f"The word {quoted(word)} is not in {quoted(record.text)}. Watch a word that is in both prompts."
        )
    return places


def _places_of(record: Attention, word: str) -> list[int]:
    words = words_of(record.text)
    return [
        place
        for place, token in enumerate(record.keys)
        if token.word is not None and words[token.word].casefold() == word.strip().casefold()
    ]
