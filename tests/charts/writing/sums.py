"""Sums of what a model writes into a logit, as `attnlit.charts.writing` takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

Row = tuple[str, int | None, int | None, int | None, float]


@dataclass(frozen=True)
class Added:
    table: pd.DataFrame
    total: float
    word: str
    against: str | None = None


def added_up(rows: Sequence[Row], word: str, against: str | None = None) -> Added:
    """rows: (kind, number, layer, head, logit) each"""
    table = pd.DataFrame(rows, columns=["kind", "number", "layer", "head", "logit"])
    table = table.astype({"number": "Int64", "layer": "Int64", "head": "Int64"})
    table["attention"] = np.where(table["kind"] == "head", "self", "")
    return Added(table, float(table["logit"].sum()), word, against)


def random_sum(layers: int, heads: int) -> Added:
    values = np.random.default_rng(1).normal(size=(layers, heads + 1))
    rows: list[Row] = [("embeddings", None, None, None, 0.5)]
    for layer in range(layers):
        rows += [("head", layer, layer, head, values[layer, head]) for head in range(heads)]
        rows.append(("MLP", layer, None, None, 3 * values[layer, -1]))
    return added_up(rows, "mat", "floor")
