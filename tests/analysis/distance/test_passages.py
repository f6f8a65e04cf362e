"""Texts that distances are measured in."""

from __future__ import annotations

import pytest

from attnlit.analysis import distance
from attnlit.analysis.distance.profile import queries_in_reach
from attnlit.attention import attend
from attnlit.errors import AttnlitError


@pytest.mark.parametrize("architecture", ["gpt2", "bert", "t5"])
def test_passages_hold_the_sentences_in_order_and_fit_the_model(architecture: str, tiny_model) -> None:
    model = tiny_model(architecture)
    sentences = [f"The cat sat on the mat number {place}." for place in range(40)]
    kind = model.kinds[0]
    texts = distance.passages(model, [sentences[0] * 50, *sentences], kind)  # the first fits no text
    assert 1 < len(texts) < len(sentences)
    kept = sum(text.count("The cat") for text in texts)
    assert " ".join(texts) == " ".join(sentences[:kept])
    longest = distance.longest_distance(model, kind)
    for text in texts:
        attention = attend(model, text, text if model.pairs == "target" else None)
        assert len(attention.queries) <= 64
        assert len(queries_in_reach(attention, longest))


def test_an_encoder_decoder_has_distances_in_both_its_texts_but_not_between_them(tiny_model) -> None:
    model = tiny_model("t5")
    texts = ["The cat sat on the mat, because it was tired. The dog lay on the rug."]
    for kind, signed in (("encoder", True), ("decoder", False)):
        by = distance.by_distance(distance.records(model, texts, kind), 5)
        assert (by.distances.min() < 0) == signed
    with pytest.raises(AttnlitError, match="no distance to measure"):
        distance.by_distance(distance.records(model, texts, "cross"), 5)
