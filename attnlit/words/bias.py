"""What is said of two prompts that differ in one word, and of a set of them (Markdown)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnlit.wording import escaped, number_text

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.analysis.bias import Averages, Effects

PLAIN = {
    "total": "How much the swapped word changes the ratio of the continuations.",
    "indirect": "The part that goes through **where heads look**: the first prompt, with every head's "
    "attention taken from the second.",
    "direct": "The part that takes **other routes**, such as the swapped word's own vector: the second "
    "prompt, with every head's attention taken from the first.",
}
LIMITS = """
- **One sentence is an anecdote.** Other words, or the two people swapped, may change the sign. Look at the
  whole set, and at its interval.
- **The model repeats what it has read.** The two models that come with attnlit read novels from 1880 to 1927.
  Nothing here is true of nurses, doctors, women or men.
- **These are two pronouns, not all genders**, in one language, with a few professions that stereotypes tie to
  one of them. A model can have other biases that do not show here.
- **An effect is not a purpose.** A head with a large effect passes the difference on in these sentences; it
  need not be “for” gender. The effects of single heads do not add up to the effect of all heads together.
- **Small numbers are noisy.** Without an interval, nobody knows whether 0.02 means anything.
"""
MEASURES = {
    "indirect": "Indirect effect",
    "direct": "Direct effect",
    "difference": "Difference of attention",
}
ABOUT_MEASURES = {
    "indirect": "The first prompt, with only this head's attention taken from the second. Blue: this favours "
    "the word expected after the second prompt. Orange: the word expected after the first.",
    "direct": "The second prompt, with only this head's attention taken from the first: what is left of the "
    "total effect without this head.",
    "difference": "How different the head's attention is in the two prompts: 0 means the same, 1 means that "
    "it looks at entirely different tokens.",
}


def signed(value: float) -> str:
    """An effect for people: +0.394, −0.012."""
    return number_text(value, "+.3f")


def prompt_in_words(text: str, other: str) -> str:
    """The prompt with those words in bold that the other prompt does not have in the same place."""
    pairs = _in_the_same_place(text, other)
    if pairs is None:
        return escaped(text)
    return " ".join(escaped(one) if one == there else f"**{escaped(one)}**" for one, there in pairs)


def both_prompts_in_words(first: str, second: str) -> str:
    """Both prompts as one, and where their words differ both: the first's on orange, the second's on blue."""
    pairs = _in_the_same_place(first, second) or [(first, second)]
    return " ".join(
        escaped(one)
        if one == other
        else f":orange-background[{escaped(one)}] / :blue-background[{escaped(other)}]"
        for one, other in pairs
    )


def _in_the_same_place(first: str, second: str) -> list[tuple[str, str]] | None:
    """The words of both, place by place; None for prompts of different length."""
    words, others = first.split(), second.split()
    return [*zip(words, others, strict=True)] if len(words) == len(others) else None


def ratio_in_words(found: Effects, one: str, other: str) -> str:
    """How much more likely one continuation is than the other, after both. one, other: the swapped words."""
    expected, unexpected = escaped(found.contrast.expected), escaped(found.contrast.other)
    before, after = found.ratios
    change = after / before
    first, second = _likely(before), _likely(after).removesuffix(" as").removesuffix(" than")
    both = f"After *{one}*, “{unexpected}” is {first} “{expected}”; after *{other}*, {second}."
    if number_text(change - 1, "+.2f").endswith("0.00"):
        return f"{both} Swapping the word leaves that ratio as it was: there is no total effect."
    return (
        f"{both} Swapping the word makes that ratio {change:.2f} times what it was: a total effect of "
        f"{change:.2f} − 1."
    )


def _likely(ratio: float) -> str:
    """“**2.6 times less likely** than”, “**1.8 times as likely** as”"""
    return (
        f"**{ratio:.1f} times as likely** as" if ratio >= 1 else f"**{1 / ratio:.1f} times less likely** than"
    )


def by_chance(heads: pd.DataFrame) -> str:
    """A caution on as many intervals as there are heads."""
    return (
        f"Of {len(heads)} intervals at 95%, about {len(heads) / 20:.0f} miss the true value by chance alone. "
        "Click a head to choose it; “One pair” then shows it."
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
        "**These sentences do not show a lean towards the stereotype:** the interval of the total effect's "
        "factor includes 1, which means no change."
    )
