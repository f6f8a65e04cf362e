"""Numbers as text in a table: looked up, written, or left out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from attnlit.charts.packed_text import joined, row_texts, texts


@pytest.mark.parametrize("numbers", [[], [0], [-10_000, 10_000], [10_001, 3], [-10_001], [2**40, -(2**40)]])
def test_whole_numbers_are_written_as_python_writes_them(numbers: list[int]) -> None:
    assert texts(pa.array(numbers, pa.int64())).to_pylist() == [str(number) for number in numbers]


def test_rows_are_taken_apart_again() -> None:
    whole = np.array([[12, -7, 0, 3], [40_000, 5, -1, 9]], np.int32)
    left_out = whole == 0
    hidden = whole == 5
    found = row_texts(whole, {"": left_out, "-": hidden}).to_pylist()
    assert found == ["12,-7,,3", "40000,-,-1,9"]


def test_each_row_gets_its_own_number_of_values() -> None:
    assert joined(pa.array([7, 8, 9], pa.int16()), np.array([2, 0, 1]), ";").to_pylist() == ["7;8", "", "9"]
