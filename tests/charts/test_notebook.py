"""Pictures as Altair charts: they save themselves, stand beside each other, and are no work to show again."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pytest

from attnlit.charts.dimensions import dimensions_chart
from attnlit.charts.distance import distance_chart
from attnlit.charts.head import head_view
from attnlit.charts.head_map import head_map
from attnlit.charts.heatmap import difference_map, heatmap
from attnlit.charts.model import model_view
from attnlit.charts.neuron import neuron_view
from attnlit.charts.theme import DARK
from attnlit.errors import AttnlitError
from tests.charts.drawing import assert_vega_lite_takes, svg_of, texts
from tests.records import random_record, record, vectors_record

CURVE = pd.DataFrame({"distance": [0, 1, 2], "curve": "head", "value": [0.5, 0.3, 0.1], "pairs": 9})
BARS = pd.DataFrame({"dimension": [0, 1], "share": [0.7, 0.3]})
CHARTS: dict[str, Callable[..., alt.LayerChart]] = {
    "head": lambda **options: head_view(random_record(), 1, **options),
    "model": lambda **options: model_view(random_record(), **options),
    "neuron": lambda **options: neuron_view(vectors_record(), 1, 1, **options),
    "heatmap": lambda **options: heatmap(random_record(), 1, 2, **options),
    "difference": lambda **options: difference_map(random_record(), random_record(seed=1), **options),
    "head map": lambda **options: head_map(np.eye(3), title="Score", **options),
    "distance": lambda **options: distance_chart(CURVE, title="mean", form=".1%", **options),
    "dimensions": lambda **options: dimensions_chart(BARS, "share", form=".0%", **options),
}

NAMED = pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name == "distance" else pytest.mark.whole) for name in CHARTS],
)


@NAMED
def test_it_is_an_altair_chart_that_vega_lite_takes(name: str) -> None:
    chart = CHARTS[name]()
    assert isinstance(chart, alt.LayerChart)
    assert_vega_lite_takes(chart.to_dict())
    assert CHARTS[name](width=333, theme=DARK).to_dict()["width"] == 333


@pytest.mark.parametrize(
    ("width", "words"),
    [
        (99, "width must be 100 or more, not 99"),
        (10**30, "width must be 20,000 at most"),
        ("wide", "whole number"),
    ],
)
def test_no_chart_is_narrower_than_a_word_or_wider_than_memory(width: Any, words: str) -> None:
    with pytest.raises(AttnlitError, match=words):
        head_view(random_record(layers=1, heads=1, queries=4), width=width)


@NAMED
def test_two_of_a_kind_stand_beside_each_other_and_each_shows_its_own(name: str) -> None:
    chart = CHARTS[name]()
    alone = sorted(texts(svg_of(chart)))
    both = svg_of(CHARTS[name]() | CHARTS[name]())
    assert sorted(texts(both)) == sorted([*alone, *alone])


@pytest.mark.whole
def test_different_ones_stand_beside_and_below_each_other() -> None:
    first, second = record(np.eye(2)[None, None], ["a", "b"]), record(np.eye(2)[None, None], ["c", "d"])
    joined = (head_view(first) | heatmap(second)) & (head_view(second) | heatmap(first))
    drawn = texts(svg_of(joined))
    assert [drawn.count(text) for text in "abcd"] == [4] * 4
    assert svg_of(alt.hconcat(head_view(first), neuron_view(vectors_record()))) is not None


@pytest.mark.whole
def test_each_of_two_has_its_own_pinned_token() -> None:
    attention = random_record(layers=1, heads=1, queries=4)
    first, second = head_view(attention, pinned=("query", 1)), head_view(attention, pinned=("query", 3))
    numbers = [
        {text for text in texts(svg_of(each)) if text.endswith("%")}
        for each in (first, second, first | second)
    ]
    assert numbers[0] != numbers[1]
    assert numbers[0] | numbers[1] == numbers[2]


def test_altairs_themes_apply() -> None:
    alt.theme.register("of a reader", enable=False)(lambda: {"config": {"font": "Comic Neue"}})
    try:
        with alt.theme.enable("of a reader"):
            assert head_view(random_record()).to_dict()["config"] == {"font": "Comic Neue"}
    finally:
        alt.theme.unregister("of a reader")


def test_a_chart_keeps_its_layers_when_it_gets_a_title() -> None:
    drawn = texts(svg_of(head_view(random_record()).properties(title="A title")))
    assert {"A title", "from0", "attends to"} <= set(drawn)


@pytest.mark.whole
def test_hostile_tokens_stay_text_in_every_file_that_altair_saves() -> None:
    hostile = ["</script><img src=x onerror=alert(1)>", '"quotes\\', "<!--<script>", "&lt;", "\0\x1b\ufffe"]
    attention = record(np.full((1, 1, 5, 5), 0.2), hostile)
    for chart in (head_view(attention), heatmap(attention), model_view(attention)):
        page = StringIO()
        chart.save(page, format="html")
        assert "</script><img" not in page.getvalue()
        assert "<!--<script>" not in page.getvalue()
        drawing = StringIO()
        chart.save(drawing, format="svg")
        assert drawing.getvalue().startswith("<svg")
        image = BytesIO()
        chart.save(image, format="png")
        assert image.getvalue().startswith(b"\x89PNG")
    assert "&lt;" in texts(svg_of(head_view(attention)))


@pytest.mark.whole
def test_a_notebook_without_a_network_shows_it() -> None:
    chart = head_view(random_record(), 1)
    with alt.renderers.enable("html", template="inline"):  # as docs/notebook.md says
        page = chart._repr_mimebundle_()["text/html"]
    assert "https://cdn" not in page
    assert len(page) > 500_000  # the scripts are inside
    assert "https://cdn" in chart._repr_mimebundle_()["text/html"]


@pytest.mark.whole
def test_charts_that_stand_together_are_saved_as_one_that_stands_alone(tmp_path: Path) -> None:
    def one() -> alt.LayerChart:
        return heatmap(record(np.full((1, 1, 2, 2), 0.5), ["🙂", "cat"]))

    for joined in ((one() | one()) & (one() | one()), (one() & one()) | one() | one()):
        joined.save(tmp_path / "emoji.pdf")
        assert (tmp_path / "emoji.pdf").read_bytes().startswith(b"%PDF")
        assert texts(svg_of(joined)).count("🙂") == 8  # four charts, each with queries and keys
    with pytest.raises(AttnlitError, match="cannot be written: No such file or directory"):
        (one() | one()).save(tmp_path / "missing" / "picture.png")


@pytest.mark.whole
def test_a_pdf_may_have_emoji_and_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    chart = heatmap(record(np.full((1, 1, 2, 2), 0.5), ["🙂", "cat"]))
    chart.save(tmp_path / "emoji.pdf")
    drawn = BytesIO()
    chart.save(drawn, format="pdf")
    for pdf in ((tmp_path / "emoji.pdf").read_bytes(), drawn.getvalue()):
        assert pdf.startswith(b"%PDF")
    for kind in ("pdf", "svg"):
        with pytest.raises(AttnlitError, match="cannot be written: No such file or directory"):
            chart.save(tmp_path / "missing" / f"picture.{kind}")
