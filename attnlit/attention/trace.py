"""The second way to see attention: follow the numbers through the forward pass.

For models whose files never call the attention interface (DeBERTa, BLOOM, Falcon, GPT-Neo, XLNet ...).
Attention is a product of queries and keys that reaches a softmax, whose result is multiplied with values;
all that lies between (scaling, masks, position biases) is the model's own, and is seen in the scores that
enter the softmax.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from attnlit.attention import apply
from attnlit.attention.edits import DimensionsRemoved, Edit
from attnlit.attention.recorder import Call, OnCall
from attnlit.errors import AttnlitError

_SOFTMAX = {F.softmax, torch.softmax, Tensor.softmax}
_MATMUL = {torch.matmul, torch.bmm, Tensor.matmul, Tensor.bmm, Tensor.__matmul__}
_BADDBMM = {torch.baddbmm, Tensor.baddbmm}
_MULTIPLY = {torch.mul, Tensor.mul, Tensor.__mul__, Tensor.__rmul__, Tensor.mul_, Tensor.__imul__}
_DIVIDE = {torch.div, Tensor.div, Tensor.__truediv__, Tensor.div_, Tensor.__itruediv__}
_TANH = {torch.tanh, Tensor.tanh}
# A projection or a norm mixes everything: what comes out of it is no longer a score.
_ENDS = {F.linear, torch.addmm, F.layer_norm, F.embedding, F.rms_norm}


@dataclass(frozen=True, eq=False)
class _Product:
    """Queries (..., Q, d) times keys (..., K, d)."""

    query: Tensor
    key: Tensor


@dataclass(frozen=True, eq=False)
class _Scores:
    """What entered a softmax, and the product that it came from."""

    product: _Product
    scaling: float
    logits: Tensor
    cut: Tensor | None  # bool (1, H, Q, K): edges that an edit took away


class Trace(TorchFunctionMode):
    """Hands every attention call of the one forward pass that runs inside it to `on_call`, after its edits.

    Torch keeps such modes apart by thread, so one model can be traced in many threads at once. The batch
    must be 1.
    """

    def __init__(self, on_call: OnCall, edits: Sequence[tuple[Edit, ...]] = ()) -> None:
        super().__init__()
        self._on_call = on_call
        self._edits = edits  # of each call; empty where nothing is changed
        self._calls = 0
        self._forget()

    def _forget(self) -> None:
        """Nothing of one attention call matters to the next one."""
        self._products: list[_Product] = []
        # By a tensor's id: the products in it, and each one's scale.
        self._factors: dict[int, dict[int, float]] = {}
        self._capped: set[int] = set()  # products that went through a soft cap
        self._softmaxed: dict[int, _Scores] = {}  # by a tensor's id: the scores whose softmax is in it
        self._alive: list[Tensor] = []  # a tensor that is gone could leave its id to another

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is torch.einsum:
            return self._einsum(args)
        if func in _MATMUL and args[0].dim() >= 3 and args[1].dim() >= 3:
            scores = self._softmaxed.get(id(args[0]))
            if scores is not None:
                return self._attention(
                    args[0],
                    args[1],
                    scores,
                    lambda made: func(made, *args[1:], **kwargs),
                    lambda out, edit: edit(_with_batch(out)).reshape(out.shape),
                )
            return self._product(func(*args, **kwargs), args[0], args[1].transpose(-1, -2))
        if func in _BADDBMM:
            left, right = kwargs.get("batch1", args[1:2]), kwargs.get("batch2", args[2:3])
            left, right = (each[0] if isinstance(each, tuple) else each for each in (left, right))
            out = func(*args, **kwargs)
            return self._product(out, left, right.transpose(-1, -2), kwargs.get("alpha", 1.0))
        if func in _SOFTMAX:
            logits, *rest = args if args else (kwargs.pop("input"),)
            return self._softmax(lambda edited: func(edited, *rest, **kwargs), logits)
        out = func(*args, **kwargs)
        if func not in _ENDS:
            self._pass_on(func, args, kwargs, out)
        return out

    def _einsum(self, args: Any) -> Any:
        operands = args[1] if len(args) == 2 and isinstance(args[1], list | tuple) else args[1:]
        if len(operands) != 2 or "->" not in args[0] or "." in args[0]:
            return torch.einsum(*args)
        terms, result = args[0].replace(" ", "").split("->")
        first, second = terms.split(",")
        batch = [letter for letter in result if letter in first and letter in second]
        summed = [letter for letter in first if letter in second and letter not in result]
        rows = [letter for letter in result if letter in first and letter not in second]
        columns = [letter for letter in result if letter in second and letter not in first]
        if len(summed) != 1 or len(rows) != 1 or len(columns) != 1:
            return torch.einsum(*args)
        order = [first.index(letter) for letter in batch + rows + summed]
        left = operands[0].permute(order)
        scores = self._softmaxed.get(id(operands[0]))
        if scores is not None:
            back = [order.index(place) for place in range(len(order))]
            value = operands[1].permute([second.index(letter) for letter in batch + summed + columns])
            by_head = [result.index(letter) for letter in batch + rows + columns]
            laid_out = [by_head.index(place) for place in range(len(by_head))]
            return self._attention(
                left,
                value,
                scores,
                lambda made: torch.einsum(args[0], made.permute(back), operands[1]),
                lambda out, edit: (
                    edit(_with_batch(out.permute(by_head)))
                    .reshape(out.permute(by_head).shape)
                    .permute(laid_out)
                ),
            )
        right = operands[1].permute([second.index(letter) for letter in batch + columns + summed])
        return self._product(torch.einsum(*args), left, right)

    def _product(self, out: Tensor, left: Tensor, right: Tensor, factor: float = 1.0) -> Tensor:
        """Notes a product of left (..., rows, inner) and right (..., columns, inner): q and k, perhaps."""
        self._products.append(_Product(left, right))
        self._factors[id(out)] = {len(self._products) - 1: factor}
        self._alive.append(out)
        return out

    def _softmax(self, softmax: Callable[[Tensor], Tensor], logits: Tensor) -> Tensor:
        """The softmax of the logits, edited if they are the scores of attention."""
        factors = self._factors.get(id(logits))
        if not factors:
            return softmax(logits)
        first = min(factors)  # DeBERTa and XLNet add several products: words with words comes first
        product, scaling, cut = self._products[first], factors[first], None
        if edits := self._edits_now():
            edited = _with_batch(logits)
            if any(isinstance(edit, DimensionsRemoved) for edit in edits):
                self._check_plain(factors)
                query, key = _with_batch(product.query), _with_batch(product.key)
                product = _Product(apply.dimensions_removed(query, edits), key)
                edited = edited + scaling * (product.query - query) @ key.transpose(-1, -2)
            cut = apply.edges_cut(edits, edited.shape, edited.device)
            if cut is not None:
                edited = apply.masked(edited, cut)
            logits = edited.reshape(logits.shape)
        out = softmax(logits)
        self._softmaxed[id(out)] = _Scores(product, scaling, logits, cut)
        self._alive.append(out)
        return out

    def _attention(
        self,
        weights: Tensor,
        value: Tensor,
        scores: _Scores,
        multiply: Callable[[Tensor], Tensor],
        by_head_edited: Callable[[Tensor, Callable[[Tensor], Tensor]], Tensor],
    ) -> Tensor:
        """Takes a call that multiplies weights (..., Q, K) with values (..., K, d).

        Returns what `multiply` makes of the weights, once they are edited: the heads' output.
        by_head_edited: lets a function of (1, H, Q, d) change that output, which has a shape of its own.
        """
        by_head = _with_batch(weights)
        edits = self._edits_now()
        if scores.cut is not None:
            apply.check_cut(by_head, scores.cut)
        by_head = apply.attention_given(by_head, edits)
        output = multiply(apply.heads_off(by_head, edits).reshape(weights.shape) if edits else weights)
        if apply.outputs_patched(edits):
            output = by_head_edited(
                output, lambda out: apply.heads_off(apply.output_given(out, edits), edits)
            )
        self._on_call(
            Call(
                weights=by_head,
                query=_with_batch(scores.product.query),
                key=_with_batch(scores.product.key),
                scaling=scores.scaling,
                logits=_with_batch(scores.logits),
                value=_with_batch(value),
                output=output,
            )
        )
        self._calls += 1
        self._forget()
        return output

    def _edits_now(self) -> tuple[Edit, ...]:
        return self._edits[self._calls] if self._edits else ()

    def _check_plain(self, factors: dict[int, float]) -> None:
        """Raises AttnlitError where the scores are not one product of q and k with something added."""
        if len(factors) > 1 or self._capped & set(factors):
            raise AttnlitError(
                "This model makes its scores of more than one product of queries and keys, or caps them, so "
                "no dimension can be removed from them. Switch the whole head off, or choose another model."
            )

    def _pass_on(self, func: Any, args: Any, kwargs: Any, out: Any) -> None:
        """What comes out of any other function carries what went into it."""
        inputs = list(_tensors((*args, *kwargs.values())))
        factors: dict[int, float] = {}
        for tensor in inputs:
            factors.update(self._factors.get(id(tensor), {}))
        scores = next((self._softmaxed[id(each)] for each in inputs if id(each) in self._softmaxed), None)
        if not factors and scores is None:
            return
        if func in _TANH:
            self._capped.update(factors)
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
    """(1, H, ...): some models fold the batch, which is 1 here, into the heads."""
    return tensor[None] if tensor.dim() == 3 else tensor
