"""Records what home shows at once: `python -m attnlit.app.home.record`, after a model has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnlit.app.examples import EXAMPLES
from attnlit.app.frame.sidebar import FIRST_MODEL, TEXT
from attnlit.app.home.recorded import FILE, write
from attnlit.attention import attend, load

if TYPE_CHECKING:
    from attnlit.attention import Attention

TEXTS = tuple(
    dict.fromkeys(
        [(FIRST_MODEL, TEXT, ""), *((each.model, each.text, each.pair) for each in EXAMPLES.values())]
    )
)  # model, text, pair


def live() -> list[tuple[str, Attention]]:
    """Every text of the home page in its model, as it is now, with the model's identity."""
    models = {name: load(name) for name in dict.fromkeys(name for name, _, _ in TEXTS)}
    return [(models[name].identity, attend(models[name], text, pair or None)) for name, text, pair in TEXTS]


if __name__ == "__main__":
    write(live())
    print(f"{FILE.name}: {len(TEXTS)} records, {FILE.stat().st_size / 1024:.0f} KB")
