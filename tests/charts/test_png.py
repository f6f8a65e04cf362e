"""Palette pictures against the definition of PNG, as Pillow reads it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from attnlit.charts.png import palette, palette_picture
from tests.charts.drawing import pixels

RANDOM = np.random.default_rng(0)


def test_palette_picture_is_a_png_of_its_indices() -> None:
    colours: Sequence[str] = [f"#{level:02x}00ff" for level in range(16)]
    alphas = list(range(0, 256, 17))
    shades = RANDOM.integers(0, 16, size=(9, 13)).astype(np.uint8)
    shown = pixels(palette_picture(shades, palette(colours, alphas)))
    np.testing.assert_array_equal(shown[..., 0], shades)
    np.testing.assert_array_equal(shown[..., 3], np.array(alphas)[shades])


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("shape", [(1, 1), (2, 7), (5, 8)])
def test_any_size_fits(shape: tuple[int, int], bits: int) -> None:
    shades = RANDOM.integers(0, 2**bits, size=shape).astype(np.uint8)
    inks = palette([f"#{level:02x}0000" for level in range(2**bits)], [255] * 2**bits)
    np.testing.assert_array_equal(pixels(palette_picture(shades, inks, bits))[..., 0], shades)
