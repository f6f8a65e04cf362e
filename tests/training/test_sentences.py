"""Sentences of our own: always the same, no two alike, and a clear word where there are no more."""

from __future__ import annotations

import pytest

from training import sentences


def test_they_are_always_the_same_and_no_two_are_alike() -> None:
    some = list(sentences.texts(600))
    assert some[:300] == list(sentences.texts(300))
    assert [number for number, (_, pair) in enumerate(some) if pair] == list(range(0, 600, 3))
    every = [sentence for text in some for sentence in text if sentence]
    assert len(set(every)) == len(every)
    assert not any(mark in sentence for sentence in every for mark in "{}")


def test_more_than_the_words_allow_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentences, "PATTERNS", ["The door was {colour}."])
    colours = len(sentences.WORDS["colour"])
    assert len(list(sentences.sentences(colours))) == colours
    with pytest.raises(ValueError, match="give more patterns"):
        list(sentences.sentences(colours + 1))
