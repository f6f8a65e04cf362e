"""Words of a model's vocabulary: which one is meant, and which ones a vector raises and lowers."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from attnlit.attention.given import check_text
from attnlit.attention.numbers import to_numpy
from attnlit.attention.patterns import check_time
from attnlit.attention.tokens import tokenizing
from attnlit.attention.vocabulary import vocabulary_texts
from attnlit.errors import AttnlitError
from attnlit.wording import quoted

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.models.model import Model

_LONGEST = 200  # characters: no token of a vocabulary is as long, and each would become a token of its own
_means: WeakKeyDictionary[Model, np.ndarray] = WeakKeyDictionary()


def word_id(model: Model, word: str) -> int:
    """The id of a word that is one token, as it stands inside a sentence: with a space before it.

    Where the vocabulary has it only without a space, or where a space would make no difference, it is taken
    as it was typed. Raises AttnlitError for a word that is made of several tokens.
    """
    check_text(word, "word")
    if not word.strip():
        raise AttnlitError("Type a word to ask for, such as “mat”.")
    if len(word) > _LONGEST:
        raise AttnlitError(f"{quoted(word)} is too long for a word. Type one that is one token.")
    spellings = [word] if word[0].isspace() else [f" {word}", word]
    shortest: list[int] = []
    with tokenizing(model.tokenizer):
        check_time(model.tokenizer, spellings)
        for spelling in spellings:
            ids = model.tokenizer(spelling, add_special_tokens=False)["input_ids"]
            known = [each for each in ids if each != model.unknown_id]
            if len(ids) == len(known) == 1:
                return int(ids[0])
            if known and (not shortest or len(ids) < len(shortest)):
                shortest = ids
    if not shortest:
        raise AttnlitError(f"{model.name} does not know the word {quoted(word)}. Choose another one.")
    pieces = " + ".join(quoted(piece) for piece in vocabulary_texts(model.tokenizer, shortest))
    raise AttnlitError(
        f"{model.name} writes {quoted(word)} as several tokens, {pieces}, and predicts one at a time. Ask "
        "for a word that is one token."
    )


def unembedded(model: Model, vectors: np.ndarray) -> np.ndarray:
    """What vectors (..., D) that enter the unembedding give each word, float32 (..., V), without its bias."""
    import torch

    weight = model.unembedding.weight
    with torch.inference_mode():
        return to_numpy(torch.tensor(vectors, dtype=weight.dtype, device=weight.device) @ weight.T)


def raised_and_lowered(model: Model, scores: np.ndarray, top: int) -> pd.DataFrame:
    """The words that are raised most, then those that are lowered most, against the mean of all words.

    scores: (V,). One row a word: `token`, `id`, `logit`.
    """
    import pandas as pd

    centred = scores - scores.mean()
    order = np.argsort(-centred, kind="stable")
    chosen = np.concatenate([order[:top], order[-top:]])
    texts = vocabulary_texts(model.tokenizer, chosen)
    return pd.DataFrame({"token": texts, "id": chosen, "logit": centred[chosen]})


def rows_of(model: Model, ids: list[int]) -> np.ndarray:
    """The unembedding of these words, float64 (words, D)."""
    return to_numpy(model.unembedding.weight[ids].double())


def mean_row(model: Model) -> np.ndarray:
    """The mean of the unembedding over all words, float64 (D,); kept, because it reads the whole matrix."""
    if model not in _means:
        _means[model] = to_numpy(model.unembedding.weight.mean(0).double())
    return _means[model]
