"""Attention that travels with the app, so that a cold server draws true pictures before torch is imported.

`python -m attnlit.app.recorded.make` makes the file anew. Each model and each of its records carry the
identity that the model had then: what was recorded of other weights is not used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from attnlit.attention.record import Attention, Token, frozen
from attnlit.models.identity import identity_of

if TYPE_CHECKING:
    from attnlit.models.model import Model

FILE = Path(__file__).with_name("recorded.npz")
_SAID = ("model", "kind", "causal", "text", "pair")  # of a record: all but its arrays and tokens


@dataclass(frozen=True, eq=False, kw_only=True)
class RecordedModel:
    """What the frame says of a model that is not open, by the same names as `Model`; nothing that runs it."""

    name: str
    source: str
    identity: str
    kinds: tuple[str, ...]
    heads_by_kind: Mapping[str, int]
    numbers_by_kind: Mapping[str, tuple[int, ...]]
    layer_kinds: tuple[str, ...]
    causal: bool
    pairs: str
    separator: str
    unknown_token: str
    unknown_id: int | None
    notes: tuple[str, ...]
    classes: tuple[str, ...]

    @classmethod
    def of(cls, model: Model) -> RecordedModel:
        """What is recorded of an open model."""
        return cls(**{name: getattr(model, name) for name in cls.__dataclass_fields__})

    def heads_of(self, kind: str) -> int:
        """Query heads in each layer of this kind."""
        return self.heads_by_kind[kind]


def model(name: str) -> RecordedModel | None:
    """What was recorded of a bundled model as it is now, or None."""
    found = _file()[0].get(name)
    return found if found is not None and found.identity == identity_of(name) else None


def find(name: str, text: str, pair: str = "") -> Attention | None:
    """The recorded self-attention of a text in a bundled model as it is now, or None."""
    return None if model(name) is None else _file()[1].get((name, text, pair))


def write(models: Sequence[RecordedModel], records: Sequence[Attention], file: Path = FILE) -> None:
    """Write what is recorded of models, and records of texts in them."""
    arrays = {f"weights_{number}": record.weights for number, record in enumerate(records)}
    said = {
        "models": [asdict(each) for each in models],
        "records": [
            {
                **{name: getattr(record, name) for name in _SAID},
                "queries": [asdict(token) for token in record.queries],
                "keys": [asdict(token) for token in record.keys],
            }
            for record in records
        ],
    }
    np.savez_compressed(
        file, allow_pickle=False, said=np.array(json.dumps(said, ensure_ascii=False)), **arrays
    )


def read(file: Path = FILE) -> tuple[list[RecordedModel], list[Attention]]:
    """The models and records of a file."""
    with np.load(file, allow_pickle=False) as arrays:
        said = json.loads(str(arrays["said"]))
        weights = [arrays[f"weights_{number}"] for number in range(len(said["records"]))]
    models = [RecordedModel(**_with_tuples(each)) for each in said["models"]]
    kinds = {each.name: each.layer_kinds for each in models}
    records = [
        Attention(
            weights=frozen(array),
            queries=_tokens(each["queries"]),
            keys=_tokens(each["keys"]),
            why_no_vectors="only its weights were recorded.",
            layer_kinds=kinds[each["model"]],
            **{name: each[name] for name in _SAID},
        )
        for each, array in zip(said["records"], weights, strict=True)
    ]
    return models, records


def _with_tuples(said: dict[str, Any]) -> dict[str, Any]:
    """JSON knows only lists."""
    numbers = {kind: tuple(each) for kind, each in said["numbers_by_kind"].items()}
    tuples = {name: tuple(said[name]) for name in ("kinds", "layer_kinds", "notes", "classes")}
    return {**said, **tuples, "numbers_by_kind": numbers}


def _tokens(some: list[dict]) -> tuple[Token, ...]:
    return tuple(
        Token(**{**each, "span": None if each["span"] is None else tuple(each["span"])}) for each in some
    )


@cache
def _file() -> tuple[dict[str, RecordedModel], dict[tuple[str, str, str], Attention]]:
    models, records = read()
    return (
        {each.name: each for each in models},
        {(each.model, each.text, each.pair or ""): each for each in records},
    )
