"""What a model said, how sure it was, and what it read for that, in sentences (Markdown)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attnlit.analysis.reads import even_of_each, read_by_word, read_of_each, span_shares
from attnlit.attention.record import ATTENTION
from attnlit.wording import capitalised, escaped, percent, times
from attnlit.words.names import apart, token_name, word_name

if TYPE_CHECKING:
    from attnlit.attention import Answer
    from attnlit.attention.rows import Heads

NAMED_SPANS, NAMED_WORDS, NAMED_OTHERS = 4, 3, 3  # in one sentence, at most
WORTH_NAMING = 0.01  # of spans and words, from this share on
NOTHING = "It says nothing: the likeliest next token is the one that ends the text."
ABOUT = (
    "A word is predicted at the token before it, so that token's row shows what was read to write the word. "
    "*Template* stands for the marks put around the words: where a message begins and ends, and who speaks. "
    "Attention shows what was looked at; it does not by itself explain why the model said this."
)


def said_in_words(answer: Answer) -> str:
    """How long the answer is, and where the model was most and least sure of it."""
    written = answer.written
    if not written:
        return NOTHING
    if len(written) == 1:
        return (
            f"It wrote 1 token, {_named(answer, 0)}, with a probability of {percent(written[0].probability)}."
        )
    order = sorted(range(len(written)), key=lambda word: written[word].probability)
    least, most = order[0], order[-1]
    return (
        f"It wrote {len(written)} tokens. It was surest of {_named(answer, most)} "
        f"({percent(written[most].probability)}), and least sure of {_named(answer, least)} "
        f"({percent(written[least].probability)})."
    )


def word_in_words(answer: Answer, word: int) -> str:
    """How likely one word of the answer was, and what else was."""
    here = answer.written[word]
    place = answer.queries[here.position]
    (best, chance), *_ = here.likely
    others = [
        f"{apart(f'“{escaped(text)}”')} {percent(each)}"
        for text, each in here.likely
        if each != here.probability
    ][:NAMED_OTHERS]
    sentence = f"{capitalised(_named(answer, word))} had a probability of {percent(here.probability)}"
    if here.probability < chance and place.text != best:
        likelier = apart(f"“{escaped(best)}”")
        return f"{sentence}; {likelier} was likelier ({percent(chance)}), but was not drawn."
    return f"{sentence}; also likely: {', '.join(others)}." if others else f"{sentence}."


def read_in_words(
    answer: Answer, words: Sequence[int], heads: Heads, *, once_read: bool = False
) -> list[str]:
    """What some heads read for some words of the answer: by span, beside even attention, and by word."""
    read = read_of_each(answer, words, heads, once_read=once_read).mean(axis=0, keepdims=True)
    spans = {name: float(share[0]) for name, share in span_shares(answer, read).items()}
    evenly: dict[str, float] = {}
    if answer.weighs == ATTENTION:
        even = even_of_each(answer, words, heads, once_read=once_read).mean(axis=0, keepdims=True)
        evenly = {name: float(share[0]) for name, share in span_shares(answer, even).items()}
    largest = [name for name in sorted(spans, key=lambda name: -spans[name]) if spans[name] >= WORTH_NAMING]
    parts = [
        f"{percent(spans[name])} {_from(name)}{_beside(evenly.get(name, 0.0))}"
        for name in largest[:NAMED_SPANS]
    ]
    sentence = f"{capitalised(_doing(answer, words, heads, once_read=once_read))} {', '.join(parts)}."
    table = read_by_word(answer, words, heads, once_read=once_read).head(NAMED_WORDS)
    named = [
        f"{word_name(word)} {percent(share)}{_times(share, even)}"
        for word, share, even in zip(
            table["word"], table["share"], table.get("even", [0.0] * len(table)), strict=True
        )
        if share >= WORTH_NAMING
    ]
    return [sentence, *([f"Most of it: {', '.join(named)}."] if named else [])]


def _doing(answer: Answer, words: Sequence[int], heads: Heads, *, once_read: bool) -> str:
    """ "to write *Paris*, head 3-2 read" """
    subject = _named(answer, words[0]) if len(words) == 1 else f"{len(words)} words"
    if answer.weighs != ATTENTION:
        return f"{'to' if once_read else 'to write'} {subject}, {_who(heads)} brought"
    if once_read:
        return f"through {_who(heads).rstrip(',')}, {subject} took"
    return f"to write {subject}, {_who(heads)} read"


def _from(span: str) -> str:
    if span == "nowhere":
        return "went nowhere, to a learned sink"
    return f"from the {escaped(span)}" + (" so far" if span == "answer" else "")


def _beside(even: float) -> str:
    """What even attention would give, where there is any."""
    return f" ({percent(even)} if attention were even)" if even > 0 else ""


def _times(share: float, even: float) -> str:
    return f" ({times(share / even)} even)" if even > 0 else ""


def _who(heads: Heads) -> str:
    if heads is None:
        return "all heads, on average,"
    pairs = sorted(set(heads))
    if len(pairs) == 1:
        return f"head {pairs[0][0]}-{pairs[0][1]}"
    layers = {layer for layer, _ in pairs}
    where = f" of layer {pairs[0][0]}" if len(layers) == 1 else ""
    return f"{len(pairs)} heads{where}, on average,"


def _named(answer: Answer, word: int) -> str:
    return token_name(answer.queries, answer.written[word].position)
