"""The home page's living picture."""

from __future__ import annotations

from attnlit.app import cache, start
from attnlit.app.examples import EXAMPLES, strongest_head
from attnlit.app.sidebar import theme


def living_picture() -> None:
    """One head of the first example. A cold server shows the words beside it first."""
    start.prepare_process()
    from attnlit.app import panels
    from attnlit.charts.head import head_picture

    first = EXAMPLES["previous"]
    layer, head = strongest_head(first)
    record = cache.attention(cache.load_model(first.model), first.text, first.pair)["self"]
    panels.picture(
        head_picture(record, layer, [head], theme=theme()),
        key="living_picture",
        alt=f"Head view of layer {layer}, head {head} of {first.model}",
    )
