"""What a head is for: what the model predicts with it, and what without it.

A decoder is asked for the word after the text, a masked model for the word at each [MASK], an
encoder-decoder for the next word of its target. Edits are those of `attnlit.attention.edits`; nothing is
written to the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from attnlit.attention.capture import checked_kind
from attnlit.attention.edits import Edit, HeadsAblated, freeze_patterns
from attnlit.attention.forward import forward
from attnlit.attention.reading import read
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    import pandas as pd
    from transformers import PreTrainedTokenizerBase

    from attnlit.attention.recorder import Recorder
    from attnlit.models.model import Model

HOW = ("zero", "mean", "pattern-preserving")  # the ways to switch a head off
# A forward pass carries as many edited copies of the text as keep its largest tensor below this.
_NUMBERS_AT_ONCE = 2_000_000
_NAMED_HEADS = 4  # more of them are only counted in a sentence
_SPACE_MARKS = ("▁", "Ġ")  # how vocabularies write the space before a word
_INNER_MARK = "##"  # how BERT's vocabulary writes that a piece continues a word


@dataclass(frozen=True, eq=False)
class Effect:
    """What a model predicts before and after an edit, at one place or at several [MASK]s."""

    # A row a word: place (1, 2 ...), token, before, after, change; the likeliest before comes first.
    table: pd.DataFrame
    kl: float  # KL(before || after) in nats, the mean over the places; 0 where nothing changed
    kls: tuple[float, ...]  # the same for each place
    before: np.ndarray  # probabilities of every word of the vocabulary, float64 (places, words)
    after: np.ndarray  # the same, edited
    sentence: str  # the finding at the first place, in words


@dataclass(frozen=True)
class _Question:
    """A text as the model takes it, and where in its logits the asked words are predicted."""

    inputs: dict[str, list[int]]
    places: list[int]  # rows of the logits
    asked: str  # what is predicted there, in words


def switch_off(
    model: Model,
    text: str,
    heads: Sequence[tuple[int, int]],
    *,
    pair: str | None = None,
    how: str = "zero",
    kind: str | None = None,
    top: int = 10,
) -> Effect:
    """What the model predicts with and without some heads.

    heads: (layer, head) each, of attention of the `kind` (one of `model.kinds`; None is the first).
    how: "zero" makes a head's output 0; "mean" makes it its mean over the text's tokens, which is no change
    where there is one token; "pattern-preserving" makes it 0 while every other head keeps the attention that
    it had, so that only what the head passed on is lost.
    pair: the second sentence; of an encoder-decoder the target so far (None: its first word is asked).
    top: how many words of each sort the table holds: likeliest before and after, risen and fallen most.
    Raises AttnlitError for a text without [MASK] in a masked model, for a model without a trained head for
    words, for heads that the model lacks, and where the attention of a model cannot be changed.
    """
    kind = checked_kind(model, kind)
    _check_how(how)
    question = _ask(model, text, pair)
    unique = list(dict.fromkeys(heads))
    edits: list[Edit] = [_off(kind, layer, head, how) for layer, head in unique]
    recorder = _recorder(model) if how == "pattern-preserving" and unique else None
    before = log_probabilities(model, question.inputs, question.places, recorder=recorder)
    kept = [] if recorder is None else freeze_patterns(recorder.weights)
    after = log_probabilities(model, question.inputs, question.places, [*kept, *edits])
    return _effect(model, question, before[0], after[0], top, _without(kind, unique))


def intervene(
    model: Model, text: str, edits: Iterable[Edit], *, pair: str | None = None, top: int = 10
) -> Effect:
    """What the model predicts with and without any edits (`attnlit.attention.edits`); see `switch_off`."""
    question = _ask(model, text, pair)
    before = log_probabilities(model, question.inputs, question.places)
    after = log_probabilities(model, question.inputs, question.places, edits)
    return _effect(model, question, before[0], after[0], top, "with the change")


def switch_off_each(
    model: Model,
    text: str,
    *,
    pair: str | None = None,
    how: str = "zero",
    kind: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:
    """What is lost without each single head of one kind; see `switch_off` for the arguments and the errors.

    One row a head: `layer`, `head`, `kl` (nats), and `before`, `after` and `change` of the probability of the
    word that the whole model finds likeliest; all are means over the places if there are several [MASK]s.
    progress(heads done, heads in all) is called after each forward pass; what it raises ends the work.
    """
    import pandas as pd

    kind = checked_kind(model, kind)
    _check_how(how)
    question = _ask(model, text, pair)
    recorder = _recorder(model)
    # (1, places, words)
    before = log_probabilities(model, question.inputs, question.places, recorder=recorder)
    best = before.argmax(-1, keepdims=True)  # (1, places, 1)
    weights = recorder.weights
    kept = freeze_patterns(weights) if how == "pattern-preserving" else []
    heads = list(np.ndindex(*weights[kind].shape[:2]))
    each_off = [[_off(kind, layer, head, how)] for layer, head in heads]
    divergences, likeliest = [], []
    for after in in_batches(model, question.inputs, question.places, each_off, weights, always=kept):
        divergences += kl_divergence(before, after).mean(-1).tolist()
        of_best = np.take_along_axis(after, np.broadcast_to(best, (len(after), *best.shape[1:])), -1)
        likeliest += np.exp(of_best).mean((1, 2)).tolist()
        if progress is not None:
            progress(len(likeliest), len(heads))
    table = pd.DataFrame(heads, columns=["layer", "head"])
    table["kl"] = divergences
    table["before"] = float(np.exp(before.max(-1)).mean())
    table["after"] = likeliest
    table["change"] = table["after"] - table["before"]
    return table


def in_batches(
    model: Model,
    inputs: dict[str, list[int]],
    places: Sequence[int],
    variants: Sequence[Sequence[Edit]],
    weights: Mapping[str, np.ndarray],
    *,
    always: Sequence[Edit] = (),
) -> Iterator[np.ndarray]:
    """What the model predicts for one text under each of many sets of edits, several in one forward pass.

    inputs: as `attnlit.attention.forward.forward` takes them. places: rows of the logits. variants: the edits
    of each copy of the text; `always` are made in every copy. weights: the text's recorded attention by kind,
    from which follows how many copies fit into a pass. Yields, pass by pass and in order, the log
    probabilities of every word of the vocabulary: float64 (copies, places, words).
    """
    words = model.vocabulary_size
    together = _copies_at_once(model, weights, words)
    for start in range(0, len(variants), together):
        batch = variants[start : start + together]
        edits = [replace(edit, row=row) for row, variant in enumerate(batch) for edit in variant]
        yield log_probabilities(model, inputs, places, [*always, *edits], len(batch))


def log_probabilities(
    model: Model,
    inputs: dict[str, list[int]],
    places: Sequence[int],
    edits: Iterable[Edit] = (),
    rows: int = 1,
    recorder: Recorder | None = None,
) -> np.ndarray:
    """Of every word of the vocabulary at some rows of the logits: float64 (rows, places, words).

    The other arguments are those of `attnlit.attention.forward.forward`. Raises AttnlitError for a model
    whose logits are not finite.
    """
    logits = forward(model, [inputs] * rows, recorder, edits).logits  # (rows, tokens, words)
    found = logits[:, list(places)].double().log_softmax(-1).numpy()
    if np.isnan(found).any():
        raise AttnlitError(
            f"{model.name} answers this text with numbers that are not finite, so it predicts nothing. Its "
            "weights may be damaged: load it anew, or choose another model."
        )
    return found


def kl_divergence(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """KL(before || after) in nats, of log probabilities (..., words): float64 (...), never below 0.

    What is lost, in expected log probability, by who believes `after` where `before` is true.
    """
    with np.errstate(invalid="ignore"):  # a model may rule words out, and 0 * log 0 is 0
        terms = np.where(np.isneginf(before), 0.0, np.exp(before) * (before - after))
    return np.maximum(terms.sum(-1), 0.0)


def vocabulary_texts(tokenizer: PreTrainedTokenizerBase, ids: Iterable[int]) -> list[str]:
    """What to draw for tokens outside any text: “cat” for a word, “…ing” for a piece that continues one."""
    ids = [int(each) for each in ids]
    raws = [raw or "" for raw in tokenizer.convert_ids_to_tokens(ids)]
    special = set(tokenizer.all_special_ids)
    # A vocabulary with a space before its words has “a” with one; in others only ## tells pieces from words.
    short_words = [tokenizer.convert_tokens_to_ids(f"{mark}a") for mark in _SPACE_MARKS]
    marked = any(each not in (None, tokenizer.unk_token_id) for each in short_words)
    texts = []
    for id_, raw in zip(ids, raws, strict=True):
        inner = raw.startswith(_INNER_MARK) and raw != _INNER_MARK
        decoded = tokenizer.decode([id_])
        text = raw.removeprefix(_INNER_MARK) if inner else decoded.strip()
        if not text and "\n" in decoded:
            texts.append("↵")  # as in `attnlit.attention.tokens`
            continue
        if not text or "\ufffd" in text:  # spaces, parts of a character, ids without a word
            texts.append(raw or f"#{id_}")
            continue
        unmarked = marked and not raw.startswith(_SPACE_MARKS) and id_ not in special and text[0].isalnum()
        texts.append(f"…{text}" if inner or unmarked else text)
    return texts


def _check_how(how: str) -> None:
    if how not in HOW:
        ways = " or ".join(f"“{each}”" for each in HOW)
        raise AttnlitError(f"A head cannot be switched off by “{how}”. Choose {ways}.")


def check_predicts(model: Model) -> None:
    """Raises AttnlitError for a model without a trained head for words."""
    if not model.predicts:
        raise AttnlitError(
            f"{model.name} has no trained head for words, so it predicts none. Choose a model that does, "
            "such as “mini-gpt2” or “mini-bert”."
        )


def _ask(model: Model, text: str, pair: str | None) -> _Question:
    """Where the model predicts a word for this text. Raises AttnlitError where it does not."""
    check_predicts(model)
    reading = read(model, text, pair, write=False)
    inputs, target = reading.inputs, reading.target
    tokens = reading.source.tokens if target is None else target.tokens
    asked = "The next word" if target is None else "The next target word"
    if model.masked:
        mask = model.mask_token
        places = [token.position for token in tokens if token.id == model.mask_id]
        if not places:
            raise AttnlitError(
                f"{model.name} guesses words that are left out. Put {mask} into the text where it should, as "
                f"in “The cat sat on the {mask}.”"
            )
        which = mask if len(places) == 1 else f"the first {mask}"
        return _Question(inputs, places, f"The word at {which}")
    if not model.causal:
        raise AttnlitError(f"{model.name} does not write from left to right, so it has no next word to ask.")
    # Some tokenizers put a mark of the end behind the text: what follows that is nothing to ask.
    words = [token.position for token in tokens if not token.special]
    return _Question(inputs, [max(words, default=len(tokens) - 1)], asked)


def _off(kind: str, layer: int, head: int, how: str) -> HeadsAblated:
    return HeadsAblated(kind=kind, layer=layer, heads=(head,), mean=how == "mean")


def _recorder(model: Model) -> Recorder:
    from attnlit.attention.recorder import Recorder  # imports torch

    return Recorder(model.sites)


def _copies_at_once(model: Model, weights: Mapping[str, np.ndarray], words: int) -> int:
    """How many copies of the text one forward pass carries: as many as its memory allows."""
    if model.capture_route == "trace":
        return 1
    longest = max(matrices.shape[2] for matrices in weights.values())
    largest = max(longest * words, *(matrices[0].size for matrices in weights.values()))
    return max(1, _NUMBERS_AT_ONCE // largest)


def _effect(
    model: Model, question: _Question, before: np.ndarray, after: np.ndarray, top: int, change: str
) -> Effect:
    """The effect, from log probabilities (places, words)."""
    import pandas as pd

    kls = kl_divergence(before, after)
    before, after = np.exp(before), np.exp(after)
    tables = []
    for place, (old, new) in enumerate(zip(before, after, strict=True), start=1):
        orders = (-old, -new, old - new, new - old)  # likeliest before and after, risen and fallen most
        chosen = np.unique([np.argsort(each, kind="stable")[:top] for each in orders])
        chosen = chosen[np.argsort(-old[chosen], kind="stable")]
        tables.append(
            pd.DataFrame(
                {
                    "place": place,
                    "token": vocabulary_texts(model.tokenizer, chosen),
                    "before": old[chosen],
                    "after": new[chosen],
                    "change": new[chosen] - old[chosen],
                }
            )
        )
    return Effect(
        table=pd.concat(tables, ignore_index=True),
        kl=float(kls.mean()),
        kls=tuple(kls.tolist()),
        before=before,
        after=after,
        sentence=_sentence(model, question, before[0], after[0], change),
    )


def _sentence(model: Model, question: _Question, before: np.ndarray, after: np.ndarray, change: str) -> str:
    """What happened at the first place, of probabilities (words,)."""
    old, new = int(before.argmax()), int(after.argmax())
    old_word, new_word = vocabulary_texts(model.tokenizer, [old, new])
    first = f"{question.asked} is most likely “{old_word}” ({before[old]:.1%})"
    if old == new:
        return f"{first}; {change} it still is ({after[old]:.1%})."
    return f"{first}; {change} it is “{new_word}” ({after[new]:.1%}), and “{old_word}” has {after[old]:.1%}."


def _without(kind: str, heads: Sequence[tuple[int, int]]) -> str:
    """“without heads 4-1 and 5-3”"""
    if not heads:
        return "with every head on"
    which = "" if kind == "self" else f"{kind} "
    if len(heads) > _NAMED_HEADS:
        return f"without {len(heads)} {which}heads"
    names = " and ".join(f"{layer}-{head}" for layer, head in heads)
    return f"without {which}head{'s' * (len(heads) > 1)} {names}"
