from __future__ import annotations

import pytest
import torch

from attnlit.attention import attend, load
from attnlit.errors import AttnlitError
from attnlit.models.device import move

GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@pytest.mark.parametrize("device", ["gpu", "meta", "mps", "cuda:99", ""])
def test_a_device_that_is_not_here_is_refused_in_words(device: str) -> None:
    module = torch.nn.Linear(2, 2)
    with pytest.raises(AttnlitError, match=r'it runs on "cpu" or on "cuda", and .* here'):
        move(module, device, "mini")  # type: ignore[arg-type]
    assert module.weight.device.type == "cpu"


def test_one_without_room_is_said_to_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    module = torch.nn.Linear(2, 2)
    monkeypatch.setattr(module, "to", full)
    with pytest.raises(AttnlitError, match="“cpu” has no room for “mini”"):
        move(module, "cpu", "mini")  # type: ignore[arg-type]


def test_a_model_read_from_files_goes_where_it_is_told() -> None:
    assert load("mini-bert", device="cpu").module.device.type == "cpu"
    with pytest.raises(AttnlitError, match="cannot run on “cuda:99”"):
        load("mini-bert", device="cuda:99")


def test_one_in_memory_is_its_owners_to_move() -> None:
    model = load("mini-bert")
    with pytest.raises(AttnlitError, match=r"move it yourself, with model\.to\(device\)"):
        load(model.module, tokenizer=model.tokenizer, device="cpu")


@GPU
def test_on_a_gpu_a_model_shows_what_it_shows_on_the_processor() -> None:
    here, there = load("mini-gpt2"), load("mini-gpt2", device="cuda")
    assert there.module.device.type == "cuda"
    text = "The old sailor told the children a story."
    torch.testing.assert_close(attend(there, text).weights, attend(here, text).weights, rtol=0, atol=1e-5)


@pytest.mark.parametrize("default", ["meta", pytest.param("cuda", marks=GPU)])
def test_torchs_default_device_changes_nothing(default: str) -> None:
    with torch.device(default):
        assert load("mini-bert").module.device.type == "cpu"
