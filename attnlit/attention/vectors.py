"""What one layer's softmax was made of: queries, keys, scores, and what the model adds to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnlit.wording import InOneLine

# Models mask with anything from -1e4 (OpenAI GPT) to the smallest float32; no real score comes near.
MASKED_BELOW = -9e3
# A recorded score that differs from scaling * q.k by more than rounding has had something added.
_ROUNDING = 1e-3


@dataclass(frozen=True, repr=False)
class Vectors(InOneLine):
    """What entered one head's softmax.

    The softmax of `scores` over keys is the head's weights, to 1e-5 and, where scores are in the hundreds,
    float32's rounding of them: see `attnlit.attention.softmax`. `scores` is `scaling * q @ k.T` and whatever
    the model itself adds (mask, position bias, soft cap). Where `sink` is given, it stands in the softmax as
    one more key, whose weight goes nowhere, so that the row of weights sums to less than 1.
    """

    q: np.ndarray  # float32 (Q, d)
    k: np.ndarray  # float32 (K, d)
    scores: np.ndarray  # float32 (Q, K); masked keys are -inf
    scaling: float
    key_head: int  # index of the key head that this query head uses
    shared_with: tuple[int, ...] = ()  # the other query heads on the same key head (grouped queries)
    adds: tuple[str, ...] = ()  # plain names of what the model adds to scaling * q.k: "causal mask" ...
    sink: float | None = None  # this head's learned extra score in the softmax (gpt-oss)

    def _said(self) -> str:
        (queries, size), keys = self.q.shape, len(self.k)
        added = f"; the model adds: {', '.join(self.adds)}" if self.adds else ""
        return f"{queries} queries and {keys} keys of {size} dimensions, scaling {self.scaling:.3g}{added}"


@dataclass(frozen=True, eq=False, repr=False)
class LayerInputs(InOneLine):
    """What one layer's softmax was made of, kept small: scores are rebuilt when somebody looks at a head.

    H query heads, G key heads, Q queries, K keys, d head size. All arrays are float32.
    """

    q: np.ndarray  # (H, Q, d), after rotation and normalisation
    k: np.ndarray  # (G, K, d)
    scaling: float
    softcap: float | None = None  # scores are softcap * tanh(scores / softcap) before anything is added
    bias: np.ndarray | None = None  # (1 or H, 1 or Q, K), shared between layers
    mask: np.ndarray | None = None  # the same shapes, shared between layers
    logits: np.ndarray | None = None  # (H, Q, K): the scores as seen, not rebuilt
    sinks: np.ndarray | None = None  # (H,)

    def _said(self) -> str:
        heads, queries, size = self.q.shape
        groups, keys, _ = self.k.shape
        return f"queries ({heads}, {queries}, {size}), keys ({groups}, {keys}, {size})"

    @property
    def visible(self) -> np.ndarray:
        """Which keys the model's mask lets each query see: bool (1 or H, Q, K); 1 where heads see alike."""
        if self.logits is not None:
            return self.logits > MASKED_BELOW
        added: np.ndarray | float = 0.0
        for part in (self.bias, self.mask):
            added = added if part is None else added + part
        shape = (1, self.q.shape[1], self.k.shape[1])
        return np.broadcast_to(np.asarray(added > MASKED_BELOW), np.broadcast_shapes(np.shape(added), shape))

    def vectors(self, head: int) -> Vectors:
        """Queries, keys and scores of one head of this layer."""
        heads_a_key = len(self.q) // len(self.k)
        key_head = head // heads_a_key
        group = range(key_head * heads_a_key, (key_head + 1) * heads_a_key)
        q, k = self.q[head], self.k[key_head]
        product = self.scaling * (q @ k.T)  # (Q, K)
        scores = product if self.logits is None else self.logits[head]
        adds = []
        if self.softcap is not None:
            scores = self.softcap * np.tanh(scores / self.softcap)
            adds.append("soft cap")
        for part in (self.bias, self.mask):
            if part is not None:
                scores = scores + part[head if len(part) > 1 else 0]
        masked = scores <= MASKED_BELOW
        added = np.abs(scores - product)[~masked].max(initial=0)
        if self.softcap is None and added > _ROUNDING * max(1.0, float(np.abs(product).max())):
            adds.append("position bias")
        if masked.any():
            adds.append(mask_name(~masked))
        if self.sinks is not None:
            adds.append("sink")
        return Vectors(
            q=q,
            k=k,
            scores=np.where(masked, np.float32(-np.inf), scores).astype(np.float32, copy=False),
            scaling=self.scaling,
            key_head=key_head,
            shared_with=tuple(other for other in group if other != head),
            adds=tuple(adds),
            sink=None if self.sinks is None else float(self.sinks[head]),
        )


def mask_name(visible: np.ndarray) -> str:
    """What a mask is, by the keys that it lets each query see, bool (Q, K).

    "causal mask", "sliding window of 4 tokens" (the query itself is one of them), "sliding window of 4 tokens
    each way", "chunks of 16 tokens", or "mask" for any other; empty where everything is seen.
    """
    if visible.all():
        return ""
    queries, keys = visible.shape
    place = np.arange(keys)
    if queries != keys or not visible.diagonal().all():
        return "mask"
    back = place[:, None] - place  # (Q, K): how far back a key is
    causal = not visible[back < 0].any()
    allowed = back >= 0 if causal else np.ones_like(visible)
    if (visible == allowed).all():
        return "causal mask"
    reach = int(back[visible].max())
    if (visible == allowed & (abs(back) <= reach)).all():
        size, ways = (reach + 1, "") if causal else (reach, " each way")
        return f"sliding window of {size} tokens{ways}"
    size = reach + 1  # of the longest chunk, as the whole of the first one is
    if (visible == allowed & (place // size == place[:, None] // size)).all():
        return f"chunks of {size} tokens"
    return "mask"
