"""The way from what a layer writes to the unembedding: norms and scalings, as they were in one pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from attnlit.analysis.writing.parts import (
    EMBEDDINGS,
    HEAD,
    LAYER,
    MLP,
    NORM_BIAS,
    OUTPUT_BIAS,
    Part,
)
from attnlit.attention.numbers import to_numpy
from attnlit.attention.stream import Centred, Leaf, Node, Scaled, Shifted, Sum, Written
from attnlit.models.model import Site

_OF_A_NORM = 1e-2  # a scale that a norm made of its row may differ by so much from the row's own: its epsilon

Step = Centred | Scaled | Shifted


@dataclass(frozen=True, eq=False)
class Path:
    """Steps from the inside out: what a vector goes through on its way to the unembedding."""

    steps: tuple[Step, ...] = ()

    def apply(self, vectors: Tensor) -> Tensor:
        """What of these parts arrives, (..., D): each norm with the scale that it had, without its bias."""
        for step in self.steps:
            if isinstance(step, Centred):
                vectors = vectors - vectors.mean(-1, keepdim=True)
            elif isinstance(step, Scaled):
                vectors = vectors * step.factor
        return vectors

    def anew(self, states: Tensor, original: Tensor) -> Tensor:
        """What these whole states would become, (..., D): each norm takes the scale of what it gets.

        original: (D,), the state that went this way, from which the norms' epsilons follow.
        """
        for step in self.steps:
            if isinstance(step, Centred):
                states, original = (each - each.mean(-1, keepdim=True) for each in (states, original))
            elif isinstance(step, Shifted):
                states, original = states + step.shift, original + step.shift
            else:
                factor = step.factor
                square = original.square().mean()
                epsilon = factor**-2 - square
                if step.of_row and abs(epsilon) <= _OF_A_NORM * square:
                    factor = (states.square().mean(-1, keepdim=True) + epsilon.clamp_min(0)).rsqrt()
                states, original = states * factor, original * step.factor
        return states

    def inside(self, step: Step) -> Path:
        """The way of what lies inside one more step."""
        return Path((step, *self.steps))


@dataclass(frozen=True, eq=False)
class Call:
    """One attention layer as the followed token met it."""

    written: Written
    path: Path

    def head(self, head: int) -> Tensor:
        """What one head wrote, (D,), as it enters the unembedding."""
        return self.path.apply(self._written(self.written.passed.entered, head)[0])

    def looks(self, head: int) -> Tensor:
        """What one head brought from each token, (K, D), as it enters the unembedding; the sum is `head`."""
        passed = self.written.passed
        values = passed.weights[head, 0][:, None] * passed.value_of(head)  # (K, d)
        gate = passed.gate
        values = values if gate is None else values * gate[head]
        return self.path.apply((values.float() @ passed.written_by(head)).double().cpu())

    def _written(self, rows: Tensor, head: int) -> Tensor:
        passed = self.written.passed
        return (passed.by_head(rows)[head].float() @ passed.written_by(head)).double().cpu()


@dataclass(frozen=True, eq=False)
class Expanded:
    """A state as the sum of its parts; see `attnlit.analysis.writing.state.State`."""

    parts: tuple[Part, ...]
    vectors: np.ndarray  # float64 (P, D)
    calls: dict[tuple[str, int], Call]
    # The state after each addition to it, from the embeddings on, with the model's number of the layer that
    # added; short where a norm stands between two additions.
    spine: tuple[tuple[int | None, Tensor], ...]
    last: Path


def expand(root: Node, sites: tuple[Site | None, ...]) -> Expanded:
    """Takes a state apart, down to parts that are not sums."""
    leaves: list[tuple[Leaf | Written | Shifted, Path]] = []
    waiting: list[tuple[Node, Path]] = [(root, Path())]
    while waiting:
        node, path = waiting.pop()
        if isinstance(node, Sum):
            waiting += [(node.first, path), (node.second, path)]
        elif isinstance(node, Leaf | Written):
            leaves.append((node, path))
        else:
            if isinstance(node, Shifted):
                leaves.append((node, path))
            waiting.append((node.of, path.inside(node)))
    with_attention = {leaf.layer for leaf, _ in leaves if isinstance(leaf, Written)}
    found: dict[Part, Tensor] = {}
    calls = {}
    for leaf, path in leaves:
        if isinstance(leaf, Written):
            site = sites[leaf.call] or Site("", leaf.call, leaf.call)
            call = calls[site.kind, site.layer] = Call(leaf, path)
            passed = leaf.passed
            for head in range(passed.heads):
                found[Part(HEAD, leaf.layer, site.layer, head, site.kind)] = call.head(head)
            if passed.bias is not None:
                bias = Part(OUTPUT_BIAS, leaf.layer, site.layer, None, site.kind)
                found[bias] = path.apply(passed.bias.double().cpu())
            continue
        part = _part(leaf, with_attention)
        vector = path.apply(leaf.row if isinstance(leaf, Leaf) else leaf.shift)
        found[part] = found[part] + vector if part in found else vector
    ordered = sorted(found, key=lambda part: part.order)
    last, spine = _spine(root)
    vectors = to_numpy(torch.stack([found[part] for part in ordered]))
    return Expanded(tuple(ordered), vectors, calls, spine, last)


def _part(leaf: Leaf | Shifted, with_attention: set[int | None]) -> Part:
    if isinstance(leaf, Shifted):
        return Part(NORM_BIAS)
    if leaf.layer is None:
        return Part(EMBEDDINGS)
    return Part(MLP if leaf.layer in with_attention else LAYER, leaf.layer)


def _spine(root: Node) -> tuple[Path, tuple[tuple[int | None, Tensor], ...]]:
    """(the way from the last sum, the state after each addition); see `Expanded`."""
    path, node, states = Path(), root, []
    while isinstance(node, Step):
        path, node = path.inside(node), node.of
    last = path
    while isinstance(node, Sum):
        sides = (node.first, node.second)
        state, added = sides if _begins(sides[0]) else sides[::-1]
        states.append((_number(added), node.row))
        node = state
    if not isinstance(node, Leaf):
        return last, ()
    return last, ((None, node.row), *reversed(states))


def _begins(node: Node) -> bool:
    """Whether the embeddings are in it."""
    if isinstance(node, Sum):
        return _begins(node.first) or _begins(node.second)
    if isinstance(node, Leaf | Written):
        return isinstance(node, Leaf) and node.layer is None
    return _begins(node.of)


def _number(node: Node) -> int | None:
    """The layer that made it."""
    if isinstance(node, Sum):
        numbers = (_number(node.first), _number(node.second))
        return max((each for each in numbers if each is not None), default=None)
    return node.layer if isinstance(node, Leaf | Written) else _number(node.of)
