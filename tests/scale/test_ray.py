"""The adapter to Ray, as far as it goes without Ray: rows, a worker, and what it says if Ray is missing."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from attnlit.analysis.survey import controls, finish, survey
from attnlit.attention import load
from attnlit.errors import AttnlitError
from attnlit.scale import ray as cluster
from tests import planted
from tests.analysis.survey.planted_texts import TEXTS


@pytest.mark.whole
def test_rows_are_blocks_that_parquet_holds_and_a_worker_makes_parts_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["attnlit.scale.blocks"], "SIZE", 10)
    pq.write_table(pa.Table.from_pylist(cluster.rows(TEXTS)), tmp_path / "blocks.parquet")
    rows = pq.read_table(tmp_path / "blocks.parquet").to_pylist()
    assert [row["first"] for row in rows] == [0, 10, 20]
    folder = str(planted.save_with_roles(tmp_path / "model"))
    read = cluster.Reader(folder, None, written=False)

    class Found:  # what of a data set is used
        def iter_rows(self) -> list[dict[str, object]]:
            return [read(row) for row in reversed(rows)]

    model = load(folder)
    found = finish([*cluster.partials(Found()), controls(model, TEXTS)])
    alone = survey(model, TEXTS)
    assert (found.texts, found.tokens) == (alone.texts, alone.tokens)
    assert [each.number for each in found.examples.of(0, 1)] == [
        each.number for each in alone.examples.of(0, 1)
    ]


@pytest.mark.skipif(importlib.util.find_spec("ray") is not None, reason="Ray is installed")
def test_where_ray_is_missing_a_sentence_says_how_to_get_it() -> None:
    with pytest.raises(AttnlitError, match=r"pip install 'attnlit\[scale\]'"):
        cluster.parts(None, "mini-gpt2", workers=2)
