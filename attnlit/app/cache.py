"""What the sessions share: everything that the app keeps in memory, weighed in bytes, in one place.

Whatever is kept is keyed by a model's identity, never by its name: a folder that is saved anew, or the model
before its training, does not meet old numbers.
"""

from __future__ import annotations

import dataclasses
import sys
import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import cachetools
import streamlit as st

from attnlit.models import limits
from attnlit.models.identity import identity_of

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.attention import Attention
    from attnlit.models.model import Model

T = TypeVar("T")


def weight(value: object) -> int:
    """Bytes that a value keeps alive: its arrays (a slice keeps the whole one), tables and texts."""
    return _weight(value, set())


def _weight(value: Any, seen: set[int]) -> int:
    if id(value) in seen:
        return 0
    seen.add(id(value))
    if hasattr(value, "nbytes") and hasattr(value, "base"):  # an array of numpy; its base may be a tensor
        whole = value.base if hasattr(value.base, "nbytes") else value
        known = whole is not value and id(whole) in seen
        seen.add(id(whole))
        return 0 if known else int(whole.nbytes)
    if hasattr(value, "memory_usage"):  # a table of pandas
        return int(value.memory_usage(deep=True).sum())
    if dataclasses.is_dataclass(value):
        return sum(_weight(each, seen) for each in vars(value).values())
    if isinstance(value, Mapping):
        return sum(_weight(each, seen) for pair in value.items() for each in pair)
    if isinstance(value, list | tuple | set | frozenset):
        return sum(_weight(each, seen) for each in value)
    return sys.getsizeof(value)


class Memory:
    """A cache for all sessions with a bound; what was not used for longest makes room.

    bound: asked when something is kept first, so that a wrong setting is said on the page. Something heavier
    than all of it is kept alone: refused, it would be made anew for every click.
    """

    def __init__(self, bound: Callable[[], float], weigh: Callable[[Any], float] = weight) -> None:
        self.bound, self._weigh = bound, weigh
        self._changed = threading.Condition()  # held to look and to put, never while something is made
        self._kept: cachetools.LRUCache[Hashable, Any] | None = None
        self._being_made: set[Hashable] = set()

    def get(self, key: Hashable) -> Any:
        """What is kept under this key, or None."""
        with self._changed:
            return self._value(key)

    def put(self, key: Hashable, value: Any) -> None:
        """Keep it."""
        with self._changed:
            self._values()[key] = key, value

    def drop(self, key: Hashable) -> None:
        """Forget it."""
        with self._changed:
            self._values().pop(key, None)

    def find(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is kept under this key, or is made now: once, however many ask for it at the same moment."""
        with self._changed:
            self._changed.wait_for(lambda: key not in self._being_made)
            found = self._value(key)
            if found is not None:
                return found
            self._being_made.add(key)
        try:
            made = make()
            self.put(key, made)
            return made
        finally:
            with self._changed:
                self._being_made.discard(key)
                self._changed.notify_all()

    def clear(self) -> None:
        """Forget everything."""
        with self._changed:
            self._kept = None

    @property
    def weighs(self) -> float:
        """What is kept, in bytes; the number of models."""
        with self._changed:
            return float(self._values().currsize)

    def _value(self, key: Hashable) -> Any:
        return self._values().get(key, (key, None))[1]

    def _values(self) -> cachetools.LRUCache[Hashable, tuple[Hashable, Any]]:
        """Values with their keys, which weigh, too: a text of somebody's may be one."""
        if self._kept is None:
            bound = self.bound()
            self._kept = cachetools.LRUCache(bound, getsizeof=lambda entry: min(self._weigh(entry), bound))
        return self._kept


def _share(part: float) -> Callable[[], float]:
    return lambda: limits.cache_megabytes() * 2**20 * part


models = Memory(limits.models_kept, weigh=lambda model: 1)
records = Memory(_share(0.35))  # attention as it was recorded
filtered_records = Memory(_share(0.15))  # what filters leave of it
thumbnails_weigh = _share(0.08)  # at most: the charts keep them, `attnlit.charts.model.drawn`
profiles = Memory(_share(0.15))  # averages by distance, of all heads and without dimensions
surveys = Memory(_share(0.10))
effects = Memory(_share(0.05))  # of pairs of prompts, sets and switched-off heads
routes = Memory(_share(0.05))  # of tokens through the layers, and what they are made from
asked = Memory(_share(0.02))  # prompts and conversations as models read them
unfinished = Memory(_share(0.05))  # what was done of works that were left
ALL = (models, records, filtered_records, profiles, surveys, effects, routes, asked, unfinished)


def load_model(name: str) -> Model:
    """A model by name, loaded once for everybody. Raises AttnlitError in words."""
    kept = models.get((name, identity_of(name)))
    if kept is not None:
        return kept
    with st.spinner("Opening the model …", show_time=True):
        return open_model(name)


def open_model(name: str) -> Model:
    """The same where nobody looks on: no page says that it takes a moment."""
    from attnlit.attention import load
    from attnlit.models.load import find

    identity = find(name).identity  # of a hub's model it is known once its files are here
    return models.find((name, identity), lambda: load(name))


def in_languages(model: Model, source: str, target: str) -> Model:
    """The model, told its languages: the same one for all who choose the same."""
    from attnlit.attention.languages import in_languages as told

    return models.find((model.identity, source, target), lambda: told(model, source, target))


def classes(model: Model, text: str, pair: str) -> pd.DataFrame:
    """What a classifier says of a text or pair: the table of `attnlit.classify`."""
    from attnlit.analysis.classify import classify

    return effects.find(
        (model.identity, text, pair, "classes"), lambda: classify(model, text, pair=pair or None)
    )


def before_training(model: Model) -> Model:
    """The same model with random weights; it counts among the models that are kept."""
    from attnlit.analysis.survey.run import before_training as make

    with st.spinner("Making the untrained model …", show_time=True):
        return models.find((model.identity, "before training"), lambda: make(model))


def attention(model: Model, text: str, pair: str) -> dict[str, Attention]:
    """The recorded attention of one text or pair, by kind, from the cache or from one forward pass.

    Thirty students who open the same example wait for one forward pass.
    """
    from attnlit.attention import attend_all

    return records.find((model.identity, text, pair), lambda: attend_all(model, text, pair or None))


def is_read(model: Model, text: str, pair: str) -> bool:
    """Whether the attention of this text or pair is in the cache."""
    return records.get((model.identity, text, pair)) is not None


@dataclass(frozen=True)
class Filters:
    """Which part of a record is shown. The defaults show it as it was recorded."""

    # One of `attnlit.attention.filters.BETWEEN`.
    sentences: str = "All"
    # Pieces of a word put together.
    whole_words: bool = False
    without_special: bool = False
    # Without special tokens, each row divided by what is left of it.
    rescaled: bool = False
    # The lengths of what is passed on, instead of attention.
    passed_on: bool = False
    # Positions of the queries, and of the keys, that are taken as one.
    together: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())


def filtered(model: Model, text: str, pair: str, kind: str, filters: Filters) -> Attention:
    """What the filters leave of a record; kept, as its thumbnails are."""
    key = (model.identity, text, pair, kind, filters)
    recorded = _passed_on if filters.passed_on else _attention
    return filtered_records.find(key, lambda: _filtered(recorded(model, text, pair, kind), filters))


def of_a_record(attention: Attention, filters: Filters) -> Attention:
    """The same of a record that travels with the app, of which there is one in a process."""
    return filtered_records.find((id(attention), filters), lambda: _filtered(attention, filters))


def _attention(model: Model, text: str, pair: str, kind: str) -> Attention:
    return attention(model, text, pair)[kind]


def _passed_on(model: Model, text: str, pair: str, kind: str) -> Attention:
    """The same record with the lengths of what is passed on in place of its weights."""
    from attnlit.attention import passed_on

    key = (model.identity, text, pair, kind, "passed on")
    return records.find(key, lambda: passed_on(model, text, pair or None, kind))


def _filtered(record: Attention, filters: Filters) -> Attention:
    from attnlit.attention.filters import between, hide_and_renormalise, hide_special
    from attnlit.attention.together import take_together
    from attnlit.attention.words import merge_words
    from attnlit.charts.model import drawn

    drawn.most_bytes = int(thumbnails_weigh())

    left = merge_words(record) if filters.whole_words else record
    if filters.without_special and filters.rescaled:
        left = hide_and_renormalise(left, {token.position for token in left.keys if token.special})
    left = between(left, filters.sentences)
    left = hide_special(left) if filters.without_special else left
    return take_together(left, *filters.together)
