"""What stands above the neuron view's columns, and the sentences under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnlit.charts.neuron.layout import FARTHEST

if TYPE_CHECKING:
    from attnlit.attention.vectors import Vectors


def captions(vectors: Vectors, vector_limit: float, product_limit: float) -> dict[str, list]:
    """Titles (line 1) and sub-titles (line 2) of the columns, and the legend (line 0).

    `short` is what is written where a column is narrow.
    """
    dimensions = f"{vectors.q.shape[1]} dimensions"
    # A mask is seen as dashes; it is named only where nothing else is added. The note says how wide it is.
    seen_adds = [part for part in vectors.adds if "mask" not in part] or list(vectors.adds)
    seen_adds = [part.partition(" of ")[0] for part in seen_adds]
    limits = f"full colour from ±{vector_limit:.2g} in q and k, ±{product_limit:.2g} in q × k"
    lines = [
        ("positive", 0, "positive", ""),
        ("negative", 0, "negative", ""),
        ("wide", 0, limits, ""),
        ("narrow", 0, f"full from ±{product_limit:.2g} in q × k", ""),
        ("query", 1, "Query", ""),
        ("q", 1, "Query vector q", "q"),
        ("q", 2, dimensions, f"{vectors.q.shape[1]} dim."),
        ("k", 1, "Key vector k", "k"),
        ("k", 2, sharing(vectors) if vectors.shared_with else dimensions, f"{vectors.q.shape[1]} dim."),
        ("product", 1, "q × k", ""),
        ("product", 2, "adds up to q·k", "sum: q·k"),
        ("score", 1, score_name(vectors), ""),
        ("score", 2, f"+ {', '.join(seen_adds)}" if seen_adds else "score", ""),
        ("weight", 1, "Softmax", ""),
        ("weight", 2, "weight", ""),
        ("key", 1, "Key", ""),
    ]
    return {
        "column": [column for column, *_ in lines],
        "line": [line for _, line, *_ in lines],
        "text": [text for _, _, text, _ in lines],
        "short": [short or text for *_, text, short in lines],
    }


def score_name(vectors: Vectors) -> str:
    """The dot product as this model scales it."""
    if np.isclose(vectors.scaling, vectors.q.shape[1] ** -0.5, rtol=1e-3):
        return "q·k / √d"
    return "q·k" if np.isclose(vectors.scaling, 1) else f"q·k × {vectors.scaling:.3g}"


def sharing(vectors: Vectors) -> str:
    """ "key head 0, with heads 1, 2, 3"."""
    others = vectors.shared_with
    heads = f"head{'s' if len(others) > 1 else ''} {', '.join(map(str, others))}"
    return f"key head {vectors.key_head}, with {heads}"


def notes(
    vectors: Vectors, weights: np.ndarray, vector_limit: float, product_limit: float, loaded: int
) -> tuple[str, ...]:
    """What the picture shows and leaves out. weights: (queries, keys); loaded: queries that answer."""
    sentences = [
        f"Blue is positive, orange negative. The full colour stands for ±{vector_limit:.2g} and beyond "
        f"in q and k, ±{product_limit:.2g} in q × k: 99.5% of the values lie within.",
        "A score's bar shows how far it lies below the largest of its row, because only differences count: "
        f"{FARTHEST:.0f} less is {np.exp(FARTHEST):,.0f} times smaller after the softmax, "
        "and bars end there.",
    ]
    if not np.isfinite(vectors.scores).all():
        sentences.append("A dash marks a key that the model does not let this query see.")
    if vectors.adds:
        sentences.append(
            f"The score is {score_name(vectors)} and what this model adds to it: {', '.join(vectors.adds)}."
        )
    if vectors.shared_with:
        sentences.append(
            f"This head shares its keys ({sharing(vectors)}): these heads have one k and differ in q."
        )
    if vectors.sink is not None:
        sentences.append(
            "The model lets part of the weight go nowhere: "
            f"its softmax includes one more score, {vectors.sink:.2f}."
        )
    elif weights.sum(axis=-1).min() < 0.999:
        sentences.append("Some keys are hidden, so the weights shown do not add up to 1.")
    if loaded < len(weights):
        sentences.append(
            "In a text this long, pointing works only for tokens near the chosen one; click any other."
        )
    return tuple(sentences)
