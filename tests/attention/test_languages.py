"""Models that must be told between which languages they translate."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
import torch
import transformers

import attnlit
from attnlit.attention import attend, load
from attnlit.attention.languages import in_languages, languages_of
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import tiny, translator

GetModel = Callable[[str], Model]
TEXT, TARGET = "The cat sat on the mat.", "Der Hund schlief."


def test_a_model_that_was_not_told_says_so_and_writes(m2m100: Model) -> None:
    with pytest.raises(AttnlitError, match="was not told which one the second text is in"):
        attend(m2m100, TEXT, TARGET)
    assert attend(m2m100, TEXT, kind="cross").pair is not None
    assert attnlit.switch_off(m2m100, TEXT, [(0, 1)], kind="encoder").table is not None


@pytest.mark.whole
@pytest.mark.parametrize("target", ["de", "fr"])
def test_told_its_languages_it_reads_and_writes_them(target: str, m2m100: Model) -> None:
    told = in_languages(m2m100, "en", target)
    assert {"en", "de", "fr", "ru"} <= set(languages_of(told))
    assert told.identity != m2m100.identity
    assert told.module is m2m100.module
    language = told.tokenizer.get_lang_id(target)
    typed = attend(told, TEXT, TARGET, kind="decoder")
    labels = told.tokenizer(text_target=TARGET)["input_ids"]
    assert [token.id for token in typed.queries] == [2, *labels[:-1]]
    assert typed.queries[1].id == language
    shown = "".join(token.text for token in typed.queries if not token.special and token.text != "␣")
    assert shown == TARGET.replace(" ", "")
    written = attend(told, TEXT, kind="decoder")
    assert [token.id for token in written.queries[:2]] == [2, language]


@pytest.fixture(scope="module")
def mbart(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A tiny mBART, whose targets end with their language; its decoder starts with it."""
    folder = tmp_path_factory.mktemp("mbart")
    known = json.loads(tiny.unigram(byte_fallback=False).backend_tokenizer.to_str())["model"]["vocab"]
    words = [[f"<{word}>", 0.0] for word in ("s", "pad", "/s", "unk")]
    words += [[word, score] for word, score in known if not word.startswith("<")]
    tokenizer = transformers.MBartTokenizer(vocab=[tuple(each) for each in words])
    tokenizer.save_pretrained(folder)
    tiny.build("MBartForConditionalGeneration", translator.SIZES, len(tokenizer)).save_pretrained(folder)
    return load(folder)


def test_a_decoder_that_starts_with_its_language_reads_and_writes_so(mbart: Model) -> None:
    told = in_languages(mbart, "en_XX", "de_DE")
    language = told.tokenizer.convert_tokens_to_ids("de_DE")
    labels = torch.tensor([told.tokenizer(text_target=TARGET)["input_ids"]])
    expected = told.module.prepare_decoder_input_ids_from_labels(labels)[0].tolist()
    assert expected[0] == language
    typed = attend(told, TEXT, TARGET, kind="decoder")
    assert [token.id for token in typed.queries] == expected[:-1]  # without the mark of its end
    written = attend(told, TEXT, kind="decoder")
    assert [token.id for token in written.queries[:2]].count(language) == 1
    assert written.queries[0].id == language


@pytest.mark.whole
def test_nobody_else_is_told(m2m100: Model) -> None:
    before = attend(m2m100, TEXT, kind="encoder")
    in_languages(m2m100, "de", "fr")
    np.testing.assert_array_equal(attend(m2m100, TEXT, kind="encoder").weights, before.weights)
    other = attend(in_languages(m2m100, "de", "fr"), TEXT, kind="encoder")
    assert other.queries[0].id != before.queries[0].id
    assert m2m100.tokenizer.tgt_lang is None


def test_what_is_no_language_is_a_mistake_in_words(m2m100: Model, tiny_model: GetModel) -> None:
    with pytest.raises(AttnlitError, match="knows no language “xx”, but 100 others: af, am"):
        in_languages(m2m100, "en", "xx")
    for architecture in ("t5", "bert"):
        assert languages_of(tiny_model(architecture)) == ()
        with pytest.raises(AttnlitError, match="no languages to choose"):
            in_languages(tiny_model(architecture), "en", "de")
