"""Follows what heads put out through the forward pass: to the output projection, and on to the residual.

No architecture's layout is assumed: whichever linear map first reads what the heads' output turned into is
their output projection, and what is then added to it is seen, too. On the way to the projection the output
may be laid out anew, and it may be scaled number by number (a gate, as in Qwen3-Next; a norm's scale, as in
BitNet). Anything else ends the path, so that nothing that is not linear in the values passes for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from attnlit.attention.recorder import Call

# Functions by what they do to the tensor that is followed. Torch has each as a function and as a method, so
# they are known by their names.
LAYOUT = frozenset(
    {"clone", "contiguous", "detach", "dropout", "flatten", "float", "movedim", "permute", "reshape"}
    | {"squeeze", "swapaxes", "to", "transpose", "type", "type_as", "unflatten", "unsqueeze", "view"}
)
MULTIPLY = frozenset({"mul", "multiply", "__mul__", "__rmul__", "mul_", "__imul__"})
DIVIDE = frozenset({"div", "divide", "__truediv__", "div_", "__itruediv__"})
ADD = frozenset({"add", "__add__", "__radd__", "add_", "__iadd__"})
IN_PLACE = frozenset({"mul_", "__imul__", "div_", "__itruediv__", "add_", "__iadd__"})

_MARK = "_attnlit_mark"  # an attribute of the tensor itself, so that it goes when the tensor goes


@dataclass(frozen=True, eq=False)
class PassedOn:
    """One attention call with its output projection. H heads, Q queries, K keys, d value size, D width.

    All in float32, on the model's device, whatever numbers the model computes with.

    Head h brings `weights[h, i, j] * (gate[h, i] * value_of(h)[j]) @ written_by(h)` from token j to token i,
    (D,). The sum of that over heads and keys, and the bias, is the projection's output.
    """

    weights: Tensor  # (H, Q, K)
    value: Tensor  # (key heads, K, d)
    entered: Tensor  # (Q, H * d): the projection's real input
    plain: Tensor | None  # (Q, H * d): the same before it was scaled; None where it is not
    weight: Tensor  # (H * d, D), the model's own
    bias: Tensor | None  # (D,)
    output: Tensor  # (Q, D), the bias included
    eps: float  # of the numbers that the model computes with

    @property
    def heads(self) -> int:
        return len(self.weights)

    @property
    def gate(self) -> Tensor | None:
        """(H, Q, d): what each head's output is multiplied with; None where it is 1 everywhere.

        Where a head puts out exactly 0 its gate cannot be known, and does not matter.
        """
        if self.plain is None:
            return None
        gate = torch.where(self.plain == 0, torch.ones_like(self.plain), self.entered / self.plain)
        return self.by_head(gate)

    def by_head(self, rows: Tensor) -> Tensor:
        """(..., H * d) as (H, ..., d)."""
        return rows.unflatten(-1, (self.heads, -1)).movedim(-2, 0)

    def written_by(self, head: int) -> Tensor:
        """The part of the projection that reads this head: (d, D)."""
        return self.weight.unflatten(0, (self.heads, -1))[head]

    def value_of(self, head: int) -> Tensor:
        """The values that this head reads, (K, d): several heads may share them."""
        return self.value[head // (self.heads // len(self.value))]


@dataclass(frozen=True, eq=False)
class Norm:
    """A layer norm with the mean and the scale that it had in this pass, so that it is linear in its input.

    Kobayashi et al. 2021 (arXiv 2109.07152): of a part of its input the weight is applied, the bias is not.
    """

    weight: Tensor | None  # (D,)
    bias: Tensor | None  # (D,)
    eps: float
    deviation: Tensor  # (Q, 1): of each of its rows

    def centred(self, vectors: Tensor) -> Tensor:
        """All that the norm makes of parts of its input but the division by `deviation`: (..., D)."""
        centred = vectors - vectors.mean(-1, keepdim=True)
        return centred if self.weight is None else centred * self.weight


def deviation_of(states: Tensor, eps: float) -> Tensor:
    """What a layer norm divides whole states (Q, D) by: (Q, 1)."""
    return (states.var(-1, correction=0, keepdim=True) + eps).sqrt()


@dataclass(frozen=True, eq=False)
class _Heads:
    """The tensor holds the output of a call; `plain` is that output without any scaling (None: itself)."""

    call: int
    plain: Tensor | None


@dataclass(frozen=True, eq=False)
class _Written:
    """The tensor holds what a call's projection put out, after this many additions of something else."""

    call: int
    additions: int


class Following(TorchFunctionMode):
    """Sees each attention call once its output has reached the output projection, and what is added to that.

    Enter it around `attnlit.attention.forward.forward`, and give it to that as the recorder; the methods
    without a body say what it saw. A call may come twice, if two maps read it, or never: who asks must count.
    Calls are numbered in the order of the forward pass. The batch must be 1.
    """

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._calls: dict[int, Call] = {}  # the last two: only what has not reached its projection matters

    def passed_on(self, call: int, passed: PassedOn) -> None:
        """A call's output has gone through its projection."""

    def added(self, call: int, additions: int, other: Tensor) -> None:
        """Something is added to what a call wrote, after this many earlier additions."""

    def normed(self, call: int, additions: int, norm: Norm) -> None:
        """What a call wrote enters a layer norm, after this many additions."""

    def take(self, call: Call) -> None:
        """What the capture route calls."""
        if call.output is not None:
            setattr(call.output, _MARK, _Heads(self._count, None))
            self._calls[self._count] = call
        self._calls.pop(self._count - 2, None)
        self._count += 1

    def take_reported(self, matrices: dict[tuple[str, int], Tensor]) -> None:
        """Where only weights are seen there is nothing to follow."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        marked = [(tensor, mark) for tensor in args if (mark := getattr(tensor, _MARK, None)) is not None]
        if not marked:
            return func(*args, **kwargs)
        tensor, mark = marked[0]
        name = getattr(func, "__name__", "")
        if name in LAYOUT and tensor is args[0]:
            out = func(*args, **kwargs)
            if isinstance(mark, _Heads) and mark.plain is not None:
                mark = _Heads(mark.call, func(mark.plain, *args[1:], **kwargs))
            setattr(out, _MARK, mark)
            return out
        if any(isinstance(each, _Heads) for _, each in marked):
            return self._heads(func, name, args, kwargs, tensor, mark, alone=len(marked) == 1)
        if name in ADD and len(args) == 2 and all(isinstance(each, Tensor) for each in args):
            return self._add(func, name, args, kwargs, marked)
        return self._written(func, args, kwargs, tensor, mark)

    def _heads(
        self, func: Any, name: str, args: Any, kwargs: Any, tensor: Tensor, mark: _Heads, *, alone: bool
    ) -> Any:
        """A function of heads' output that is more than a layout."""
        if name in MULTIPLY | DIVIDE and alone and (name in MULTIPLY or tensor is args[0]):
            plain = tensor if mark.plain is None else mark.plain
            plain = plain.clone() if name in IN_PLACE else plain
            out = func(*args, **kwargs)
            if out.shape == plain.shape:
                setattr(out, _MARK, _Heads(mark.call, plain))
            return out
        out = func(*args, **kwargs)
        projection = linear_map(func, args, kwargs)
        if projection is not None:
            self._project(tensor, mark, *projection, out)
            setattr(out, _MARK, _Written(mark.call, 0))
        elif out is tensor or out is None:
            delattr(tensor, _MARK)  # changed in place, by we know not what
        return out

    def _project(
        self, tensor: Tensor, mark: _Heads, weight: Tensor, bias: Tensor | None, out: Tensor
    ) -> None:
        call = self._calls.get(mark.call)
        inputs, width = weight.shape
        if call is None or call.value is None or tensor.shape[-1] != inputs:
            return
        passed = PassedOn(
            weights=call.weights[0].float(),
            value=call.value[0].float(),
            entered=tensor.reshape(-1, inputs).float(),
            plain=None if mark.plain is None else mark.plain.reshape(-1, inputs).float(),
            weight=weight.float(),
            bias=_floats(bias),
            output=out.reshape(-1, width).float(),
            eps=torch.finfo(tensor.dtype).eps,
        )
        self.passed_on(mark.call, passed)

    def _add(
        self, func: Any, name: str, args: Any, kwargs: Any, marked: list[tuple[Tensor, _Heads | _Written]]
    ) -> Any:
        """An addition to what projections put out. The sum counts as the newest call's."""
        first, second = args
        before = first.clone() if name in IN_PLACE else first
        written = [(tensor, mark) for tensor, mark in marked if isinstance(mark, _Written)]
        for tensor, mark in written:
            self.added(mark.call, mark.additions, second if tensor is first else before)
        newest = max((mark for _, mark in written), key=lambda mark: mark.call)
        out = func(*args, **kwargs)
        setattr(out, _MARK, _Written(newest.call, newest.additions + 1))
        return out

    def _written(self, func: Any, args: Any, kwargs: Any, tensor: Tensor, mark: _Written) -> Any:
        """A function of what a projection put out that is neither a layout nor an addition."""
        if func is F.layer_norm:
            given = dict(zip(("weight", "bias", "eps"), args[2:], strict=False)) | kwargs
            weight, bias = (_floats(given.get(name)) for name in ("weight", "bias"))
            eps = given.get("eps", 1e-5)
            rows = tensor.reshape(-1, tensor.shape[-1]).float()
            norm = Norm(weight, bias, eps, deviation_of(rows, eps))
            self.normed(mark.call, mark.additions, norm)
        out = func(*args, **kwargs)
        if out is tensor or out is None:
            delattr(tensor, _MARK)  # changed in place, by we know not what
        return out


def _floats(numbers: Tensor | None) -> Tensor | None:
    return None if numbers is None else numbers.float()


def linear_map(func: Any, args: Any, kwargs: Any) -> tuple[Tensor, Tensor | None] | None:
    """(weight (inputs, outputs), bias) if the function applies a linear map to its argument; else None."""
    if func is F.linear:
        weight, bias = (*args[1:], kwargs.get("bias"))[:2] if len(args) > 1 else (None, None)
        return None if weight is None else (weight.T, bias)
    if func is torch.addmm and len(args) == 3 and not kwargs:  # GPT-2's Conv1D: bias, input, weight
        return args[2], args[0]
    return None
