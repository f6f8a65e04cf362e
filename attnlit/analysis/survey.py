"""Every head of a model scored over many texts, beside the same scores of the model before training.

Texts are read a few at a time and only sums are kept, so memory does not grow with the number of texts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakValueDictionary

import numpy as np

from attnlit.analysis import roles
from attnlit.analysis.direct import direct_logits, has_direct_path
from attnlit.analysis.naming import FEWEST_TOKENS, ROLES_ON_MANY_TEXTS, Role
from attnlit.analysis.scores import OFFSETS, REACH, SCORES, SUMMED, Sums, counted, merge, summarise
from attnlit.attention.capture import (
    attend_together,
    checked_kind,
    untrained,
)
from attnlit.attention.forward import weights_together
from attnlit.attention.reading import Reading, read
from attnlit.errors import AttnlitError
from attnlit.models import limits

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.analysis.sample import Text
    from attnlit.models.model import Model

FEWEST_TEXTS = 10  # with fewer no role is claimed
DRAWS, PERIOD, COPIES = 10, 25, 4  # random sequences for induction (Olsson et al. 2022, appendix)
TWIN_TEXTS = 60  # of them the untrained twin reads: its heads are all alike, so few suffice
_WINDOW = 128  # texts that are looked through for equal lengths
_NUMBERS_AT_ONCE = 2_000_000  # attention weights, or logits, that one forward pass may leave
_SEED = 0
READING = "Reading the texts"
_TOO_SHORT = f"A head's role shows only in texts of {FEWEST_TOKENS} tokens or more. Type a longer one."
ABOUT = {score.name: score for score in SCORES}
ROLE_OF = {role.score: role for role in ROLES_ON_MANY_TEXTS}


@dataclass(frozen=True, eq=False)
class Survey:
    """The scores of every head, (layers, heads) each, by the names of SCORES. NaN: nothing to score."""

    model: str
    kind: str
    texts: int
    left_out: int  # texts with fewer tokens than FEWEST_TOKENS, or more than the model takes
    tokens: int
    values: Mapping[str, np.ndarray]
    lower: Mapping[str, np.ndarray]  # bounds of the 95 % bootstrap interval over texts; NaN for one text
    upper: Mapping[str, np.ndarray]
    counts: Mapping[str, np.ndarray]  # of what the score is a mean: tokens, random tokens or texts
    units: Mapping[str, int]  # texts or random sequences that were drawn anew for the interval
    offset: np.ndarray  # the fixed distance of `positional`, negative for looking back
    # Mean Jensen-Shannon divergence of two heads' rows, in nats: (layers * heads, the same).
    divergence: np.ndarray | None
    twin: Mapping[str, np.ndarray]  # values of the untrained twin; empty if it could not be made
    why_no_twin: str
    # Which heads have the role of each score, bool: the score reaches its threshold (`analysis.naming`), its
    # whole interval lies above the twin's best head, and it rests on ten texts or random sequences or more.
    claimed: Mapping[str, np.ndarray]


@dataclass(frozen=True, eq=False)
class SoFar:
    """The sums of the first texts of a survey that was left before its end."""

    texts: int
    sums: Sums


@dataclass(frozen=True)
class Step:
    """How far a survey has come; the last step carries it."""

    done: int
    total: int
    doing: str
    survey: Survey | None = None
    so_far: SoFar | None = None  # given to `steps` it goes on from here


def survey(model: Model, texts: Sequence[Text], *, kind: str | None = None) -> Survey:
    """Every head of one kind, scored on texts (text, second sentence or None); see `steps`."""
    *_, last = steps(model, texts, kind=kind)
    assert last.survey is not None
    return last.survey


def steps(
    model: Model, texts: Sequence[Text], *, kind: str | None = None, so_far: SoFar | None = None
) -> Iterator[Step]:
    """The same in steps of one forward pass at most, so that the caller can show them, or stop.

    so_far: of the last step of the same survey that had one; what was read until then is not read again.
    Raises AttnlitError where no text can be scored.
    """
    kind = checked_kind(model, kind)
    some = texts[:TWIN_TEXTS]
    total = len(texts) + len(some) + 2 * DRAWS

    def step(before: int, doing: str) -> Callable[[int], Step]:
        return lambda done: Step(before + done, total, doing)

    before = so_far or SoFar(0, Sums())
    sums = yield from _read_texts(model, texts, kind, step(0, READING), before)
    done = len(texts)
    random_step = step(done, "Reading random tokens")
    sums = merge(sums, (yield from _random_once(model, model, kind, random_step)))
    done += DRAWS
    yield Step(done, total, "Making the untrained twin")
    twin: Sums | None = None
    why_no_twin = ""
    try:
        untaught = _twin(model)
    except AttnlitError as too_large:
        why_no_twin = str(too_large)
    else:
        twin = yield from _read_texts(
            untaught, some, kind, step(done, "Reading with the untrained twin"), SoFar(0, Sums())
        )
        done += len(some)
        random_step = step(done, "Reading random tokens")
        twin = merge(twin, (yield from _random_once(untaught, model, kind, random_step)))
    with _adding_up():
        found = _survey(model, kind, sums, twin, why_no_twin)
    yield Step(total, total, "Adding up", found)


# ------------------------------------------------------------------------------------------ reading the texts

# Thirty surveys side by side, of a class with a text each, must not hold thirty batches, nor thirty twins:
# each weighs as much as its model.
_twins: WeakValueDictionary[Model, Model] = WeakValueDictionary()  # of a model, as long as a survey needs it
_making = threading.Lock()


@cache
def _adding_up() -> threading.Semaphore:
    """Held while something large is in memory: from a batch's forward pass until its weights are summed."""
    return threading.Semaphore(limits.forwards_at_once())


def _twin(model: Model) -> Model:
    with _making:
        return _twins.get(model) or _twins.setdefault(model, untrained(model))


def _read_texts(
    model: Model, texts: Sequence[Text], kind: str, step: Callable[[int], Step], so_far: SoFar
) -> Generator[Step, None, Sums]:
    sums, done = so_far.sums, so_far.texts
    for start in range(done, len(texts), _WINDOW):
        readings: dict[tuple[int, int], list[tuple[int, Reading]]] = {}  # by lengths: index and text
        for index, text in enumerate(texts[start : start + _WINDOW], start):
            try:
                reading = read(model, *text, write=kind != "encoder")
            except AttnlitError as mistake:  # too long, most likely
                sums = merge(sums, Sums(left_out=1, why_left_out=str(mistake)))
                done += 1
            else:
                readings.setdefault(reading.lengths, []).append((index, reading))
            yield step(done)
        for lengths, found in sorted(readings.items()):
            if min(length for length in lengths if length) < FEWEST_TOKENS:
                sums = merge(sums, Sums(left_out=len(found), why_left_out=_TOO_SHORT))
                done += len(found)
                continue
            together = _together(model, kind, lengths)
            for first in range(0, len(found), together):
                indices, batch = zip(*found[first : first + together], strict=True)
                with _adding_up():
                    sums = merge(sums, summarise(attend_together(model, batch, kind), indices))
                done += len(batch)
                yield step(done)
        yield replace(step(done), so_far=SoFar(done, sums))
    if not sums.texts:
        raise AttnlitError(sums.why_left_out)
    return sums


def _together(model: Model, kind: str, lengths: tuple[int, int]) -> int:
    """How many texts of these lengths one forward pass takes."""
    longest = max(lengths)
    weights = model.layers_of(kind) * model.heads_of(kind) * longest**2
    logits = longest * model.vocabulary_size
    return max(1, _NUMBERS_AT_ONCE // max(weights, logits))


# The random tokens are always the same, so what they say of a model and its twin is kept as long as it lives.
_of_random: WeakKeyDictionary[Model, dict[tuple[str, bool], Sums]] = WeakKeyDictionary()


def _random_once(
    model: Model, trained: Model, kind: str, step: Callable[[int], Step]
) -> Generator[Step, None, Sums]:
    """The sums of random tokens, of the trained model or of its twin; read at the first time only."""
    kept = _of_random.setdefault(trained, {})
    part = (kind, model is trained)
    if part not in kept:
        kept[part] = yield from _read_random(model, kind, step)
    return kept[part]


def _read_random(model: Model, kind: str, step: Callable[[int], Step]) -> Generator[Step, None, Sums]:
    """Induction, duplicates and copying on random tokens; no sums where they do not apply."""
    drawn = random_sequences(model, kind)
    sums = Sums()
    if not drawn:
        return sums
    together = _together(model, kind, (len(drawn[0]), 0))
    for first in range(0, len(drawn), together):
        batch = drawn[first : first + together]
        with _adding_up():
            sums = merge(sums, _of_repeated(model, kind, batch, first))
        yield step(first + len(batch))
    return sums


def _of_repeated(model: Model, kind: str, batch: Sequence[np.ndarray], first: int) -> Sums:
    """The sums of these sequences of random tokens, which are counted from ``first``."""
    sums = Sums()
    weights = weights_together(model, [{"input_ids": row.tolist()} for row in batch], kind)
    for index, (row, matrices) in enumerate(zip(batch, weights, strict=True), first):
        seen = np.array([each in row[:place] for place, each in enumerate(row)])
        scores = {
            "induction": (roles.induction(matrices, row), int(seen.sum())),
            "duplicate": (roles.duplicate_token(matrices, row), int(seen.sum())),
        }
        if has_direct_path(model):
            once = list(dict.fromkeys(row.tolist()))[-period(model) :]
            scores["copying"] = (roles.copying(direct_logits(model, once)), len(once))
        sums = merge(sums, Sums(bins={index: counted(scores)}))
    return sums


def period(model: Model) -> int:
    """How many random tokens are repeated: 25, less in a model that takes too few tokens for four copies."""
    most = min(model.max_tokens, limits.max_tokens())
    return min(PERIOD, (most - 1) // COPIES)


def random_sequences(model: Model, kind: str, draws: int = DRAWS) -> list[np.ndarray]:
    """Random tokens several times in a row, after the model's first token where it has one; always the same.

    The tokens are of the middle nine tenths of the vocabulary, which goes from common to rare in most. Empty
    for models that also look ahead, and for attention between two texts.
    """
    if not model.causal or kind != "self" or kind not in model.kinds:
        return []
    words = model.vocabulary_size
    middle = np.arange(words // 20, words - words // 20)
    middle = middle[~np.isin(middle, list(model.special_ids))]
    if len(middle) < period(model) or period(model) < 2:
        return []
    random = np.random.default_rng(_SEED)
    first = model.first_id
    return [roles.repeated(middle, random, first, period(model), COPIES) for _ in range(draws)]


# ------------------------------------------------------------------------------------------- what comes of it


def _survey(model: Model, kind: str, sums: Sums, twin: Sums | None, why_no_twin: str) -> Survey:
    random = np.random.default_rng(_SEED)
    values, offset = _values(sums)
    lower, upper, counts, units = {}, {}, {}, {}
    everything = np.stack(list(sums.bins.values()))  # (bins, 2, summed scores, layers, heads)
    nothing = np.full(offset.shape, np.nan)
    for name in values:
        if name == "variability":
            lower[name], upper[name] = nothing, nothing
            units[name] = len(sums.starts)
            counts[name] = np.full(offset.shape, units[name])
            continue
        if name == "positional":  # the share of each head's own offset
            rows = SUMMED.index(OFFSETS[0]) + offset + REACH  # (layers, heads)
            added, counted = np.take_along_axis(everything, rows[None, None, None], 2)[:, :, 0].swapaxes(0, 1)
        else:
            added, counted = everything[:, :, SUMMED.index(name)].swapaxes(0, 1)  # (bins, layers, heads)
        used = counted.any((1, 2))
        units[name] = int(used.sum())
        counts[name] = counted.sum(0).astype(np.int64)
        lower[name], upper[name] = nothing, nothing
        if units[name] > 1:
            scores = np.divide(added, counted, out=np.full(added.shape, np.nan), where=counted > 0)[used]
            lower[name], upper[name] = roles.interval(scores, random, weights=counted[used])
    of_twin = {} if twin is None else _values(twin)[0]
    return Survey(
        model=model.name,
        kind=kind,
        texts=sums.texts,
        left_out=sums.left_out,
        tokens=sums.tokens,
        values=values,
        lower=lower,
        upper=upper,
        counts=counts,
        units=units,
        offset=offset,
        divergence=None if sums.divergence is None else sums.divergence / sums.divergence_rows,
        twin=of_twin,
        why_no_twin=why_no_twin,
        claimed=_claims(values, lower, units, of_twin),
    )


def _values(sums: Sums) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """(scores that apply, by name; the offset of `positional`): (layers, heads) each."""
    added, counted = np.sum(list(sums.bins.values()), axis=0)  # (summed scores, layers, heads) each
    means = np.divide(added, counted, out=np.full(added.shape, np.nan), where=counted > 0)
    rows = [SUMMED.index(name) for name in OFFSETS]
    of_offsets = means[rows]  # (offsets, layers, heads)
    offset = roles.most_frequent(added[rows])  # (layers, heads)
    found = {
        **{name: means[SUMMED.index(name)] for name in SUMMED if name not in OFFSETS},
        "positional": np.take_along_axis(of_offsets, offset[None], 0)[0],
    }
    if sums.starts:
        found["variability"] = roles.variability(list(sums.starts.values()))
    applying = {score.name: found[score.name] for score in SCORES if score.name in found}
    return {name: value for name, value in applying.items() if np.isfinite(value).any()}, offset - REACH


def _claims(
    values: Mapping[str, np.ndarray],
    lower: Mapping[str, np.ndarray],
    units: Mapping[str, int],
    twin: Mapping[str, np.ndarray],
) -> dict[str, np.ndarray]:
    claims = {}
    for name in values:
        claims[name] = np.zeros(values[name].shape, bool)
        if name in ROLE_OF and name in twin and units[name] >= FEWEST_TEXTS:
            claims[name] = (values[name] >= ROLE_OF[name].least) & (lower[name] > np.nanmax(twin[name]))
    return claims


def roles_of(survey: Survey, layer: int, head: int) -> list[Role]:
    """The roles of a head, the one whose threshold it exceeds most first; resting on the first token last.

    Many heads rest there besides what they look for, so that says least about a head.
    """
    has = [role for name, role in ROLE_OF.items() if name in survey.claimed]
    has = [role for role in has if survey.claimed[role.score][layer, head]]
    return sorted(has, key=lambda role: (role.score == "first", -_ratio(survey, role.score, layer, head)))


def table(survey: Survey, score: str) -> pd.DataFrame:
    """One row a head, best first: layer, head, role; a score with interval, twin and count; the others."""
    import pandas as pd

    layers, heads = np.indices(survey.offset.shape)
    named = [roles_of(survey, layer, head) for layer, head in np.ndindex(*survey.offset.shape)]
    columns: dict[str, Any] = {
        "layer": layers,
        "head": heads,
        score: survey.values[score],
        "lower": survey.lower[score],
        "upper": survey.upper[score],
        "untrained": survey.twin.get(score, np.full(layers.shape, np.nan)),
        "count": survey.counts[score],
        **{name: values for name, values in survey.values.items() if name != score},
        "fixed_distance": survey.offset,
    }
    found = pd.DataFrame({name: values.ravel() for name, values in columns.items()})
    found.insert(2, "role", [", ".join(role.name for role in roles) for roles in named])
    return found.sort_values(score, ascending=False, ignore_index=True)


def classical_mds(distances: np.ndarray) -> np.ndarray:
    """Points in the plane whose distances are as near to the given ones as may be: float64 (points, 2).

    Classical multidimensional scaling (Torgerson 1952): the two largest eigenvectors of the centred squares.
    """
    centre = np.eye(len(distances)) - 1 / len(distances)
    values, vectors = np.linalg.eigh(-0.5 * centre @ distances**2 @ centre)
    return vectors[:, [-1, -2]] * np.sqrt(np.maximum(values[[-1, -2]], 0.0))


def in_words(survey: Survey, layer: int, head: int) -> str:
    """The roles of a head in a few sentences, or that it has none and how near it comes to one."""
    roles = roles_of(survey, layer, head)
    if roles:
        names = " and ".join(f"{'an' if role.name[0] in 'aeiou' else 'a'} {role.name}" for role in roles)
        return f"**{names[0].upper()}{names[1:]}.** " + " ".join(
            _reason(survey, role, layer, head) for role in roles
        )
    if not survey.twin:
        return f"No role is named without the untrained model beside it. {survey.why_no_twin}"
    known = [name for name in ROLE_OF if name in survey.values]
    nearest = max(known, key=lambda name: _ratio(survey, name, layer, head))
    role = ROLE_OF[nearest]
    article = "an" if role.name[0] in "aeiou" else "a"
    return (
        f"**No plain role.** It comes nearest to {article} {role.name}: "
        f"{shown(nearest, survey.values[nearest][layer, head])} of the {shown(nearest, role.least)} that the "
        f"name asks for{_why_not(survey, nearest, layer, head)}."
    )


def _reason(survey: Survey, role: Role, layer: int, head: int) -> str:
    name = role.score
    value = shown(name, survey.values[name][layer, head])
    return f"{ABOUT[name].title}: {value} (the name is given from {shown(name, role.least)})."


def _ratio(survey: Survey, score: str, layer: int, head: int) -> float:
    """How many times its threshold a score is."""
    return float(np.nan_to_num(survey.values[score][layer, head], nan=-np.inf)) / ROLE_OF[score].least


def _why_not(survey: Survey, score: str, layer: int, head: int) -> str:
    """What stands against a role whose threshold is reached."""
    if survey.values[score][layer, head] < ROLE_OF[score].least:
        return ""
    if survey.units[score] < FEWEST_TEXTS:
        return f", but {survey.units[score]} texts are too few to call it one"
    return ", but heads of an untrained model come as near"


def shown(score: str, value: float) -> str:
    """A score as people read it: “62%”, “1.25 nats”, “3.4 tokens”."""
    if not np.isfinite(value):
        return "–"
    unit = ABOUT[score].unit
    if unit == "share":
        return f"{value:.0%}"
    return f"{value:.2f}".replace("-", "−") + (f" {unit}" if unit != "score" else "")
