"""An identity changes exactly when the content does, and asking for it reads no weights."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import huggingface_hub
import pytest
import transformers

from attnlit.attention import load
from attnlit.attention.capture import untrained
from attnlit.models import catalogue
from attnlit.models.identity import identity_of
from tests import tiny

GetFolder = Callable[[str], Path]


@pytest.fixture
def folder(tiny_folder: GetFolder, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_folder("gpt2"), tmp_path / "mine"))


def test_a_model_has_the_identity_that_was_asked_for(folder: Path) -> None:
    assert load(str(folder)).identity == identity_of(str(folder)) == identity_of(f" {folder}/ ")


def test_a_folder_saved_anew_is_another_model_at_the_same_source(folder: Path) -> None:
    before, asked = load(str(folder)), identity_of(str(folder))
    sizes = {file.name: file.stat().st_size for file in folder.iterdir()}
    kind, options, tokenizer = tiny.ARCHITECTURES["gpt2"]
    tiny.build(kind, options, len(tokenizer()), seed=1).save_pretrained(folder)
    assert sizes == {file.name: file.stat().st_size for file in folder.iterdir()}  # other weights, same sizes
    after = load(str(folder))
    assert before.source == after.source
    assert asked == before.identity != after.identity == identity_of(str(folder))


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_file_put_in_with_its_old_times_is_noticed(name: str, folder: Path) -> None:
    before, file = identity_of(str(folder)), folder / name
    times = file.stat()
    shutil.copyfile(file, folder / "new")
    os.utime(folder / "new", ns=(times.st_atime_ns, times.st_mtime_ns))
    (folder / "new").replace(file)
    assert identity_of(str(folder)) != before


def test_what_is_no_part_of_a_model_does_not_count(folder: Path) -> None:
    before = identity_of(str(folder))
    (folder / "events.log").write_text("step 1")
    (folder / "checkpoint-5").mkdir()
    assert identity_of(str(folder)) == before


def test_a_bundled_model_is_its_content_wherever_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = identity_of("mini-bert")
    shutil.copytree(catalogue.BUNDLED / "mini-bert", tmp_path / "mini-bert")
    monkeypatch.setattr(catalogue, "BUNDLED", tmp_path)
    assert identity_of("mini-bert") == here != identity_of("mini-gpt2")
    with (tmp_path / "mini-bert" / "model.safetensors").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    assert identity_of("mini-bert") != here


def test_the_untrained_twin_is_another_model(tiny_model: Callable[[str], object]) -> None:
    model = tiny_model("gpt2")
    twin = untrained(model)  # type: ignore[arg-type]
    assert twin.source == model.source  # type: ignore[attr-defined]
    assert twin.identity == f"{model.identity} untrained 0"  # type: ignore[attr-defined]


def test_a_hub_model_is_its_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    assert identity_of("owner/model") == "owner/model"
    for commit in ("a" * 40, "b" * 40):
        snapshot = tmp_path / "models--owner--model" / "snapshots" / commit
        snapshot.mkdir(parents=True)
        (snapshot / "config.json").write_text("{}")
        (tmp_path / "models--owner--model" / "refs").mkdir(exist_ok=True)
        (tmp_path / "models--owner--model" / "refs" / "main").write_text(commit)
        assert identity_of("owner/model") == f"owner/model {commit}"


@pytest.mark.parametrize("name", ["", "./nowhere", "a/b/c", "The cat sat.", "x" * 5000, "\0", "https://a/b"])
def test_a_name_that_means_nothing_is_no_riddle(name: str) -> None:
    assert identity_of(name) == name.strip()


def test_asking_opens_no_weights(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transformers.AutoConfig, "from_pretrained", lambda *_, **__: pytest.fail("was read"))
    os.truncate(folder / "model.safetensors", 0)  # unreadable now
    assert str(folder) in identity_of(str(folder))


def test_a_link_that_leads_to_itself_is_no_file_of_a_model(folder: Path) -> None:
    before = identity_of(str(folder))
    (folder / "more.safetensors").symlink_to(folder / "more.safetensors")
    assert identity_of(str(folder)) == before
