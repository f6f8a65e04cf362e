"""The target that a model writes itself is the one whose attention is shown, token by token."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from attnlit.attention import attend, generate, load
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import tiny

GetModel = Callable[[str], Model]
TEXTS = ["The cat sat on the mat.", "A doctor asked the nurse."]
targeted = pytest.mark.parametrize("architecture", ["t5", "bart", "marian"])


def folder_with(settings: dict[str, Any], folder: Path, architecture: str = "t5", seed: int = 0) -> str:
    tiny.save(architecture, folder, seed=seed)
    file = folder / "generation_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | settings))
    return str(folder)


def ids_shown(model: Model, text: str) -> list[int]:
    return [token.id for token in attend(model, text, kind="decoder").queries]


@targeted
@pytest.mark.parametrize("text", TEXTS)
def test_it_is_what_the_library_writes(architecture: str, text: str, tiny_model: GetModel) -> None:
    model = tiny_model(architecture)
    inputs = model.tokenizer(text, return_tensors="pt")
    with torch.no_grad():
        ids = model.module.generate(
            **inputs, max_new_tokens=generate.TARGET_TOKENS, num_beams=1, do_sample=False
        )
    # BART is made to end where it may not go on.
    expected = [
        each for each in ids[0].tolist()[: generate.TARGET_TOKENS] if each != model.module.config.eos_token_id
    ]
    shown = ids_shown(model, text)[: generate.TARGET_TOKENS]
    assert [each for each in shown if each != model.module.config.eos_token_id] == expected
    assert len(expected) > 2


@pytest.mark.whole
@pytest.mark.parametrize("seed", range(3))
def test_it_keeps_ids_that_their_text_would_not_give_back(seed: int, tmp_path: Path) -> None:
    """Random models write what no tokenizer would: pieces of words, sentinels, bytes of no character."""
    tokenizer = tiny.unigram()
    tokenizer.add_special_tokens({"extra_special_tokens": [f"<extra_id_{each}>" for each in range(20)]})
    tokenizer.save_pretrained(tmp_path)
    kind, options, _ = tiny.ARCHITECTURES["t5"]
    tiny.build(kind, options, len(tokenizer), seed).save_pretrained(tmp_path)
    model = load(str(tmp_path))
    record = attend(model, TEXTS[0], kind="cross")
    ids = [token.id for token in record.queries]
    with torch.no_grad():
        logits = model.module(
            **tokenizer(TEXTS[0], return_tensors="pt"), decoder_input_ids=torch.tensor([ids])
        ).logits[0]
    assert logits.argmax(-1).tolist()[: len(ids) - 1] == ids[1:]
    assert record.pair == tokenizer.decode(
        [each for each in ids[1:] if each not in (0, 1)], clean_up_tokenization_spaces=False
    )


@pytest.mark.whole
@pytest.mark.parametrize(
    "settings",
    [
        {"bad_words_ids": [[]], "suppress_tokens": [10**9, "a", None, [[1]]]},
        {"forced_bos_token_id": 10**9, "eos_token_id": [-5, 10**9]},
        {"num_beams": 10**6, "num_return_sequences": 9, "max_length": 1, "min_length": 10**6},
        {"repetition_penalty": 0.0001, "no_repeat_ngram_size": 1, "guidance_scale": 3.0},
        {"decoder_start_token_id": 10**9, "forced_decoder_ids": [[1, 10**9]]},
        {"cache_implementation": "static", "prompt_lookup_num_tokens": 5, "penalty_alpha": 0.9, "top_k": 4},
    ],
)
def test_odd_settings_of_a_repository_do_no_harm(settings: dict[str, Any], tmp_path: Path) -> None:
    try:
        model = load(folder_with(settings, tmp_path))
    except AttnlitError:  # what the library refuses while it loads
        return
    assert 1 <= len(ids_shown(model, TEXTS[0])) <= 1 + generate.TARGET_TOKENS


@pytest.mark.whole
def test_settings_that_make_sense_are_kept(tmp_path: Path) -> None:
    plain = ids_shown(load(folder_with({}, tmp_path / "plain")), TEXTS[0])
    first, forbidden = next(each for each in range(5, 40) if each not in plain), plain[1]
    settings = {"forced_bos_token_id": first, "suppress_tokens": [plain[2]], "bad_words_ids": [[forbidden]]}
    told = ids_shown(load(folder_with(settings, tmp_path / "told")), TEXTS[0])
    assert told[1] == first
    assert not {forbidden, plain[2]} & set(told)
    ending = {"eos_token_id": [1, plain[3]]}
    ended = ids_shown(load(folder_with(ending, tmp_path / "ended")), TEXTS[0])
    assert ended == plain[: plain.index(plain[3], 1)]


def test_a_decoder_without_a_start_is_a_mistake_in_words(tmp_path: Path) -> None:
    tiny.save("t5", tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    odd = dict.fromkeys(("decoder_start_token_id", "bos_token_id", "eos_token_id"), 10**9)
    (tmp_path / "config.json").write_text(json.dumps(config | odd))
    (tmp_path / "generation_config.json").unlink()
    model = load(str(tmp_path))
    with pytest.raises(AttnlitError, match="which token its target begins with"):
        attend(model, TEXTS[0])


def test_others_may_run_between_two_words(tiny_model: GetModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slot is held by one forward pass, not by a whole target."""
    one = threading.BoundedSemaphore(1)
    taken = 0

    class Counted:
        def __enter__(self) -> None:
            nonlocal taken
            taken += one.acquire(timeout=60)

        def __exit__(self, *_: object) -> None:
            one.release()

    monkeypatch.setattr("attnlit.attention.steps.slot", Counted)
    written = ids_shown(tiny_model("bart"), TEXTS[0])
    assert taken >= len(written) - 1 > 1


def test_numbers_that_are_not_finite_are_a_mistake_in_words(tmp_path: Path) -> None:
    model = load(folder_with({}, tmp_path))
    model.module.lm_head.weight[7] = torch.nan
    with pytest.raises(AttnlitError, match="not finite"):
        attend(model, TEXTS[0])


def test_the_encoder_reads_the_source_once(tiny_model: GetModel) -> None:
    module = tiny_model("t5").module
    reads = []
    hook = module.encoder.register_forward_hook(lambda *_: reads.append(1))
    try:
        attend(tiny_model("t5"), TEXTS[1])
    finally:
        hook.remove()
    assert len(reads) == 2  # for the words, and for the record
