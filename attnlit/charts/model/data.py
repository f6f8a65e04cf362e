"""The model view's tables: thumbnails, and what each head's tooltip says in words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from attnlit.attention.given import as_list
from attnlit.attention.measures import looks_back, row_entropies, strongest_pair
from attnlit.attention.record import ATTENTION
from attnlit.charts.drawn import Drawn
from attnlit.charts.grid import GAP_SHARE, cells_of, grid_tables
from attnlit.charts.model.others import bands_above, others_table
from attnlit.charts.model.roles import NOTHING, VEILED, Roles, colours_of_heads, in_legend, names_of_heads
from attnlit.charts.near import near_table
from attnlit.charts.opacity import filled, one
from attnlit.charts.packed_text import rows_table
from attnlit.charts.raster import line_strips
from attnlit.charts.theme import Theme
from attnlit.errors import AttnlitError
from attnlit.wording import a_kind, percent

if TYPE_CHECKING:
    from attnlit.attention.record import Attention

PIXELS = 680_000  # of all thumbnails together, so that a model of any size is light to send
LARGEST_THUMBNAIL = 128  # pixels
ROWS_MEASURED = 64  # of a text twice as long and longer: evenly spaced queries for spread and distance

# Thumbnails of the records in use. An app that weighs all its caches together sets `drawn.most_bytes`.
drawn = Drawn(most_bytes=48 * 2**20)


def model_tables(
    attention: Attention, shown: tuple[int, ...], theme: Theme, roles: Roles | None
) -> dict[str, pa.Table]:
    """Thumbnails, facts and labels of these layers, drawn at their first showing in this theme."""
    what = (shown, theme, roles)
    return drawn.get(attention, what, lambda: _draw(attention, shown, theme, roles))


def _draw(
    attention: Attention, shown: tuple[int, ...], theme: Theme, roles: Roles | None
) -> dict[str, pa.Table]:
    weights = _weights(attention, shown)
    layers, heads = weights.shape[:2]
    height = thumbnail_height(layers * heads)
    names = names_of_heads(roles, attention, shown)
    colours = colours_of_heads(roles, names, theme)
    bands = bands_above(attention, shown)
    row, column = cells_of(layers, heads)
    return {
        **grid_tables(shown, heads, len(in_legend(roles, names)), bands, attention.head_names),
        "strips": _strips(weights, colours, height, bands),
        "others": others_table(attention, shown),
        "cells": rows_table(
            id=np.arange(layers * heads, dtype=np.int16),
            row=row,
            column=column,
            bands=np.array(bands[:-1], np.int16)[row],
            layer=np.asarray(shown, np.int16)[row],
            head=column,
            role=[name for row in names for name in row],
            **_facts(attention, weights),
        ),
    }


def near_of(
    attention: Attention,
    shown: tuple[int, ...],
    selected: tuple[int, int] | None,
    theme: Theme,
    roles: Roles | None,
    only: str | None,
) -> pa.Table:
    """The heads of the selected layer, to be drawn large where the grid's cells are small.

    only: the role whose heads do not fade.
    """
    cells = model_tables(attention, shown, theme, roles)["cells"]
    row = shown.index(selected[0]) if selected and selected[0] in shown else None
    near = near_table(cells, row, attention.heads)
    urls = pa.array([], pa.string())
    if row is not None:
        layer = shown[row]
        what = ("near", layer, theme, roles)
        urls = drawn.get(attention, what, lambda: _large(attention, layer, theme, roles))["near"]["url"]
    seen = [1.0 if only in (None, role) else 1 - VEILED for role in near["role"].to_pylist()]
    return near.append_column("url", urls).append_column("opacity", pa.array(seen, pa.float32()))


def _large(attention: Attention, layer: int, theme: Theme, roles: Roles | None) -> dict[str, pa.Table]:
    weights = _weights(attention, (layer,))
    colours = colours_of_heads(roles, names_of_heads(roles, attention, (layer,)), theme)
    return {"near": rows_table(url=line_strips(weights, colours, LARGEST_THUMBNAIL, 0))}


def _weights(attention: Attention, shown: tuple[int, ...]) -> np.ndarray:
    """What the lines of these layers weigh, at most 1: (L, H, Q, K)."""
    rows = [attention.row(layer) for layer in shown]
    whole = shown == attention.layer_numbers
    weights = filled(attention.weights if whole else attention.weights[rows])
    if attention.weighs == ATTENTION:
        return weights
    ones = np.array([one(attention, layer) for layer in shown], np.float32)
    return weights / ones[:, None, None, None]


def _strips(weights: np.ndarray, colours: list[list[str]], height: int, bands: Sequence[int]) -> pa.Table:
    """One picture for each head and run of layers: all layers, unless bands of others lie between them."""
    starts = [row for row in range(len(weights)) if row == 0 or bands[row] != bands[row - 1]]
    columns: dict[str, list[Any]] = {"column": [], "row": [], "rows": [], "bands": [], "url": []}
    for start, end in pairwise([*starts, len(weights)]):
        urls = line_strips(weights[start:end], colours[start:end], height, height // GAP_SHARE)
        for column, url in enumerate(urls):
            for name, value in zip(columns, (column, start, end - start, bands[start], url), strict=True):
                columns[name].append(value)
    return rows_table(**columns)


def thumbnail_height(cells: int) -> int:
    """Pixels a thumbnail is high (half as many wide), so that many heads stay light to send."""
    return int(np.clip((2 * PIXELS / cells) ** 0.5, 56, LARGEST_THUMBNAIL)) // 8 * 8


def _facts(attention: Attention, weights: np.ndarray) -> dict[str, list[str]]:
    """What the tooltip says of each head (layers, heads, ...), in words.

    The strongest pair of words, over how many tokens a query spreads its attention, and how far back it
    looks. The last two are measured in some of a long text's rows: logarithms take longer than all else.
    """
    every = max(1, len(attention.queries) // ROWS_MEASURED)
    about = "about " if every > 1 else ""
    facts: dict[str, list[str]] = {"strongest": [], "spread": [], "back": []}
    for head in weights.reshape(-1, *weights.shape[2:]):
        facts["strongest"].append(_strongest(attention, head))
        entropies = row_entropies(head[::every])
        known = entropies[np.isfinite(entropies)]
        spread = float(np.exp(known.mean())) if len(known) else float("nan")
        facts["spread"].append(_tokens(spread, about))
        facts["back"].append(_back(looks_back(attention, head, every), about))
    return facts


def _strongest(attention: Attention, head: np.ndarray) -> str:
    pair = strongest_pair(attention, head)
    if pair is None:
        return NOTHING
    query, key = pair
    texts = f"{attention.queries[query].text} → {attention.keys[key].text}"
    return f"{texts}, {percent(float(head[query, key]))}"


def _tokens(number: float, about: str) -> str:
    """ "1.6 tokens", "1 token", "–" where there is nothing."""
    if not np.isfinite(number):
        return NOTHING
    written = f"{number:.1f}".removesuffix(".0")
    return f"{about}{written} token{'' if written == '1' else 's'}"


def _back(distance: float, about: str) -> str:
    """ "2.5 tokens back", "1 token ahead", "as far back as ahead"."""
    if not np.isfinite(distance):
        return NOTHING
    if abs(distance) < 0.05:
        return f"{about}as far back as ahead"
    return f"{_tokens(abs(distance), about)} {'back' if distance > 0 else 'ahead'}"


def checked_layers(attention: Attention, layers: Sequence[int] | None) -> tuple[int, ...]:
    """The layers to show, or an `AttnlitError` that says which there are."""
    if layers is None:
        return attention.layer_numbers
    chosen = as_list(layers)
    if chosen is None:
        raise AttnlitError(f"Give layers as a list of numbers, such as [0, 3], not as {a_kind(layers)}.")
    if not chosen:
        raise AttnlitError("No layer is chosen. Choose one or more.")
    for layer in chosen:
        attention.row(layer)
    return tuple(map(int, chosen))
