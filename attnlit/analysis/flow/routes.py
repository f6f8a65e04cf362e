"""The routes of one token: which way its information came down to it, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from attnlit.wording import InOneLine, quoted

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.attention.record import Token

SMALLEST = 1e-9  # a share of uniform attention below this is a token out of reach: no ratio


@dataclass(frozen=True, eq=False, repr=False)
class Routes(InOneLine):
    """Where one token's information, after the last layer, came from; and the same for uniform attention.

    All shares are of the token's whole information, 1. Layer 0 of `edges` starts at the inputs.
    """

    tokens: tuple[Token, ...]
    # Place of the chosen token.
    query: int
    # "rollout", "flow" or "contributions".
    way: str
    # Whether half of each token stays with it in each layer.
    residual: bool
    # Whether no token sees a later one.
    causal: bool
    # The number in the model of each layer of `edges`.
    layer_numbers: tuple[int, ...]
    # float64 (L, N, N): what goes through layer l from token j below it to token i above it.
    edges: np.ndarray
    # The same for the null.
    uniform_edges: np.ndarray

    def _said(self) -> str:
        token = quoted(self.tokens[self.query].text)
        return f"{self.way} of {token}, one of {len(self.tokens)} tokens, through {len(self.edges)} layers"

    def _shown_table(self) -> pd.DataFrame:
        return self.table()

    @cached_property
    def nodes(self) -> np.ndarray:
        """The share that each token holds: (L + 1, N); row 0 the inputs, row L the chosen token alone."""
        return _nodes(self.edges, self.query)

    @cached_property
    def uniform_nodes(self) -> np.ndarray:
        """The same for uniform attention."""
        return _nodes(self.uniform_edges, self.query)

    @property
    def shares(self) -> np.ndarray:
        """The share of each input token: (N,). They sum to 1 less `nowhere`."""
        return self.nodes[0]

    @property
    def nowhere(self) -> float:
        """The share that learned sinks took: it comes from no token."""
        return max(0.0, 1 - float(self.shares.sum()))

    @property
    def ratio(self) -> np.ndarray:
        """How many times the share under uniform attention: (N,); NaN where the mask hides the token."""
        return ratio_to(self.shares, self.uniform_nodes[0])

    def table(self) -> pd.DataFrame:
        """One row an input token: token, position, share, uniform, ratio."""
        import pandas as pd

        return pd.DataFrame(
            {
                "token": [token.text for token in self.tokens],
                "position": [token.position for token in self.tokens],
                "share": self.shares,
                "uniform": self.uniform_nodes[0],
                "ratio": self.ratio,
            }
        )


def _nodes(edges: np.ndarray, query: int) -> np.ndarray:
    """The share that each token holds below every layer, and above the last: (L + 1, N)."""
    top = np.zeros((1, edges.shape[1]))
    top[0, query] = 1
    return np.concatenate([edges.sum(axis=1), top])


def ratio_to(shares: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Shares as multiples of the null's; NaN where the null has none."""
    reached = uniform > SMALLEST
    return np.where(reached, shares / np.where(reached, uniform, 1), np.nan)
