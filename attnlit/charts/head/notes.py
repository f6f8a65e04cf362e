"""The sentences under the head view: what the picture leaves out, and what its numbers are."""

from __future__ import annotations

import numpy as np

from attnlit.wording import percent

HOW_TO = (
    "Point at a token to see its lines and numbers; click to keep them (the others turn grey), "
    "click again to let go, click with Shift to take several together. "
    "Click a head to switch it off or on; double click to see it alone, again to see all."
)


def notes(
    weights: np.ndarray, present: int, drawn: np.ndarray, detail_from: float, scale: tuple[str, ...]
) -> tuple[str, ...]:
    """What is left out of `weights` (heads, queries, keys), in sentences.

    `present` weights are worth a line; `drawn` are those that are drawn while nothing is pointed at, from the
    weakest to the strongest; pointing shows those from `detail_from` up; `scale` says what a weight is.
    """
    sentences = []
    if present and not len(drawn):
        sentences.append(
            f"No lines are drawn until a token is pointed at; then its lines from {percent(detail_from)} up."
        )
    elif len(drawn) < present:
        share = float(drawn.sum()) / float(weights.sum())
        sentences.append(
            f"Only the {len(drawn):,} strongest of {present:,} lines are drawn, from {percent(drawn[0])} up: "
            f"{share:.0%} of their weight. "
            f"Pointing at a token shows its lines from {percent(detail_from)} up."
        )
    if len(weights) > 1:
        sentences.append("The number beside a token is the mean over the heads that are switched on.")
    return (*sentences, *scale)
