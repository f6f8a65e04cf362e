"""The home page's living picture."""

from __future__ import annotations

from attnlit.app import cache, start
from attnlit.app.examples import EXAMPLES, where
from attnlit.app.frame.theme import theme


def living_picture() -> None:
    """One head of the first example. A cold server shows the words beside it first."""
    start.prepare_process()
    from attnlit.app import panels
    from attnlit.charts.head import head_picture

    first = EXAMPLES["previous"]
    record = cache.attention(cache.load_model(first.model), first.text, first.pair)["self"]
    layer, head, query = where(first, record)
    panels.picture(
        head_picture(record, layer, [head], theme=theme(), pinned=("query", query)),
        key="living_picture",
        alt=f"Head view of one head of {first.model}",
    )
