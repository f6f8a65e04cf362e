"""What a model writes, in sentences (Markdown): the sum behind a word, one head's part, and its words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from attnlit.analysis.writing.attribution import EVERY_WORD
from attnlit.analysis.writing.parts import EMBEDDINGS, HEAD, MLP
from attnlit.wording import counted, escaped, number_text, percent
from attnlit.words.names import token_name, word_name

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.analysis.writing import Guess, WordSum
    from attnlit.attention.record import Token

BOLD = "**"  # the words that are asked for
NAMED = 3  # heads in a list, at most
SMALL = 0.05  # of a logit: less is not worth naming, and two numbers that differ by less are called alike
_BYTES = re.compile(r"bytes?( [0-9A-F]{2})+")
ALIKE = 0.15  # and so are two that differ by less than this share of the larger

SUM_ABOUT = (
    "The last state is a sum of parts. With the last norm held at the scale that it had, a word's logit is a "
    "sum of what each part adds in the word's direction. Only differences between logits matter. Without a "
    "second word, each part is measured against the mean of all words."
)
WRITTEN_ABOUT = (
    "**Written directly**: what each head's own vector adds to the word. What later layers make of it is "
    "counted as theirs, not as the head's."
)
LOST_ABOUT = (
    "**Lost when off**: the head's output is set to 0, and the model predicts again. This includes all that "
    "later layers made of the head's work, and also what they do to make up for the loss."
)
LENS_ABOUT = (
    "The **logit lens** reads the state after each layer as if it were the last: through the model's own "
    "last norm and unembedding. Early layers were not trained to be read this way; read them with care."
)


def guess_in_words(found: Guess, model: str, tokens: Sequence[Token], place: int | None) -> str:
    """What is predicted at one place, and how likely it is. place: None is the end of a target."""
    one, *other = found.words
    where = "Next in the target,"
    if place is not None:
        where = f"{'In place of' if found.gap else 'After'} {token_name(tokens, place)},"
    name, word = escaped(model), word_name(one, BOLD)
    said = f"{name}'s best guess is {word} ({percent(found.probability)})."
    if not found.likeliest:
        said = f"{name} gives {word} {percent(found.probability)}."
    compared = f" Here it is compared with {word_name(other[0], BOLD)}." if other else ""
    return f"{where} {said}{compared}"


def sum_in_words(found: WordSum) -> list[str]:
    """What the sum is made of, and which heads add and take most."""
    by_kind = found.table.groupby("kind", sort=False)["logit"].sum()
    parts = [(HEAD, "heads write"), (MLP, "MLPs"), (EMBEDDINGS, "embeddings")]
    named = [f"{plural} {number_text(by_kind[kind])}" for kind, plural in parts if kind in by_kind]
    rest = float(by_kind.drop([EVERY_WORD, *(kind for kind, _ in parts)], errors="ignore").sum())
    if abs(rest) >= SMALL:
        named.append(f"biases and others {number_text(rest)}")
    what = f"The logit of {word_name(found.word, BOLD)} is {number_text(found.total, '.2f')}"
    if found.against is not None:
        what = (
            f"The logit of {word_name(found.word, BOLD)} is {number_text(abs(found.total), '.2f')} "
            f"{'above' if found.total > 0 else 'below'} that of {word_name(found.against, BOLD)}"
        )
    every = (
        f", and {number_text(by_kind[EVERY_WORD])} is what every word gets" if EVERY_WORD in by_kind else ""
    )
    sentences = [f"{what}. Of that, {', '.join(named)}{every}."]
    if abs(found.logit - found.total) >= SMALL:
        sentences.append(f"The model's soft cap bends that to {number_text(found.logit, '.2f')}.")
    return [*sentences, *_strongest(found.heads)]


def _strongest(heads: pd.DataFrame) -> list[str]:
    """The heads that write most for the word, and against it."""
    several = heads["attention"].nunique() > 1
    sentences = []
    for sign, start in ((1, "Heads that write most for it"), (-1, "Heads that write most against it")):
        order = heads.assign(size=sign * heads["logit"]).nlargest(NAMED, "size")
        named = [
            f"**{f'{row.attention} ' * several}{row.layer}-{row.head}** ({number_text(row.logit)})"
            for row in order.itertuples()
            if row.size >= SMALL
        ]
        if named:
            sentences.append(f"{start}: {', '.join(named)}.")
    return sentences or ["No head writes much for it or against it."]


def head_in_words(name: str, written: float | None, lost: float | None, word: str) -> str:
    """A head's direct share beside what is lost without it. None: not known."""
    if written is None:
        if lost is None:
            return f"What head {name} does for this word is not known."
        return f"Without head {name} the logit of {word_name(word, BOLD)} {_moves(lost)}."
    first = f"Head {name} itself writes **{number_text(written)}** of this number."
    if lost is None:
        return first
    return f"{first} Switched off, the number {_moves(lost)}: {_compared(written, lost)}."


def _moves(lost: float) -> str:
    return f"{'falls' if lost > 0 else 'rises'} by **{abs(lost):.2f}**"


def _compared(written: float, lost: float) -> str:
    """Why what a head writes and what is lost without it are not the same."""
    larger = max(abs(written), abs(lost))
    if larger < SMALL:
        return "next to nothing, either way"
    if abs(lost - written) <= max(SMALL, ALIKE * larger):
        return "about what it wrote"
    if lost * written < 0:
        return "the other way round, because later heads and MLPs work with what it wrote"
    if abs(lost) < abs(written):
        return "less than it wrote, because later heads, MLPs and the last norm **repair** part of it"
    return "more than it wrote, because later heads and MLPs work with it, too"


def words_in_words(table: pd.DataFrame, most: int = 5) -> str:
    """Which words are raised and which lowered: a table of `head_words` or `look_words`.

    Single bytes say nothing to a reader, so they are counted and not named.
    """
    raised, lowered = table[table["logit"] > 0], table[table["logit"] < 0][::-1]
    return f"**Raises** {_words(raised, most)}. **Lowers** {_words(lowered, most)}."


def pieces_in_words(table: pd.DataFrame) -> str:
    """What the pieces among such words are; empty where there are none."""
    said = []
    if any(token.startswith("…") and token != "…" for token in table["token"]):
        said.append("“…” marks a piece that continues a word.")
    if any(map(_BYTES.fullmatch, table["token"])):
        said.append(
            "Rare letters and signs are written in pieces, as bytes; each piece counts as a word here."
        )
    return " ".join(said)


def look_in_words(
    name: str, tokens: Sequence[Token], key: int, weight: float, written: float, table: pd.DataFrame
) -> str:
    """What one look of a head writes."""
    return (
        f"By looking at {token_name(tokens, key)} ({percent(weight)} of its attention), {name} writes "
        f"{number_text(written)} of this number. That look alone: {words_in_words(table, NAMED)}"
    )


def lens_in_words(table: pd.DataFrame) -> str:
    """From which layer on the model's guess is the one that it ends with."""
    best = table[table["rank"] == 1].set_index("layer")["token"]
    last = best.iloc[-1]
    since = best.index[-1]
    for layer, token in reversed(list(best.items())):
        if token != last:
            break
        since = layer
    if since == best.index[-1] and len(best) > 1:
        return f"{word_name(last, BOLD)} is its guess only after the last layer."
    where = "from the embeddings on" if since == -1 else f"from layer {since} on"
    return f"{word_name(last, BOLD)} is its guess {where}."


def _words(rows: pd.DataFrame, most: int) -> str:
    """The strongest of some words, up to a number, and how many bytes there were among them."""
    named: list[str] = []
    count = 0
    for row in rows.itertuples():
        if len(named) == most:
            break
        if _BYTES.fullmatch(str(row.token)):
            count += 1
        else:
            named.append(f"{word_name(row.token)} ({number_text(row.logit)})")
    pieces = [f"{counted(count, 'piece')} of rare signs"] if count else []
    return " and ".join([", ".join(named), *pieces] if named else pieces) or "none"
