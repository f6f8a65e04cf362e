"""What can write into the state of a token."""

from __future__ import annotations

from dataclasses import dataclass

EMBEDDINGS, HEAD, OUTPUT_BIAS = "embeddings", "head", "output bias"
MLP, LAYER, NORM_BIAS = "MLP", "layer without attention", "norm bias"


@dataclass(frozen=True)
class Part:
    """One of the parts that a state is a sum of."""

    kind: str  # EMBEDDINGS, HEAD, OUTPUT_BIAS, MLP, LAYER or NORM_BIAS
    number: int | None = None  # of its layer in the model; None for what belongs to no layer
    # Of heads and output biases: the layer of their attention, the head, and "self", "decoder" or "cross".
    layer: int | None = None
    head: int | None = None
    attention: str = ""

    @property
    def order(self) -> tuple[int, ...]:
        """For sorting: as the forward pass meets the parts."""
        if self.kind == EMBEDDINGS:
            return (0,)
        if self.kind == NORM_BIAS:
            return (2,)
        number = (self.layer if self.number is None else self.number) or 0
        attention = ("self", "decoder", "cross", "").index(self.attention)  # an MLP comes last
        return (1, number, attention, self.kind != HEAD, self.head or 0)
