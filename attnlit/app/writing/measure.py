"""What the page measures, made once for everybody and kept as numbers: no model is held by them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.writing import (
    guess,
    head_words,
    logit_lens,
    look_logits,
    look_words,
    lost_without,
    of_word,
    take_apart,
)
from attnlit.analysis.writing.state import LAST
from attnlit.app import cache, work
from attnlit.errors import AttnlitError
from attnlit.models.layers import heads_in_order

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.analysis.writing import Guess, State, WordSum
    from attnlit.app.frame.request import Request
    from attnlit.app.writing.ask import Asked


class Measured:
    """One place of a text and one question, of which the page asks for what it shows.

    The state is taken apart at most once a run, and only for what is not kept from before.
    """

    def __init__(self, request: Request, asked: Asked, place: int | None) -> None:
        self._request, self._asked = request, asked
        attention = request.attention
        self.position = LAST if place is None else attention.queries[place].position
        self._place = (request.model.identity, attention.text, attention.pair, self.position)
        self._question = (*self._place, asked.word, asked.against)

    @cached_property
    def _state(self) -> State:
        attention = self._request.attention
        return take_apart(self._request.model, attention.text, attention.pair, self.position)

    def sum(self) -> WordSum:
        """The sum that makes the logit. Raises AttnlitError for a model whose logits are none."""
        asked = self._asked
        found: WordSum = cache.effects.find(
            ("writes", *self._question),
            lambda: of_word(self._state, asked.word, asked.against).numbers,
        )
        if self.guess().left_out:  # the sum is of the text as it was typed
            mask = self._request.model.mask_token
            raise AttnlitError(f"Put {mask} into the text, in place of a word, to see the sum of its parts.")
        return found

    def guess(self) -> Guess:
        """What is asked, for a model of any kind that predicts words."""
        request, asked = self._request, self._asked
        attention = request.attention

        def make() -> Guess:
            return guess(
                request.model,
                attention.text,
                asked.word,
                asked.against,
                self.position,
                pair=attention.pair,
            )

        found: Guess = cache.effects.find(("guess", *self._question), make)
        return found

    def lost(self, layer: int, head: int) -> float:
        """What is lost without one head."""
        request = self._request

        def make() -> np.ndarray:
            return lost_without(request.model, self.guess(), [(request.kind, layer, head)])

        key = ("lost", *self._question, request.kind, layer, head)
        return float(cache.effects.find(key, make)[0])

    def lost_of_all(self) -> np.ndarray | None:
        """What is lost without each head: (L, H). None where a visitor has stopped it."""
        request = self._request
        shape = request.attention.weights.shape[:2]
        numbers = request.attention.layer_numbers
        heads = [(request.kind, *head) for head in heads_in_order(numbers, shape[1])]

        def measure(report: work.Report, so_far: None) -> np.ndarray:
            asked = self.guess()
            lost = lost_without(
                request.model,
                asked,
                heads,
                lambda done, of: report(done / of, f"Switching heads off: {done} of {of}"),
            )
            return lost.reshape(shape)

        return work.run(("lost", *self._question, request.kind), measure, cache.effects)

    def head_words(self) -> pd.DataFrame:
        """The words that the chosen head raises and lowers."""
        request = self._request
        key = ("head words", *self._place, request.kind, request.layer, request.head)
        found: pd.DataFrame = cache.effects.find(
            key, lambda: head_words(self._state, request.layer, request.head, request.kind)
        )
        return found

    def looks(self) -> np.ndarray:
        """What the chosen head's look at each token writes of the logit: (K,)."""
        request, asked = self._request, self._asked
        key = ("looks", *self._question, request.kind, request.layer, request.head)

        def make() -> np.ndarray:
            found = of_word(self._state, asked.word, asked.against)
            return look_logits(found, request.layer, request.head, request.kind)

        values: np.ndarray = cache.effects.find(key, make)
        return values

    def look_words(self, key: int) -> pd.DataFrame:
        """The words that the chosen head's look at one token raises and lowers."""
        request = self._request
        named = ("look words", *self._place, request.kind, request.layer, request.head, key)
        found: pd.DataFrame = cache.effects.find(
            named,
            lambda: look_words(self._state, request.layer, request.head, key, request.kind),
        )
        return found

    def lens(self) -> pd.DataFrame:
        """What the model would say after each layer."""
        found: pd.DataFrame = cache.effects.find(("lens", *self._place), lambda: logit_lens(self._state))
        return found
