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
    queries, keys = weights.shape[1:]
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
    columns = shades.transpose(1, 0, 2, 3).reshape(heads, -1, width)  # the layers of a head below each other
    return [
        data_url(palette_pngs(column[None], (colour,) * LEVELS, alphas)[0])
        for column, colour in zip(columns, colours, strict=True)
    ]


def signed_strips(values: np.ndarray, limit: float, positive: str, negative: str) -> list[str]:
    """Pictures of signed ``values`` (pictures, rows, dimensions), one pixel a value: their data addresses.

    Zero is clear; ``limit`` and beyond is the full colour, half of it half as strong.
    """
    # Shades are spaced by the square root here too: small values stay apart, large ones are told by their number.
    steps = np.rint(np.sqrt(np.minimum(np.abs(values) / limit, 1)) * SIGNED_STEPS)
    shades = (np.copysign(steps, values) + SIGNED_STEPS).astype(np.uint8)
    colours = (negative,) * SIGNED_STEPS + (positive,) * (SIGNED_STEPS + 1)
    alphas = tuple(round(255 * (step / SIGNED_STEPS) ** 2) for step in range(-SIGNED_STEPS, SIGNED_STEPS + 1))
    return [data_url(png) for png in palette_pngs(shades, colours, alphas)]


def palette_pngs(shades: np.ndarray, colours: tuple[str, ...], alphas: tuple[int, ...]) -> list[bytes]:
    """PNGs of palette indices (pictures, rows, columns), each below 16, on a clear ground.

    Every index has a colour ``#rrggbb`` and an opacity 0-255. Format: PNG specification, W3C, colour type 3.
    """
    pictures, rows, columns = shades.shape
    if columns % 2:
        shades = np.pad(shades, ((0, 0), (0, 0), (0, 1)))
    # Two pixels a byte; each row opens with the number of its filter: 0, none.
    packed = np.zeros((pictures, rows, 1 + shades.shape[2] // 2), np.uint8)
    packed[:, :, 1:] = (shades[:, :, ::2] << 4) | shades[:, :, 1::2]
    palette = bytes.fromhex("".join(colour.lstrip("#") for colour in colours))
    header = (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, 4, 3, 0, 0, 0))
        + _chunk(b"PLTE", palette)
        + _chunk(b"tRNS", bytes(alphas))
    )
    end = _chunk(b"IEND", b"")
    return [header + _chunk(b"IDAT", _deflated(picture.tobytes())) + end for picture in packed]


def _deflated(data: bytes) -> bytes:
    """Compressed for speed: such pictures hold runs of one shade, and looking for more saves only 4 %."""
    runs_only = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    return runs_only.compress(data) + runs_only.flush()


def data_url(png: bytes) -> str:
    """A PNG as an address that a chart can show without another request."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
