"""What a model's JSON says becomes no path, no program and no constructor's argument."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import transformers

from attnlit.errors import AttnlitError
from attnlit.models import settings
from attnlit.models.load import load
from tests import tiny


def change(file: Path, **found: Any) -> None:
    before = json.loads(file.read_text()) if file.is_file() else {}
    file.write_text(json.dumps({**before, **found}))


def words_of(folder: Path) -> set[str]:
    try:
        return set(load(str(folder)).tokenizer.get_vocab())
    except AttnlitError:
        return set()


@pytest.mark.whole
@pytest.mark.parametrize(
    "found",
    [
        {"vocab": "{}"},
        {"vocab_file": "{}"},
        {"tokenizer_file": "{}"},
        {"init_inputs": ["{}"]},
        {"init_inputs": ["{}", True]},
        {"fast_tokenizer_files": ["../../secret.txt"]},
        {"merges": "{}", "vocab": "{}"},
        {"name_or_path": "{}", "_name_or_path": "{}"},
        {"tokenizer_object": "{}"},
        {"__slow_tokenizer": "{}"},
    ],
)
@pytest.mark.parametrize(
    "kind", ["BertTokenizer", "BertTokenizerFast", "GPT2Tokenizer", "PreTrainedTokenizerFast"]
)
@pytest.mark.parametrize("file", ["tokenizer_config.json", "special_tokens_map.json"])
def test_a_tokenizer_reads_no_file_of_this_machine(
    file: str, kind: str, found: dict[str, Any], folder: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.txt"
    special = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]
    lines = [*special, "password", *(f"line{number}" for number in range(300))]  # enough for a vocabulary
    secret.write_text("\n".join(lines))
    (folder / "tokenizer.json").unlink()
    filled = json.loads(json.dumps(found).replace("{}", str(secret)))
    change(folder / "tokenizer_config.json", tokenizer_class=kind)
    change(folder / file, **filled)
    assert "password" not in words_of(folder)


def test_the_same_file_inside_the_folder_is_read(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    change(folder / "tokenizer_config.json", tokenizer_class="BertTokenizer")
    words = sorted(tiny.wordpiece().get_vocab().items(), key=lambda item: item[1])
    (folder / "vocab.txt").write_text("\n".join(word for word, _ in words))
    assert words_of(folder) == {word for word, _ in words}


@pytest.mark.parametrize("architecture", sorted(tiny.ARCHITECTURES))
def test_settings_as_they_are_saved_come_through(
    architecture: str, tiny_folder: Callable[[str], Path]
) -> None:
    place = tiny_folder(architecture)
    config = json.loads((place / "config.json").read_text())
    assert settings.clean_config(config) == config
    tokenizer = json.loads((place / "tokenizer_config.json").read_text())
    assert settings.clean_tokenizer_config(tokenizer) == tokenizer


def test_settings_of_many_kinds_come_through() -> None:
    found = {
        "bos_token": {"__type": "AddedToken", "content": "/s", "lstrip": False},
        "unk_token": "../unk",
        "additional_special_tokens": ["<a>", {"content": "<b>", "special": True}],
        "extra_special_tokens": {"image_token": "<image>"},
        "added_tokens_decoder": {"7": {"content": "<|x|>", "special": True}},
        "model_max_length": 10**30,
        "do_lower_case": True,
        "strip_accents": None,
        "padding_side": "left",
        "src_lang": "eng_Latn",
        "model_input_names": ["input_ids", "attention_mask"],
        "cls_token_box": [0, 0, 0, 0],
        "lang2id": {"en": 0},
        "word_tokenizer_type": "mecab",
        "sp_model_kwargs": {"nbest_size": 1},
        "chat_template": "{{ messages[0]['content'] }}",
        "tokenizer_class": "LlamaTokenizerFast",
        "mask_token": None,
    }
    assert settings.clean_tokenizer_config(found) == found


@pytest.mark.parametrize(
    "found",
    [
        {"padding_side": "/etc/passwd"},
        {"vocab": {"word": 0}},
        {"merges": []},
        {"mecab_kwargs": {"mecab_option": "-d /x"}},
        {"deep": [[[[[1]]]]]},
        {"src_lang": "..\\x"},
        {"anything": "word"},
        {"anything": ["word"]},
        {"anything": {"word": "1"}},
        {"bos_token": {"content": "a", "file": "b"}},
        {"added_tokens_decoder": {"x": {"content": "a"}}},
        {"added_tokens_decoder": {"7": "a"}},
        {"extra_special_tokens": "abc"},
        {"sp_model_kwargs": {"model_file": "/etc/passwd"}},
        {"auto_map": {"AutoTokenizer": ["a.B", None]}},
        {"not an identifier": 1},
    ],
)
def test_settings_of_a_tokenizer_that_stay_outside(found: dict[str, Any]) -> None:
    assert settings.clean_tokenizer_config(found) == {}


def test_what_may_have_meant_something_is_said(folder: Path) -> None:
    change(folder / "tokenizer_config.json", name_or_path="a/b", auto_map={"AutoTokenizer": ["a.B", None]})
    assert load(str(folder)).notes == ()
    change(folder / "tokenizer_config.json", spelling="old", vocab={"a": 0})
    assert load(str(folder)).notes == ("Its tokenizer has settings that are not used here: spelling, vocab.",)


def test_settings_of_a_model_that_stay_outside() -> None:
    kept = {
        "model_type": "bert",
        "hidden_size": 8,
        "layer_types": ["full_attention"],
        "text_config": {"vocab_size": 9},
    }
    labels = {"id2label": {"0": "yes/no"}, "label2id": {"yes/no": 0}}
    dropped = {
        "_name_or_path": "bert-base-uncased",
        "_attn_implementation": "owner/kernel",
        "attn_implementation": "owner/kernel",
        "auto_map": {"AutoModel": "code.Model"},
        "vision_tower": "/etc/passwd",
        "files": ["a", "~/x"],
        "task_specific_params": {"x": {}},
    }
    inside = {"text_config": {"vocab_size": 9, "_name_or_path": "a/b", "path": "../x"}}
    assert settings.clean_config({**kept, **labels, **dropped, **inside}) == {**kept, **labels}


# --------------------------------------------------------------- how writing starts and ends


@pytest.fixture(scope="module")
def as_saved(tiny_folder: Callable[[str], Path]) -> dict[str, Any]:
    """How writing starts and ends in a tiny T5 that nobody has spoilt."""
    settings: dict[str, Any] = load(str(tiny_folder("t5"))).module.generation_config.to_dict()
    return settings


@pytest.mark.whole
@pytest.mark.parametrize(
    "found",
    [
        {"decoder_start_token_id": 10**6},
        {"forced_bos_token_id": -5},
        {"eos_token_id": "</s>"},
        {"num_beams": 0},
        {"max_length": -1},
        {"min_length": 500, "max_length": 2},
        {"temperature": -1.0, "do_sample": True},
        {"suppress_tokens": [10**6]},
        {"bad_words_ids": []},
        {"bad_words_ids": [[]]},
        {"cache_implementation": "nonsense"},
        {"guidance_scale": 3.0},
        {"watermarking_config": {"x": 1}},
        {"stop_strings": ["a"]},
        {"assistant_early_exit": 2},
        {"prompt_lookup_num_tokens": 3},
        {"no_repeat_ngram_size": -1},
        {"to_dict": 1},
    ],
)
def test_an_odd_generation_config_changes_nothing(
    found: dict[str, Any], as_saved: dict[str, Any], tiny_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    place = Path(shutil.copytree(tiny_folder("t5"), tmp_path / "t5"))
    change(place / "generation_config.json", **found)
    assert load(str(place)).module.generation_config.to_dict() == as_saved


def test_where_writing_starts_and_ends_is_kept(tiny_folder: Callable[[str], Path], tmp_path: Path) -> None:
    place = Path(shutil.copytree(tiny_folder("t5"), tmp_path / "t5"))
    (place / "generation_config.json").unlink()
    kept = {
        "forced_bos_token_id": 5,
        "bad_words_ids": [[0]],
        "eos_token_id": [1, 2],
        "no_repeat_ngram_size": 3,
    }
    transformers.GenerationConfig(decoder_start_token_id=7, **kept).save_pretrained(place)
    found = load(str(place)).module.generation_config
    assert {name: getattr(found, name) for name in kept} == kept
    assert found.decoder_start_token_id == 7
