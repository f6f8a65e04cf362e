"""Saved pictures: what they are called, what they say, and that no text of theirs can do harm."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image

from attnlit.charts.figure import (
    KINDS,
    LINE,
    MARGIN,
    WIDTHS,
    csv,
    figure,
    file_stem,
    heading,
    needs_more_fonts,
    parquet,
)
from attnlit.charts.head import head_picture, head_view
from attnlit.charts.rendering import javascript
from tests.charts.drawing import texts
from tests.records import random_record, record

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.4.1.json"  # a name, which nothing asks for


@pytest.mark.whole
def test_every_kind_is_what_it_is_called() -> None:
    picture = head_picture(random_record(), 0)
    begins = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF", "html": b"<!DOCTYPE html>"}
    assert begins.keys() == KINDS.keys()
    for kind, begin in begins.items():
        assert figure(picture, kind).startswith(begin)


def test_title_and_caption_stand_above_the_picture_and_a_margin_around_it() -> None:
    picture = head_picture(random_record(), 0)
    drawn = ElementTree.fromstring(figure(picture, "svg", title="a model", caption="the query"))
    assert texts(drawn)[-2:] == ["a model", "the query"]
    more = ElementTree.fromstring(figure(picture, "svg", title="a model", caption="the query\nthe text"))
    assert "".join(more.itertext()).endswith("a modelthe querythe text")
    assert int(more.get("height", 0)) == int(drawn.get("height", 0)) + LINE
    plain = ElementTree.fromstring(figure(picture, "svg"))
    assert int(plain.get("width", 0)) == WIDTHS["page"] + 2 * MARGIN
    assert int(drawn.get("height", 0)) > int(plain.get("height", 0))
    narrow = ElementTree.fromstring(figure(picture, "svg", width="column"))
    assert int(narrow.get("width", 0)) == WIDTHS["column"] + 2 * MARGIN


@pytest.mark.whole
def test_nothing_touches_the_edge_and_nothing_is_cut() -> None:
    image = Image.open(io.BytesIO(figure(head_picture(random_record(queries=12), 0), "png", title="a")))
    ink = np.abs(np.asarray(image.convert("RGB")).astype(int) - 255).sum(axis=-1) > 24
    for edge in (ink[:10], ink[-10:], ink[:, :10], ink[:, -10:]):  # two pixels a pixel: almost the margin
        assert not edge.any()
    drawn = texts(ElementTree.fromstring(figure(head_picture(random_record(queries=12), 0), "svg")))
    assert {f"from{place}" for place in range(12)} <= set(drawn)


@pytest.mark.whole
def test_hostile_text_stays_text_in_every_kind_of_file() -> None:
    hostile = ["</script><img src=x onerror=alert(1)>", "\0\x1b\ufffe", "<!--<script>", "&lt;"]
    picture = head_picture(record(np.full((1, 1, 4, 4), 0.25), hostile), 0)
    title = '</title><script>"\x01'
    for chart in (picture, head_view(record(np.full((1, 1, 4, 4), 0.25), hostile), 0)):
        page = figure(chart, "html", title=title).decode()
        assert page.count("</script>") == 2  # the page's own
        assert "<img src=x" not in page
        assert "<title>&lt;/title&gt;&lt;script&gt;&quot;U+0001</title>" in page
        assert "U+0000U+001BU+" in "".join(texts(ElementTree.fromstring(figure(chart, "svg", title=title))))
        assert figure(chart, "png", title=title).startswith(b"\x89PNG")
        assert figure(chart, "pdf", title=title).startswith(b"%PDF")


def test_a_page_holds_the_picture_and_asks_no_other_server() -> None:
    page = figure(head_picture(random_record(), 0), "html", title="one").decode()
    assert "<title>one</title>" in page
    spec = re.search(r'vegaEmbed\("#picture", (\{.*\}), \{mode', page)
    assert spec
    assert len(json.loads(spec[1])["datasets"]["tokens"]) == 10
    own = page.replace(javascript().decode(), "")
    assert not re.search(r"(src|href)=|https?:", own.replace(SCHEMA, ""))


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ({"model": "mini-gpt2", "layer": 3, "head": 2, "view": "head"}, "mini-gpt2_L3H2_head"),
        ({"model": "org/some model", "layer": 3, "view": "head"}, "some-model_L3_head"),
        ({"model": "mini-gpt2", "view": "model"}, "mini-gpt2_model"),
        ({"model": "mini-gpt2", "view": "loss without head 3-2"}, "mini-gpt2_loss_without_head_3-2"),
        ({"model": "/a/b/../..", "view": "model"}, "model_model"),
        ({"model": "é" * 200, "layer": 0, "head": 0, "view": "heatmap"}, "model_L0H0_heatmap"),
    ],
)
def test_names_of_files_say_model_layer_and_head(asked: dict, name: str) -> None:
    assert file_stem(**asked) == name


def test_headings_name_the_heads() -> None:
    assert heading("mini-gpt2", 3, [2], of=8) == "mini-gpt2 · layer 3 · head 2"
    assert heading("mini-gpt2", 3, [0, 2], of=8) == "mini-gpt2 · layer 3 · heads 0, 2"
    assert heading("mini-gpt2", 3, range(8), of=8) == "mini-gpt2 · layer 3 · all 8 heads"
    assert heading("mini-gpt2") == "mini-gpt2"


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("The cat → Ťřeť, Ελλάδα ἄ, мир; 3 €", False),
        ("你好", True),
        ("สวัสดี", True),
        ("שלום", True),
        ("🙂", True),
    ],
)
def test_letters_that_usual_fonts_lack_are_told(text: str, more: bool) -> None:
    assert needs_more_fonts(text) == more


def test_a_table_opens_in_a_spreadsheet_with_its_letters() -> None:
    file = csv(pd.DataFrame({"query": ["你好", "мир"], "weight": [0.5, None]}))
    assert file.startswith(b"\xef\xbb\xbf")
    assert file.decode("utf-8-sig").splitlines() == ["query,weight", "你好,0.5", "мир,"]


def test_a_spreadsheet_computes_no_token() -> None:
    tokens = ["=1+2", "-", "@here", "+49", "a=b", None]
    table = pd.DataFrame({"key": tokens, "weight": np.float32([-0.1, 0.2, 0.3, 0.4, 0.5, 0.6])})
    read = pd.read_csv(io.BytesIO(csv(table)), encoding="utf-8-sig", keep_default_na=False)
    assert read["key"].tolist() == ["'=1+2", "-", "'@here", "'+49", "a=b", ""]
    assert read["weight"].tolist() == [-0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    assert table["key"].tolist()[:5] == tokens[:5]


def test_parquet_says_what_it_is_and_keeps_the_numbers(tmp_path: Path) -> None:
    table = pd.DataFrame({"layer": [0, 1], "weight": [0.25, np.nan]})
    (tmp_path / "numbers.parquet").write_bytes(parquet(table, {"model": "mini-gpt2 0123", "text": "A “ü”"}))
    read = pq.read_table(tmp_path / "numbers.parquet")
    assert read.schema.metadata[b"model"] == b"mini-gpt2 0123"
    assert read.schema.metadata[b"text"].decode() == "A “ü”"
    pd.testing.assert_frame_equal(read.to_pandas(), table)
