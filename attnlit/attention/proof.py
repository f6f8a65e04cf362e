"""Finds a way to see a model's attention, and proves it on small inputs before anybody looks at a picture.

A way is taken only if, with it, the model computes what it computes without it, every attention matrix that
the model itself reports is among those seen, and the softmax of the recorded scores gives these matrices.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import torch

from attnlit.attention import interface
from attnlit.attention.growth import check_growth
from attnlit.attention.numbers import to_numpy
from attnlit.attention.parts import KINDS
from attnlit.attention.probes import (
    LOGITS_TOLERANCE,
    Probe,
    check_reports,
    check_weights,
    difference_of,
    first_output,
    no_full_picture,
    pairs_of,
    real_probe,
    spread_probe,
)
from attnlit.attention.recorder import Call, layer_inputs
from attnlit.attention.routes import recording, run, whereabouts
from attnlit.attention.softmax import softmax_error, softmax_tolerance
from attnlit.errors import AttnlitError
from attnlit.models.failures import explain, machine_is_full
from attnlit.models.model import Checkpoint, Model, Site

if TYPE_CHECKING:
    from transformers import PreTrainedModel

WEIGHTS_TOLERANCE = 1e-6
FULL_ROW = 0.99  # half precision rounds a sum of 1 by less
_ROWS_OF_LESS = "Its rows sum to less than 1: the rest of its attention goes to what is no token of the text."


class _Unproven(Exception):
    """Why one way does not show this model's attention."""


@dataclass(frozen=True, eq=False)
class _Seen:
    """What one way has shown of a model."""

    route: str
    sites: tuple[Site | None, ...]
    repeats: tuple[tuple[int, int], ...] = ()
    # Whether a head attends once more behind a call that is shown, to something that is not.
    attends_again: bool = False
    head_size: int = 0
    why_no_vectors: str = ""
    # By kind: the number in the model of each layer with attention; empty where it is not known.
    numbers: Mapping[str, tuple[int, ...]] = field(default_factory=dict)


def prove(checkpoint: Checkpoint) -> Model:
    """The model with the first way of recording that holds for it. Raises AttnlitError if none does."""
    check_growth(checkpoint.tokenizer, checkpoint.name)
    check_weights(checkpoint)
    module = checkpoint.module
    _make_eager(module)
    spread = spread_probe(checkpoint)
    causal = _is_causal(spread)
    real = real_probe(checkpoint, spread, causal=causal)
    reasons = []
    for route in ("interface", "trace"):
        try:
            return _model(checkpoint, spread, real, _try(route, checkpoint, (spread, real)))
        except _Unproven as reason:
            reasons.append(str(reason))
        except Exception as error:  # whatever a model's own file raises means: not this way
            if machine_is_full(error):  # but this says nothing of the model, which others would go on with
                raise AttnlitError(explain(error, checkpoint.name)) from error
            reasons.append(f"{type(error).__name__}: {error}")
    _make_eager(module)
    if not spread.whole:
        raise AttnlitError(no_full_picture(checkpoint.name))
    why_no_vectors = "its queries and keys could not be recorded (" + "; ".join(reasons) + ")."
    check_reports(checkpoint, spread)
    sites = tuple(Site(kind, layer, layer) for kind, layer in spread.matrices)
    return _model(checkpoint, spread, real, _Seen("weights", sites, why_no_vectors=why_no_vectors))


def _make_eager(module: PreTrainedModel) -> None:
    module.set_attn_implementation("eager")
    # Falcon cannot be switched any more, and does as its settings say.
    module.config._attn_implementation = "eager"


def _try(route: str, checkpoint: Checkpoint, probes: Sequence[Probe]) -> _Seen:
    """What this way shows of a model. Raises _Unproven with the reason if it cannot be relied on."""
    module = checkpoint.module
    if route == "interface":
        if not module._can_set_attn_implementation():
            raise _Unproven("its code does not use the attention interface of transformers")
        module.set_attn_implementation(interface.NAME)
    else:
        _make_eager(module)
    seen = [_sites(route, checkpoint, probe) for probe in probes]
    if any((each.sites, each.repeats) != (seen[0].sites, seen[0].repeats) for each in seen):
        raise _Unproven("its attention comes in another order for another text")
    return seen[0]


def _sites(route: str, checkpoint: Checkpoint, probe: Probe) -> _Seen:
    """Which of the model's attention matrices each call of a forward pass makes."""
    calls: list[Call] = []
    layers: list[int | None] = []

    def take(call: Call) -> None:
        calls.append(call)
        layers.append(inside[-1] if inside else None)

    with whereabouts(checkpoint.module) as inside, recording(route, take):
        outputs = run(checkpoint.module, probe.inputs)
    difference = difference_of(first_output(probe.outputs), first_output(outputs))
    if not difference <= LOGITS_TOLERANCE:
        raise _Unproven(f"recording changed what the model computes, by {difference:.1g}")
    sites: list[Site | None] = [None] * len(calls)
    for (kind, layer), matrix in probe.matrices.items():
        fits = [
            index
            for index, call in enumerate(calls)
            if sites[index] is None
            and call.weights.shape == matrix.shape
            and torch.allclose(call.weights, matrix, rtol=0, atol=WEIGHTS_TOLERANCE)
        ]
        if not fits:
            raise _Unproven(f"the {kind} attention of layer {layer} was not seen")
        _check_scores(layer, calls[fits[0]])
        sites[fits[0]] = Site(kind, layer, layer)
    numbers = _numbers(sites, layers)
    if numbers is None and not probe.whole:
        raise _Unproven("which of its layers have attention that is seen cannot be told")
    numbers = numbers or _counted(sites)
    sites = [site and replace(site, layer=numbers[site.kind][site.row]) for site in sites]
    repeats = _repeats(calls, sites)
    query = next(call.query for call, site in zip(calls, sites, strict=True) if site is not None)
    return _Seen(
        route,
        tuple(sites),
        repeats,
        _attend_again(sites, layers, repeats),
        head_size=0 if query is None else query.shape[-1],
        numbers=numbers,
    )


def _numbers(sites: Sequence[Site | None], layers: Sequence[int | None]) -> dict[str, tuple[int, ...]] | None:
    """The number in the model of each layer with attention, by kind; None where their modules do not tell.

    Layers that share one module (ALBERT) are all called 0, and Funnel's decoder begins at 0 again.
    """
    found: dict[str, dict[int, int | None]] = {}
    for site, layer in zip(sites, layers, strict=True):
        if site is not None:
            found.setdefault(site.kind, {})[site.row] = layer
    numbers = {}
    for kind, of_layers in found.items():
        named = [of_layers[row] for row in sorted(of_layers)]
        rising = [each for each in named if each is not None]
        if len(rising) < len(named) or any(a >= b for a, b in pairwise(rising)):
            return None
        numbers[kind] = tuple(rising)
    return numbers


def _counted(sites: Sequence[Site | None]) -> dict[str, tuple[int, ...]]:
    """The layers of each kind, counted from 0."""
    counts = Counter(site.kind for site in sites if site is not None)
    return {kind: tuple(range(count)) for kind, count in counts.items()}


def _repeats(calls: Sequence[Call], sites: Sequence[Site | None]) -> tuple[tuple[int, int], ...]:
    """Calls right behind another one that they repeat: the same queries and keys, for other values."""
    return tuple(
        (index + 1, index)
        for index, (call, after) in enumerate(pairwise(calls))
        if sites[index] is not None and sites[index + 1] is None and _is_same(call, after)
    )


def _attend_again(
    sites: Sequence[Site | None], layers: Sequence[int | None], repeats: Sequence[tuple[int, int]]
) -> bool:
    """Whether some call that is not shown is of the same layer as the shown one before it (ProphetNet)."""
    calls = list(zip(sites, layers, strict=True))
    known = {call for call, _ in repeats}
    return any(
        site is not None and after is None and layer is not None and layer == next_layer
        for index, ((site, layer), (after, next_layer)) in enumerate(pairwise(calls))
        if index + 1 not in known
    )


def _is_same(call: Call, other: Call) -> bool:
    pairs = ((call.weights, other.weights), (call.query, other.query), (call.key, other.key))
    return all(a is not None and b is not None and torch.equal(a, b) for a, b in pairs)


def _check_scores(layer: int, call: Call) -> None:
    """Raises _Unproven unless the softmax of what was recorded of a call gives its weights."""
    if call.logits is not None and call.logits.shape != call.weights.shape:
        raise _Unproven(f"the softmax of layer {layer} is over more than its keys")
    inputs = layer_inputs(call)
    error = softmax_error(inputs, to_numpy(call.weights[0]))
    if not error <= softmax_tolerance(inputs, torch.finfo(call.weights.dtype).eps):
        raise _Unproven(f"the scores of layer {layer} do not give its weights, by {error:.1g}")


def _is_causal(probe: Probe) -> bool:
    """Whether no token sees a later one; of an encoder-decoder, in its decoder."""
    kinds = [kind for kind, _ in probe.matrices]
    looking = "decoder" if "decoder" in kinds else kinds[0]
    matrices = [matrix for (kind, _), matrix in probe.matrices.items() if kind == looking]
    return all(bool((matrix.triu(1) == 0).all()) for matrix in matrices)


def _model(checkpoint: Checkpoint, spread: Probe, real: Probe, seen: _Seen) -> Model:
    heads = {kind: matrix.shape[1] for (kind, _), matrix in spread.matrices.items()}
    kinds, causal, targeted = tuple(heads), _is_causal(spread), "decoder_input_ids" in spread.inputs
    counts = Counter(kind for kind, _ in spread.matrices)
    numbers = {kind: seen.numbers.get(kind) or tuple(range(counts[kind])) for kind in kinds}
    own = {each.name: getattr(checkpoint, each.name) for each in fields(Checkpoint)}
    notes = [*checkpoint.notes, *_notes(numbers, targeted, real.note)]
    if seen.route == "weights" and any(
        each.float().sum(-1).min() < FULL_ROW for each in spread.matrices.values()
    ):
        notes.append(_ROWS_OF_LESS)
    return Model(
        **own | {"notes": tuple(dict.fromkeys(notes))},
        kinds=kinds,
        layers=len(numbers[kinds[0]]),
        numbers_by_kind=numbers,
        heads=heads[kinds[0]],
        heads_by_kind=heads,
        head_size=seen.head_size,
        causal=causal,
        pairs=pairs_of(checkpoint, causal=causal),
        arguments=tuple(real.inputs),
        capture_route=seen.route,
        why_no_vectors=seen.why_no_vectors,
        sites=seen.sites,
        repeats=seen.repeats,
        attends_again=seen.attends_again,
    )


def _notes(numbers: Mapping[str, tuple[int, ...]], targeted: bool, of_input: str) -> list[str]:
    """What is to be said of a model of which only some layers, or parts, have attention to show.

    targeted: it has an encoder and a decoder. of_input: what is said of what its tokenizer gives it.
    """
    notes = [of_input] if of_input else []
    lost = [kind for kind in KINDS[1:] if targeted and kind not in numbers]
    if lost:
        notes.append(
            f"The {' and '.join(lost)} attention of this model is not shown: the model reports no weights "
            "there from every token to every other one."
        )
    if any(own != tuple(range(len(own))) for own in numbers.values()):
        named = "; ".join(dict.fromkeys(", ".join(map(str, own)) for own in numbers.values()))
        notes.append(
            f"Only some layers of this model have attention: {named}. The others mix tokens in another way."
        )
    return notes
