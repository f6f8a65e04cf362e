"""Code for the pictures of the three questions: run as it stands, it makes the numbers of the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

import attnlit
from attnlit.analysis import bias, sample
from attnlit.app import cache, question_code
from attnlit.app.neurons import measure
from attnlit.charts.head_map import head_map
from tests.app.opening import opened
from tests.tolerances import ROUNDING

SET_MAP = {"title": "Indirect effect", "layers": [0, 1], "signed": True, "form": "z.3f"}


def test_the_map_of_a_score_is_made_again() -> None:
    app = opened("patterns", score="Duplicate token", layer="2", head="1")
    assert alike(made(snippet(app, "head_map(")), on_page(app, "cells"), "cells")


@pytest.mark.parametrize("measured", ["Indirect effect", "Difference of attention"])
def test_the_map_of_a_pair_of_prompts_is_made_again(measured: str) -> None:
    app = opened("bias", measure=measured)
    assert alike(made(snippet(app, "head_map(")), on_page(app, "cells"), "cells")


def test_the_map_of_the_set_of_sentences_is_made_again(
    small_folder: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bias, "TEMPLATES", bias.TEMPLATES[:2])
    model = attnlit.load(small_folder("mini-gpt2"))
    found = bias.averages(bias.set_effects(model, bias.TEMPLATES), expected_only=True)
    values = found.heads.pivot(index="layer", columns="head", values="indirect").to_numpy()
    again = made(question_code.bias_set(model, SET_MAP, expected_only=True))
    assert alike(again, tables(head_map(values, **SET_MAP)), "cells")


def test_the_curves_of_a_head_by_distance_are_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    few = sample.SENTENCES[:16]
    for module in (sample, measure):
        monkeypatch.setattr(module, "SENTENCES", few)
    monkeypatch.setattr(cache, "profiles", cache.Memory(lambda: 1e8))  # none of more sentences is kept there
    app = opened("neurons", layer="1", head="4", dimensions="3")
    again, there = made(snippet(app, "distance_chart(")), on_page(app, "points", last=True)
    assert {row["curve"] for row in there["points"]} == {
        "head 1-4", "3 dimensions removed", "3 others removed", "all tokens alike",
    }  # fmt: skip
    assert alike(again, there, "points")


def snippet(app: AppTest, call: str) -> str:
    """The code on the page that draws with this function."""
    assert not app.exception
    (found,) = [each.value for each in app.code if call in each.value]
    return found


def made(code: str) -> dict[str, list[dict[str, Any]]]:
    """The tables of what the last line of the code makes."""
    before, _, last = code.rpartition("\n")
    names: dict[str, Any] = {}
    exec(before, names)
    return tables(eval(last, names))


def tables(chart: Any) -> dict[str, list[dict[str, Any]]]:
    """By name, without the number that keeps charts of one notebook apart."""
    return {name.rsplit("_", 1)[0]: rows for name, rows in chart.to_dict()["datasets"].items()}


def on_page(app: AppTest, name: str, *, last: bool = False) -> dict[str, list[dict[str, Any]]]:
    """The tables of the first picture of the page, or the last, that has one of this name."""
    found = []
    for chart in app.get("vega_lite_chart"):
        every = {each.name: pa.ipc.open_stream(each.data.data).read_all() for each in chart.proto.datasets}
        if name in every:
            found.append({key: table.to_pylist() for key, table in every.items()})
    return found[-1 if last else 0]


def alike(one: dict[str, list[dict[str, Any]]], other: dict[str, list[dict[str, Any]]], name: str) -> bool:
    """Whether two pictures show the same numbers in the table of this name, up to rounding."""
    assert one[name]
    if len(one[name]) != len(other[name]):
        return False
    return all(
        abs(mine[column] - theirs[column]) <= ROUNDING
        if isinstance(mine[column], float)
        else mine[column] == theirs[column]
        for mine, theirs in zip(one[name], other[name], strict=True)
        for column in mine
    )
