"""Small pictures drawn on the server: line thumbnails of heads and strips of signed values, as palette PNGs.

A browser that drew every head of a model line by line would draw hundreds of thousands of lines. Drawn here,
a head costs the same few thousand pixels however long the text is.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from attnlit.charts.png import palette, palette_picture

MOST_ROWS = 32  # tokens a side in a thumbnail; longer texts are pooled
LEVELS = 16  # of a 4-bit palette
OPAQUE = 0.98  # a line of full weight, a hair below 1 so that its logarithm is finite
TILE = 8  # pixels a side of the tiles in which lines are drawn
# Matrix products of at most 2**18 multiplications stay in their thread. Larger ones are spread over all cores
# by OpenBLAS, whose threads wait for each other in busy loops: many times as slow on a host with neighbours.
HEADS_AT_ONCE = 8
SIGNED_STEPS = 7  # shades on either side of zero in a strip of signed values


def pool(weights: np.ndarray, most: int = MOST_ROWS) -> np.ndarray:
    """Shrink attention (heads, queries, keys) to at most `most` rows and columns: (heads, rows, columns).

    Mean over the queries that share a row, *sum* over the keys that share a column: a row still adds up to 1.
    """
    heads, queries, keys = weights.shape
    if queries > most:
        edges = np.arange(most + 1) * queries // most
        rows = np.empty((heads, most, keys), np.float32)
        # As matrix products, one group of all heads at a time: much faster than reduceat.
        for row, (begin, end) in enumerate(pairwise(edges)):
            rows[:, row] = np.full(end - begin, 1 / (end - begin), np.float32) @ weights[:, begin:end]
        weights = rows
    if keys > most:
        weights = np.add.reduceat(weights, np.arange(most) * keys // most, axis=2)
    return weights


@dataclass(frozen=True)
class Tile:
    """A rectangle of pixels and the lines that cross it."""

    rows: slice
    columns: slice
    lines: np.ndarray  # (crossing,) indices query * keys + key
    coverage: np.ndarray  # float32 (rows * columns, crossing): the share of each pixel that each line covers


@functools.lru_cache(maxsize=4)  # a few megabytes each
def line_tiles(queries: int, keys: int, height: int, width: int) -> tuple[Tile, ...]:
    """Where the lines from every query (left edge) to every key (right edge) fall in a thumbnail.

    One line covers few of a thumbnail's pixels, so the thumbnail is cut into tiles that know their own lines.
    """
    spacing = height / max(queries, keys)
    thickness = float(np.clip(0.3 * spacing, 1.6, 5))
    left = (np.repeat(np.arange(queries), keys) + 0.5) * height / queries  # y where each line starts
    right = (np.tile(np.arange(keys), queries) + 0.5) * height / keys
    half = (
        0.5 * thickness * np.hypot(1, (right - left) / (2 * width))
    )  # pixels are drawn twice as wide as high
    tiles = []
    for x in range(0, width, TILE):
        columns = slice(x, min(x + TILE, width))
        along = (np.arange(columns.start, columns.stop)[:, None] + 0.5) / width
        centre = left + along * (right - left)  # (columns, lines)
        top, bottom = centre - half, centre + half
        for y in range(0, height, TILE):
            rows = slice(y, min(y + TILE, height))
            lines = np.flatnonzero((bottom.max(axis=0) > rows.start) & (top.min(axis=0) < rows.stop))
            if not len(lines):
                continue
            pixel = np.arange(rows.start, rows.stop)[:, None, None]
            covered = np.minimum(bottom[:, lines], pixel + 1) - np.maximum(top[:, lines], pixel)
            coverage = np.clip(covered, 0, 1).astype(np.float32).reshape(-1, len(lines))
            tiles.append(Tile(rows, columns, lines, coverage))
    return tuple(tiles)


def line_opacity(weights: np.ndarray, height: int, width: int) -> np.ndarray:
    """Line thumbnails of attention (heads, queries, keys): opacity 0-1, float32 (heads, height, width).

    Lines lie over each other as in the head view: together they let through the product of what each lets
    through. Products become sums of logarithms, so matrix products draw a tile of all heads.
    """
    heads, queries, keys = weights.shape
    groups = -(-heads // HEADS_AT_ONCE)
    let_through = np.zeros((groups * HEADS_AT_ONCE, queries * keys), np.float32)
    let_through[:heads] = np.log1p(-np.minimum(weights, OPAQUE)).reshape(heads, -1)
    # (groups, lines, HEADS_AT_ONCE)
    let_through = np.ascontiguousarray(let_through.reshape(groups, HEADS_AT_ONCE, -1).transpose(0, 2, 1))
    picture = np.zeros((groups, height, width, HEADS_AT_ONCE), np.float32)
    for tile in line_tiles(queries, keys, height, width):
        part = picture[:, tile.rows, tile.columns]
        part[:] = (tile.coverage @ let_through[:, tile.lines]).reshape(part.shape)
    np.expm1(picture, out=picture)
    return -picture.transpose(0, 3, 1, 2).reshape(-1, height, width)[:heads]


def line_strips(weights: np.ndarray, colours: Sequence[Sequence[str]], height: int, gap: int) -> list[str]:
    """One picture a head, its layers below each other: their data addresses.

    `weights` is (layers, heads, queries, keys), `colours` one `#rrggbb` for each head of each layer. A
    thumbnail is `height` x `height // 2` pixels with `gap` empty rows below it, and is meant to be shown
    square: lines need sharpness across, not along.
    """
    layers, heads, queries, keys = weights.shape
    width = height // 2
    opacity = line_opacity(pool(weights.reshape(layers * heads, queries, keys)), height, width)
    # Shades are spaced by the square root, as faint lines differ more to the eye than strong ones.
    drawn = (np.sqrt(opacity) * (LEVELS - 0.5)).astype(np.uint8)
    shades = np.zeros((layers, heads, height + gap, width), np.uint8)
    shades[:, :, :height] = drawn.reshape(layers, heads, height, width)
    return [_strip(shades[:, head], [row[head] for row in colours]) for head in range(heads)]


def _strip(shades: np.ndarray, colours: Sequence[str]) -> str:
    """One head's thumbnails (layers, rows, columns), each layer in its own of the colours."""
    inks = list(dict.fromkeys(colours))
    alphas = [round(255 * (level / (LEVELS - 1)) ** 2) for level in range(LEVELS)]
    first = np.array([inks.index(colour) * LEVELS for colour in colours], np.uint8)
    column = (shades + first[:, None, None]).reshape(-1, shades.shape[-1])
    colour_of_shade = [ink for ink in inks for _ in range(LEVELS)]
    return palette_picture(
        column, palette(colour_of_shade, alphas * len(inks)), bits=4 if len(inks) == 1 else 8
    )


def signed_roots(values: np.ndarray, limit: float) -> np.ndarray:
    """The square root of each value's size, with the value's sign: 1 where the value reaches `limit`.

    Strips are shaded by the root, as faint values differ more to the eye than strong ones. The root of a
    product is the product of the roots: for `a * b` take `signed_roots(a, limit) * signed_roots(b, 1)`.
    """
    return np.copysign(np.sqrt(np.abs(values) * (1 / limit)), values)


def signed_strips(pictures: Iterable[np.ndarray], positive: str, negative: str) -> list[str]:
    """Pictures of signed values (rows, dimensions), one pixel a value: their data addresses.

    They are given by their `signed_roots`. Zero is clear; 1 and beyond is the full colour of the limit, and
    half the limit is half as strong.
    """
    colours = [negative] * SIGNED_STEPS + [positive] * (SIGNED_STEPS + 1)
    steps = range(-SIGNED_STEPS, SIGNED_STEPS + 1)
    signs = palette(colours, [round(255 * (step / SIGNED_STEPS) ** 2) for step in steps])
    return [palette_picture(_signed_shades(roots), signs) for roots in pictures]


def _signed_shades(roots: np.ndarray) -> np.ndarray:
    """Indices 0 (negative, full colour) to 14 (positive); 7 is zero."""
    return (np.clip(roots, -1, 1) * SIGNED_STEPS + (SIGNED_STEPS + 0.5)).astype(np.uint8)
