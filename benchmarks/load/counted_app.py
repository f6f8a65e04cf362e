"""`python -m benchmarks.load.counted_app run streamlit_app.py`: Streamlit, with a line per forward pass."""

from __future__ import annotations

import sys
from typing import Any

import attnlit.attention

FORWARD = "forward pass:"
attend_all = attnlit.attention.attend_all


def counting(model: Any, text: str, pair: str | None = None) -> Any:
    """`attend_all`, and a line on stderr that says so."""
    print(FORWARD, repr(text), file=sys.stderr, flush=True)
    return attend_all(model, text, pair)


if __name__ == "__main__":
    from streamlit.web.cli import main

    attnlit.attention.attend_all = counting  # type: ignore[assignment]  # it takes no edits: the app has none
    main()
