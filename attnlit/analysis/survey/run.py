"""Reading the texts of a survey: a few at a time, in steps that can be shown, left and taken up again.

Only sums are kept, so memory does not grow with the number of texts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakValueDictionary

import cachetools

from attnlit.analysis.scores import FEWEST_TOKENS
from attnlit.analysis.scores.repeated import DRAWS
from attnlit.analysis.survey.order import in_pieces
from attnlit.analysis.survey.random_tokens import random_sequences, sums_of_random
from attnlit.analysis.survey.summary import Partial, Survey, check_scored, finish
from attnlit.analysis.survey.sums import Sums, left_out, merge, summarise
from attnlit.attention.capture import attend_together, checked_kind, untrained
from attnlit.attention.forward import Inputs
from attnlit.attention.given import Texts, as_texts, checked_switch
from attnlit.attention.reading import Reading, read
from attnlit.attention.values import lengths_written, prove_values
from attnlit.attention.weights import body_suffices
from attnlit.errors import AttnlitError
from attnlit.models import limits

if TYPE_CHECKING:
    from attnlit.analysis.sample import Text
    from attnlit.models.model import Model

UNTRAINED_TEXTS = 60  # of them the untrained model reads: its heads are all alike, so few suffice
NUMBERS_AT_ONCE = 2_000_000  # attention weights, or numbers within a layer, that one forward pass may hold
READING = "Reading the texts"
_RANDOM = "Reading random tokens"
_TOO_SHORT = f"A head's role shows only in texts of {FEWEST_TOKENS} tokens or more. Type a longer one."
_KEPT_BYTES = 32 * 2**20  # of sums of random tokens: 1 MB for a model of 144 heads

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class SoFar:
    """The sums of the texts that a survey had read when it was left before its end."""

    texts: int  # how many, in the order of `in_pieces`
    sums: Sums


@dataclass(frozen=True)
class Step:
    """How far a survey has come; the last step carries it."""

    done: int
    total: int
    doing: str
    survey: Survey | None = None
    so_far: SoFar | None = None  # given to `steps` it goes on from here


@dataclass(frozen=True)
class _Way:
    """How texts are read, and what is kept of them; see `summarise`."""

    model: Model
    kind: str
    written: bool = False
    scores_only: bool = False

    def sums(self, indices: Sequence[int], batch: Sequence[Reading]) -> Sums:
        """The sums of a batch. Nothing else of it outlives the call: its records are large."""
        written = [lengths_written(self.model, text, self.kind) for text in batch] if self.written else None
        records = attend_together(self.model, batch, self.kind)
        return summarise(records, indices, written=written, scores_only=self.scores_only)


_At = Callable[[int], Step]  # the step at which so many texts are read
_Reading = Generator[Step, None, Sums]


def survey(model: Model, texts: Texts, *, kind: str | None = None, written: bool = False) -> Survey:
    """Every head of one kind, scored on texts, and the texts that excite it.

    texts: strings, or pairs of a string and its second sentence. kind: one of `model.kinds`; None is the
    first. written: also list the texts in which each head writes most, and score how often it writes next to
    nothing, which takes one more forward pass for each text.

    Returns scores (L, H) by name, as in `attnlit.analysis.scores.registry`, each with its 95 % bootstrap
    interval over texts, the same for the model before training, and the divergence of any two heads.
    Raises AttnlitError where no text can be scored, for a kind that the model lacks, and for `written` as
    `attnlit.passed_on` does.
    """
    *_, last = steps(model, texts, kind=kind, written=written)
    assert last.survey is not None
    return last.survey


def steps(
    model: Model,
    texts: Texts,
    *,
    kind: str | None = None,
    written: bool = False,
    so_far: SoFar | None = None,
) -> Iterator[Step]:
    """The same in steps of one forward pass at most, so that the caller can show them, or stop.

    so_far: of the last step of the same survey that had one; what was read until then is not read again.
    The other arguments and the errors are those of `survey`.
    """
    texts = as_texts(texts)
    way = _way(model, kind, written)
    some = texts[:UNTRAINED_TEXTS]
    total = len(texts) + len(some) + 2 * DRAWS
    sums = yield from _read_texts(
        way, texts, lambda done: Step(done, total, READING), so_far or SoFar(0, Sums())
    )
    check_scored(sums)
    control = yield from _control(way, some, lambda doing, done: Step(len(texts) + done, total, doing))
    with room_for_a_batch():
        found = finish([Partial(model.name, way.kind, model.numbers_by_kind[way.kind], sums), control])
    yield Step(total, total, "Adding up", found)


def partial(
    model: Model,
    texts: Texts,
    *,
    places: Sequence[int] | None = None,
    kind: str | None = None,
    written: bool = False,
) -> Partial:
    """What a part of the texts adds to a survey, for `finish`; any number of machines can each take a part.

    places: where each of these texts stands among all, such as `range(512, 1024)`; None: 0, 1, 2 …
    Texts that are too short or too long are counted.
    """
    way = _way(model, kind, written)
    sums = _result(_read_texts(way, as_texts(texts), _unseen, SoFar(0, Sums()), places))
    return Partial(model.name, way.kind, model.numbers_by_kind[way.kind], sums)


def controls(model: Model, texts: Texts, *, kind: str | None = None, written: bool = False) -> Partial:
    """The part of a survey that no text adds: random tokens, and the model before it was trained.

    texts: the first of all texts. written: as of the other parts. Made once for a survey; without it no role
    is claimed.
    """
    way = _way(model, kind, written)
    some = as_texts(texts)[:UNTRAINED_TEXTS]
    return _result(_control(way, some, lambda doing, done: _unseen(done)))


def _way(model: Model, kind: str | None, written: bool) -> _Way:
    kind = checked_kind(model, kind)
    if checked_switch(written, "written"):
        prove_values(model)  # it may have no such thing: better said before the first text than after it
    return _Way(model, kind, written)


def _unseen(done: int) -> Step:
    """A step that nobody looks at."""
    return Step(done, 0, "")


def _result(work: Generator[Step, None, Result]) -> Result:
    """What a generator returns at its end."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


# Thirty surveys side by side, of a class with a text each, must not hold thirty batches, nor thirty untrained
# models: each weighs as much as its model. By identity, as long as a survey needs it:
_untrained: WeakValueDictionary[str, Model] = WeakValueDictionary()
_making = threading.Lock()


@cache
def room_for_a_batch() -> threading.Semaphore:
    """Held while something large is in memory: from a batch's forward pass until its weights are summed."""
    return threading.Semaphore(limits.forwards_at_once())


def before_training(model: Model) -> Model:
    """The same model with random weights, made once and shared; see `attnlit.attention.untrained`.

    Raises AttnlitError for a model that is too large to be held twice.
    """
    with _making:
        return _untrained.get(model.identity) or _untrained.setdefault(model.identity, untrained(model))


def _control(
    way: _Way, texts: Sequence[Text], at: Callable[[str, int], Step]
) -> Generator[Step, None, Partial]:
    model, kind = way.model, way.kind
    numbers = model.numbers_by_kind[kind]
    sums = yield from _read_random(model, kind, lambda done: at(_RANDOM, done), (model.identity, kind, True))
    yield at("Making the untrained model", DRAWS)
    try:
        before = before_training(model)
    except AttnlitError as too_large:
        return Partial(model.name, kind, numbers, sums, why_no_untrained=str(too_large))
    read_before = yield from _read_texts(
        _Way(before, kind, way.written, scores_only=True),
        texts,
        lambda done: at("Reading with the untrained model", DRAWS + done),
        SoFar(0, Sums()),
    )
    random_before = yield from _read_random(
        before, kind, lambda done: at(_RANDOM, DRAWS + len(texts) + done), (model.identity, kind, False)
    )
    return Partial(model.name, kind, numbers, sums, merge(read_before, random_before))


def _read_texts(
    way: _Way, texts: Sequence[Text], at: _At, so_far: SoFar, places: Sequence[int] | None = None
) -> _Reading:
    sums, done, end = so_far.sums, so_far.texts, 0
    for piece in in_pieces(texts):
        end += len(piece)
        if end <= done:  # read before the survey was left
            continue
        readings: dict[tuple[int, int], list[tuple[int, Reading]]] = {}  # by lengths: index and text
        for place in piece:
            index = place if places is None else places[place]
            try:
                reading = read(way.model, *texts[place], write=way.kind != "encoder")
            except AttnlitError as mistake:  # too long, most likely
                sums = merge(sums, left_out([index], str(mistake)))
                done += 1
            else:
                readings.setdefault(reading.lengths, []).append((index, reading))
            yield at(done)
        for lengths, found in sorted(readings.items()):
            source, target = lengths  # of which one or both look and are looked at
            if {"decoder": target, "cross": min(lengths)}.get(way.kind, source) < FEWEST_TOKENS:
                sums = merge(sums, left_out([index for index, _ in found], _TOO_SHORT))
                done += len(found)
                continue
            together = _together(way.model, way.kind, found[0][1].inputs)
            for place in range(0, len(found), together):
                indices, batch = zip(*found[place : place + together], strict=True)
                with room_for_a_batch():
                    sums = merge(sums, way.sums(indices, batch))
                done += len(batch)
                yield at(done)
        yield replace(at(done), so_far=SoFar(done, sums))
    return sums


def _together(model: Model, kind: str, text: Inputs) -> int:
    """How many texts of this one's length one forward pass takes."""
    longest = max(len(ids) for ids in text.values())
    weights = model.layers_of(kind) * model.heads_of(kind) * longest**2
    inner = longest * model.heads_of(kind) * max(model.head_size, 64) * 4  # of a layer's MLP, mostly
    logits = 0 if body_suffices(model, text, kind) else longest * model.vocabulary_size
    return max(1, NUMBERS_AT_ONCE // max(weights, inner, logits))


# The random tokens are always the same, so what they say of a model and its untrained self is kept.
_of_random: cachetools.LRUCache[tuple[str, str, bool], Sums] = cachetools.LRUCache(
    _KEPT_BYTES, getsizeof=lambda sums: sums.nbytes
)
_looking = threading.Lock()


def _read_random(model: Model, kind: str, at: _At, name: tuple[str, str, bool]) -> _Reading:
    """What random tokens and words in order say, read at the first time only; see `sums_of_random`.

    No sums where they do not apply. name: identity of the trained model, kind, whether this is it.
    """
    with _looking:
        kept = _of_random.get(name)
    if kept is not None:
        return kept
    sums = Sums()
    drawn = random_sequences(model, kind)
    together = _together(model, kind, {"input_ids": drawn[0].tolist()}) if drawn else 1
    for first in range(0, len(drawn), together):
        batch = drawn[first : first + together]
        with room_for_a_batch():
            sums = merge(sums, sums_of_random(model, kind, batch, first))
        yield at(first + len(batch))
    if sums.nbytes <= _KEPT_BYTES:
        with _looking:
            _of_random[name] = sums
    return sums
