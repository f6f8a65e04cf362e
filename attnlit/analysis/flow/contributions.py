"""What is passed on, measured for a rollout: by the model itself, and by its values under even attention."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.flow.mixing import check_whole
from attnlit.analysis.flow.uniform import uniform_weights
from attnlit.attention.values import contributions_beside

if TYPE_CHECKING:
    from attnlit.attention.record import Attention
    from attnlit.models.model import Model


def contributions_and_even(model: Model, attention: Attention) -> tuple[np.ndarray, np.ndarray]:
    """What `rollout` takes as `contributions`: two arrays (L, N, N), from one forward pass.

    How much closer each token brings each other one to its new state (ALTI: Ferrando et al. 2022, arXiv
    2203.04212, section 3); and the same if the values were weighed evenly under the same masks, the null.
    `attention` is the record of the text in `model`. Raises AttnlitError for a record that is not whole, and
    for a model whose heads' values are not known or do not add up.
    """
    check_whole(attention)
    even = [uniform_weights(attention, layer) for layer in attention.layer_numbers]
    return contributions_beside(model, attention.text, attention.pair, attention.kind, even)
