"""Attention weights alone, of several texts in one pass: for surveys, which read thousands and no logit.

For a vocabulary of 50,000 words the logits cost as much as several layers, in time and in memory, so the pass
ends before the model's head where that changes no weight. Where our function stands in for the model's own,
it ends as soon as the last weights are there, so of the last layer it leaves out the greater part.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from weakref import WeakKeyDictionary

import numpy as np

from attnlit.attention.forward import Inputs, forward
from attnlit.attention.record import frozen
from attnlit.models.model import Model

_found: WeakKeyDictionary[Model, dict[str, bool]] = WeakKeyDictionary()  # by model and kind
_looking = threading.Lock()  # held to look and to put, never during a forward pass


def weights_together(model: Model, batch: Sequence[Inputs], kind: str) -> np.ndarray:
    """Attention weights of texts with the same number of tokens: float32 (T, L, H, Q, K).

    One forward pass; but a traced model may fold its batch into its heads, so it takes one after another.
    """
    from attnlit.attention.recorder import AllSeen, WeightsRecorder

    if model.capture_route == "trace" and len(batch) > 1:
        return frozen(np.concatenate([weights_together(model, [text], kind) for text in batch]))
    recorder = WeightsRecorder(model.sites, kind, ends=model.capture_route == "interface")
    with suppress(AllSeen):
        forward(model, batch, recorder, body=body_suffices(model, batch[0], kind))
    return recorder.texts()


def body_suffices(model: Model, text: Inputs, kind: str) -> bool:
    """Whether the body of a model alone gives the very weights that the whole model does.

    Tried on this text the first time that a model is asked for a kind of attention: every bit must be equal.
    Some models prepare their inputs in the part that stands around the body.
    """
    with _looking:
        known = _found.setdefault(model, {}).get(kind)
    if known is None:
        known = _gives_the_same(model, text, kind)
        with _looking:
            _found[model][kind] = known
    return known


def _gives_the_same(model: Model, text: Inputs, kind: str) -> bool:
    from attnlit.attention.recorder import WeightsRecorder

    if model.capture_route == "weights" or model.module.base_model is model.module:
        return False
    seen = []
    for body in (False, True):
        recorder = WeightsRecorder(model.sites, kind)
        try:
            forward(model, [text], recorder, body=body)
            seen.append(recorder.texts())
        except Exception:  # whatever a model's own file raises means: not without its head
            return False
    whole, alone = seen
    return np.array_equal(whole, alone)
