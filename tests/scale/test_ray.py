"""The adapter to Ray: rows, a worker, what it says if Ray is missing; and Ray itself where it is there."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from attnlit.analysis.survey import controls, finish, survey
from attnlit.analysis.survey.parts import from_bytes
from attnlit.attention import load
from attnlit.errors import AttnlitError
from attnlit.scale import ray as cluster
from tests import planted
from tests.analysis.survey.every_bit import every_bit
from tests.analysis.survey.planted_texts import TEXTS

INSTALLED = importlib.util.find_spec("ray") is not None


@pytest.fixture
def short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["attnlit.analysis.survey.order"], "PIECE", 10)


@pytest.mark.whole
@pytest.mark.usefixtures("short_pieces")
def test_rows_are_blocks_that_parquet_holds_and_a_worker_makes_parts_of(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(cluster.rows(TEXTS)), tmp_path / "blocks.parquet")
    rows = pq.read_table(tmp_path / "blocks.parquet").to_pylist()
    assert [len(row["places"]) for row in rows] == [10, 10, 4]
    folder = str(planted.save_with_roles(tmp_path / "model"))
    read = cluster.Reader(folder, None, written=False)

    class Found:  # what of a data set is used
        def iter_rows(self) -> list[dict[str, object]]:
            return [read(row) for row in reversed(rows)]

    model = load(folder)
    found = finish([*cluster.partials(Found()), controls(model, TEXTS)])
    assert every_bit(found) == every_bit(survey(model, TEXTS))


@pytest.mark.skipif(INSTALLED, reason="Ray is installed")
def test_where_ray_is_missing_a_sentence_says_how_to_get_it() -> None:
    with pytest.raises(AttnlitError, match=r"pip install 'attnlit\[scale\]'"):
        cluster.parts(None, "mini-gpt2", workers=2)


@pytest.mark.server  # starts processes of its own
@pytest.mark.filterwarnings("ignore")  # Ray's are not ours
@pytest.mark.skipif(not INSTALLED, reason="Ray is not installed: pip install 'attnlit[scale]'")
@pytest.mark.usefixtures("short_pieces")
def test_two_workers_of_ray_of_which_one_is_killed_make_what_one_process_makes(tmp_path: Path) -> None:
    import ray
    import ray.data

    folder = str(planted.save_with_roles(tmp_path))
    texts = TEXTS * 50
    rows = cluster.rows(texts)
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, object_store_memory=150 * 2**20)
    try:
        blocks = ray.data.from_items(rows, override_num_blocks=len(rows))
        found: dict[int, bytes] = {}
        killed = 0
        for row in cluster.parts(blocks, folder, workers=2).iter_rows():
            assert row["block"] not in found
            found[row["block"]] = row[cluster.PART]
            if not killed:
                killed = readers()[0]
                os.kill(killed, signal.SIGKILL)
        assert sorted(found) == [*range(len(rows))]
    finally:
        ray.shutdown()
    model = load(folder)
    together = finish([*map(from_bytes, found.values()), controls(model, texts)])
    assert every_bit(together) == every_bit(survey(model, texts))


def readers() -> list[int]:
    """The workers that Ray has started for this process, by what they call themselves."""
    return [
        int(process.name)
        for process in Path("/proc").iterdir()
        if process.name.isdigit() and b"Reader" in said(process) and started_here(int(process.name))
    ]


def said(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def started_here(pid: int) -> bool:
    """Whether a process is a descendant of this one."""
    while pid > 1:
        if pid == os.getpid():
            return True
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return False
    return False
