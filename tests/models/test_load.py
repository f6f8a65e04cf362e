"""Loading: what opens, and a sentence for everything that does not."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import pytest
import torch
import transformers
from huggingface_hub import errors

from attnlit.errors import AttnlitError
from attnlit.models.failures import explain
from attnlit.models.load import load
from tests import tiny

GetFolder = Callable[[str], Path]


@pytest.fixture
def folder(tiny_folder: GetFolder, tmp_path: Path) -> Path:
    """A copy of a tiny BERT's folder, to spoil."""
    return Path(shutil.copytree(tiny_folder("bert"), tmp_path / "spoilt"))


def test_a_local_folder_opens(tiny_folder: GetFolder) -> None:
    checkpoint = load(str(tiny_folder("bert")))
    assert checkpoint.name == "bert"
    assert checkpoint.source == str(tiny_folder("bert"))
    assert (checkpoint.masked, checkpoint.predicts, checkpoint.notes) == (True, True, ())
    assert checkpoint.max_tokens == tiny.POSITIONS
    assert not checkpoint.module.training
    assert {weights.dtype for weights in checkpoint.module.parameters()} == {torch.float32}
    assert not any(weights.requires_grad for weights in checkpoint.module.parameters())


@pytest.mark.parametrize(
    ("architecture", "kind", "masked"),
    [
        ("roberta", "RobertaForMaskedLM", True),
        ("gpt2", "GPT2LMHeadModel", False),
        ("t5", "T5ForConditionalGeneration", False),
    ],
)
def test_the_class_has_the_head_that_was_saved(
    architecture: str, kind: str, masked: bool, tiny_folder: GetFolder
) -> None:
    checkpoint = load(str(tiny_folder(architecture)))
    assert type(checkpoint.module).__name__ == kind
    assert checkpoint.masked == masked
    assert checkpoint.predicts


def test_robertas_two_unusable_positions_do_not_count(tiny_folder: GetFolder, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_folder("roberta"), tmp_path / "roberta"))
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "model_max_length": 10**30}))
    assert load(str(folder)).max_tokens == tiny.POSITIONS


def test_half_precision_becomes_float32(folder: Path) -> None:
    transformers.BertForMaskedLM.from_pretrained(folder, dtype=torch.float16).save_pretrained(folder)
    assert {weights.dtype for weights in load(str(folder)).module.parameters()} == {torch.float32}


def test_a_checkpoint_without_a_head_says_so(folder: Path) -> None:
    transformers.BertModel.from_pretrained(folder).save_pretrained(folder)
    checkpoint = load(str(folder))
    assert type(checkpoint.module).__name__ == "BertModel"
    assert not checkpoint.predicts
    assert "no trained head" in checkpoint.notes[0]


def test_a_pretraining_checkpoint_keeps_its_head_for_words(folder: Path) -> None:
    transformers.BertForPreTraining.from_pretrained(folder).save_pretrained(folder)
    checkpoint = load(str(folder))
    assert type(checkpoint.module).__name__ == "BertForMaskedLM"
    assert checkpoint.predicts


def test_weights_that_the_files_lack_are_never_made_up(folder: Path) -> None:
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**settings, "num_hidden_layers": 4}))
    with pytest.raises(AttnlitError, match="lack 16 weights of its layers"):
        load(str(folder))


def test_a_folder_without_safetensors(folder: Path) -> None:
    weights = transformers.BertForMaskedLM.from_pretrained(folder).state_dict()
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")  # which transformers would load, pickle and all
    with pytest.raises(AttnlitError, match="holds no safetensors"):
        load(str(folder))


def test_a_broken_weights_file(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0nonsense")
    with pytest.raises(AttnlitError, match=r"safetensors .* cannot be read"):
        load(str(folder))


def test_a_folder_without_a_configuration(folder: Path) -> None:
    (folder / "config.json").unlink()
    with pytest.raises(AttnlitError, match=r"no config\.json"):
        load(str(folder))


@pytest.mark.parametrize("keep", [(), ("tokenizer_config.json",)])
def test_a_folder_without_a_tokenizer(keep: tuple[str, ...], folder: Path) -> None:
    for file in folder.glob("*token*"):
        if file.name not in keep:
            file.unlink()
    with pytest.raises(AttnlitError, match=r"without .*tokenizer"):
        load(str(folder))


def test_an_architecture_that_nobody_knows(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps({"model_type": "brain"}))
    with pytest.raises(
        AttnlitError, match="of a kind that the installed version of transformers does not know"
    ):
        load(str(folder))


def test_code_in_the_folder_is_never_run(folder: Path) -> None:
    settings = json.loads((folder / "config.json").read_text())
    settings |= {"model_type": "brain", "auto_map": {"AutoConfig": "code.Config", "AutoModel": "code.Model"}}
    (folder / "config.json").write_text(json.dumps(settings))
    (folder / "code.py").write_text("raise SystemExit('this was run')")
    with pytest.raises(AttnlitError, match="wants to run its own program"):
        load(str(folder))


def test_a_model_of_pictures(tmp_path: Path) -> None:
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    transformers.ViTModel(transformers.ViTConfig(**sizes)).save_pretrained(tmp_path)
    tiny.wordpiece().save_pretrained(tmp_path)
    with pytest.raises(AttnlitError, match="Choose a text model"):
        load(str(tmp_path))


def test_a_model_too_large_is_refused_before_it_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNLIT_MAX_MODEL_MB", "1")
    monkeypatch.setattr("attnlit.models.load._parameters", lambda file: 2_000_000)
    monkeypatch.setattr(
        transformers.AutoConfig, "from_pretrained", lambda *_, **__: pytest.fail("it was read")
    )
    with pytest.raises(AttnlitError, match="needs 8 MB of memory"):
        load(str(folder))


def test_size_is_counted_from_the_files_header(folder: Path) -> None:
    from attnlit.models.load import _parameters

    tensors = transformers.BertForMaskedLM.from_pretrained(folder).num_parameters()
    assert abs(_parameters(folder / "model.safetensors") - tensors) <= 1000


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "Choose a model first"),
        ("./nowhere", "There is no folder"),
        ("~/nowhere/model", "There is no folder"),
        ("a/b/c", "There is no folder"),
        ("C:\\models\\mine", "There is no folder"),
        ("The cat sat on the mat.", "is not a model's name"),
        ("-odd-", "is not a model's name"),
    ],
)
def test_names_that_cannot_be_models(name: str, message: str) -> None:
    with pytest.raises(AttnlitError, match=message):
        load(name)


def test_a_file_is_no_folder(folder: Path) -> None:
    with pytest.raises(AttnlitError, match="is a file"):
        load(str(folder / "model.safetensors"))


def test_a_bundled_model_that_is_not_there_is_no_riddle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attnlit.models.catalogue.BUNDLED", tmp_path)
    with pytest.raises(AttnlitError, match="mini-bert"):
        load("mini-bert")


def test_without_a_network_a_hub_model_fails_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise ConnectionError("Name or service not known")

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", unreachable)
    monkeypatch.setattr(
        transformers.AutoConfig, "from_pretrained", lambda *_, **__: pytest.fail("it retried")
    )
    with pytest.raises(AttnlitError, match="the hub cannot be reached"):
        load("nobody/has-this-model")


def test_without_a_network_a_downloaded_model_still_opens(
    tiny_folder: GetFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise errors.OfflineModeIsEnabled("offline")

    cached = str(tiny_folder("gpt2") / "config.json")
    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", unreachable)
    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_: cached)
    assert load("owner/model").name == "owner/model"


@pytest.mark.parametrize(
    ("files", "parameters", "message"),
    [
        (["config.json", "pytorch_model.bin"], None, "offers no safetensors"),
        (["config.json", "model.safetensors"], 7_000_000_000, "needs 28,000 MB"),
        (["config.json", "model-1.safetensors", "model-2.safetensors"], None, "needs 6,000 MB"),
    ],
)
def test_the_hub_is_asked_before_a_download(
    files: list[str], parameters: int | None, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    total = None if parameters is None else SimpleNamespace(total=parameters)
    info = SimpleNamespace(
        siblings=[SimpleNamespace(rfilename=file, size=3_000_000_000) for file in files], safetensors=total
    )
    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", lambda *_, **__: info)
    with pytest.raises(AttnlitError, match=message):
        load("owner/model")


ANSWERS = {
    "/api/models/owner/gated": (403, "GatedRepo"),
    "/api/models/owner/missing": (404, "RepoNotFound"),
    "/api/models/owner/broken": (501, ""),
}


class Hub(BaseHTTPRequestHandler):
    """A Hugging Face hub on this machine that has nothing to give."""

    def do_GET(self) -> None:
        status, code = ANSWERS[self.path.split("?")[0]]
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on the test's output."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        yield
        server.shutdown()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("owner/gated", "accept a licence"),
        ("owner/missing", "no public model called"),
        ("owner/broken", "did not deliver"),
    ],
)
def test_what_the_hub_answers_becomes_a_sentence(name: str, sentence: str, hub: None) -> None:
    with pytest.raises(AttnlitError, match=sentence):
        load(name)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError(), "does not fit into this machine's memory"),
        (
            RuntimeError("DefaultCPUAllocator: can't allocate memory"),
            "does not fit into this machine's memory",
        ),
        (RuntimeError("something\nnew"), r"could not be loaded \(RuntimeError: something new\)"),
    ],
)
def test_every_other_failure_has_a_sentence(error: Exception, sentence: str) -> None:
    assert re.search(sentence, explain(error, "owner/model"))


def test_the_cause_counts_and_not_its_wrapping() -> None:
    wrapped = OSError("We couldn't connect, and the model may not exist.")
    wrapped.__cause__ = TimeoutError()
    assert "hub cannot be reached" in explain(wrapped, "owner/model")
