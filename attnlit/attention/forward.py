"""One forward pass: what is watched in it, what is changed in it, and how many may run side by side.

The shared model is never written to, so any number of threads may run it at once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from attnlit.attention.edits import Edit, edits_by_call
from attnlit.errors import AttnlitError
from attnlit.models import limits
from attnlit.models.failures import machine_is_full
from attnlit.models.model import Model

if TYPE_CHECKING:
    import torch

    from attnlit.attention.following import Following
    from attnlit.attention.recorder import Call, Recorder, WeightsRecorder

# One text as a model takes it: a list of N numbers for each of the model's arguments, by their names.
Inputs = Mapping[str, Sequence[int]]


def forward(
    model: Model,
    batch: Sequence[Inputs],
    recorder: Recorder | WeightsRecorder | Following | None = None,
    edits: Iterable[Edit] = (),
    *,
    hidden_states: bool = False,
    body: bool = False,
    places: Sequence[int] | None = None,
) -> Any:
    """One forward pass that `recorder` watches. Returns the model's outputs: logits (T, N, words).

    batch: T texts with the same number of tokens, each a row of the batch; the same text may be in it several
    times, each perhaps edited differently. A `Recorder` sees the first row.
    edits: what is changed in this pass, and only in it; a traced model takes one row then.
    hidden_states: the outputs also hold what enters each layer, `hidden_states`: (T, N, D) each.
    body: the pass ends before the model's head, and there are no logits; see `attnlit.attention.weights`.
    places: a model that can computes the logits of these tokens alone, (T, places, words); see `logits_at`.
    Raises AttnlitError for edits that do not fit the model or the text, and where memory ends.
    """
    import torch

    from attnlit.attention import routes

    by_call = edits_by_call(model, edits)
    if by_call and len(batch) > 1 and model.capture_route == "trace":
        raise ValueError("a traced model may fold its batch into its heads: edit one row at a time")
    tensors = {name: torch.tensor([text[name] for text in batch], device="cpu") for name in batch[0]}
    options: dict[str, Any] = {"output_hidden_states": True} if hidden_states else {}
    if places is not None and keeps_logits(model):
        options["logits_to_keep"] = torch.tensor(places, device=model.module.device)
    module = model.module.base_model if body else model.module
    with slot(), _memory_in_words(model):
        if model.capture_route == "weights":
            outputs = routes.run(module, tensors, output_attentions=True, **options)
            if recorder is not None:
                recorder.take_reported(routes.reported(outputs))
            return outputs
        with routes.recording(model.capture_route, _ignore if recorder is None else recorder.take, by_call):
            return routes.run(module, tensors, **options)


@contextmanager
def _memory_in_words(model: Model) -> Iterator[None]:
    """A pass that the machine has no memory for becomes a sentence; whatever else happens is passed on."""
    try:
        yield
    except Exception as error:
        if not machine_is_full(error):
            raise
        raise AttnlitError(
            f"This machine has not enough memory left to run {model.name} on this text. Shorten the text, "
            "or choose a smaller model."
        ) from error


def logits_at(
    model: Model,
    batch: Sequence[Inputs],
    places: Sequence[int],
    recorder: Recorder | None = None,
    edits: Iterable[Edit] = (),
) -> torch.Tensor:
    """What one forward pass predicts at some of the tokens: logits (T, places, words).

    For a vocabulary of 50,000 words the logits of a whole text cost as much as several layers, so most models
    are told which of them to compute. A classifier of whole texts has one place, whatever is asked, and its
    logits are (T, 1, classes). The other arguments are those of `forward`.
    """
    logits: torch.Tensor = forward(model, batch, recorder, edits, places=places).logits
    if logits.dim() == 2:
        return logits[:, None]
    return logits if logits.shape[1] == len(places) else logits[:, list(places)]


def keeps_logits(model: Model) -> bool:
    """Whether the model can be told at which tokens to compute logits; since 2025 most can."""
    return "logits_to_keep" in model.takes


def _ignore(call: Call) -> None:
    """What takes the calls of a forward pass that nobody records."""


@cache
def slot() -> threading.BoundedSemaphore:
    """Held by one forward pass while it runs, and by nothing longer: `with slot(): ...`."""
    return threading.BoundedSemaphore(limits.forwards_at_once())
