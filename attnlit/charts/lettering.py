"""Words that stand in a picture once: all of them as one mark, as a browser takes long over each mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from attnlit.charts.later import alt
from attnlit.charts.vega import computed


@dataclass(frozen=True)
class Word:
    """One of them. Text, place and alignment are expressions of signals."""

    text: str
    x: str
    y: str
    align: str
    size: int
    weight: int = 400
    # A colour; that of all words where it is left out.
    ink: str = ""


def lettering(words: Sequence[Word], colour: str) -> alt.Chart:
    """The mark that draws these words."""

    def each(name: str, quote: str = "", otherwise: str = "") -> str:
        values = [f"{quote}{getattr(word, name) or otherwise}{quote}" for word in words]
        return values[0] if len({*values}) == 1 else f"[{', '.join(values)}][datum.word]"

    style: dict[str, Any] = {
        "align": alt.ExprRef(each("align")),
        "fontSize": alt.ExprRef(each("size")),
        "fontWeight": alt.ExprRef(each("weight")),
        "color": alt.ExprRef(each("ink", "'", colour)),
    }
    marks = alt.Chart(alt.sequence(0, len(words), as_="word")).mark_text(
        baseline="middle", limit=alt.ExprRef("width"), **style
    )
    return marks.encode(x=computed(each("x")), y=computed(each("y")), text=computed(each("text")))
