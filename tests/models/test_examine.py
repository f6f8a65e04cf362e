"""Settings are examined before any weight is read, by one thread at a time."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import CanineConfig, CanineModel, CanineTokenizer
from transformers.utils import logging

from attnlit.errors import AttnlitError
from attnlit.models import classes
from attnlit.models.examine import alone_and_quiet, check_settings
from attnlit.models.load import load
from attnlit.models.memory import from_memory
from attnlit.models.weights import headers


@pytest.mark.parametrize(
    ("architecture", "count"), [("gpt2", "num_labels"), ("llama", "num_hidden_layers"), ("gpt2", "n_layer")]
)
def test_a_count_that_would_fill_the_memory_as_a_list(
    architecture: str, count: str, tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    place = Path(shutil.copytree(tiny_folder(architecture), tmp_path / "copy"))
    config = json.loads((place / "config.json").read_text())
    for found in ({**config, count: 10**12}, {**config, "text_config": {count: 10**12}}):
        (place / "config.json").write_text(json.dumps(found))
        with pytest.raises(AttnlitError, match=f"asks for more than 100,000 as “{count}”"):
            check_settings(place, "copy")


def test_what_transformers_prints_is_silenced_and_then_as_before() -> None:
    logging.set_verbosity_info()
    logging.enable_progress_bar()
    first_has_left, second_has_come = threading.Event(), threading.Event()

    def second() -> None:
        second_has_come.set()
        with alone_and_quiet():
            first_has_left.wait(10)

    thread = threading.Thread(target=second)
    try:
        with alone_and_quiet():
            assert logging.get_verbosity() == logging.ERROR
            assert not logging.is_progress_bar_enabled()
            thread.start()
            second_has_come.wait()
            thread.join(0.2)  # if it may come in, it takes this silence for how things were
        first_has_left.set()
        thread.join()
        assert logging.get_verbosity() == logging.INFO
        assert logging.is_progress_bar_enabled()
    finally:
        logging.set_verbosity_warning()


@pytest.mark.parametrize("architecture", ["bert", "gpt2", "t5", "gpt-oss", "albert"])
def test_numbers_are_counted_without_weights(
    architecture: str, tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    place = Path(shutil.copytree(tiny_folder(architecture), tmp_path / "copy"))
    in_files = sum(each.numbers for each in headers(place, "copy").values())
    module = load(str(place)).module
    (place / "model.safetensors").unlink()
    counted = check_settings(place, "copy")
    tensors = [*module.parameters(), *module.buffers()]
    assert counted == sum(each.numel() for each in tensors)
    assert in_files <= counted <= in_files + 20_000  # masks and the like are not saved


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_embd": 65536, "n_head": 4},
        {"n_layer": 10**7},
        {"n_positions": 10**9},
        {"vocab_size": 10**11},
        {"n_inner": 10**12},
    ],
)
def test_a_huge_configuration_over_tiny_weights(
    wrong: dict[str, int], tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    place = Path(shutil.copytree(tiny_folder("gpt2"), tmp_path / "copy"))
    settings = json.loads((place / "config.json").read_text())
    (place / "config.json").write_text(json.dumps({**settings, **wrong}))
    for look in (check_settings, lambda folder, _: load(str(folder))):
        with pytest.raises(AttnlitError, match=r"needs [\d,]+ MB of memory|asks for more than|holds values"):
            look(place, "copy")


def test_parts_are_counted_while_they_are_made(
    tiny_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a configuration calls them: this one's layers are few."""
    monkeypatch.setattr(classes, "MOST_TENSORS", 20)
    with pytest.raises(AttnlitError, match="asks for more than 20 parts"):
        check_settings(tiny_folder("gpt2"), "tiny")


@pytest.mark.whole
def test_letters_that_are_taken_together_make_no_picture_of_tokens(tmp_path: Path) -> None:
    config = CanineConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, num_hash_buckets=16,
        max_position_embeddings=64,
    )  # fmt: skip
    config.save_pretrained(tmp_path)
    tokenizer = CanineTokenizer()
    tokenizer.save_pretrained(tmp_path)
    for look in (lambda: check_settings(tmp_path, "c"), lambda: from_memory(CanineModel(config), tokenizer)):
        with pytest.raises(AttnlitError, match="takes four letters together as one"):
            look()
