"""Pictures as files for a paper, a slide or a page: with a title, a margin and no word about clicking."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from attnlit.charts.picture import Picture, rows_of, with_values
from attnlit.charts.rendering import cleaned, javascript, rendered
from attnlit.charts.theme import LIGHT, Theme
from attnlit.charts.vega import ON_SCREEN

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd

KINDS = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "pdf": "application/pdf",
    "html": "text/html",
}
WIDTHS = {"column": 360, "page": 720}  # pixels: a column, or the whole page, of a printed paper
MARGIN = 12  # pixels
# Every system has one of these, and a file that names them looks alike wherever it is opened.
FONT = "Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif"
TITLE_SIZE, CAPTION_SIZE, LINE = 14, 12, 17  # pixels
_LAST_USUAL = "\u052f"  # of Cyrillic
_MORE_USUAL = ("\u1e00", "\u1fff")  # more of Latin and Greek
_FIRST_EMOJI = "\U0001f000"
_MOST_OF_A_NAME = 60  # characters of a file's name


def figure(
    chart: Picture | alt.TopLevelMixin,
    kind: str,
    *,
    title: str = "",
    caption: str = "",
    width: Literal["column", "page"] = "page",
    theme: Theme = LIGHT,
) -> bytes:
    """A picture, or an Altair chart, as a file: one of `KINDS`. None of them needs a network to be looked at.

    `title` stands above the picture in bold (`heading` makes the usual one), the lines of `caption` below the
    title; what is too long for the width ends in an ellipsis. Paper is white: give a picture that was made
    with the light theme, or name the theme that it was made with.
    Raises `AttnlitError` where it cannot be drawn.
    """
    spec = _printed(chart, title, caption, WIDTHS[width], theme, by_itself=kind == "html")
    if kind == "html":
        return _page(spec, title or "attnlit")
    return rendered(spec, kind)


def heading(model: str, layer: int | None = None, heads: Sequence[int] = (), of: int = 0) -> str:
    """ "mini-gpt2 · layer 3 · head 2". With several heads of a layer of `of`: "heads 0, 2", "all 8 heads"."""
    parts = [model]
    if layer is not None:
        parts.append(f"layer {layer}")
    if len(heads) == 1:
        parts.append(f"head {heads[0]}")
    elif heads:
        parts.append(f"all {of} heads" if len(heads) == of else f"heads {', '.join(map(str, heads))}")
    return " · ".join(parts)


def file_stem(model: str, view: str, layer: int | None = None, head: int | None = None) -> str:
    """A file's name without its ending, unlike that of another head: "mini-gpt2_L3H2_head"."""
    place = ("" if layer is None else f"L{layer}") + ("" if head is None else f"H{head}")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", model.rsplit("/", 1)[-1])[:_MOST_OF_A_NAME].strip("-.")
    return "_".join(part for part in (name or "model", place, view.replace(" ", "_")) if part)


def needs_more_fonts(text: str) -> bool:
    """Whether there are letters or emoji in it that usual fonts lack: beyond Latin, Greek and Cyrillic."""
    letters = (each for each in text if unicodedata.category(each)[0] in "LM" or each >= _FIRST_EMOJI)
    return any(each > _LAST_USUAL and not _MORE_USUAL[0] <= each <= _MORE_USUAL[1] for each in letters)


def csv(table: pd.DataFrame) -> bytes:
    """A table as a file that spreadsheets open as it is: UTF-8 that says so (a byte order mark).

    A token such as “=1+2” they would compute, and a vocabulary may hold anything: it gets an apostrophe in
    front, as somebody would type it. Parquet holds all tokens as they are.
    """
    from pandas.api.types import is_numeric_dtype

    texts = [name for name in table.columns if not is_numeric_dtype(table[name])]
    safe = table.assign(**{name: table[name].map(_no_formula) for name in texts})
    return safe.to_csv(index=False).encode("utf-8-sig")


def _no_formula(cell: Any) -> Any:
    is_formula = isinstance(cell, str) and len(cell) > 1 and cell[0] in "=+-@"
    return f"'{cell}" if is_formula else cell


def parquet(table: pd.DataFrame, about: Mapping[str, str]) -> bytes:
    """A table as Parquet, with a header that says what it is: `about`, in the file's own metadata."""
    import pyarrow as pa
    from pyarrow.parquet import write_table

    columns = pa.Table.from_pandas(table, preserve_index=False)
    file = pa.BufferOutputStream()
    write_table(columns.replace_schema_metadata({**(columns.schema.metadata or {}), **about}), file)
    return file.getvalue().to_pybytes()


def _printed(
    chart: Picture | alt.TopLevelMixin, title: str, caption: str, width: int, theme: Theme, *, by_itself: bool
) -> dict[str, Any]:
    """The specification with its data, its width, a title and a margin.

    by_itself: it will be looked at in a browser, where clicks do what they do in a notebook.
    """
    if isinstance(chart, Picture):
        spec = chart.spec_by_itself if by_itself else with_values(chart.spec, {ON_SCREEN: False})
        spec = {**spec, "height": chart.height(width), "datasets": rows_of(chart.tables)}
    else:
        spec = chart.to_dict()
    lines = caption.split("\n") if caption else []
    above = LINE * (bool(title) + len(lines)) + (6 if title or lines else 0)
    spec |= {"width": width, "background": theme.background, "usermeta": {}}
    own = spec.get("padding", {})
    spec["padding"] = {side: MARGIN + own.get(side, 0) for side in ("left", "right", "top", "bottom")}
    if spec.get("autosize") == "none":
        spec["padding"]["top"] += above
    elif "autosize" in spec:  # fitted: the title and the margin are taken from the size
        spec["height"] += above + 2 * MARGIN
        spec["width"] += 2 * MARGIN
    spec["config"] = {**spec.get("config", {}), "font": FONT}
    if above:
        spec["title"] = {
            "text": title, **({"subtitle": lines} if lines else {}),
            "anchor": "start", "frame": "group", "offset": 8,
            "color": theme.text, "fontSize": TITLE_SIZE, "fontWeight": 600, "subtitlePadding": 4,
            "subtitleColor": theme.faint, "subtitleFontSize": CAPTION_SIZE,
            "subtitleLineHeight": LINE, "limit": width,
        }  # fmt: skip
    return spec


def _page(spec: dict[str, Any], title: str) -> bytes:
    """A page of its own, with all the scripts that it needs inside."""
    # No "<" of the data may end the script in which they stand.
    inside = json.dumps(cleaned(spec)).replace("<", "\\u003c")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(cleaned(title))}</title>\n<script>{javascript().decode()}</script>\n</head>\n<body>\n"
        '<div id="picture"></div>\n<script>\n'
        f'vegaEmbed("#picture", {inside}, {{mode: "vega-lite", actions: false}});\n'
        "</script>\n</body>\n</html>\n"
    ).encode()
