"""Small pictures drawn on the server: line thumbnails of heads and strips of signed values, as palette PNGs.

A browser that draws 12 x 12 heads of 64 tokens line by line draws 600,000 lines. Drawn here, a head costs the same
few thousand pixels however long the text is, and a whole model travels in a quarter of a megabyte.
"""

from __future__ import annotations

import base64
import functools
import struct
import zlib
from dataclasses import dataclass

import numpy as np

MOST_ROWS = 32  # tokens a side in a thumbnail; longer texts are pooled
LEVELS = 16  # of a 4-bit palette
OPAQUE = 0.98  # a line of full weight, a hair below 1 so that its logarithm is finite
TILE = 16  # pixels a side of the tiles in which lines are drawn
SIGNED_STEPS = 7  # shades on either side of zero in a strip of signed values


def pool(weights: np.ndarray, most: int = MOST_ROWS) -> np.ndarray:
    """Shrink attention (heads, queries, keys) to at most ``most`` rows and columns: (heads, rows, columns).

    Mean over the queries that share a row, *sum* over the keys that share a column: a row still adds up to 1.
    """
    heads, queries, keys = weights.shape
    if queries > most:
        starts = np.arange(most) * queries // most
        sizes = np.diff(starts, append=queries)
        if queries % most == 0:  # equal groups: reading whole rows is three times as fast as reduceat
            sums = [head.reshape(most, -1, keys).sum(axis=1) for head in weights]
        else:
            sums = [np.add.reduceat(head, starts, axis=0) for head in weights]
        weights = np.stack(sums) / sizes[:, None].astype(np.float32)
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


@functools.lru_cache(maxsize=4)  # some 8 MB each at 32 x 32 tokens
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
    """Line thumbnails of attention (heads, queries, keys): opacity 0-1, float32 (height, width, heads).

    Lines lie over each other as in the head view: together they let through the product of what each lets through.
    Products become sums of logarithms, so one matrix product a tile draws that tile of all heads.
    """
    heads, queries, keys = weights.shape
    lets_through = np.log1p(-np.minimum(weights, OPAQUE)).reshape(heads, -1).T.astype(np.float32, order="C")
    picture = np.zeros((height, width, heads), np.float32)
    for tile in line_tiles(queries, keys, height, width):
        seen_through = np.exp(tile.coverage @ lets_through[tile.lines])
        shape = (tile.rows.stop - tile.rows.start, tile.columns.stop - tile.columns.start, heads)
        picture[tile.rows, tile.columns] = 1 - seen_through.reshape(shape)
    return picture


def line_strips(weights: np.ndarray, colours: list[str], height: int, gap: int) -> list[str]:
    """One picture a head column, its layers below each other: ``len(colours)`` data addresses.

    ``weights`` is (layers, heads, queries, keys). A thumbnail is ``height`` x ``height // 2`` pixels with ``gap``
    empty rows below it, and is meant to be shown square: lines need sharpness across, not along.
    """
    layers, heads, queries, keys = weights.shape
    width = height // 2
    opacity = line_opacity(pool(weights.reshape(layers * heads, queries, keys)), height, width)
    # Shades are spaced by the square root, as faint lines differ more to the eye than strong ones.
    shades = np.zeros((layers, heads, height + gap, width), np.uint8)
    shades[:, :, :height] = (
        (np.sqrt(opacity) * (LEVELS - 0.5)).transpose(2, 0, 1).reshape(layers, heads, height, width)
    )
    alphas = tuple(round(255 * (level / (LEVELS - 1)) ** 2) for level in range(LEVELS))
    return [
        data_url(palette_png(shades[:, head].reshape(-1, width), (colour,) * LEVELS, alphas))
        for head, colour in enumerate(colours)
    ]


def signed_strip(values: np.ndarray, limit: float, positive: str, negative: str) -> str:
    """Signed ``values`` (rows, dimensions) as a picture of one pixel a value: its data address.

    Zero is clear, ``limit`` and beyond is the full colour; NaN is clear too.
    """
    steps = np.clip(np.nan_to_num(values) * (SIGNED_STEPS / limit), -SIGNED_STEPS, SIGNED_STEPS)
    shades = (np.rint(steps) + SIGNED_STEPS).astype(np.uint8)
    colours = (negative,) * SIGNED_STEPS + (positive,) * (SIGNED_STEPS + 1)
    alphas = tuple(round(255 * abs(step) / SIGNED_STEPS) for step in range(-SIGNED_STEPS, SIGNED_STEPS + 1))
    return data_url(palette_png(shades, colours, alphas))


def palette_png(shades: np.ndarray, colours: tuple[str, ...], alphas: tuple[int, ...]) -> bytes:
    """A PNG of palette indices (rows, columns), each below 16, with a colour ``#rrggbb`` and an alpha 0-255 a shade."""
    rows, columns = shades.shape
    if columns % 2:
        shades = np.pad(shades, ((0, 0), (0, 1)))
    packed = np.zeros((rows, 1 + shades.shape[1] // 2), np.uint8)  # each row opens with its filter: 0, none
    packed[:, 1:] = (shades[:, ::2] << 4) | shades[:, 1::2]
    header = struct.pack(">IIBBBBB", columns, rows, 4, 3, 0, 0, 0)  # 4 bits a pixel, colour type 3: palette
    palette = bytes.fromhex("".join(colour.lstrip("#") for colour in colours))
    chunks = (
        (b"IHDR", header),
        (b"PLTE", palette),
        (b"tRNS", bytes(alphas)),
        (b"IDAT", zlib.compress(packed, 1)),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in (*chunks, (b"IEND", b"")))


def data_url(png: bytes) -> str:
    """A PNG as an address that a chart can show without another request."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
