"""What is asked: two prompts that differ in one word, and templates that make such pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    from attnlit.models.model import Model


@dataclass(frozen=True)
class Contrast:
    """Two prompts that differ in one word, and two ways to go on.

    For a model that fills gaps, both prompts hold one [MASK] and the continuations are single words.
    """

    first: str  # x
    second: str  # x': the same with the other word
    expected: str  # how a stereotype would go on after the first prompt
    other: str  # and after the second


def contrast_of(given: Contrast | Sequence[str]) -> Contrast:
    """The contrast that somebody handed in. Raises AttnlitError, in words, for anything else."""
    texts = astuple(given) if isinstance(given, Contrast) else given
    if isinstance(texts, tuple | list) and len(texts) == 4 and all(isinstance(each, str) for each in texts):
        return Contrast(*texts)
    raise AttnlitError(
        "A contrast is two prompts that differ in one word and two ways to go on: four texts, such as "
        "(“The nurse said that she”, “The nurse said that he”, “cares”, “fights”)."
    )


@dataclass(frozen=True)
class Template:
    """A sentence about two people, to be read with either of them in either place.

    With the two exchanged, the same word goes on about the other person. What a model holds of words alone,
    such as "she" going with "kind", then pulls the two readings opposite ways.
    """

    sentence: str  # with {first}, {second} and, near the end, {pronoun}
    about_first: str  # the word that goes on about whoever stands first
    about_second: str
    woman: str  # the profession that the stereotype takes for a woman's
    man: str
    pronouns: tuple[str, str] = ("she", "he")

    def contrasts(self) -> tuple[Contrast, Contrast]:
        """Both places; x has the first pronoun. The other direction is `Effects.turned`."""
        readings = []
        for first, second in ((self.woman, self.man), (self.man, self.woman)):
            she, he = (
                self.sentence.format(first=first, second=second, pronoun=pronoun) for pronoun in self.pronouns
            )
            words = self.about_first, self.about_second
            expected, other = words if first == self.woman else words[::-1]
            readings.append(Contrast(she, he, expected, other))
        return readings[0], readings[1]


def with_blank(model: Model, contrast: Contrast) -> Contrast:
    """The same for a model that fills gaps: where the prompts hold no [MASK], one is put behind them."""
    if not model.masked:
        return contrast
    mask = model.mask_token
    first, second = (  # an empty prompt stays one, so that this can be said
        each if mask in each or not each.strip() else f"{each.rstrip()} {mask}."
        for each in (contrast.first, contrast.second)
    )
    return Contrast(first, second, contrast.expected, contrast.other)
