"""What the neurons page measures over the built-in sample, once for everybody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from attnlit.analysis import distance
from attnlit.analysis.sample import SENTENCES
from attnlit.app import cache, work
from attnlit.attention.edits import DimensionsRemoved

if TYPE_CHECKING:
    from attnlit.analysis.distance import DistanceProfile
    from attnlit.attention import Attention
    from attnlit.models.model import Model


def averages(model: Model, kind: str) -> DistanceProfile | None:
    """All heads of a kind by distance. None where a visitor has stopped it."""

    def read(report: work.Report, so_far: Any) -> DistanceProfile:
        texts = _passages(model, kind)
        records = distance.records(model, texts, kind)
        told = _told(records, len(texts), report, "Reading the sample texts …")
        return distance.by_distance(told, distance.longest_distance(model, kind))

    return work.run(("averages", model.identity, kind), read, cache.profiles)


def averages_without(
    model: Model, kind: str, layer: int, head: int, dimensions: tuple[int, ...]
) -> DistanceProfile | None:
    """One head by distance over the same texts, with some dimensions of its queries and keys removed."""

    def read(report: work.Report, so_far: Any) -> DistanceProfile:
        texts = _passages(model, kind)
        edit = DimensionsRemoved(kind=kind, layer=layer, heads=(head,), dimensions=dimensions)
        records = distance.records(model, texts, kind, [edit])
        told = _told(records, len(texts), report, "Reading them without the dimensions …")
        alone = (distance.one_head(each, layer, head) for each in told)
        return distance.by_distance(alone, distance.longest_distance(model, kind))

    return work.run(("averages", model.identity, kind, layer, head, dimensions), read, cache.profiles)


def _passages(model: Model, kind: str) -> list[str]:
    """The sample in texts of equal length: made once, as it takes a fifth of the time of reading them."""
    key = ("passages", model.identity, kind)
    return cache.profiles.find(key, lambda: distance.passages(model, SENTENCES, kind))


def _told(records: Iterable[Attention], count: int, report: work.Report, doing: str) -> Iterator[Attention]:
    for done, record in enumerate(records, start=1):
        yield record
        report(done / count, doing)
