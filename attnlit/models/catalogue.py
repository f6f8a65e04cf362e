"""The models offered by name. Importing this costs nothing: it is a table.

Sizes are what is fetched, in megabytes, rounded; each model fits the default limit of memory as float32.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

BUNDLED = Path(__file__).parent  # the bundled models' folders stand beside this file

WITH_ATTNLIT, CLASSIC, TODAY, HYBRID = "With attnlit", "Classic", "Small and recent", "Hybrids"
LANGUAGES, TRANSLATORS, TRAINING = "Many languages", "Encoder and decoder", "With its training"


@dataclass(frozen=True)
class Entry:
    """One model of the catalogue."""

    # What `attnlit.load` takes.
    id: str
    # To fetch, or, for a bundled model, on disk.
    megabytes: int
    # The heading that it stands under.
    group: str
    # That it was trained on, in words.
    languages: str
    # As its page names it.
    licence: str
    # One line: what to look at.
    about: str
    # Its files are part of attnlit: no network needed.
    bundled: bool = False


CATALOGUE = (
    Entry(
        "mini-gpt2", 16, WITH_ATTNLIT, "English", "Apache-2.0",
        "Opens at once: a small GPT-2 that we trained on public-domain prose. It predicts the next word, so "
        "it only looks back.",
        bundled=True,
    ),
    Entry(
        "mini-bert", 16, WITH_ATTNLIT, "English", "Apache-2.0",
        "Opens at once: a small BERT that we trained on public-domain prose. It fills in masked words, so it "
        "looks both ways, and across two sentences.",
        bundled=True,
    ),
    Entry(
        "gpt2", 548, CLASSIC, "English", "MIT",
        "The decoder of the BertViz paper: previous-word head 4-11, induction heads, heads that rest on the "
        "first token.",
    ),
    Entry(
        "distilgpt2", 353, CLASSIC, "English", "Apache-2.0",
        "GPT-2 with half its layers: which heads survived?",
    ),
    Entry(
        "bert-base-uncased", 440, CLASSIC, "English", "Apache-2.0",
        "The encoder that most papers study: heads for the next word, for [SEP], for the object of a verb.",
    ),
    Entry(
        "roberta-base", 499, CLASSIC, "English", "MIT",
        "BERT trained longer and without the next-sentence task; it cuts words into pieces as GPT-2 does.",
    ),
    Entry(
        "HuggingFaceTB/SmolLM2-135M", 269, TODAY, "English", "Apache-2.0",
        "A Llama-type model: positions rotate queries and keys, and three query heads share a key.",
    ),
    Entry(
        "Qwen/Qwen2.5-0.5B", 988, TODAY, "29 languages", "Apache-2.0",
        "Seven query heads share one key, and its scores are large: look at how sharp its heads are.",
    ),
    Entry(
        "answerdotai/ModernBERT-base", 599, TODAY, "English", "Apache-2.0",
        "BERT as it is built today: two of every three layers see only nearby words, the third sees all.",
    ),
    Entry(
        "LiquidAI/LFM2-350M", 709, HYBRID, "8 languages", "LFM Open License 1.0",
        "Only 6 of its 16 layers have attention; the others are short convolutions. What is left to heads?",
    ),
    Entry(
        "ibm-granite/granite-4.0-h-350m", 681, HYBRID, "12 languages", "Apache-2.0",
        "Nine layers in ten are Mamba, which remembers without looking back; a few attend. Which copy names?",
    ),
    Entry(
        "FacebookAI/xlm-roberta-base", 1116, LANGUAGES, "100 languages", "MIT",
        "One encoder for a hundred languages: give it a sentence and its translation as the two texts.",
    ),
    Entry(
        "google-t5/t5-small", 242, TRANSLATORS, "English, German, French, Romanian", "Apache-2.0",
        "Encoder and decoder with a learned bias for distance; cross-attention aligns a translation with its "
        "source. Begin text A with “translate English to German:”.",
    ),
    Entry(
        "facebook/bart-base", 558, TRANSLATORS, "English", "Apache-2.0",
        "It was trained to repair damaged texts: leave words out, and see where its decoder gets them from.",
    ),
    Entry(
        "EleutherAI/pythia-70m", 166, TRAINING, "English", "Apache-2.0",
        "Its training is public, step by step: when do induction heads appear? Where names may be typed, "
        "“EleutherAI/pythia-70m@step1000” asks for one moment of it.",
    ),
)  # fmt: skip


def entry(name: str) -> Entry | None:
    """The catalogue's entry of this id, or None."""
    return next((each for each in CATALOGUE if each.id == name), None)


def groups() -> dict[str, tuple[Entry, ...]]:
    """The entries under their headings, in order."""
    names = dict.fromkeys(each.group for each in CATALOGUE)
    return {name: tuple(each for each in CATALOGUE if each.group == name) for name in names}
