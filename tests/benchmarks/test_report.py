"""Medians, ratios and budgets as the benchmark's tables say them."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.report import BUDGETS, Budget, Results, budget_table, number, put, tables


def measured(**of_tool: list[float]) -> Results:
    """Openings of the head view at N = 64."""
    results = Results()
    for tool, values in of_tool.items():
        for value in values:
            results.add("head", "open", tool, 64, value)
    return results


def test_the_median_is_not_moved_by_one_slow_run() -> None:
    assert measured(attnlit=[10, 12, 11, 900, 13]).median("head", "open", "attnlit", 64) == 12


def test_the_ratio_says_how_many_times_less_attnlit_needs() -> None:
    results = measured(attnlit=[200, 200, 200], BertViz=[1000, 1500, 3000])
    assert results.ratio("head", "open", 64) == 7.5
    assert "**7.5×**" in tables(results)


def test_without_bertviz_there_is_no_ratio() -> None:
    results = measured(attnlit=[200])
    assert results.ratio("head", "open", 64) is None
    assert "×**" not in tables(results)


def test_what_was_measured_fewer_than_five_times_says_how_often() -> None:
    assert "| 200 (2) |" in tables(measured(attnlit=[200, 200]))
    assert "| 200 |" in tables(measured(attnlit=[200] * 5))


def test_what_could_not_be_measured_is_left_out() -> None:
    results = Results()
    results.add("head", "answer", "attnlit", 64, None)
    assert results.median("head", "answer", "attnlit", 64) is None


@pytest.mark.parametrize(
    ("value", "text"), [(0.234, "0.2"), (17.04, "17.0"), (23.6, "24"), (326.3, "326"), (33700, "33,700")]
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text


def test_a_budget_is_met_only_if_every_value_keeps_it() -> None:
    most = Budget("", lambda results: [], most=17)
    assert most.met([3, 17])
    assert not most.met([3, 18])
    least = Budget("", lambda results: [], least=10)
    assert least.met([10, 30])
    assert not least.met([9.9, 30])


def test_the_table_of_goals_holds_what_was_measured() -> None:
    table = budget_table(measured(attnlit=[100] * 5, BertViz=[499] * 5))
    assert "| Head view opened, N = 64: 5 × faster | 5.0× | **no** |" in table
    assert len(table.splitlines()) == 3  # of all goals the one that was measured
    assert "| yes |" in budget_table(measured(attnlit=[100], BertViz=[500]))
    assert len(BUDGETS) > 10


def test_a_section_takes_the_place_of_the_one_before_and_leaves_the_others(tmp_path: Path) -> None:
    file = tmp_path / "results.md"
    put("# One\n\n## Part\n\n1\n", file)
    put("# Two\n\n2", file)
    put("# One\n\n3\n", file)
    assert file.read_text() == "# One\n\n3\n\n# Two\n\n2\n"
