"""Makes the table of docs/passed_on.md: what those heads of the bundled models do that rest.

`python -m tests.resting` prints it, in half a minute. A test holds the page to which heads rest, and to the
first of each kind.
"""

from __future__ import annotations

import numpy as np

from attnlit.analysis.scores import RESTS
from attnlit.analysis.sinks import CONSTANT, IDLE, TEXTS, WORKING, Resting, resting_heads
from attnlit.attention import attend
from attnlit.models.catalogue import CATALOGUE
from attnlit.models.model import Model
from tests.bundled import bundled

NAMES = [each.id for each in CATALOGUE if each.bundled]
HEAD = (
    f"| model | heads that rest | {IDLE} | {CONSTANT} | {WORKING} |",
    "|---|---|---|---|---|",
)


def row(name: str) -> str:
    """One model, as the table says it."""
    model = bundled(name)
    found = resting_heads(model, heads_that_rest(model))
    cells = [f"{len(found)} of {model.layers * model.heads}"]
    for verdict in (IDLE, CONSTANT, WORKING):
        cells.append(", ".join(_named(each) for each in found if each.verdict == verdict) or "–")
    return f"| {' | '.join([name, *cells])} |"


def heads_that_rest(model: Model) -> list[tuple[int, int]]:
    """The heads that give the first token and added ones a sink's share, over the texts that measure them."""
    shares = []
    for text, pair in TEXTS:
        record = attend(model, text, pair)
        resting = [token.special or token.position == 0 for token in record.keys]
        rows = slice(1 if record.causal else 0, None)
        shares.append(record.weights[:, :, rows][..., resting].sum(-1).mean(-1))
    heads = np.argwhere(np.mean(shares, axis=0) >= RESTS.least)
    return [(int(layer), int(head)) for layer, head in heads]


def _named(found: Resting) -> str:
    """“5-7”, and “5-7?” where other texts might tell otherwise."""
    return f"{found.layer}-{found.head}{'' if found.sure else '?'}"


if __name__ == "__main__":
    print("\n".join((*HEAD, *map(row, NAMES))))
