"""The second way to see attention: follow the numbers through the forward pass.

For models whose files never call the attention interface (DeBERTa, BLOOM, Falcon, GPT-Neo, XLNet ...).
Attention is a product of queries and keys that reaches a softmax, whose result is multiplied with values;
all that lies between (scaling, masks, position biases) is the model's own, and is seen in the scores that
enter the softmax.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from attnlit.attention.recorder import Call, Take

_SOFTMAX = {F.softmax, torch.softmax, Tensor.softmax}
_MATMUL = {torch.matmul, torch.bmm, Tensor.matmul, Tensor.bmm, Tensor.__matmul__}
_BADDBMM = {torch.baddbmm, Tensor.baddbmm}
_MULTIPLY = {torch.mul, Tensor.mul, Tensor.__mul__, Tensor.__rmul__, Tensor.mul_, Tensor.__imul__}
_DIVIDE = {torch.div, Tensor.div, Tensor.__truediv__, Tensor.div_, Tensor.__itruediv__}
# A projection or a norm mixes everything: what comes out of it is no longer a score.
_ENDS = {F.linear, torch.addmm, F.layer_norm, F.embedding, F.rms_norm}


@dataclass(frozen=True, eq=False)
class _Product:
    """Queries (..., queries, d) times keys (..., keys, d)."""

    query: Tensor
    key: Tensor


@dataclass(frozen=True, eq=False)
class _Scores:
    """What entered a softmax, and the product that it came from."""

    product: _Product
    scaling: float
    logits: Tensor


class Trace(TorchFunctionMode):
    """Hands every attention call of the forward pass that this thread runs inside it to `take`.

    Torch keeps such modes apart by thread, so one model can be traced in many threads at once.
    """

    def __init__(self, take: Take) -> None:
        super().__init__()
        self._take = take
        self._forget()

    def _forget(self) -> None:
        """Nothing of one attention call matters to the next one."""
        self._products: list[_Product] = []
        self._factors: dict[
            int, dict[int, float]
        ] = {}  # by a tensor's id: products in it, and each one's scale
        self._softmaxed: dict[int, _Scores] = {}  # by a tensor's id: the scores whose softmax is in it
        self._alive: list[Tensor] = []  # a tensor that is gone could leave its id to another

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is torch.einsum:
            return self._einsum(args)
        if func in _MATMUL and args[0].dim() >= 3 and args[1].dim() >= 3:
            scores = self._softmaxed.get(id(args[0]))
            return self._multiply(func(*args, **kwargs), args[0], args[1].transpose(-1, -2), scores)
        if func in _BADDBMM:
            left, right = kwargs.get("batch1", args[1:2]), kwargs.get("batch2", args[2:3])
            left, right = (each[0] if isinstance(each, tuple) else each for each in (left, right))
            out = func(*args, **kwargs)
            return self._multiply(out, left, right.transpose(-1, -2), None, kwargs.get("alpha", 1.0))
        out = func(*args, **kwargs)
        if func in _SOFTMAX:
            self._softmax(args[0] if args else kwargs["input"], out)
        elif func not in _ENDS:
            self._pass_on(func, args, kwargs, out)
        return out

    def _einsum(self, args: Any) -> Any:
        out = torch.einsum(*args)
        operands = args[1] if len(args) == 2 and isinstance(args[1], list | tuple) else args[1:]
        if len(operands) != 2 or "->" not in args[0] or "." in args[0]:
            return out
        terms, result = args[0].replace(" ", "").split("->")
        first, second = terms.split(",")
        batch = [letter for letter in result if letter in first and letter in second]
        summed = [letter for letter in first if letter in second and letter not in result]
        rows = [letter for letter in result if letter in first and letter not in second]
        columns = [letter for letter in result if letter in second and letter not in first]
        if len(summed) != 1 or len(rows) != 1 or len(columns) != 1:
            return out
        left = operands[0].permute([first.index(letter) for letter in batch + rows + summed])
        right = operands[1].permute([second.index(letter) for letter in batch + columns + summed])
        return self._multiply(out, left, right, self._softmaxed.get(id(operands[0])))

    def _multiply(
        self, out: Tensor, left: Tensor, right: Tensor, scores: _Scores | None, factor: float = 1.0
    ) -> Tensor:
        """A product of left (..., rows, inner) and right (..., columns, inner): q and k, or weights and v.

        `scores` are those that `left` is the softmax of, if it is one.
        """
        if scores is not None:
            self._take(
                Call(
                    weights=_with_batch(left),
                    query=_with_batch(scores.product.query),
                    key=_with_batch(scores.product.key),
                    scaling=scores.scaling,
                    logits=_with_batch(scores.logits),
                )
            )
            self._forget()
        else:
            self._products.append(_Product(left, right))
            self._factors[id(out)] = {len(self._products) - 1: factor}
            self._alive.append(out)
        return out

    def _softmax(self, logits: Tensor, out: Tensor) -> None:
        factors = self._factors.get(id(logits))
        if factors:
            first = min(factors)  # DeBERTa and XLNet add several products: words with words comes first
            self._softmaxed[id(out)] = _Scores(self._products[first], factors[first], logits)
            self._alive.append(out)

    def _pass_on(self, func: Any, args: Any, kwargs: Any, out: Any) -> None:
        """What comes out of any other function carries what went into it."""
        inputs = list(_tensors((*args, *kwargs.values())))
        factors: dict[int, float] = {}
        for tensor in inputs:
            factors.update(self._factors.get(id(tensor), {}))
        scores = next((self._softmaxed[id(each)] for each in inputs if id(each) in self._softmaxed), None)
        if not factors and scores is None:
            return
        if func in _MULTIPLY | _DIVIDE and (numbers := _numbers(args)):
            scale = numbers[0] if func in _MULTIPLY else 1 / numbers[0]
            factors = {product: factor * scale for product, factor in factors.items()}
        for tensor in _tensors(args[:1] if func is Tensor.__setitem__ else (out,)):
            if tensor.is_floating_point():  # masks and indices carry nothing
                if factors:
                    self._factors[id(tensor)] = factors
                if scores is not None:
                    self._softmaxed[id(tensor)] = scores
                self._alive.append(tensor)


def _tensors(values: Iterable[Any]) -> Iterable[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)


def _numbers(values: Iterable[Any]) -> list[float]:
    single = (int, float)
    return [
        float(each)
        for each in values
        if isinstance(each, single) or (isinstance(each, Tensor) and each.dim() == 0)
    ]


def _with_batch(tensor: Tensor) -> Tensor:
    """(1, heads, ...): some models fold the batch, which is 1 here, into the heads."""
    return tensor[None] if tensor.dim() == 3 else tensor
