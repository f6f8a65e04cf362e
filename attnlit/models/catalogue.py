"""The models offered by name. Importing this costs nothing: it is a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

BUNDLED = Path(__file__).parent  # the bundled models' folders stand beside this file


@dataclass(frozen=True)
class Entry:
    """One model of the catalogue."""

    id: str  # what `attnlit.load` takes
    megabytes: int  # to download (or, for a bundled model, on disk)
    about: str  # one line: why look at it
    bundled: bool = False  # its files are part of attnlit: no network needed


CATALOGUE = (
    Entry(
        "mini-gpt2", 16,
        "Opens at once: a small GPT-2 that we trained on public-domain prose. It predicts the next word, so "
        "it looks only back.",
        bundled=True,
    ),
    Entry(
        "mini-bert", 16,
        "Opens at once: a small BERT that we trained on public-domain prose. It fills in masked words, so it "
        "looks both ways, and across two sentences.",
        bundled=True,
    ),
    Entry(
        "bert-base-uncased", 440,
        "The encoder that most papers study: heads for the next word, for [SEP], for the object of a verb.",
    ),
    Entry(
        "gpt2", 548,
        "The decoder of the BertViz paper: previous-token head 4-11, induction heads, heads that rest on the "
        "first token.",
    ),
    Entry("distilgpt2", 353, "GPT-2 with half its layers: which heads survived?"),
    Entry(
        "distilbert-base-uncased", 268,
        "BERT with half its layers: which heads survived?",
    ),
    Entry(
        "roberta-base", 499,
        "BERT trained longer and without the next-sentence task; it cuts words into pieces as GPT-2 does.",
    ),
    Entry(
        "HuggingFaceTB/SmolLM2-135M", 269,
        "A Llama-type model of today: rotated positions, and query heads that share their keys.",
    ),
    Entry(
        "google-t5/t5-small", 242,
        "Encoder and decoder with a learned bias for distance; cross-attention aligns a translation with its "
        "source. Begin text A with “translate English to German:”.",
    ),
)  # fmt: skip


def entry(name: str) -> Entry | None:
    """The catalogue's entry of this id, or None."""
    return next((each for each in CATALOGUE if each.id == name), None)
