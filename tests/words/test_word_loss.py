"""Which words are named, and how much the text costs."""

from __future__ import annotations

import numpy as np

from attnlit.analysis.word_loss import WordLoss
from attnlit.words.word_loss import loss_in_words
from tests.records import tokens


def found(*rise: float) -> WordLoss:
    on = np.array([np.nan, *[2.0] * len(rise)])
    words = tokens(["the", "cat", "met", "the", "dog"][: len(on)])
    return WordLoss(words, on, on + np.array([np.nan, *rise]), "self", ((5, 1),))


def test_the_words_that_change_most_are_named() -> None:
    assert loss_in_words(found(0.5, 1.25, -0.25, 0.0)) == [
        "Without head 5-1, the mean loss of a word of this text is **2.38** nats instead of **2.00**, over 4 "
        "tokens.",
        "It helps most with *met* (+1.25), *cat* (+0.50).",
        "Predicted better without: the 2nd *the* (−0.25).",
    ]


def test_that_nothing_changes_is_said() -> None:
    assert loss_in_words(found(0.01, -0.02))[1:] == ["No word changes by 0.1 nats or more."]
