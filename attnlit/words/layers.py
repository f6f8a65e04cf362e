"""What is said of a layer that does not see the whole text."""

from __future__ import annotations

from attnlit.models.layers import CHOSEN, CHUNK, WINDOW


def reach_in_words(kind: str, causal: bool) -> str:
    """How far a layer sees, by its kind in `Model.layer_kinds`; nothing where it sees all that there is."""
    name, _, size = kind.rpartition(" ")
    if name == WINDOW:
        tokens = f"{int(size):,} tokens"
        return f"this layer sees only the last {tokens}" if causal else f"this layer sees {tokens} each way"
    if name == CHUNK:
        return f"this layer sees no farther than its chunk of {int(size):,} tokens"
    if name == CHOSEN:
        return f"each token sees at most {int(size):,} tokens here, which an indexer has chosen for it"
    return ""
