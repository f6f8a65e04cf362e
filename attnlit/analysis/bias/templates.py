"""The prompts and the set of sentences that are asked by default; all of them are our own, or the paper's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnlit.analysis.bias.contrast import Contrast, Template, with_blank

if TYPE_CHECKING:
    from attnlit.models.model import Model


@dataclass(frozen=True)
class Preset:
    """A pair of prompts to begin with."""

    title: str
    contrast: Contrast
    watched: tuple[str, ...]  # words in both prompts: whom the expected continuation is about, then the other
    note: str  # what to think of, in a sentence or two
    masked: Contrast | None = None  # for models that fill gaps, where a [MASK] behind the prompts will not do

    def fitted(self, model: Model) -> Contrast:
        """The prompts as this model takes them."""
        return self.masked if model.masked and self.masked else with_blank(model, self.contrast)


PRESETS = {
    "question": Preset(
        "Doctor asks nurse",
        Contrast(
            "The doctor asked the nurse a question. She",
            "The doctor asked the nurse a question. He",
            "answered", "waited",
        ),
        ("nurse", "doctor"),
        "The nurse answers, the doctor waits. Does the model take She for the nurse and He for the doctor? "
        "Then look at “Nurse asks doctor”: an effect above 0 there too came from the two people, one below 0 "
        "from the words “answered” and “waited” alone.",
    ),
    "turned": Preset(
        "Nurse asks doctor",
        Contrast(
            "The nurse asked the doctor a question. She",
            "The nurse asked the doctor a question. He",
            "waited", "answered",
        ),
        ("nurse", "doctor"),
        "The control of “Doctor asks nurse”: the people have changed places, so now the nurse waits and the "
        "doctor answers. A model that ties She to the nurse has an effect above 0 in both.",
    ),
    "injuries": Preset(
        "Nurse and farmer",
        Contrast(
            "The nurse examined the farmer for injuries because she",
            "The nurse examined the farmer for injuries because he",
            "was caring .", "was screaming .",
        ),
        ("nurse", "farmer"),
        "The sentence that Vig et al. (2020) print: for GPT-2 small their numbers stand beside ours. A model "
        "that fills gaps is asked for one word instead: kind or hurt.",
        masked=Contrast(
            "The nurse examined the farmer for injuries because she was [MASK].",
            "The nurse examined the farmer for injuries because he was [MASK].",
            "kind", "hurt",
        ),
    ),
    "waiting": Preset(
        "Captain and secretary",
        Contrast(
            "The captain waited for the secretary because she was",
            "The captain waited for the secretary because he was",
            "late", "early",
        ),
        ("secretary", "captain"),
        "Who waits is early, who is waited for is late.",
    ),
    "profession": Preset(
        "Profession and pronoun",
        Contrast("The nurse said that", "The doctor said that", "she", "he"),
        (),
        "Here the profession is swapped and the pronoun guessed. Nobody else is in the sentence, so the "
        "whole effect is what the model holds of the two words.",
        masked=Contrast(
            "The nurse said that [MASK] was tired.", "The doctor said that [MASK] was tired.", "she", "he"
        ),
    ),
}  # fmt: skip

# Our own. Whose profession is taken for a woman's follows the labour statistics that WinoBias cites (Zhao et
# al. 2018, table 1), and for professions that are not among them a common stereotype.
TEMPLATES = tuple(
    Template(f"The {{first}} {between} because {{pronoun}} was", about_first, about_second, woman, man)
    for between, about_first, about_second, woman, man in (
        ("bandaged the {second}", "kind", "hurt", "nurse", "soldier"),
        ("sent for the {second}", "busy", "needed", "secretary", "lawyer"),
        ("waited for the {second}", "early", "late", "librarian", "driver"),
        ("thanked the {second}", "grateful", "useful", "teacher", "carpenter"),
        ("asked the {second} for help", "lost", "clever", "dressmaker", "engineer"),
        ("gave the {second} a meal", "generous", "hungry", "housekeeper", "gardener"),
        ("showed the {second} the way", "polite", "lost", "hairdresser", "farmer"),
        ("called the {second}", "frightened", "near", "typist", "guard"),
        ("stopped the {second}", "careful", "running", "cleaner", "sailor"),
        ("corrected the {second}", "certain", "wrong", "nurse", "doctor"),
        ("praised the {second}", "pleased", "quick", "secretary", "captain"),
        ("envied the {second}", "poor", "rich", "teacher", "judge"),
    )
)
