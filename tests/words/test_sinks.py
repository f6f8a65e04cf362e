"""What a resting head does, in sentences that carry the numbers."""

from __future__ import annotations

from dataclasses import replace

from attnlit.analysis.sinks import Lost, Resting
from attnlit.words.sinks import sink_in_words

NOTHING, MUCH, UNCLEAR = Lost(0.001, 0.0005, 0.002), Lost(0.3, 0.2, 0.4), Lost(0.03, 0.01, 0.05)
FOUND = Resting(
    kind="self", layer=5, head=7, weights=0.99, norms=0.97, resting_value=1.0, other_value=1.2, zero=MUCH,
    mean=NOTHING, texts=12, words=1266,
)  # fmt: skip


def test_each_verdict_has_its_sentence() -> None:
    constant = sink_in_words(FOUND)
    assert constant.startswith("Head 5-7 adds a **constant**")
    assert "0.30 nats per word without it, 0.001 with its mean" in constant
    assert "99% of its attention to the first token" in constant
    assert "97% of what it passes on" in constant
    assert "1,266 predicted words of 12 texts" in constant
    assert "is **idle**" in sink_in_words(replace(FOUND, zero=NOTHING))
    assert "is **working**" in sink_in_words(replace(FOUND, mean=MUCH))


def test_doubt_and_short_values_are_said() -> None:
    assert "Borderline" not in sink_in_words(FOUND)
    assert "**Borderline**: the 95% interval" in sink_in_words(replace(FOUND, mean=UNCLEAR))
    assert "short" not in sink_in_words(FOUND)
    assert "is short, 10% of what it finds elsewhere" in sink_in_words(replace(FOUND, resting_value=0.12))


def test_a_head_that_passes_nothing_on_has_a_sentence_too() -> None:
    nan = float("nan")
    sentence = sink_in_words(replace(FOUND, norms=nan, other_value=nan, zero=NOTHING))
    assert "nan" not in sentence
    assert "It passes nothing on." in sentence
