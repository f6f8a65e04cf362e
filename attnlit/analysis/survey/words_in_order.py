"""Words that are counted in an order, such as days and numbers: on them successor heads are measured."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from attnlit.analysis.direct import direct_logits
from attnlit.analysis.scores.evidence import InOrder
from attnlit.analysis.scores.succession import ORDERS
from attnlit.analysis.writing.vocabulary import word_id
from attnlit.attention.reading import token_limit
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    from attnlit.models.model import Model

FEWEST_STEPS = 4  # from a word to the next that a vocabulary must have; an order with fewer says too little

_found: WeakKeyDictionary[Model, list[tuple[list[int], np.ndarray]]] = WeakKeyDictionary()


def orders_of(model: Model) -> list[tuple[list[int], np.ndarray]]:
    """The orders whose words the vocabulary has: (ids in order, which have a next: bool (n,))."""
    known = _found.get(model)
    if known is None:
        every = [_known(model, words) for words in ORDERS]
        known = _found[model] = [
            (ids, has_next)
            for ids, has_next in every
            if has_next.sum() >= FEWEST_STEPS and len(ids) < token_limit(model)
        ]
    return known


def _known(model: Model, words: tuple[str, ...]) -> tuple[list[int], np.ndarray]:
    ids: dict[int, int] = {}  # the place in the order, by id: a tokenizer may write two words alike
    for place, word in enumerate(words):
        try:
            ids.setdefault(word_id(model, word), place)
        except AttnlitError:  # made of pieces, or unknown
            continue
    places = np.array([*ids.values()], int)
    return [*ids], np.append(np.diff(places) == 1, False)[: len(places)]


def in_order(model: Model, draw: int) -> InOrder | None:
    """What every head raises when it looks at one word of an order; None where the vocabulary has none.

    Draw after draw another order is taken, and its words are read in another random sequence, after the
    model's first token where it has one: so what stands before a word says nothing of what follows it.
    """
    orders = orders_of(model)
    if not orders:
        return None
    ids, has_next = orders[draw % len(orders)]
    places = np.random.default_rng(draw).permutation(len(ids))
    first = [] if model.first_id is None else [model.first_id]
    logits = direct_logits(model, [*first, *(ids[place] for place in places)])
    back = np.argsort(places) + len(first)
    return InOrder(logits[..., back, :][..., back], has_next)
