"""What a change does, in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from attnlit.analysis.ablation import intervene, switch_off
from attnlit.attention.vocabulary import vocabulary_texts
from attnlit.models.model import Model
from attnlit.wording import escaped
from attnlit.words.prediction import effect_in_words
from tests import tiny

pytestmark = pytest.mark.numeric

TEXT = "The cat sat on the mat"
MASKED = "The cat sat on the [MASK] because it was [MASK]."
PAIR = "The dog lay on the rug"
SIZE = tiny.WIDTH // tiny.HEADS

GetModel = Callable[[str], Model]
GetFolder = Callable[[str], Path]


def test_the_sentence_names_the_words_and_the_heads(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    effect = switch_off(model, TEXT, [(0, 0), (0, 1), (1, 1)])
    words = [vocabulary_texts(model.tokenizer, [each.argmax()])[0] for each in (effect.before, effect.after)]
    assert effect_in_words(effect).startswith(
        f"The next word is most likely “{escaped(words[0])}” ({effect.before.max():.1%})"
    )
    assert "without heads 0-0 and 0-1 and 1-1" in effect_in_words(effect)
    assert (f"it is “{escaped(words[1])}”" in effect_in_words(effect)) == (words[0] != words[1])
    assert "with every head on it still is" in effect_in_words(switch_off(model, TEXT, []))
    assert "without head 0-1 it" in effect_in_words(switch_off(model, TEXT, [(0, 1), (0, 1)]))
    assert "without 12 heads" in effect_in_words(switch_off(model, TEXT, list(np.ndindex(3, 4))))
    bert = tiny_model("bert")
    assert effect_in_words(switch_off(bert, "The [MASK] sat", [(0, 0)])).startswith(
        "The word at \\[MASK\\] is"
    )
    assert effect_in_words(switch_off(bert, MASKED, [(0, 0)])).startswith(
        "The word at the first \\[MASK\\] is"
    )


def test_a_word_of_the_vocabulary_is_no_markup(tiny_model: GetModel) -> None:
    effect = switch_off(tiny_model("gpt2"), TEXT, [(0, 1)])
    hostile = replace(effect, table=effect.table.assign(token="[in](http://x.y) <b>"))
    assert "](" not in effect_in_words(hostile)
    assert "<b>" not in effect_in_words(hostile).replace("\\<b\\>", "")


def test_another_change_than_a_head_that_is_off_is_called_a_change(tiny_model: GetModel) -> None:
    effect = intervene(tiny_model("gpt2"), TEXT, [])
    assert "; with the change it still is (" in effect_in_words(effect)
