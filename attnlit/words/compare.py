"""What is said of two texts or two models side by side, of patches, and of heads to be off (Markdown)."""

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
    "sufficient": "Each head of the first text is put into the second, on its own: what share of the "
    "difference does it bring? A large share means that the head is **sufficient**.",
    "necessary": "Each head of the second text is put into the first, on its own: what share of the "
    "difference is lost? A large share means that the first text's own head is **necessary**.",
}
ABOUT_WHAT = {
    PATTERN: "The head looks where it does in the other text, but passes on what it finds there in this one.",
    OUTPUT: "The head's whole output comes from the other text: where it looks, and what it finds there.",
}
ABOUT_UNTIL = (
    "After sentence A, or at its [MASK], the model finds one word likeliest. With some heads off, it would "
    "choose another. Type a different word that fits: heads are switched off, one after another, until the "
    "model finds *that* word likeliest. Sets of heads drawn at random show whether just any heads would do."
)
HOW_HEADS_GO = (
    "zero: the head's output is 0. mean: its output is replaced by its mean over the text. "
    "pattern-preserving: its output is 0, and all other heads still look where they did."
)
LIMITS = """
- **Sufficient is not necessary.** Several heads may do the same job: each is enough, and none is missed.
- **One pair of texts is an anecdote.** Try other names and other words in the same places.
- **A patch mixes two texts.** A run with parts of both may be in a state that the model never reaches by
  itself.
- **Two heads that look at the same tokens need not do the same job**: what they pass on may differ.
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
        named = "; ".join(
            f"{token_name(first, one)} and {token_name(second, other)}" for one, other in pairs[:NAMED]
        )
        more = f"; and {len(pairs) - NAMED} more" if len(pairs) > NAMED else ""
        said += f"; different words in the same place: {named}{more}"
    if whole:
        return f"{said}."
    return f"{said}. Attention to all the others is added up as one more token, “elsewhere”."


def differences_in_words(found: Comparison, null: np.ndarray | None) -> str:
    """Which head differs most, beside what two texts with nothing in common would give."""
    distances = found.distances
    if distances is None or not distances.max() > 0:
        return "Every head looks at the same tokens in both."
    assert found.most_different is not None
    layer, head = found.most_different
    said = f"Head **{layer}-{head}** differs most: {distances.max():.2f} nats."
    if null is None:
        return said
    above = int((distances > null).sum())
    beside = (
        f" Between sentences with nothing in common it would be {null.flat[np.argmax(distances)]:.2f} nats."
    )
    if not above:
        return f"{said}{beside} No head differs more than it does between such sentences."
    heads = "head differs" if above == 1 else "heads differ"
    each = "it does" if above == 1 else "they do"
    return f"{said}{beside} {above} {heads} more than {each} between such sentences."


def alike_in_words(table: pd.DataFrame, layer: int, head: int, names: tuple[str, str]) -> str:
    """Which head of the other model looks most like the chosen one, and whether that is worth something."""
    row = table[(table["layer"] == layer) & (table["head"] == head)].iloc[0]
    first, second = (escaped(name) for name in names)
    said = (
        f"The head of {second} most like {layer}-{head} of {first} is "
        f"**{row['other_layer']:.0f}-{row['other_head']:.0f}**: {row['distance']:.2f} nats apart. A typical "
        f"head of {second} is {row['typical']:.2f} nats away, evenly spread attention {row['even']:.2f}."
    )
    if row["distance"] < row["even"] / 2 and row["distance"] < row["typical"] / 2:
        return said
    return f"{said} That is not a close match."


def lean_in_words(lean: Lean) -> str:
    """What the model prefers after each text."""
    return (
        f"After the first text the model finds {_preferred(lean.words, lean.in_source)}, after the second "
        f"{_preferred(lean.words, lean.in_target)}. In all, the difference between the two logits changes "
        f"by {number_text(lean.difference)}."
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
        f"With the second text's put into the first, {_loses(row['necessary'])}. So it is "
        f"{_verdict(row['sufficient'], row['necessary'])}."
    ]
    together = found.together
    said = (
        f"All heads at once bring {_share(together.sufficiency)} of the difference, and without them "
        f"{_share(together.necessity)} of it is lost"
    )
    way = "; the rest takes other routes, such as a word's own vector" if together.sufficiency < ALL else ""
    sentences.append(f"{said}{way}.")
    if found.aligned < max(found.tokens):
        sentences.append(
            f"Only the {found.aligned} tokens that line up are patched, of {found.tokens[0]} and "
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
        return [f"“{word}” already wins with every head on."]
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
        f"With every head on, “{likeliest}” is likeliest. **Without head{'' if one else 's'} {named} "
        f"“{word}” wins** ({last['probability']:.1%}).",
        _random_in_words(found),
        "This is a search, not a proof: each step switches off the head that helps the word most, and in the "
        "end heads that are not needed are put back. A smaller set may exist.",
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
        return "It looks at the same tokens in both."
    row = table.loc[table["difference"].abs().idxmax()]
    looks, seen = word_name(row["query"]), word_name(row["key"])
    return (
        f"The largest difference: {looks} gives {seen} {percent(float(row['first']))} in {escaped(names[0])} "
        f"and {percent(float(row['second']))} in {escaped(names[1])}."
    )
