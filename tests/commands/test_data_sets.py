"""Texts of the hub's data sets: fetched file by file, as far as asked, and a sentence for every mishap."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pandas as pd
import pytest

from attnlit.commands import data_sets
from attnlit.commands.texts import read_texts
from attnlit.errors import AttnlitError
from tests.models import hub as orders
from tests.models.hub import Hub

NAME = "datasets/owner/tales"


def rows(*texts: str) -> bytes:
    """A Parquet file of these texts."""
    file = io.BytesIO()
    pd.DataFrame({"text": texts}).to_parquet(file)
    return file.getvalue()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with orders.running(tmp_path, monkeypatch) as running:
        running.models[NAME] = {
            "README.md": b"About this data set, in some words.",
            "data/test-0.parquet": rows("The owl slept."),
            "data/train-0.parquet": rows("The cat sat.", "The dog ran."),
            "data/train-1.parquet": rows("The fox hid."),
            "../../train.parquet": rows("Out of its folder."),
        }
        yield running


def fetched(hub: Hub) -> set[str]:
    return {path.rpartition("/")[2] for path, _ in hub.asked if "/resolve/" in path}


def test_files_come_by_name_and_only_those_that_are_needed(hub: Hub) -> None:
    assert read_texts("hub:owner/tales/data/train", most=2) == [
        ("The cat sat.", None),
        ("The dog ran.", None),
    ]
    assert fetched(hub) == {"train-0.parquet"}
    assert [text for text, _ in read_texts("hub:owner/tales@main")] == [
        "The owl slept.",
        "The cat sat.",
        "The dog ran.",
        "The fox hid.",
    ]
    assert hub.commit(NAME) in next(path for path, _ in hub.asked if "/resolve/" in path)
    assert all("hf_secret" not in headers.get("authorization", "") for _, headers in hub.asked)


def test_where_a_data_set_has_no_such_files_those_are_read_that_the_hub_has_made_of_it(hub: Hub) -> None:
    hub.models["datasets/owner/old"] = {"README.md": b"", "old.bin": b""}
    hub.models["datasets/owner/converted"] = {"0000.parquet": rows("Made by the hub.")}
    with pytest.raises(AttnlitError, match="has no file that attnlit reads"):
        read_texts("hub:owner/old")

    def file(visit: orders.Visit) -> None:
        body, commit = hub.models["datasets/owner/converted"]["0000.parquet"], "c" * 40
        visit.answer(200, body, X_Repo_Commit=commit, ETag='"1"')

    listed = json.dumps(hub.info("datasets/owner/converted")).encode()
    hub.orders = {"refs%2Fconvert%2Fparquet": orders.say(listed), "0000.parquet": file}
    assert read_texts("hub:owner/old") == [("Made by the hub.", None)]


def test_what_goes_wrong_is_said(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    for given, says in (
        ("hub:tales", "Write it as “hub:owner/name”"),
        ("hub:owner/../tales", "names no data set"),
        ("hub:owner/nothing", "no public data set called “owner/nothing”"),
        ("hub:owner/tales@v9", "no such revision"),
        ("hub:owner/tales/train", "no file “train”, but “data/test-0.parquet”"),
    ):
        with pytest.raises(AttnlitError, match=says):
            read_texts(given)
    monkeypatch.setattr(data_sets, "MOST_BYTES", 100)
    with pytest.raises(AttnlitError, match="--most"):
        read_texts("hub:owner/tales")
    hub.orders = {"/api/": orders.refuse(403, X_Error_Code="GatedRepo")}
    with pytest.raises(AttnlitError, match="accept a licence"):
        read_texts("hub:owner/tales", most=1)
    hub.orders = {"/api/": orders.refuse(500)}
    with pytest.raises(AttnlitError, match="the hub cannot be reached"):
        read_texts("hub:owner/tales", most=1)
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(AttnlitError, match="the hub cannot be reached"):
        read_texts("hub:owner/tales", most=1)
