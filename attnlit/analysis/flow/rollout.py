"""Attention rollout: the layers' mixing matrices multiplied together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.flow.mixing import mixing, mixing_of_contributions
from attnlit.analysis.flow.routes import Routes, ratio_to
from attnlit.attention.given import checked_switch, checked_token
from attnlit.attention.rows import Heads
from attnlit.errors import AttnlitError
from attnlit.wording import InOneLine

if TYPE_CHECKING:
    from attnlit.attention.record import Attention, Token


@dataclass(frozen=True, eq=False, repr=False)
class Rollout(InOneLine):
    """How much of each token, after each layer, comes from each input token; and the same of the null."""

    tokens: tuple[Token, ...]
    # "rollout", or "contributions" where measured ones stand in place of the weights.
    way: str
    # Whether half of each token stays with it in each layer.
    residual: bool
    # Whether no token sees a later one.
    causal: bool
    # The number in the model of each layer of the matrices.
    layer_numbers: tuple[int, ...]
    # The layers' mixing matrices: float64 (L, N, N).
    mixing: np.ndarray
    # The same for uniform attention under the same masks.
    uniform_mixing: np.ndarray

    def _said(self) -> str:
        return f"{self.way} of {len(self.tokens)} tokens through {len(self.mixing)} layers"

    @cached_property
    def matrices(self) -> np.ndarray:
        """float64 (L, N, N): `matrices[l, i, j]` is the share of input token j in token i after layer l."""
        return _multiplied(self.mixing)

    @cached_property
    def uniform(self) -> np.ndarray:
        """The same for uniform attention."""
        return _multiplied(self.uniform_mixing)

    @property
    def nowhere(self) -> np.ndarray:
        """The share that learned sinks took, which comes from no token: (L, N). Rows and this sum to 1."""
        return np.maximum(0, 1 - self.matrices.sum(axis=-1))

    @property
    def ratio(self) -> np.ndarray:
        """`matrices` as multiples of `uniform`: (L, N, N); NaN where the mask lets nothing through."""
        return ratio_to(self.matrices, self.uniform)

    def routes(self, query: int) -> Routes:
        """One token's row of the last matrix, and the way that each of its shares took.

        `query` is the token's place. Raises AttnlitError for a token that does not exist.
        """
        checked_token(query, len(self.tokens))
        return Routes(
            tokens=self.tokens,
            query=query,
            way=self.way,
            residual=self.residual,
            causal=self.causal,
            layer_numbers=self.layer_numbers,
            edges=_edges(self.mixing, query),
            uniform_edges=_edges(self.uniform_mixing, query),
        )


def rollout(
    attention: Attention,
    *,
    uniform: bool = False,
    residual: bool = True,
    heads: Heads = None,
    contributions: tuple[np.ndarray, np.ndarray] | None = None,
) -> Rollout:
    """Attention rollout (Abnar & Zuidema 2020, arXiv 2005.00928, section 3).

    With `Â_l = ½ mean_h A_l + ½ I` it is `R_0 = Â_0`, `R_l = Â_l R_(l-1)`: later layers stand on the left.

    Args:
        attention: A whole record, of any kind but "cross".
        uniform: Roll out uniform attention under the same masks instead of the model's own.
        residual: False leaves the ½ I out: attention alone.
        heads: Only these (layer, head) pairs; a layer without any passes its tokens on unchanged.
        contributions: In place of weights, how much token j really adds to token i in each layer, (L, N, N)
            each: of the model, and of its null (see `contributions_and_even`). They include the residual.

    Raises AttnlitError for cross-attention, for a filtered record, for one whose words are put together, and
    for a head that does not exist.
    """
    uniform, residual = checked_switch(uniform, "uniform"), checked_switch(residual, "residual")
    if contributions is None:
        own, null = (
            mixing(attention, uniform=even, residual=residual, heads=heads) for even in (uniform, True)
        )
    elif not isinstance(contributions, tuple | list) or len(contributions) != 2:
        raise AttnlitError("Give contributions as two arrays: of the model, and of even attention.")
    elif heads is not None or not residual:
        raise AttnlitError(
            "Contributions include all heads and the residual: leave `heads` and `residual` out."
        )
    else:
        measured, even = (mixing_of_contributions(attention, each) for each in contributions)
        own, null = (even if uniform else measured), even
    return Rollout(
        tokens=attention.queries,
        way="rollout" if contributions is None else "contributions",
        residual=residual,
        causal=attention.causal,
        layer_numbers=attention.layer_numbers,
        mixing=own,
        uniform_mixing=null,
    )


def _multiplied(matrices: np.ndarray) -> np.ndarray:
    rolled = [matrices[0]]
    for matrix in matrices[1:]:
        rolled.append(matrix @ rolled[-1])
    return np.stack(rolled)


def _edges(matrices: np.ndarray, query: int) -> np.ndarray:
    """What goes through each layer: a token's share above the layer, parted as its row of the matrix says."""
    edges = np.empty_like(matrices)
    held = np.zeros(matrices.shape[1])
    held[query] = 1
    for layer in reversed(range(len(matrices))):
        edges[layer] = held[:, None] * matrices[layer]
        held = edges[layer].sum(axis=0)
    return edges
