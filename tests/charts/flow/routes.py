"""Routes of one token's information, as `attnlit.charts.flow` takes them, made of random mixing matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnlit.attention.record import Token
from tests.records import tokens


@dataclass(frozen=True)
class Routes:
    tokens: tuple[Token, ...]
    query: int
    edges: np.ndarray
    uniform_edges: np.ndarray
    layer_numbers: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.layer_numbers:
            object.__setattr__(self, "layer_numbers", tuple(range(len(self.edges))))

    @property
    def nodes(self) -> np.ndarray:
        return self._with_top(self.edges)

    @property
    def uniform_nodes(self) -> np.ndarray:
        return self._with_top(self.uniform_edges)

    def _with_top(self, edges: np.ndarray) -> np.ndarray:
        return np.vstack([edges.sum(axis=1), np.eye(edges.shape[1])[self.query]])


def edges_of(matrices: np.ndarray, query: int) -> np.ndarray:
    """The shares that go through the layers of these mixing matrices, (L, N, N), from one token down."""
    held = np.eye(matrices.shape[1])[query]
    edges = []
    for matrix in reversed(matrices):
        edges.insert(0, held[:, None] * matrix)
        held = held @ matrix
    return np.array(edges)


def random_routes(layers: int = 3, count: int = 5, query: int = 3, *, kept: float = 1.0) -> Routes:
    """Of a causal model that loses a part of what goes through a layer, unless it keeps 1."""
    seen = np.tri(count)
    mixed = np.random.default_rng(0).uniform(size=(layers, count, count)) * seen
    mixed *= kept / mixed.sum(axis=-1, keepdims=True)
    even = np.stack([seen / seen.sum(axis=-1, keepdims=True)] * layers)
    names = tokens([f"word{place}" for place in range(count)])
    return Routes(names, query, edges_of(mixed, query), edges_of(even, query))
