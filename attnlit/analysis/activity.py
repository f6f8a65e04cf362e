"""Inactive heads: heads that write next to nothing, wherever they look.

An attention sink need not be inactive, and an inactive head need not be a sink (Sandoval-Segura et al. 2025,
arXiv 2504.03889): what tells is how long the vectors are that a head writes, beside those of its layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.sample import SAMPLE, Text
from attnlit.analysis.statistics import interval
from attnlit.attention.capture import checked_kind
from attnlit.attention.values import output_lengths
from attnlit.models.layers import heads_in_order

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.models.model import Model

INACTIVE = 0.1  # of its layer's mean: our threshold, without a source


def activity(model: Model, texts: Sequence[Text] = SAMPLE, *, kind: str | None = None) -> pd.DataFrame:
    """How much each head writes, beside the heads of its layer.

    One row a head: `layer`, `head`, `share` (the mean length of what it writes into a token, as a multiple of
    the mean of its layer's heads: 1 by chance), `lower` and `upper` (its 95 % bootstrap interval over texts)
    and `inactive` (the whole interval is below 0.1). Raises AttnlitError for a model whose values are not
    known.
    """
    import pandas as pd

    kind = checked_kind(model, kind)
    lengths = np.array(
        [output_lengths(model, text, pair, kind).mean(-1) for text, pair in texts]
    )  # (T, L, H)
    means = lengths.mean(-1, keepdims=True)
    shares = np.divide(lengths, means, out=np.ones_like(lengths), where=means > 0)
    lower, upper = interval(shares, np.random.default_rng(0))
    heads = heads_in_order(model.numbers_by_kind[kind], model.heads_of(kind))
    return pd.DataFrame(heads, columns=["layer", "head"]).assign(
        share=shares.mean(0).ravel(),
        lower=lower.ravel(),
        upper=upper.ravel(),
        inactive=(upper < INACTIVE).ravel(),
    )
