"""Loading: what opens, as what, and what is never made up, run or read."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import transformers

from attnlit.attention import load as load_model
from attnlit.errors import AttnlitError
from attnlit.models.load import load, with_random_weights
from tests import tiny

GetFolder = Callable[[str], Path]


def refusal(name: object) -> str:
    with pytest.raises(AttnlitError) as refused:
        load(name)  # type: ignore[arg-type]
    return str(refused.value)


def test_a_local_folder_opens(tiny_folder: GetFolder) -> None:
    checkpoint = load(str(tiny_folder("bert")))
    assert checkpoint.name == "bert"
    assert checkpoint.source == str(tiny_folder("bert"))
    assert (checkpoint.masked, checkpoint.predicts, checkpoint.notes) == (True, True, ())
    assert checkpoint.max_tokens == tiny.POSITIONS
    assert not checkpoint.module.training
    assert {weights.dtype for weights in checkpoint.module.parameters()} == {torch.float32}
    assert not any(weights.requires_grad for weights in checkpoint.module.parameters())


def test_a_path_opens_as_its_name_does(tiny_folder: GetFolder) -> None:
    by_path, by_name = load(tiny_folder("bert")), load(str(tiny_folder("bert")))
    assert (by_path.name, by_path.source, by_path.identity) == (
        by_name.name,
        by_name.source,
        by_name.identity,
    )


def test_a_path_is_never_a_name_on_the_hub() -> None:
    assert "There is no model folder “owner/model”" in refusal(Path("owner/model"))


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


@pytest.mark.parametrize("architecture", sorted(tiny.ARCHITECTURES))
def test_weights_and_tokens_are_those_that_transformers_reads(
    architecture: str, tiny_folder: GetFolder
) -> None:
    place = tiny_folder(architecture)
    checkpoint = load(str(place))
    plain = type(checkpoint.module).from_pretrained(place).state_dict()
    found = checkpoint.module.state_dict()
    assert list(found) == list(plain)
    assert all(torch.equal(found[name], plain[name]) for name in plain)
    tokenizer = transformers.AutoTokenizer.from_pretrained(place)
    for text in [*tiny.SENTENCES, "Straße 🙂 naïve", "a\n b"]:
        assert checkpoint.tokenizer(text, text).data == tokenizer(text, text).data
    assert checkpoint.special_ids == set(tokenizer.all_special_ids)
    assert checkpoint.tokenizer.name_or_path == str(place)


def test_robertas_two_unusable_positions_do_not_count(tiny_folder: GetFolder, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_folder("roberta"), tmp_path / "roberta"))
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "model_max_length": 10**30}))
    assert load(str(folder)).max_tokens == tiny.POSITIONS


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_half_precision_becomes_float32(kind: torch.dtype, folder: Path) -> None:
    transformers.BertForMaskedLM.from_pretrained(folder, dtype=kind).save_pretrained(folder)
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
    assert "lack 16 weights of the model itself" in refusal(str(folder))


def test_lost_embeddings_are_no_missing_head(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    del weights["bert.embeddings.position_embeddings.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    assert "lack 1 weights of the model itself, such as “bert.embeddings.position_" in refusal(str(folder))


def test_a_folder_may_be_saved_anew_while_its_model_is_used(folder: Path) -> None:
    model = load(str(folder))
    before = model.module(torch.tensor([[2, 9, 3]])).logits
    (folder / "model.safetensors").write_bytes(b"")  # a file that is still mapped would end this process
    assert torch.equal(model.module(torch.tensor([[2, 9, 3]])).logits, before)


def test_code_in_the_folder_is_never_run(folder: Path) -> None:
    settings = json.loads((folder / "config.json").read_text())
    auto = {"AutoConfig": "code.Config", "AutoModel": "code.Model", "AutoTokenizer": ["code.T", "code.T"]}
    (folder / "code.py").write_text("raise SystemExit('this was run')")
    (folder / "config.json").write_text(json.dumps({**settings, "auto_map": auto}))
    assert load(str(folder)).masked  # transformers has a class of its own for it
    (folder / "config.json").write_text(json.dumps({**settings, "model_type": "brain", "auto_map": auto}))
    assert "wants to run its own program" in refusal(str(folder))


def test_an_architecture_that_nobody_knows(folder: Path) -> None:
    for content in ({"model_type": "brain"}, {"model_type": ["bert"]}, {"model_type": None}, {}):
        (folder / "config.json").write_text(json.dumps(content))
        assert "of a kind that the installed version of transformers does not know" in refusal(str(folder))


@pytest.mark.parametrize(
    "wrong",
    [
        {"num_attention_heads": 5},
        {"num_attention_heads": 0},
        {"hidden_size": -1},
        {"hidden_size": "large"},
        {"num_hidden_layers": None},
        {"hidden_act": "no-such-function"},
        {"vocab_size": "many"},
        {"id2label": 7},
        {"architectures": 7},
        {"get_text_config": 7},
        {"to_dict": None},
    ],
)
def test_settings_that_make_no_sense(wrong: dict[str, object], folder: Path) -> None:
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**settings, **wrong}))
    said = refusal(str(folder))
    assert "config.json of “spoilt” holds values" in said or "could not be loaded" in said or "no voc" in said
    assert str(folder) not in said


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "[" * 100_000, "\x00\xff"])
@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json", "generation_config.json"])
def test_broken_json(file: str, content: str, folder: Path) -> None:
    (folder / file).write_text(content, encoding="latin-1")
    said = refusal(str(folder))
    assert f"The file {file} of “spoilt” " in said
    assert str(folder) not in said


def test_a_broken_tokenizer(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    whole = json.loads((folder / "tokenizer.json").read_text())
    panics = {"type": "Precompiled", "precompiled_charsmap": "AAAA"}  # the library's own code gives up
    for content in ("", "{}", '{"version": "1.0"}', json.dumps({**whole, "normalizer": panics})):
        (folder / "tokenizer.json").write_text(content)
        assert "without a tokenizer that can be read" in refusal(str(folder))


def test_a_tokenizer_whose_package_is_missing(folder: Path) -> None:
    (folder / "tokenizer.json").rename(folder / "vocab.txt")
    words = {"tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": "mecab"}
    (folder / "tokenizer_config.json").write_text(json.dumps(words))
    assert "needs a Python package" in refusal(str(folder))
    assert "that is not installed here" in refusal(str(folder))


@pytest.mark.parametrize("keep", [(), ("tokenizer_config.json",)])
def test_a_folder_without_a_tokenizer(keep: tuple[str, ...], folder: Path) -> None:
    for file in folder.glob("*token*"):
        if file.name not in keep:
            file.unlink()
    assert "comes without" in refusal(str(folder))


def test_a_model_of_pictures(tmp_path: Path) -> None:
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    transformers.ViTModel(transformers.ViTConfig(**sizes)).save_pretrained(tmp_path)
    tiny.wordpiece().save_pretrained(tmp_path)
    assert "Choose a text model" in refusal(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "Choose a model first"),
        ("./nowhere", "There is no model folder “./nowhere”"),
        ("~/nowhere/model", "There is no model folder"),
        ("a/b/c", "There is no model folder"),
        ("C:\\models\\mine", "There is no model folder"),
        ("The cat sat on the mat.", "is not a model's name"),
        ("-odd-", "is not a model's name"),
        ("[a](http://b)" * 500, "There is no model folder"),
        ("./nowhere/\x00", "There is no model folder"),
    ],
)
def test_names_that_cannot_be_models(name: str, message: str) -> None:
    said = refusal(name)
    assert message in said
    assert len(said) < 300
    assert said.isprintable()


def test_a_bundled_model_that_is_not_there_is_no_riddle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attnlit.models.catalogue.BUNDLED", tmp_path)
    assert "mini-bert" in refusal("mini-bert")


# ---------------------------------------------------------------------- side by side


@pytest.mark.whole
def test_two_models_may_be_opened_and_built_at_the_same_moment(tiny_folder: GetFolder) -> None:
    """transformers swaps methods of its classes as it loads: two at once break each other for good."""
    places = {name: str(tiny_folder(name)) for name in ("bert", "gpt2")}
    tied = {name: load(place).module for name, place in places.items()}
    twins = {name: with_random_weights(load(place)).module.state_dict() for name, place in places.items()}
    failures: list[object] = []
    start = threading.Barrier(4)

    def work(name: str, twin: bool) -> None:
        try:
            for _ in range(3):
                start.wait()
                made = load_model(places[name])
                if not made.predicts or made.capture_route != "interface":
                    failures.append((name, made.notes))
                for key, weights in made.module.state_dict().items():
                    if not torch.equal(weights, tied[name].state_dict()[key]):
                        failures.append((name, key))
                random = with_random_weights(made).module.state_dict() if twin else {}
                failures.extend(key for key in random if not torch.equal(random[key], twins[name][key]))
        except BaseException as error:
            failures.append(error)
            start.abort()

    threads = [threading.Thread(target=work, args=(name, twin)) for name in places for twin in (True, False)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert failures == []
