"""Attention that travels with the app, so that a cold server draws true pictures before torch is imported.

`python -m attnlit.app.home.record` makes the file anew. Each record carries the identity of the model that it
was made with; a record of another model, or of other weights, is not used.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import cache
from pathlib import Path

import numpy as np

from attnlit.attention.record import Attention, Token, frozen
from attnlit.models.identity import identity_of

FILE = Path(__file__).with_name("recorded.npz")
_SAID = ("model", "kind", "causal", "text", "pair")  # of a record: all but its arrays and tokens


def find(model: str, text: str, pair: str = "") -> Attention | None:
    """The recorded self-attention of a text in a bundled model as it is now, or None."""
    stamped = _records().get((model, text, pair))
    if stamped is None or stamped[0] != identity_of(model):
        return None
    return stamped[1]


def write(records: list[tuple[str, Attention]], file: Path = FILE) -> None:
    """Write records, each with the identity of its model."""
    arrays = {f"weights_{number}": record.weights for number, (_, record) in enumerate(records)}
    said = [
        {
            "identity": identity,
            **{name: getattr(record, name) for name in _SAID},
            "queries": [asdict(token) for token in record.queries],
            "keys": [asdict(token) for token in record.keys],
        }
        for identity, record in records
    ]
    np.savez_compressed(
        file, allow_pickle=False, said=np.array(json.dumps(said, ensure_ascii=False)), **arrays
    )


def read(file: Path = FILE) -> list[tuple[str, Attention]]:
    """The records of a file, each with the identity of the model that it was made with."""
    with np.load(file, allow_pickle=False) as arrays:
        said = json.loads(str(arrays["said"]))
        weights = [arrays[f"weights_{number}"] for number in range(len(said))]
    return [
        (
            each["identity"],
            Attention(
                weights=frozen(array),
                queries=_tokens(each["queries"]),
                keys=_tokens(each["keys"]),
                why_no_vectors="only its weights were recorded.",
                **{name: each[name] for name in _SAID},
            ),
        )
        for each, array in zip(said, weights, strict=True)
    ]


def _tokens(some: list[dict]) -> tuple[Token, ...]:
    return tuple(
        Token(**{**each, "span": None if each["span"] is None else tuple(each["span"])}) for each in some
    )


@cache
def _records() -> dict[tuple[str, str, str], tuple[str, Attention]]:
    return {(each.model, each.text, each.pair or ""): (identity, each) for identity, each in read()}
