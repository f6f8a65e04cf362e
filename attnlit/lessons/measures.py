"""What a lesson may measure: a number of the live model, asked for by name."""

from __future__ import annotations

import operator
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    from attnlit.attention import Attention
    from attnlit.models.model import Model

_LIKELIEST = 200  # words of a prediction, among which a lesson's word must be
_RELATIONS = {">=": operator.ge, "<=": operator.le}


@dataclass(frozen=True)
class Measure:
    """A number of the model: what is measured, and where."""

    what: str
    where: Mapping[str, str]

    @property
    def is_share(self) -> bool:
        """Whether it is between 0 and 1, which people write as percent."""
        return self.what != "effect"


@dataclass(frozen=True)
class Claim:
    """What a lesson says of the model: a measure, ">=" or "<=", and a bound."""

    measure: Measure
    relation: str
    bound: float

    def holds(self, value: float) -> bool:
        """Whether a measured value is as the lesson says."""
        return bool(_RELATIONS[self.relation](value, self.bound))


def parse_measure(line: str) -> Measure:
    """`weight layer=3 head=2 query=9 key=8` as a measure. Raises AttnlitError for one that is not known."""
    what, *where = shlex.split(line)
    if what not in _MEASURES:
        raise AttnlitError(f"A lesson can measure {', '.join(_MEASURES)}, but not “{what}”.")
    return Measure(what, dict(each.split("=", 1) for each in where))


def parse_claim(line: str) -> Claim:
    """`weight layer=3 … >= 0.9` as a claim."""
    *measure, relation, bound = line.split(" ")
    if relation not in _RELATIONS:
        raise AttnlitError(f"A lesson claims with >= or <=, not “{relation}”.")
    return Claim(parse_measure(" ".join(measure)), relation, float(bound))


def measured(measure: Measure, model: Model, text: str, pair: str = "") -> float:
    """The number, measured now. A share between 0 and 1, or an effect.

    The measure may name its own `text` and `pair`; else those of the lesson are read.
    """
    own = measure.where
    return _MEASURES[measure.what](model, own.get("text", text), own.get("pair", pair) or None, own)


def _weight(model: Model, text: str, pair: str | None, where: Mapping[str, str]) -> float:
    layer, *place = (int(where[name]) for name in ("layer", "head", "query", "key"))
    record = _record(model, text, pair)
    return float(record.weights[record.row(layer), *place])


def _score(model: Model, text: str, pair: str | None, where: Mapping[str, str]) -> float:
    from attnlit.analysis.scores import head_roles

    table = head_roles(_record(model, text, pair))
    row = table[(table["layer"] == int(where["layer"])) & (table["head"] == int(where["head"]))]
    return float(row[where["name"]].iloc[0])


def _probability(model: Model, text: str, pair: str | None, where: Mapping[str, str]) -> float:
    from attnlit.analysis.ablation import switch_off

    without = where.get("without")
    named = [head.split("-") for head in without.split(",")] if without else [["0", "0"]]
    heads = [(int(layer), int(head)) for layer, head in named]
    table = switch_off(model, text, heads, pair=pair, top=_LIKELIEST).table
    row = table[table["token"] == where["word"]]
    return float(row["after" if without else "before"].iloc[0])


def _effect(model: Model, text: str, pair: str | None, where: Mapping[str, str]) -> float:
    from attnlit.analysis.bias import PRESETS, total_effect

    return total_effect(model, PRESETS[where["prompts"]].fitted(model))


def _record(model: Model, text: str, pair: str | None) -> Attention:
    from attnlit.attention import attend

    return attend(model, text, pair)


_MEASURES: Mapping[str, Callable[[Model, str, str | None, Mapping[str, str]], float]] = {
    "weight": _weight,
    "score": _score,
    "probability": _probability,
    "effect": _effect,
}
