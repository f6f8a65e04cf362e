"""`attnlit export VIEW MODEL TEXT --out FILE`: one figure, as a file for a paper, a slide or a page."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnlit.attention.given import checked_token
from attnlit.errors import AttnlitError
from attnlit.wording import quoted
from attnlit.words.caption import caption

if TYPE_CHECKING:
    from attnlit.attention import Attention
    from attnlit.charts.picture import Picture

VIEWS = ("head", "model", "neuron", "heatmap")


def add_to(commands: Any) -> None:
    """Add this command to those of the parser."""
    parser = commands.add_parser(
        "export",
        help="make a figure",
        description="Make a figure of one text: SVG, PNG, PDF or HTML, by the ending of the file's name. "
        "Without a layer and a head it shows the head that is most telling on this text.",
    )
    parser.add_argument("view", metavar="VIEW", choices=VIEWS, help=", ".join(VIEWS))
    parser.add_argument("model", metavar="MODEL", help="a bundled model, a folder, or a model of the hub")
    parser.add_argument("text", metavar="TEXT", help="a sentence, in quotation marks")
    parser.add_argument("--pair", metavar="TEXT", help="a second sentence, or an encoder-decoder's target")
    parser.add_argument("--kind", help="the attention of an encoder-decoder: encoder, decoder or cross")
    parser.add_argument("--layer", type=int, help="counts from 0")
    parser.add_argument("--head", type=int, help="counts from 0")
    parser.add_argument("--query", type=int, help="the token that looks, counts from 0 (neuron view)")
    parser.add_argument("--width", choices=("column", "page"), default="page", help="of the printed paper")
    parser.add_argument("--out", metavar="FILE", type=Path, required=True, help="such as figure.svg")
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> None:
    """Read the text, draw the view, write the file."""
    from attnlit.analysis.scores import telling_head
    from attnlit.attention import attend, load
    from attnlit.charts.figure import KINDS, figure, heading

    form = asked.out.suffix.lower().lstrip(".")
    if form not in KINDS:
        endings = ", ".join(f".{each}" for each in KINDS)
        raise AttnlitError(f"The name of a figure ends in one of {endings}: {quoted('figure.svg')}, say.")
    model = load(asked.model)
    attention = attend(model, asked.text, asked.pair, asked.kind)
    layer, head = telling_head(attention)
    layer = layer if asked.layer is None else asked.layer
    head = head if asked.head is None else asked.head
    attention.row(layer, head)  # says so where there is no such head
    picture = _picture(attention, asked.view, layer, head, asked.query)
    title = heading(attention.model, *(() if asked.view == "model" else (layer, [head], attention.heads)))
    below = caption(attention.model, model.identity, (attention.text, attention.pair or ""))
    try:
        asked.out.write_bytes(figure(picture, form, title=title, caption=below, width=asked.width))
    except OSError as error:
        raise AttnlitError(f"{quoted(str(asked.out))} cannot be written: {error.strerror}.") from error


def _picture(attention: Attention, view: str, layer: int, head: int, query: int | None) -> Picture:
    from attnlit.analysis.scores import telling_query
    from attnlit.charts.head import head_picture
    from attnlit.charts.heatmap import heatmap_picture
    from attnlit.charts.model import model_picture
    from attnlit.charts.neuron import neuron_picture

    if query is None:
        query = telling_query(attention, layer, head)
    checked_token(query, len(attention.queries))
    if view == "head":
        return head_picture(attention, layer, [head])
    if view == "model":
        return model_picture(attention)
    if view == "neuron":
        return neuron_picture(attention, layer, head, query)
    return heatmap_picture(attention, layer, head)
