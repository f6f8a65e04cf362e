"""Follows one token's state through the forward pass, so that it can be taken apart into what wrote it.

A state is a sum: embeddings, what each attention layer and each MLP adds. No layout is assumed: the
additions, scalings and norms that lead to the unembedding are seen in the pass itself, and a norm counts with
the mean and scale that it had. All of it is then linear in the parts, so that they add up to the state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from attnlit.attention.following import (
    ADD,
    DIVIDE,
    LAYOUT,
    MULTIPLY,
    Following,
    PassedOn,
    linear_map,
)

_NODE = "_attnlit_node"  # an attribute of the tensor itself, so that it goes when the tensor goes
_SUBTRACT = frozenset({"sub", "subtract", "__sub__"})


@dataclass(frozen=True, eq=False)
class Leaf:
    """A state that is taken no further apart: an embedding, or what a layer adds that is not attention.

    `layer` is the number in the name of the last matrix that was used before it was made; None is before all
    layers.
    """

    row: Tensor  # (D,), as every row here, of the one position that is followed
    layer: int | None


@dataclass(frozen=True, eq=False)
class Written:
    """What an attention call's projection put out, of which the heads can be told apart."""

    call: int
    layer: int | None  # as in a leaf
    passed: PassedOn  # of this query alone: Q is 1


@dataclass(frozen=True, eq=False)
class Sum:
    first: Node
    second: Node
    row: Tensor


@dataclass(frozen=True, eq=False)
class Scaled:
    """Multiplied by numbers; `of_row`: by one number that was made from the row, as a norm does."""

    of: Node
    factor: Tensor  # (D,) or ()
    of_row: bool


@dataclass(frozen=True, eq=False)
class Centred:
    """Less its mean."""

    of: Node


@dataclass(frozen=True, eq=False)
class Shifted:
    """With a layer norm's bias added."""

    of: Node
    shift: Tensor  # (D,)


Node = Leaf | Written | Sum | Scaled | Centred | Shifted


@dataclass(frozen=True)
class _Born:
    """The mark on a state that is so far a leaf."""

    layer: int | None


class Stream(Following):
    """Follows the state of one position; used as `Following` is.

    length: tokens of the sequence whose words are predicted. width: of a state, as the unembedding takes it.
    words: rows of the unembedding. layer_of: the layer that a weight matrix belongs to, by the tensor's id.
    """

    def __init__(
        self, position: int, length: int, width: int, words: int, layer_of: dict[int, int | None]
    ) -> None:
        super().__init__()
        self.root: Node | None = None  # what entered the unembedding
        self.entered: Tensor | None = None  # the same as one row
        self.scores: Tensor | None = None  # what came out of it: (words,)
        self._position, self._length, self._width, self._words = position, length, width, words
        self._layer_of = layer_of
        self._layer: int | None = None  # of the last matrix that was used
        self._pending: tuple[int, PassedOn] | None = None

    def passed_on(self, call: int, passed: PassedOn) -> None:
        self._pending = call, passed

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        node = self._before(func, name, args, kwargs)
        out = super().__torch_function__(func, types, args, kwargs)
        if self._pending is not None:
            call, passed = self._pending
            self._pending = None
            if passed.output.shape == (self._length, self._width):
                node = Written(call, self._layer, _of_query(passed, self._position))
        self._note(out, node)
        if self.entered is not None and self.scores is None:
            self.scores = out.reshape(-1, self._words)[self._position].double().cpu()
        changed = bool(args) and isinstance(args[0], Tensor) and (out is args[0] or name == "__setitem__")
        if node is None and changed:
            self._note(args[0], None)  # in place, by we know not what
        return out

    def _note(self, out: Any, node: Node | _Born | tuple[Node, Node] | None) -> None:
        if not isinstance(out, Tensor) or not self._is_state(out):
            return
        if isinstance(node, tuple):
            node = Sum(*node, self._row(out))
        setattr(out, _NODE, _Born(self._layer) if node is None else node)

    def _before(self, func: Any, name: str, args: Any, kwargs: Any) -> Any:
        """The node of what a function will return, but for a sum, whose two sides are all that is known yet.

        Rows are read here, because a function may write into its own arguments.
        """
        first = self._known(args[0]) if args and isinstance(args[0], Tensor) else None
        if func is F.embedding:
            self._layer = None
        elif (linear := linear_map(func, args, kwargs)) is not None:
            self._through(linear, args, func)
        elif name in ADD and len(args) == 2 and not kwargs:
            sides = [self._node(each) for each in args]
            return None if None in sides else tuple(sides)
        elif name in LAYOUT or name == "__getitem__":  # all of it, or it is no state any more
            return getattr(args[0], _NODE, None)
        elif name in MULTIPLY and len(args) == 2:
            return self._scaled(args, first)
        elif name in DIVIDE and first is not None and len(args) == 2:
            factor = self._factor(args[1])
            return None if factor is None else Scaled(first, 1 / factor[0], factor[1])
        elif name in _SUBTRACT and first is not None and len(args) == 2:
            return self._centred(first, *args)
        elif func is F.layer_norm and first is not None:
            return self._layer_norm(first, args, kwargs)
        elif func is F.rms_norm and first is not None:
            return self._rms_norm(first, args, kwargs)
        return None

    def _through(self, linear: tuple[Tensor, Tensor | None], args: Any, func: Any) -> None:
        """A linear map: its layer, and whether it is the unembedding."""
        given, weight = (args[0], args[1]) if func is F.linear else (args[1], args[2])
        self._layer = self._layer_of.get(id(weight), self._layer)
        if linear[0].shape == (self._width, self._words) and self._is_state(given):
            self.root, self.entered = self._node(given), self._row(given)

    def _is_state(self, tensor: Tensor) -> bool:
        return (
            tensor.is_floating_point()
            and tensor.dim() > 1
            and tensor.shape[-1] == self._width
            and tensor.numel() == self._length * self._width
        )

    def _row(self, tensor: Tensor) -> Tensor:
        return tensor.reshape(-1, self._width)[self._position].double().cpu().clone()

    def _known(self, tensor: Tensor) -> Node | None:
        """The node of a tensor that is more than a leaf."""
        mark = getattr(tensor, _NODE, None)
        return None if isinstance(mark, _Born) else mark

    def _node(self, tensor: Any) -> Node | None:
        """The node of a tensor, a leaf if nothing more is known; None for anything but a state."""
        if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
            return None
        mark = getattr(tensor, _NODE, None)
        if mark is not None and not isinstance(mark, _Born):
            return mark
        layer = self._layer if mark is None else mark.layer
        if self._is_state(tensor):
            return Leaf(self._row(tensor), layer)
        if tensor.numel() == self._width and tensor.shape[-1] == self._width:
            return Leaf(tensor.reshape(-1).double().cpu().clone(), layer)  # the same for every token
        return None

    def _factor(self, other: Any) -> tuple[Tensor, bool] | None:
        """(what the followed row is multiplied with, whether it is one number of this row)."""
        if isinstance(other, int | float):
            return torch.tensor(float(other), dtype=torch.float64, device="cpu"), False
        if not isinstance(other, Tensor):
            return None
        if other.numel() == 1:
            return other.reshape(()).double().cpu(), self._length == 1 and other.dim() > 1
        if other.shape[-1] == 1 and other.numel() == self._length:
            return other.reshape(-1)[self._position].double().cpu(), True
        if other.shape[-1] == self._width and other.numel() in (self._width, self._length * self._width):
            rows = other.reshape(-1, self._width)
            return rows[self._position if len(rows) > 1 else 0].double().cpu().clone(), False
        return None

    def _scaled(self, args: Any, first: Node | None) -> Node | None:
        second = self._known(args[1]) if isinstance(args[1], Tensor) else None
        if (first is None) == (second is None):
            return None  # nothing that is followed, or not linear
        node, other = (first, args[1]) if first is not None else (second, args[0])
        factor = self._factor(other)
        return None if factor is None or node is None else Scaled(node, *factor)

    def _centred(self, node: Node, tensor: Tensor, other: Any) -> Node | None:
        """A norm that is spelled out takes the row's mean away."""
        factor = self._factor(other)
        if factor is None or not factor[1]:
            return None
        row = self._row(tensor)
        close = torch.isclose(factor[0], row.mean(), rtol=1e-5, atol=float(row.abs().max()) * 1e-6)
        return Centred(node) if close else None

    def _layer_norm(self, node: Node, args: Any, kwargs: Any) -> Node | None:
        if self._layer is None:
            return None  # of the embeddings: these are one leaf, however they were made
        weight, bias, eps = _norm_arguments(args, kwargs, ("weight", "bias", "eps"), (None, None, 1e-5))
        row = self._row(args[0])
        node = Scaled(Centred(node), (row.var(correction=0) + eps).rsqrt(), True)
        node = node if weight is None else Scaled(node, weight.double().cpu(), False)
        return node if bias is None else Shifted(node, bias.double().cpu())

    def _rms_norm(self, node: Node, args: Any, kwargs: Any) -> Node | None:
        weight, eps = _norm_arguments(args, kwargs, ("weight", "eps"), (None, None))
        eps = torch.finfo(args[0].dtype).eps if eps is None else eps
        node = Scaled(node, (self._row(args[0]).square().mean() + eps).rsqrt(), True)
        return node if weight is None else Scaled(node, weight.double().cpu(), False)


def _norm_arguments(args: Any, kwargs: Any, names: tuple[str, ...], usual: tuple[Any, ...]) -> list[Any]:
    """What follows the input and its shape among a norm's arguments."""
    given = dict(zip(names, args[2:], strict=False)) | {
        name: kwargs[name] for name in names if name in kwargs
    }
    return [given.get(name, default) for name, default in zip(names, usual, strict=True)]


def _of_query(passed: PassedOn, query: int) -> PassedOn:
    """The part that concerns one query, copied: what the model may write into later is not kept."""
    only = slice(query, query + 1)
    return PassedOn(
        weights=passed.weights[:, only].double(),
        value=passed.value.double(),
        entered=passed.entered[only].double(),
        plain=None if passed.plain is None else passed.plain[only].double(),
        weight=passed.weight,
        bias=passed.bias,
        output=passed.output[only].double(),
        eps=passed.eps,
    )
