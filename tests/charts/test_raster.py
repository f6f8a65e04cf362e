"""Thumbnails and strips against the definitions of pooling, of drawing a line, and of PNG."""

from __future__ import annotations

import numpy as np
import pytest

from attnlit.charts import raster
from tests.charts.drawing import pixels

RANDOM = np.random.default_rng(0)


def rows_of_one(*shape: int) -> np.ndarray:
    """Random attention whose rows add up to 1."""
    power = RANDOM.exponential(size=shape).astype(np.float32) ** 3
    return power / power.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize(("queries", "keys"), [(33, 33), (64, 64), (100, 40), (512, 512), (32, 77), (50, 8)])
def test_pooling_is_mean_over_queries_and_sum_over_keys(queries: int, keys: int) -> None:
    weights = rows_of_one(2, queries, keys)
    pooled = raster.pool(weights)
    rows, columns = min(queries, 32), min(keys, 32)
    row_of = [max(row for row in range(rows) if row * queries // rows <= place) for place in range(queries)]
    column_of = [max(c for c in range(columns) if c * keys // columns <= place) for place in range(keys)]
    sharing = np.array([row_of.count(row) for row in row_of])
    expected = np.zeros((2, rows, columns))
    for head in range(2):
        np.add.at(expected[head], (np.array(row_of)[:, None], column_of), weights[head] / sharing[:, None])
    np.testing.assert_allclose(pooled, expected, atol=1e-6)
    np.testing.assert_allclose(pooled.sum(axis=-1), 1, atol=1e-5)


def test_short_texts_are_not_pooled() -> None:
    weights = rows_of_one(3, 32, 17)
    assert raster.pool(weights) is weights


def opacity_by_definition(weights: np.ndarray, height: int, width: int) -> np.ndarray:
    """Line by line and pixel by pixel: (height, width)."""
    queries, keys = weights.shape
    thickness = min(max(0.3 * height / max(queries, keys), 1.6), 5)
    seen_through = np.ones((height, width))
    for query in range(queries):
        for key in range(keys):
            left, right = (query + 0.5) * height / queries, (key + 0.5) * height / keys
            half = thickness / 2 * np.hypot(1, (right - left) / (2 * width))
            for x in range(width):
                middle = left + (x + 0.5) / width * (right - left)
                for y in range(height):
                    covered = min(y + 1, middle + half) - max(y, middle - half)
                    seen_through[y, x] *= (1 - min(weights[query, key], 0.98)) ** min(max(covered, 0), 1)
    return 1 - seen_through


@pytest.mark.parametrize(("heads", "queries", "keys"), [(1, 2, 2), (9, 5, 5), (3, 4, 7)])
def test_lines_are_drawn_as_defined(heads: int, queries: int, keys: int) -> None:
    weights = rows_of_one(heads, queries, keys)
    drawn = raster.line_opacity(weights, 24, 12)
    assert drawn.shape == (heads, 24, 12)
    for head in range(heads):
        np.testing.assert_allclose(drawn[head], opacity_by_definition(weights[head], 24, 12), atol=1e-5)


def test_one_line_runs_from_its_query_to_its_key() -> None:
    weights = np.zeros((1, 4, 4), np.float32)
    weights[0, 0, 3] = 0.6
    drawn = raster.line_opacity(weights, 64, 32)[0]
    np.testing.assert_array_equal(drawn[:, 0].argmax() // 16, 0)  # the first of four rows, at the left edge
    np.testing.assert_array_equal(drawn[:, -1].argmax() // 16, 3)  # the last, at the right edge
    np.testing.assert_allclose(drawn.max(), 0.6, atol=1e-5)
    assert not drawn[48:, 0].any()


def test_each_head_is_drawn_for_itself() -> None:
    weights = rows_of_one(11, 6, 6)
    order = RANDOM.permutation(11)
    drawn = raster.line_opacity(weights, 32, 16)
    np.testing.assert_allclose(raster.line_opacity(weights[order], 32, 16), drawn[order], atol=1e-6)


def test_strips_hold_each_layer_of_each_head() -> None:
    weights = np.zeros((3, 2, 4, 4), np.float32)
    weights[2, 1, 1, 1] = 1  # layer 2, head 1: one level line
    strips = [pixels(address) for address in raster.line_strips(weights, [["#ff0000", "#0000ff"]] * 3, 64, 4)]
    assert [strip.shape for strip in strips] == [(3 * 68, 32, 4)] * 2
    assert not strips[0][..., 3].any()
    rows = np.flatnonzero(strips[1][..., 3].any(axis=1))
    assert rows.min() >= 2 * 68 + 16
    assert rows.max() < 2 * 68 + 32
    assert (strips[1][rows[len(rows) // 2], 0] == [0, 0, 255, 255]).all()


@pytest.mark.parametrize("dimensions", [1, 7, 64])
def test_signed_strip_shows_sign_and_magnitude(dimensions: int) -> None:
    values = RANDOM.uniform(-2, 2, size=(5, dimensions))
    values[0, 0] = 0
    (address,) = raster.signed_strips([raster.signed_roots(values, 1.0)], "#0000ff", "#ff8800")
    shown = pixels(address).astype(float)
    assert shown.shape == (5, dimensions, 4)
    magnitude = np.minimum(np.abs(values), 1)
    # Seven shades of square-root spacing: at most half a step apart.
    assert np.abs(np.sqrt(shown[..., 3] / 255) - np.sqrt(magnitude)).max() <= 0.5 / 7 + 0.01
    seen = shown[..., 3] > 0
    assert (shown[seen & (values > 0)][:, :3] == [0, 0, 255]).all()
    assert (shown[seen & (values < 0)][:, :3] == [255, 136, 0]).all()
    assert shown[0, 0, 3] == 0


def test_roots_of_factors_make_the_root_of_their_product() -> None:
    first, second = RANDOM.normal(size=(2, 5, 8)).astype(np.float32)
    of_factors = raster.signed_roots(first, 0.7) * raster.signed_roots(second, 1)
    np.testing.assert_allclose(of_factors, raster.signed_roots(first * second, 0.7), rtol=1e-5)
    np.testing.assert_allclose(np.sign(of_factors) * of_factors**2, first * second / 0.7, rtol=1e-5)


def test_no_matrix_product_is_large_enough_to_leave_its_thread() -> None:
    for height in (56, 96, 160):
        for tile in raster.line_tiles(32, 32, height, height // 2):
            assert tile.coverage.size * raster.HEADS_AT_ONCE <= 2**18


def test_each_layers_thumbnail_may_have_its_own_colour() -> None:
    weights = np.zeros((3, 1, 4, 4), np.float32)
    weights[:, 0, 1, 1] = 1, 0.25, 1
    (address,) = raster.line_strips(weights, [["#ff0000"], ["#0000ff"], ["#ff0000"]], 64, 0)
    strip = pixels(address)
    line = [strip[layer * 64 + 24, 16] for layer in range(3)]
    assert [each[:3].tolist() for each in line] == [[255, 0, 0], [0, 0, 255], [255, 0, 0]]
    assert line[0][3] == 255
    assert line[1][3] == pytest.approx(64, abs=20)  # sixteen shades, spaced by the square root
