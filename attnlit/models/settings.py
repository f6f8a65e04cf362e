"""The JSON files of a model, cleaned: what a hub or a folder says must never become a path or a command.

transformers hands much of these files to constructors as arguments. So nothing is loaded from the folder that
was given: `room` makes a fresh one beside it that holds cleaned settings, and links to the other files.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attnlit.errors import AttnlitError
from attnlit.models import limits
from attnlit.wording import quoted

CONFIG, TOKENIZER_CONFIG, GENERATION_CONFIG = "config.json", "tokenizer_config.json", "generation_config.json"
INDEX = "model.safetensors.index.json"
_CLEANED_AS_TOKENS = (TOKENIZER_CONFIG, "special_tokens_map.json")
# Files that settings and a tokenizer are read from, by ending; programs, pickles and adapters stay outside.
OF_TOKENIZERS = (".json", ".txt", ".model", ".spm", ".bpe", ".vocab", ".codes", ".tiktoken", ".jinja")
_LEFT_OUT = frozenset({CONFIG, GENERATION_CONFIG, *_CLEANED_AS_TOKENS})
# A config.json with names of 20,000 classes has 40,000 values; the index of a thousand experts 200,000.
_MOST_SETTINGS, _MOST_ENTRIES, _MOST_DEPTH = 50_000, 1_000_000, 50
# How many there are of something for which a configuration makes a list, an entry each, when it is read.
_COUNTS = re.compile(r"layer|label|block|stage|depth|expert|dense_replace")
_MOST_COUNTED = 100_000
_POINTER = b"version https://git-lfs"
_PATH = re.compile(r"[/\\]|\.\.|^~")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_LABELS = frozenset({"id2label", "label2id"})
_NEVER = frozenset({"auto_map", "quantization_config", "task_specific_params", "custom_pipelines"})

# What a tokenizer's settings may hold besides numbers and switches.
_WORDS = frozenset(
    {"padding_side", "truncation_side", "tokenizer_class", "src_lang", "tgt_lang", "source_lang"}
    | {"target_lang", "language_codes", "language", "task", "lang", "prepend_scheme", "errors"}
    | {"word_tokenizer_type", "subword_tokenizer_type", "backend", "processor_class"}
)
# These become tables or arguments whatever they hold, and the files beside have what they say.
_NEVER_OF_TOKENIZERS = frozenset({"vocab", "merges", "init_inputs", "auto_map"})
# Of no use here, so that nobody need be told that they are left out.
_USELESS = frozenset(
    {"name_or_path", "_name_or_path", "auto_map", "tokenizer_file", "special_tokens_map_file", "vocab_file"}
    | {"device_map", "cache_dir", "init_inputs", "image_processor_type", "tokenizer_type", "model_type"}
)
_TOKENS = frozenset({"additional_special_tokens", "extra_special_tokens", "never_split"})
_TOKEN_PARTS = frozenset({"content", "lstrip", "rstrip", "normalized", "single_word", "special", "__type"})
_NUMBERED_TOKENS = "added_tokens_decoder"
_NAMES_OF_INPUTS = "model_input_names"
_TEMPLATE = "chat_template"
# What decides which token a model writes next; all else of a generation_config.json is left to the caller.
_STARTS_AND_ENDS = frozenset(
    {"bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id", "forced_bos_token_id"}
    | {"forced_eos_token_id", "suppress_tokens", "begin_suppress_tokens", "bad_words_ids"}
)


def read(folder: Path, file: str, name: str) -> dict[str, Any]:
    """A JSON file of a model; {} if it does not exist. Raises AttnlitError if it is too large or no JSON."""
    path = folder / file
    if not path.is_file():
        return {}
    limits.check_file(name, file, path.stat().st_size)
    check_whole(path, name)
    try:
        found = json.loads(path.read_bytes(), parse_constant=_constant)
        _check_shape(found, file, name)
    except AttnlitError:
        raise
    except (ValueError, RecursionError) as error:
        raise AttnlitError(
            f"The file {file} of {quoted(name)} is not valid JSON. Download or save the model again."
        ) from error
    if not isinstance(found, dict):
        raise AttnlitError(f"The file {file} of {quoted(name)} does not hold settings. Choose another model.")
    return found


def _constant(said: str) -> float:
    """Infinity, which is no JSON, but stands in the settings of some Mambas; NaN stands for a mistake."""
    if said == "NaN":
        raise ValueError("NaN is no number")
    return float(said)


def _check_shape(found: object, file: str, name: str) -> None:
    """Raises AttnlitError for settings so deep or so many that whoever reads them would be kept busy."""
    most = _MOST_SETTINGS if file == CONFIG else _MOST_ENTRIES
    level, count = [found], 0
    for _ in range(_MOST_DEPTH):
        inside = [each for each in level if isinstance(each, (dict, list))]
        level = [part for each in inside for part in (each.values() if isinstance(each, dict) else each)]
        count += len(level)
        if not level:
            return
        if count > most:
            break
    raise AttnlitError(
        f"The file {file} of {quoted(name)} holds more settings than any real model has. Choose another."
    )


def check_counts(found: Mapping[str, Any], name: str) -> None:
    """Raises AttnlitError for a config.json whose lists of layers or of classes would fill the memory.

    transformers makes them while it reads the file, before anybody can ask how large the model is.
    """
    for key, value in found.items():
        if isinstance(value, dict) and key not in _LABELS:
            check_counts(value, name)
        elif isinstance(value, (int, float)) and value > _MOST_COUNTED and _COUNTS.search(key):
            raise AttnlitError(
                f"The config.json of {quoted(name)} asks for more than {_MOST_COUNTED:,} as {quoted(key)}, "
                "and no real model has so many. Choose another."
            )


def check_whole(file: Path, name: str) -> None:
    """Raises AttnlitError for what a clone without Git LFS leaves in a file's place: where the file is."""
    with file.open("rb") as opened:
        pointer = opened.read(len(_POINTER)) == _POINTER
    if pointer:
        raise AttnlitError(
            f"{quoted(file.name)} of {quoted(name)} is not the file itself, but a pointer that Git LFS put "
            "in its place. Run “git lfs pull” in the folder, or download the model again."
        )


def clean_config(found: dict[str, Any]) -> dict[str, Any]:
    """A config.json without paths, programs and names of other models; numbers and structure stay."""
    return {
        key: value
        for key, value in ((key, _cleaned(key, value)) for key, value in found.items())
        if value is not _DROP and key not in _NEVER and not (key.startswith("_") and _is_worded(value))
    }


_DROP = object()


def _is_worded(value: object) -> bool:
    return isinstance(value, (str, dict, list))


def _cleaned(key: str, value: object) -> object:
    if isinstance(value, str):
        return _DROP if _PATH.search(value) else value
    if isinstance(value, dict):
        return dict(value) if key in _LABELS else clean_config(value)
    if isinstance(value, list):
        kept = [_cleaned(key, each) for each in value]
        return _DROP if any(each is _DROP for each in kept) else kept
    return value


def clean_tokenizer_config(found: dict[str, Any]) -> dict[str, Any]:
    """A tokenizer_config.json with what is on the list; everything else would be a constructor's argument."""
    return {key: value for key, value in found.items() if _may_pass(key, value)}


def left_out(found: dict[str, Any]) -> list[str]:
    """What `clean_tokenizer_config` leaves out and what may have meant something."""
    return sorted(set(found) - set(clean_tokenizer_config(found)) - _USELESS)


def _may_pass(key: str, value: object) -> bool:
    if not _IDENTIFIER.fullmatch(key) or key in _NEVER_OF_TOKENIZERS:
        return False
    if key.endswith("_token") and value is not None:
        return _is_token(value)
    if key in _TOKENS:
        return _all_tokens(list(value.values()) if isinstance(value, dict) else value)
    if key == _NUMBERED_TOKENS:
        return (
            isinstance(value, dict)
            and all(str(id_).isdecimal() for id_ in value)
            and all(isinstance(each, dict) and _is_token(each) for each in value.values())
        )
    if key == _NAMES_OF_INPUTS:
        return isinstance(value, list) and all(_is_word(each) for each in value)
    if key == _TEMPLATE:
        return isinstance(value, (str, list))
    return _is_wordless(value) or (key in _WORDS and _is_word(value))


def _is_wordless(value: object, depth: int = 3) -> bool:
    """Whether there are only numbers and switches in it: none of them can name anything."""
    if isinstance(value, (dict, list)):
        inside = value.values() if isinstance(value, dict) else value
        return depth > 0 and all(_is_wordless(each, depth - 1) for each in inside)
    return not isinstance(value, str)


def _is_word(value: object) -> bool:
    return isinstance(value, str) and not _PATH.search(value)


def _is_token(value: object) -> bool:
    """A token's text, which may be anything, or its description."""
    if isinstance(value, dict):
        return set(value) <= _TOKEN_PARTS and isinstance(value.get("content"), str)
    return isinstance(value, str)


def _all_tokens(values: object) -> bool:
    return isinstance(values, list) and all(_is_token(each) for each in values)


def clean_generation_config(found: dict[str, Any], words: int) -> dict[str, Any]:
    """Where writing starts and ends, and what is never written; only ids of a vocabulary of so many words."""

    def fits(value: object) -> bool:
        if isinstance(value, list):
            return bool(value) and all(fits(each) for each in value)
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < words

    kept = {key: value for key, value in found.items() if key in _STARTS_AND_ENDS and fits(value)}
    repeats = found.get("no_repeat_ngram_size")
    if isinstance(repeats, int) and 0 < repeats < 100:
        kept["no_repeat_ngram_size"] = repeats
    return kept


@contextmanager
def room(folder: Path, name: str, weights: Mapping[str, str] | None = None) -> Iterator[Path]:
    """A folder that lasts for one loading: cleaned settings, and links to the tokenizer's and weights' files.

    weights: the file that holds each tensor; without them only settings and tokenizer can be read.
    """
    with tempfile.TemporaryDirectory(prefix="attnlit-") as place:
        clean = Path(place)
        _write(clean / CONFIG, clean_config(read(folder, CONFIG, name)))
        for file in _CLEANED_AS_TOKENS:
            if (folder / file).is_file():
                _write(clean / file, clean_tokenizer_config(read(folder, file, name)))
        for other in sorted(folder.iterdir()):
            if _is_of_tokenizer(other):
                limits.check_file(name, other.name, other.stat().st_size)
                check_whole(other, name)
                _link(other, clean / other.name)
        if weights is not None:
            _write(clean / INDEX, {"metadata": {}, "weight_map": dict(weights)})
            for part in sorted(set(weights.values())):
                _link(folder / part, clean / part)
        yield clean


def _is_of_tokenizer(file: Path) -> bool:
    if file.name in _LEFT_OUT or file.name.startswith("adapter_") or file.name.endswith(".index.json"):
        return False
    return file.suffix in OF_TOKENIZERS and file.is_file()


def _write(file: Path, settings: dict[str, Any]) -> None:
    file.write_text(json.dumps(settings), encoding="utf-8")


def _link(file: Path, link: Path) -> None:
    try:
        link.symlink_to(file.resolve())
    except OSError:  # Windows lets only some users make links
        shutil.copyfile(file, link)
