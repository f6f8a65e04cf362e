"""Code for the pictures of Compare: it makes the same ones in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnlit.app import code

if TYPE_CHECKING:
    from attnlit.analysis.compare import Comparison
    from attnlit.app.frame.opening import Known
    from attnlit.app.frame.request import Request


def difference(
    request: Request,
    found: Comparison,
    other: tuple[int, int],
    second: Known | None = None,
    *,
    untrained: bool = False,
) -> str:
    """Code for what the chosen head looks at in one and not in the other.

    found: the two, compared. other: layer and head of the second. second: its model, where that is another
    one; untrained: it is the first before training.
    """
    imports, steps = code.filtering(request)
    if untrained:
        imports = [("attnlit.attention", "untrained"), *imports]
    name = "model" if second is None and not untrained else "other"
    opened = [f"other = attnlit.load({code.source(second)})"] if second is not None else []
    lines = [
        "import attnlit",
        *(f"from {room} import {each}" for room, each in sorted(imports)),
        "from attnlit.charts.heatmap import difference_map",
        "",
        f"model = attnlit.load({code.source(request.known)})",
        *(["other = untrained(model)"] if untrained else opened),
        code.recorded(request, found.first, request.known),
        *steps,
        "first = attention",
        code.recorded(request, found.second, second or request.known, name),
        *steps,
        "found = attnlit.compare(first, attention)",
        f"difference_map(*found.one_head({request.layer}, {request.head}, {other}))",
    ]
    return "\n".join(lines)
