"""What is said of two prompts that differ in one word, and of a set of them (Markdown)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnlit.wording import escaped, number_text

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.analysis.bias import Averages, Effects

PLAIN = {
    "total": "How much the swapped word changes the ratio of the continuations.",
    "indirect": "The part that goes through **where heads look**: the first prompt, with the attention that "
    "all heads have in the second.",
    "direct": "The part that goes **another way**, such as the swapped word's own vector: the second prompt, "
    "with all attention as in the first.",
}
LIMITS = """
- **One sentence is an anecdote.** Other words, or the two people in each other's place, may turn the sign.
  Look at the set, and at its interval.
- **The model repeats what it has read.** The two models that come with attnlit read novels of 1880 to 1927.
  Nothing here is true of nurses, doctors, women or men.
- **These are two pronouns, not all genders**, in one language, and a few professions that are tied to one of
  them by a stereotype. A bias of another kind can be there and not show here.
- **An effect is not a purpose.** A head with a large effect passes the difference on in these sentences; it
  need not be “for” gender, and the effects of single heads do not add up to that of all.
- **Small numbers are noisy.** Without an interval nobody knows whether 0.02 is anything.
"""
MEASURES = {
    "indirect": "Indirect effect",
    "direct": "Direct effect",
    "difference": "Difference of attention",
}
ABOUT_MEASURES = {
    "indirect": "The first prompt, with only this head's attention from the second. Blue: that favours what "
    "is expected after the second prompt, orange: what is expected after the first.",
    "direct": "The second prompt, with only this head's attention from the first: what is left of the total "
    "effect without this head.",
    "difference": "How differently the head looks in the two prompts: 0 the same, 1 at quite other tokens.",
}


def signed(value: float) -> str:
    """An effect for people: +0.394, −0.012."""
    return number_text(value, "+.3f")


def prompt_in_words(text: str, other: str, colour: str = "") -> str:
    """The prompt with those words in bold that the other prompt does not have in the same place.

    colour: of the ground behind them.
    """
    words, others = text.split(), other.split()
    if len(words) != len(others):
        return escaped(text)
    parts = [
        escaped(word) if word == there else _marked(escaped(word), colour)
        for word, there in zip(words, others, strict=True)
    ]
    return " ".join(parts)


def _marked(word: str, colour: str) -> str:
    return f":{colour}-background[**{word}**]" if colour else f"**{word}**"


def ratio_in_words(found: Effects, one: str, other: str) -> str:
    """How much more likely one continuation is than the other, after both. one, other: the swapped words."""
    expected, unexpected = escaped(found.contrast.expected), escaped(found.contrast.other)
    before, after = found.ratios
    change = after / before
    return (
        f"After *{one}*, “{unexpected}” is {_likely(before)} “{expected}”; after *{other}*, it is "
        f"{_likely(after)} it. Swapping the word makes that ratio {change:.2f} times what it was: a total "
        f"effect of {change:.2f} − 1."
    )


def _likely(ratio: float) -> str:
    """“**2.6 times less likely** than”, “**1.8 times as likely** as”"""
    return (
        f"**{ratio:.1f} times as likely** as" if ratio >= 1 else f"**{1 / ratio:.1f} times less likely** than"
    )


def by_chance(heads: pd.DataFrame) -> str:
    """A caution on as many intervals as there are heads."""
    return (
        f"Of {len(heads)} intervals of 95% about {len(heads) / 20:.0f} miss the true value by chance alone. "
        "Click a head to choose it: “One pair” shows it."
    )


def verdict(found: Averages) -> str:
    """What the set says of the model."""
    row = found.table.set_index("effect").loc["total"]
    if row["factor_lower"] > 1:
        return (
            "**The model leans on the stereotype in these sentences:** the factor of the total effect and "
            "its whole interval are above 1."
        )
    if row["factor_upper"] < 1:
        return "**The model leans against the stereotype in these sentences:** the factor is below 1."
    return (
        "**No lean towards the stereotype can be told from these sentences:** the interval of the total "
        "effect's factor holds 1, no change."
    )
