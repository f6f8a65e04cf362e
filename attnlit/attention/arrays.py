"""A record made from arrays that somebody has already: `Attention.from_arrays`."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np

from attnlit.attention.align import readable
from attnlit.attention.given import as_list, check_text, is_one_of
from attnlit.attention.parts import KINDS, UNNAMED, Token, frozen
from attnlit.attention.softmax import FLOAT32, softmax_error, softmax_tolerance
from attnlit.attention.vectors import LayerInputs
from attnlit.errors import AttnlitError
from attnlit.wording import a_kind, quoted

# Half precision, and dropout that somebody forgot to switch off, which makes far more of it.
_MOST_OF_A_ROW = 1.02
_NO_NUMBERS = "cSUMm"  # numpy's kinds: complex, strings, times
_SPECIAL = re.compile(r"\[(CLS|SEP|PAD)\]|</?s>|<(bos|eos|cls|sep|pad)>|<\|[^|]*\|>", re.IGNORECASE)
_EPS = {"torch.bfloat16": 2.0**-7, "torch.float16": 2.0**-10, "float16": 2.0**-10}  # by the name of a type


def fields_of_arrays(
    weights: Any,
    tokens: Sequence[str],
    *,
    key_tokens: Sequence[str] | None,
    q: Any,
    k: Any,
    scaling: float | None,
    segments: Sequence[int | None] | None,
    causal: bool | None,
    model: str,
    kind: str,
) -> dict[str, Any]:
    """What an `Attention` is made of; see `Attention.from_arrays`."""
    check_text(model, "model's name")
    if not is_one_of(kind, KINDS):
        raise AttnlitError(
            f"There is no kind {quoted(str(kind))} of attention. Choose one of {', '.join(KINDS)}."
        )
    matrices = _layers(weights, "weights", "(layers, heads, queries, keys)")
    _check_weights(matrices)
    looking = _strings(tokens, "tokens")
    looked_at = None if key_tokens is None else _strings(key_tokens, "key_tokens")
    _check_tokens(matrices, looking, looked_at)
    queries = _tokens(looking, [0] * len(looking) if segments is None else _segments(segments))
    same = looked_at is None or (kind != "cross" and looked_at == looking)
    keys = queries if same else _tokens(looked_at or [], [0] * len(looked_at or []))
    causal = _is_causal(matrices) if causal is None else _checked_causal(causal, matrices)
    inputs = () if q is None and k is None else _inputs(q, k, scaling, matrices, _eps(weights, q, k))
    texts = [" ".join(token.text for token in keys if token.segment == segment) for segment in (0, 1)]
    return {
        "weights": frozen(matrices),
        "queries": queries,
        "keys": keys,
        "model": model or UNNAMED,
        "kind": kind,
        "causal": causal,
        "text": texts[0],
        "pair": texts[1] or None,
        "inputs": inputs,
        "why_no_vectors": "" if inputs else "it was made of weights alone; give its queries and keys, too.",
    }


# ------------------------------------------------------------------------------------------ arrays


def _layers(arrays: Any, name: str, shape: str) -> np.ndarray:
    """float32 of four dimensions, layers first, from one array or one for each layer."""
    listed = isinstance(arrays, list | tuple)
    if arrays is None or (listed and (not arrays or any(each is None for each in arrays))):
        raise AttnlitError(
            f"There are no {name} here: the model did not report them. Load it with "
            "attn_implementation=“eager” and call it with output_attentions=True."
        )
    if listed:
        layers = [_without_batch(_numbers(each, name), name) for each in arrays]
        if len({each.shape for each in layers}) > 1:
            raise AttnlitError(
                f"The {name} of all layers must have one shape, but have "
                f"{' and '.join(dict.fromkeys(str(each.shape) for each in layers))}."
            )
        whole = np.stack(layers)
    else:
        whole = _numbers(arrays, name)
        if whole.ndim == 5:
            whole = np.stack([_without_batch(each, name) for each in whole])
    if whole.ndim != 4 or 0 in whole.shape:
        raise AttnlitError(f"The {name} must have the shape {shape}, but have {whole.shape}.")
    return whole


def _numbers(array: Any, name: str) -> np.ndarray:
    """A copy as float32, of a torch tensor on any device, or of whatever numpy can read."""
    try:
        if hasattr(array, "detach"):
            array = array.detach().cpu().to_dense()
            array = array.numpy() if array.is_complex() else array.float().numpy()
        found = np.asarray(array)
        if found.dtype.kind in _NO_NUMBERS:
            raise TypeError(f"their type is {found.dtype}")
        return np.array(found, dtype=np.float32)
    except (TypeError, ValueError, RuntimeError) as error:
        raise AttnlitError(f"The {name} are not numbers of one shape: {str(error).rstrip('.')}.") from error


def _without_batch(layer: np.ndarray, name: str) -> np.ndarray:
    if layer.ndim == 4 and len(layer) > 1:
        raise AttnlitError(
            f"The {name} are of {len(layer)} texts. A record is of one: take one, as in "
            "[each[:1] for each in outputs.attentions]."
        )
    return layer[0] if layer.ndim == 4 else layer


def _check_weights(weights: np.ndarray) -> None:
    if not np.isfinite(weights).all():
        raise AttnlitError("The weights hold numbers that are not finite. If they are padding, cut it off.")
    if weights.min() < 0:
        raise AttnlitError("Some weights are negative. Give attention after the softmax, not scores.")
    if weights.sum(axis=-1).max() > _MOST_OF_A_ROW:
        raise AttnlitError(
            "Rows of the weights sum to more than 1. Give attention after the softmax, from the model in "
            "eval mode: model.eval()."
        )


def _checked_causal(causal: Any, weights: np.ndarray) -> bool:
    if not isinstance(causal, bool | np.bool_):
        raise AttnlitError(f"causal is True, False or None, and this is {a_kind(causal)}.")
    queries, keys = weights.shape[2:]
    if causal and (queries != keys or np.triu(weights, 1).any()):
        raise AttnlitError(
            "These weights are not causal: some tokens look at later ones. Leave causal out, and the weights "
            "tell."
        )
    return bool(causal)


def _is_causal(weights: np.ndarray) -> bool:
    queries, keys = weights.shape[2:]
    return queries == keys > 1 and not np.triu(weights, 1).any()


# ------------------------------------------------------------------------------------------ tokens


def _strings(tokens: Sequence[str], name: str) -> list[str]:
    found = as_list(tokens)
    if found is None or not all(isinstance(each, str) for each in found):
        raise AttnlitError(
            f"The {name} must be a list of strings. tokenizer.convert_ids_to_tokens(ids) makes one of ids."
        )
    return found


def _check_tokens(weights: np.ndarray, tokens: list[str], key_tokens: list[str] | None) -> None:
    queries, keys = weights.shape[2:]
    there = (len(tokens), len(tokens if key_tokens is None else key_tokens))
    if there != (queries, keys):
        hint = " Give the keys' own as key_tokens." if key_tokens is None and queries != keys else ""
        raise AttnlitError(
            f"Tokens that look: {there[0]}. Tokens that are looked at: {there[1]}. But the weights are "
            f"{queries} by {keys}.{hint}"
        )


def _segments(segments: Any) -> list[int | None]:
    """0, 1 or None for each token; also from arrays, with or without a batch of 1 (`token_type_ids`)."""
    listed = as_list(segments.reshape(-1).tolist() if hasattr(segments, "reshape") else segments)
    found: Any = [segments] if listed is None else listed
    found = found[0] if len(found) == 1 and isinstance(found[0], list | tuple) else found
    if not all(each is None or (isinstance(each, Real) and each in (0, 1)) for each in found):
        raise AttnlitError("The segment of a token is 0 for the first text, 1 for the second, or None.")
    return [None if each is None else int(each) for each in found]


def _tokens(strings: list[str], segments: list[int | None]) -> tuple[Token, ...]:
    if len(segments) != len(strings):
        raise AttnlitError(
            f"There are {len(segments)} segments for {len(strings)} tokens: give one for each."
        )
    special = [_SPECIAL.fullmatch(each) is not None for each in strings]
    return tuple(
        Token(
            id=position,
            text=text,
            raw=raw,
            special=alone,
            segment=None if alone else segment,
            position=position,
            source="" if alone else text,
        )
        for position, (text, raw, alone, segment) in enumerate(
            zip(readable(strings), strings, special, segments, strict=True)
        )
    )


# ------------------------------------------------------------------------------------------ queries and keys


def _inputs(
    q: Any, k: Any, scaling: float | None, weights: np.ndarray, eps: float
) -> tuple[LayerInputs, ...]:
    """Queries and keys of each layer, once it is sure that their softmax gives the weights."""
    if q is None or k is None:
        raise AttnlitError("Queries and keys belong together: give both q and k, or neither.")
    queries = _layers(q, "queries (q)", "(layers, heads, queries, head size)")
    keys = _layers(k, "keys (k)", "(layers, key heads, keys, head size)")
    layers, heads, rows, columns = weights.shape
    if queries.shape[:3] != (layers, heads, rows):
        raise AttnlitError(
            f"The queries have the shape {queries.shape}, which does not fit that of the weights."
        )
    fits = keys.shape[0] == layers and keys.shape[2:] == (columns, queries.shape[3])
    if not fits or heads % keys.shape[1]:
        raise AttnlitError(f"The keys have the shape {keys.shape}, which does not fit that of the queries.")
    if not (np.isfinite(queries).all() and np.isfinite(keys).all()):
        raise AttnlitError("The queries or the keys hold numbers that are not finite.")
    scaling = queries.shape[3] ** -0.5 if scaling is None else _checked_scaling(scaling)
    inputs = []
    for layer, matrices in enumerate(weights):
        # What no head of a layer gives any weight is masked.
        unseen = ~matrices.any(axis=0, keepdims=True)  # (1, Q, K)
        mask = np.where(unseen, np.finfo(np.float32).min, np.float32(0)) if unseen.any() else None
        made = LayerInputs(frozen(queries[layer]), frozen(keys[layer]), scaling, mask=mask)
        error = softmax_error(made, matrices)
        if not error <= softmax_tolerance(made, eps):
            raise AttnlitError(
                f"The softmax of q and k misses the weights of layer {layer} by {error:.2g}. Give them as "
                "they enter the softmax, rotated and normalised, with their scaling; or leave them out, if "
                "the model adds more than a mask to their products."
            )
        inputs.append(made)
    return tuple(inputs)


def _checked_scaling(scaling: Any) -> float:
    try:
        found = float(scaling)
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found):
        raise AttnlitError("scaling is what products of queries and keys are multiplied with: one number.")
    return found


def _eps(*arrays: Any) -> float:
    """Of the least precise of the arrays: a model in half precision rounds its scores as it computes."""
    each_first = (each[0] if isinstance(each, list | tuple) and each else each for each in arrays)
    return max(_EPS.get(str(getattr(each, "dtype", "")), FLOAT32) for each in each_first)
