"""Small pictures as palette PNGs, inside the address that a chart shows them from."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Sequence

import numpy as np


def palette(colours: Sequence[str], alphas: Sequence[int]) -> bytes:
    """The part of a PNG that gives each index a colour `#rrggbb` and an opacity 0-255."""
    return _chunk(b"PLTE", bytes.fromhex("".join(colours).replace("#", ""))) + _chunk(b"tRNS", bytes(alphas))


def palette_picture(shades: np.ndarray, palette: bytes, bits: int = 4) -> str:
    """A PNG of palette indices (rows, columns) as an address that a chart shows without another request.

    With 4 `bits` a pixel there are 16 shades, with 8 there are 256.
    """
    rows, columns = shades.shape
    # Each row opens with its filter: 0, none.
    packed = np.zeros((rows, 1 + -(-columns * bits // 8)), np.uint8)
    if bits == 4:  # two pixels a byte
        packed[:, 1:] = shades[:, ::2] << 4
        packed[:, 1 : 1 + columns // 2] |= shades[:, 1::2]
    else:
        packed[:, 1:] = shades
    size = struct.pack(">IIBBBBB", columns, rows, bits, 3, 0, 0, 0)  # colour type 3: palette
    png = (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", size)
        + palette
        + _chunk(b"IDAT", _deflated(packed.tobytes()))
        + _chunk(b"IEND", b"")
    )
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _deflated(data: bytes) -> bytes:
    """Compressed for speed: such pictures hold runs of one shade, and looking for more saves little."""
    runs_only = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    return runs_only.compress(data) + runs_only.flush()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
