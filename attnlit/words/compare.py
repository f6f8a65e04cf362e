"""What is said of two texts or two models side by side, of patches, and of heads that must go (Markdown)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.patching import OUTPUT, PATTERN
from attnlit.wording import counted, escaped, number_text, percent
from attnlit.words.names import token_name, word_name

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.analysis.ablation_set import AblationSet
    from attnlit.analysis.compare import Comparison
    from attnlit.analysis.patching import PatchMap
    from attnlit.analysis.patching.patch import Lean

MOST_OF_IT, SOME_OF_IT = 0.5, 0.1  # shares of a difference: from here on they are called so
ALL = 0.98  # a share from which on nothing is said of a rest
NAMED = 3  # pairs of words that are named, at most
SHOWN = {"sufficient": "Put into the second text", "necessary": "Taken out of the first text"}
ABOUT_SHOWN = {
    "sufficient": "Each head of the first text alone, put into the second: what share of the difference does "
    "it bring? A large share means that the head is **sufficient**.",
    "necessary": "Each head of the second text alone, put into the first: what share of the difference is "
    "lost? A large share means that the first text's own head is **necessary**.",
}
ABOUT_WHAT = {
    PATTERN: "The head looks where it does in the other text, and passes on what it finds there in this one.",
    OUTPUT: "The head puts out what it does in the other text: where it looks and what it finds there.",
}
ABOUT_UNTIL = (
    "After sentence A, or at its [MASK], the model finds one word likeliest. With some heads off it would "
    "find another. Type a word that fits, too: heads are switched off, one after another, until the model "
    "finds *that* one likeliest. Heads drawn at random show whether it takes these very ones."
)
HOW_HEADS_GO = (
    "zero: the head puts out nothing. mean: it puts out its mean over the text. pattern-preserving: it puts "
    "out nothing, and all other heads look where they did."
)
LIMITS = """
- **Sufficient is not necessary.** Several heads may do the same: each is enough, and none is missed.
- **One pair of texts is an anecdote.** Try other names and other words in the same places.
- **A patch mixes two texts.** A run with parts of both may be one that the model never meets by itself.
- **Two heads that look alike need not do the same**: what they pass on may differ.
"""


def aligned_in_words(found: Comparison) -> str:
    """Which tokens of the two records line up, and which of those differ."""
    first, second = found.first.queries, found.second.queries
    pairs, count = found.other_words, len(found.queries[0])
    whole = count == len(first) == len(second)
    if whole:
        said = f"All {len(first)} tokens line up"
    else:
        said = f"{count} tokens line up, of {len(first)} and {len(second)}"
    if pairs:
        named = ", ".join(
            f"{token_name(first, one)} with {token_name(second, other)}" for one, other in pairs[:NAMED]
        )
        more = f" and {len(pairs) - NAMED} more" if len(pairs) > NAMED else ""
        said += f"; other words in the same place: {named}{more}"
    if whole:
        return f"{said}."
    return f"{said}. What goes to the others counts as one more token, “elsewhere”."


def differences_in_words(found: Comparison, null: np.ndarray | None) -> str:
    """Which head looks most differently, beside what texts without anything in common would give."""
    distances = found.distances
    if distances is None or not distances.max() > 0:
        return "No head looks differently."
    assert found.most_different is not None
    layer, head = found.most_different
    said = f"Head **{layer}-{head}** looks most differently: {distances.max():.2f} nats."
    if null is None:
        return said
    above = int((distances > null).sum())
    beside = f" In sentences that have nothing in common it would be {null.flat[distances.argmax()]:.2f}."
    if not above:
        return f"{said}{beside} No head is above what such sentences give."
    heads = "head is" if above == 1 else "heads are"
    return f"{said}{beside} {above} {heads} above what such sentences give."


def alike_in_words(table: pd.DataFrame, layer: int, head: int, names: tuple[str, str]) -> str:
    """Which head of the other model looks most like the chosen one, and whether that is worth something."""
    row = table[(table["layer"] == layer) & (table["head"] == head)].iloc[0]
    first, second = (escaped(name) for name in names)
    said = (
        f"Most like head {layer}-{head} of {first} is head "
        f"**{row['other_layer']:.0f}-{row['other_head']:.0f}** of {second}: {row['distance']:.2f} nats "
        f"apart. A typical head of {second} is {row['typical']:.2f} away, attention spread evenly "
        f"{row['even']:.2f}."
    )
    if row["distance"] < row["even"] / 2 and row["distance"] < row["typical"] / 2:
        return said
    return f"{said} That is no close match."


def lean_in_words(lean: Lean) -> str:
    """What the model prefers after each text."""
    return (
        f"After the first text the model finds {_preferred(lean.words, lean.in_source)}, after the second "
        f"{_preferred(lean.words, lean.in_target)}. The logits differ by "
        f"{number_text(lean.difference)} in all."
    )


def _preferred(words: tuple[str, str], lean: float) -> str:
    one, other = (f"“{escaped(word)}”" for word in (words if lean >= 0 else words[::-1]))
    ratio = float(np.exp(min(abs(lean), 30.0)))
    if ratio < 1.05:
        return f"{one} about as likely as {other}"
    return f"{one} **{ratio:#.3g}** times as likely as {other}"


def patch_in_words(found: PatchMap, layer: int, head: int) -> list[str]:
    """What one head carries, what all carry together, and the strongest one."""
    if np.isnan(found.together.sufficiency):
        return [
            "The two texts make no difference between these two words, so there is nothing to carry over."
        ]
    row = found.table[(found.table["layer"] == layer) & (found.table["head"] == head)].iloc[0]
    sentences = [
        f"**Head {layer}-{head}** of the first text, put into the second, {_brings(row['sufficient'])}. "
        f"With that of the second put into the first, {_loses(row['necessary'])}. So it is "
        f"{_verdict(row['sufficient'], row['necessary'])}."
    ]
    together = found.together
    said = (
        f"All heads at once bring {_share(together.sufficiency)} of the difference, and without them "
        f"{_share(together.necessity)} of it is lost"
    )
    way = "; the rest goes another way, such as a word's own vector" if together.sufficiency < ALL else ""
    sentences.append(f"{said}{way}.")
    if found.aligned < max(found.tokens):
        sentences.append(
            f"Patched are the {found.aligned} tokens that line up, of {found.tokens[0]} and "
            f"{found.tokens[1]}."
        )
    return sentences


def _brings(share: float) -> str:
    if share < -SOME_OF_IT:
        return f"pushes the other way, by {_share(-share)} of the difference"
    if share < SOME_OF_IT:
        return f"brings next to nothing of the difference ({_share(share)})"
    return f"brings {_share(share)} of the difference"


def _loses(share: float) -> str:
    if share < -SOME_OF_IT:
        return f"the difference grows by {_share(-share)}"
    if share < SOME_OF_IT:
        return f"next to nothing is lost ({_share(share)})"
    return f"{_share(share)} is lost"


def _verdict(sufficient: float, necessary: float) -> str:
    names = [
        name if share >= MOST_OF_IT else f"partly {name}"
        for share, name in ((sufficient, "sufficient"), (necessary, "necessary"))
        if share >= SOME_OF_IT
    ]
    return " and ".join(names) or "neither sufficient nor necessary"


def _share(share: float) -> str:
    return percent(share) if share >= 0 else f"−{percent(-share)}"


def ablation_set_in_words(found: AblationSet) -> list[str]:
    """Which heads must go, and what random ones do."""
    word, likeliest = escaped(found.word.strip()), escaped(found.likeliest)
    if not found.heads:
        return [f"“{word}” wins already, with every head on."]
    last = found.steps.iloc[-1]
    named = ", ".join(f"{layer}-{head}" for layer, head in found.heads)
    one = len(found.heads) == 1
    if not found.wins:
        return [
            f"“{word}” does not win. With the {len(found.heads)} heads off that help it most ({named}), it "
            f"has {last['probability']:.1%} and “{escaped(last['likeliest'])}” is likeliest.",
            _random_in_words(found),
        ]
    return [
        f"With every head on “{likeliest}” is likeliest. **Without head{'' if one else 's'} {named} “{word}” "
        f"wins** ({last['probability']:.1%}).",
        _random_in_words(found),
        "This is a search, not a proof: each step takes the head whose loss helps most, measured anew, and "
        "then puts back what is not needed. A smaller set may exist.",
    ]


def _random_in_words(found: AblationSet) -> str:
    heads, wins = len(found.heads), found.random_wins
    return (
        f"Of {len(found.random)} random sets of {counted(heads, 'head')}, "
        f"{wins or 'none'} let{'s' * (wins <= 1)} it win."
    )


def largest_difference_in_words(table: pd.DataFrame, names: tuple[str, str]) -> str:
    """Where one head looks most differently in two texts or models. names: what these are called.

    table: as `attnlit.charts.heatmap.difference_table` makes it.
    """
    if table.empty or not table["difference"].abs().max() > 0:
        return "It looks alike in both."
    row = table.loc[table["difference"].abs().idxmax()]
    looks, seen = word_name(row["query"]), word_name(row["key"])
    return (
        f"The largest difference: {looks} gives {seen} {percent(float(row['first']))} in {escaped(names[0])} "
        f"and {percent(float(row['second']))} in {escaped(names[1])}."
    )
