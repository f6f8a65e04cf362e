"""Measures what attention passes on while the forward pass runs, and proves that what is measured is all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

import numpy as np
import torch
from torch import Tensor

from attnlit.attention.following import Following, Norm, PassedOn
from attnlit.attention.forward import forward
from attnlit.attention.norms import NOTHING, Around
from attnlit.attention.numbers import to_numpy
from attnlit.attention.probes import spread_inputs
from attnlit.attention.softmax import FLOAT32
from attnlit.models.model import Model, Site

# Of sums of so many float32 numbers as a head or a layer is wide, relative to the size of what is summed;
# where a model computes in 16 bits, each of its results is off by a few units in its last place.
TOLERANCE = 1e-5
ROUNDINGS = 4


@dataclass(frozen=True)
class Proof:
    """What is known of a model after a few tokens; a reason is empty where nothing stands in the way."""

    why_no_values: str = ""  # why what is passed on is not known
    why_no_residual: str = ""
    why_no_norm: str = ""
    additions: int = 0  # how many things are added to what heads wrote before the residual is
    scaled: bool = False  # a gate or a norm scales what heads put out before the output projection
    error: float = 0.0  # of the parts' sum, at most, relative to the size of what is summed


class Measuring(Following):
    """Measures each attention call of one kind once all that counts of it was seen; keeps nothing else."""

    def __init__(
        self,
        sites: Sequence[Site | None],
        kind: str,
        measure: Callable[[PassedOn, Around], Tensor],
        proof: Proof,
        *,
        residual: bool,
        norm: bool,
    ) -> None:
        super().__init__()
        self._sites, self._kind, self._measure, self._proof = sites, kind, measure, proof
        self._residual, self._norm = residual, norm
        self._waiting: dict[int, tuple[PassedOn, Around]] = {}  # calls whose surroundings are not yet seen
        self._layers: dict[int, np.ndarray] = {}

    def layers(self) -> np.ndarray:
        """What was measured of every layer, float32 (L, ...)."""
        return np.stack([self._layers[row] for row in range(len(self._layers))], dtype=np.float32)

    def passed_on(self, call: int, passed: PassedOn) -> None:
        site = self._sites[call]
        if site is None or site.kind != self._kind:
            return
        if self._residual:
            self._waiting[call] = passed, NOTHING
        else:
            self._finish(call, passed, NOTHING)

    def added(self, call: int, additions: int, other: Tensor) -> None:
        if call in self._waiting and additions == self._proof.additions:
            passed, _ = self._waiting.pop(call)
            around = Around(residual=other.reshape(passed.output.shape).float())
            if self._norm:
                self._waiting[call] = passed, around
            else:
                self._finish(call, passed, around)

    def normed(self, call: int, additions: int, norm: Norm) -> None:
        if call in self._waiting and additions == self._proof.additions + 1:
            passed, around = self._waiting.pop(call)
            self._finish(call, passed, Around(around.residual, norm))

    def _finish(self, call: int, passed: PassedOn, around: Around) -> None:
        site = self._sites[call]
        assert site is not None
        around = replace(around, row=site.row)
        self._layers[site.row] = to_numpy(self._measure(passed, around))


class _Witness(Following):
    """Notes, of every call of a short forward pass, what the proof asks for."""

    def __init__(self) -> None:
        super().__init__()
        self.passed: dict[int, list[PassedOn]] = {}
        self.additions: dict[int, list[Tensor]] = {}
        self.norms: dict[int, list[int]] = {}  # after how many additions

    def passed_on(self, call: int, passed: PassedOn) -> None:
        self.passed.setdefault(call, []).append(passed)

    def added(self, call: int, additions: int, other: Tensor) -> None:
        self.additions.setdefault(call, []).append(other)

    def normed(self, call: int, additions: int, norm: Norm) -> None:
        self.norms.setdefault(call, []).append(additions)


def find_proof(model: Model) -> Proof:
    """Runs a few tokens and checks that the parts that heads write make the whole; see `Proof`."""
    if model.capture_route == "weights":
        return Proof(why_no_values="its values could not be recorded.")
    inputs = {name: ids[0].tolist() for name, ids in spread_inputs(model).items()}
    witness = _Witness()
    with witness:
        outputs = forward(model, [inputs], witness, hidden_states=True)
    scaled = any(passed.plain is not None for seen in witness.passed.values() for passed in seen)
    return replace(_proof(model, witness, outputs), scaled=scaled)


def _proof(model: Model, witness: _Witness, outputs: Any) -> Proof:
    sites = {call: site for call, site in enumerate(model.sites) if site is not None}
    errors = [0.0]
    for call, site in sites.items():
        why, error = _why_not_whole(witness.passed.get(call, []))
        errors.append(error)
        if why:
            return Proof(why_no_values=f"{why} in layer {site.layer}.", error=max(errors))
    return replace(_surroundings(model, sites, witness, outputs), error=max(errors))


def _why_not_whole(seen: list[PassedOn]) -> tuple[str, float]:
    """Why a call's parts do not make what its projection put out, empty where they do; and their error."""
    if not seen:
        return "something other than a scaling stands between its heads and the output projection", inf
    if len(seen) > 1:
        return "more than one linear map reads what its heads put out", inf
    passed = seen[0]
    value = torch.stack([passed.value_of(head) for head in range(passed.heads)])  # (H, K, d)
    plain = passed.by_head(passed.entered if passed.plain is None else passed.plain)
    output = passed.weights @ value  # (H, Q, d)
    read = _error(output, plain, value.abs().max()) if output.shape == plain.shape else inf
    if not read <= _tolerance(passed.eps):
        return "its heads' output is not their weights times their values", read
    gate = passed.gate
    gated = output if gate is None else output * gate
    parts = [gated[head] @ passed.written_by(head) for head in range(passed.heads)]
    whole = sum(parts, torch.zeros_like(passed.output) if passed.bias is None else passed.bias)
    size = (gated.movedim(0, 1).flatten(1).abs() @ passed.weight.abs()).max()
    error = _error(whole, passed.output, size)
    if not error <= _tolerance(passed.eps):
        return "what its heads write does not add up to what its output projection puts out", error
    return "", max(read, error)


def _error(first: Tensor, second: Tensor, size: Tensor) -> float:
    """How much the two differ at most, relative to a size; NaN for anything that is not a number."""
    return float((first - second).abs().max() / size.clamp_min(torch.finfo(size.dtype).tiny))


def _tolerance(eps: float) -> float:
    """Of differences that are rounding alone."""
    return max(TOLERANCE, ROUNDINGS * eps) if eps > FLOAT32 else TOLERANCE


def _surroundings(model: Model, sites: dict[int, Site], witness: _Witness, outputs: Any) -> Proof:
    """The proof, with where the residual is added, and whether the sum is normed next."""
    states = [
        state
        for name in ("hidden_states", "encoder_hidden_states", "decoder_hidden_states")
        for state in outputs.get(name) or ()
        if isinstance(state, Tensor)  # Pegasus-X's encoder keeps two states in one
    ]
    found = set()
    for call, site in sites.items():
        if site.kind != "cross":
            others = witness.additions.get(call, [])
            fits = (number for number, other in enumerate(others) if _is_one_of(other, states))
            found.add(next(fits, None))
    if len(found) != 1 or None in found:
        why = f"{model.name} does not add what attention writes to the state of a token as it was."
        return Proof(why_no_residual=why, why_no_norm=why)
    additions: int = found.pop()  # type: ignore[assignment]  # None was ruled out
    normed = all(
        witness.norms.get(call) == [additions + 1] and len(witness.additions[call]) == additions + 1
        for call, site in sites.items()
        if site.kind != "cross"
    )
    why = "" if normed else f"{model.name} norms before attention, not after it, or not with a layer norm."
    return Proof(why_no_norm=why, additions=additions)


def _is_one_of(tensor: Tensor, states: list[Tensor]) -> bool:
    return any(tensor.shape == state.shape and torch.equal(tensor, state) for state in states)
