"""Norms of what is passed on are drawn as shares of the strongest row, in every view, and that is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnlit.attention import Attention
from attnlit.attention.record import PASSED_ON
from attnlit.charts.head import head_picture, head_table
from attnlit.charts.heatmap import heatmap_picture
from attnlit.charts.model import model_picture
from attnlit.charts.opacity import FULL, full_opacity, one, scale_notes
from tests.records import record

ATTENTION = record([[[[0.5, 0.5, 0], [0.25, 0.25, 0.5], [0, 1, 0]]]])


def norms(scale: float) -> Attention:
    """The same picture in other units; its strongest row is the second."""
    weights = np.array([[[[1, 0, 0], [0.5, 1, 0.5], [0, 0.25, 0]]]]) * scale
    return replace(record(weights), weighs=PASSED_ON)


def test_attention_is_its_own_measure() -> None:
    assert one(ATTENTION, 0) == 1
    assert full_opacity(ATTENTION, 0) == 1
    assert scale_notes(ATTENTION, 1.0) == ()
    assert "No weight in this layer exceeds 1.0%" in scale_notes(ATTENTION, 0.01)[0]


@pytest.mark.parametrize("scale", [1e-4, 1.0, 50.0])
def test_the_units_of_norms_change_no_picture(scale: float) -> None:
    record, unit = norms(scale), norms(1.0)
    assert one(record, 0) == pytest.approx(2 * scale)
    for draw in (lambda each: head_picture(each, 0), lambda each: heatmap_picture(each, 0, 0), model_picture):
        tables, expected = draw(record).tables, draw(unit).tables
        assert all(tables[name].equals(expected[name]) for name in tables)
        assert any(
            "100% is the most that any head of this layer brings" in note for note in draw(record).notes
        )


def test_a_line_is_as_opaque_as_its_share_of_the_strongest_row() -> None:
    (entries,) = head_picture(norms(50.0), 0).tables["rows"].to_pylist()[:1]
    assert entries["entries"] == f";0:0:{FULL // 2}"  # 1 of 2
    (cells,) = model_picture(norms(50.0)).tables["cells"].to_pylist()
    assert cells["strongest"] == "t0 → t0, 50%"


def test_a_row_that_a_filter_emptied_has_no_part_in_it() -> None:
    weights = norms(3.0).weights.copy()
    weights[0, 0, 2] = np.nan
    assert one(replace(norms(3.0), weights=weights), 0) == pytest.approx(6)
    assert one(replace(norms(3.0), weights=np.zeros_like(weights)), 0) == 1


def test_the_numbers_in_a_file_are_the_norms_themselves() -> None:
    assert head_table(norms(50.0), 0)["norm"].max() == 50
    assert "weight" in head_table(ATTENTION, 0)
