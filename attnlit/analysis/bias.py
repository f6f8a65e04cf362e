"""Does a model lean on a stereotype, and through which heads? Two prompts that differ in one word tell.

"The doctor asked the nurse a question. She" and "... He": how likely is each of two ways to go on? The ratio
y(x) = p(other) / p(expected) changes with the word; how much of that change goes through what the heads look
at is measured by lending them the attention of the other prompt. After Vig et al. 2020, "Investigating Gender
Bias in Language Models Using Causal Mediation Analysis", sections 3 and 4.2, and their code.

x is the first prompt and x' the second. Every effect is y after a change / y(x) - 1: 0 is none, 1 a doubling.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.interventions import check_predicts, in_batches, log_probabilities
from attnlit.analysis.statistics import interval
from attnlit.attention.edits import Edit, PatternPatched
from attnlit.attention.reading import read
from attnlit.attention.recorder import Recorder
from attnlit.attention.spelling import words_of
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.attention.record import Attention, Token
    from attnlit.models.model import Model

STRONGEST = 10  # heads whose effects are added up
_LONGEST_QUOTE = 80  # characters of what was typed, in a sentence about it
KEPT_FROM = 0.25  # the paper leaves out the lowest quarter of the sentences with an effect above 0

Progress = Callable[[int, int], None]
_Patch = list[tuple[int, tuple[int, ...]]]  # (layer, heads) whose attention is patched in one run


@dataclass(frozen=True)
class Contrast:
    """Two prompts that differ in one word, and two ways to go on.

    For a model that fills gaps, both prompts hold one [MASK] and the continuations are single words.
    """

    first: str  # x
    second: str  # x': the same with the other word
    expected: str  # how a stereotype would go on after the first prompt
    other: str  # and after the second


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


@dataclass(frozen=True, eq=False)
class Effects:
    """What the swapped word does, in all and through the heads' attention."""

    contrast: Contrast
    # Score of each continuation, exp of the mean log probability of its tokens: float64 (2, 2), rows the two
    # prompts, columns (expected, other).
    scores: np.ndarray
    # Ratio y with patched attention, float64 (2, heads + layers + 1): row 0 is the first prompt with the
    # attention of the second, row 1 the second with that of the first; each head, each layer, all heads.
    patched: np.ndarray
    shape: tuple[int, int]  # layers, heads a layer

    @property
    def ratios(self) -> tuple[float, float]:
        """y of the first prompt, and of the second."""
        first, second = self.scores[:, 1] / self.scores[:, 0]
        return float(first), float(second)

    @property
    def total(self) -> float:
        """Total effect: y(x') / y(x) - 1."""
        return self.ratios[1] / self.ratios[0] - 1

    @property
    def indirect(self) -> float:
        """Natural indirect effect of all heads: x with all attention of x'."""
        return float(self._effects[0, -1])

    @property
    def direct(self) -> float:
        """Natural direct effect: x' with all attention of x, so only what does not go through attention."""
        return float(self._effects[1, -1])

    @property
    def heads(self) -> pd.DataFrame:
        """One row a head: `layer`, `head`, `indirect`, `direct`.

        indirect: x where this head alone has its attention from x'. direct: x' where this head alone has its
        attention from x, so what is left of the total effect without this head's part in it.
        """
        import pandas as pd

        layers, heads = self.shape
        table = pd.DataFrame(np.ndindex(layers, heads), columns=["layer", "head"])
        table["indirect"], table["direct"] = self._effects[:, : layers * heads]
        return table

    @property
    def layers(self) -> pd.DataFrame:
        """The same for all heads of a layer at once: `layer`, `indirect`, `direct`."""
        import pandas as pd

        layers, heads = self.shape
        table = pd.DataFrame({"layer": range(layers)})
        table["indirect"], table["direct"] = self._effects[:, layers * heads : -1]
        return table

    @property
    def strongest(self) -> float:
        """Sum of the ten largest indirect effects of single heads."""
        return float(self.heads["indirect"].nlargest(STRONGEST).sum())

    def turned(self) -> Effects:
        """The same measurement seen from the second prompt: it becomes x, and `other` is expected there."""
        old = self.contrast
        contrast = Contrast(old.second, old.first, old.other, old.expected)
        return Effects(contrast, self.scores[::-1, ::-1], 1 / self.patched[::-1], self.shape)

    @property
    def _effects(self) -> np.ndarray:
        return self.patched / self.ratios[0] - 1


@dataclass(frozen=True, eq=False)
class SetEffects:
    """The effects of a set of templates, each with the people in both places and in both directions."""

    # Four rows a template: template (its number), first, second, expected, other, total, indirect, direct.
    table: pd.DataFrame
    heads: np.ndarray  # indirect effect of each head, float64 (templates, 4, layers, heads)
    left_out: tuple[str, ...]  # why, for each template that this model cannot be asked


@dataclass(frozen=True, eq=False)
class Averages:
    """Means over the templates of a set, with 95 % bootstrap intervals; each template is one mean first.

    The mean of an effect lies above 0 even where words push as often one way as the other: a doubling counts
    1 and a halving -0.5. In the factor, exp of the mean of log(1 + effect), they cancel.
    """

    templates: int
    # A row an effect ("total", "indirect", "direct"): mean, lower, upper, factor, factor_lower, factor_upper.
    table: pd.DataFrame
    heads: pd.DataFrame  # a row a head: layer, head, indirect, lower, upper
    strongest: float  # sum of the ten largest means


def effects(model: Model, contrast: Contrast, *, progress: Progress | None = None) -> Effects:
    """Total, indirect and direct effect of the swapped word, for all heads, each layer and each head.

    Lent is the attention of the prompt's tokens, the whole matrix; the tokens of a continuation keep their
    own, as in the paper's code. progress(runs done, runs in all) is called after each forward pass; what it
    raises ends the work.
    Raises AttnlitError for prompts of unequal numbers of tokens, or that are the same; for a continuation
    whose tokens cannot be told from the prompt's, or that is no single word in a model that fills gaps; and
    for models that predict no word, or that read one text and write another.
    """
    check_model(model)
    _compare(model, contrast.first, contrast.second)
    first, second = (_texts(model, each, contrast) for each in (contrast.first, contrast.second))
    scores = np.empty((2, 2))
    weights: list[list[np.ndarray]] = [[], []]  # of each prompt's texts, (layers, heads, queries, keys)
    for row, texts in enumerate((first, second)):
        for text in texts:
            recorder = Recorder(model.sites)
            found = log_probabilities(model, text.inputs, text.places, recorder=recorder)
            scores[row, text.columns] = _scores(found, text)[0]
            weights[row].append(recorder.weights["self"])
    layers, heads = weights[0][0].shape[:2]
    patches = _patches(layers, heads)
    patched = np.empty((2, len(patches), 2))
    done, runs = 0, patched[..., 0].size * len(first)
    for row, texts in enumerate((first, second)):
        for text, own, others in zip(texts, weights[row], weights[1 - row], strict=True):
            variants = [_lent(others, text.prompt, lend) for lend in patches]
            start = 0
            for found in in_batches(model, text.inputs, text.places, variants, {"self": own}):
                patched[row][start : start + len(found), text.columns] = _scores(found, text)
                start += len(found)
                done += len(found)
                if progress is not None:
                    progress(done, runs)
    return Effects(contrast, scores, patched[..., 1] / patched[..., 0], (layers, heads))


def set_effects(
    model: Model,
    templates: Sequence[Template],
    *,
    progress: Progress | None = None,
    measure: Callable[..., Effects] = effects,
) -> SetEffects:
    """The effects of every template. progress(runs done, in all) as in `effects`.

    measure: `effects`, or what does the same and remembers it, so that work which was ended can go on later.
    Templates whose words do not suit the model's tokens are left out, and it is said why. Raises AttnlitError
    where that leaves none, or where the model cannot be asked at all.
    """
    import pandas as pd

    check_model(model)
    if not templates:
        raise AttnlitError("There is no sentence in this set. Give it one template or more.")
    contrasts = [(number, each) for number, template in enumerate(templates) for each in template.contrasts()]
    found: dict[int, list[Effects]] = {}
    left_out: dict[int, str] = {}
    for place, (number, contrast) in enumerate(contrasts):

        def within(done: int, runs: int, before: int = place) -> None:
            if progress is not None:
                progress(before * runs + done, len(contrasts) * runs)

        if number in left_out:
            continue
        try:
            there = measure(model, with_blank(model, contrast), progress=within)
        except AttnlitError as mistake:
            left_out[number] = f"{_quoted(contrast.first)}: {mistake}"
            found.pop(number, None)
            continue
        found.setdefault(number, []).extend((there, there.turned()))
    if not found:
        raise AttnlitError(f"None of these sentences suits {model.name}. {left_out[0]}")
    rows = [
        {
            "template": number,
            **vars(each.contrast),
            "total": each.total,
            "indirect": each.indirect,
            "direct": each.direct,
        }
        for number, readings in found.items()
        for each in readings
    ]
    heads = [
        [each.heads["indirect"].to_numpy().reshape(each.shape) for each in readings]
        for readings in found.values()
    ]
    return SetEffects(pd.DataFrame(rows), np.array(heads), tuple(left_out.values()))


def averages(measured: SetEffects, *, expected_only: bool = False, seed: int = 0) -> Averages:
    """Means over the templates, with intervals from drawing templates again and again.

    expected_only keeps, as Vig et al. do, of all rows those whose total effect is above 0, less the quarter
    of these that have the smallest. It asks how an effect comes about where there is one, and can no longer
    tell whether there is one. Raises AttnlitError where nothing is left.
    """
    import pandas as pd

    names = ["total", "indirect", "direct"]
    rows = measured.table
    totals = rows["total"].to_numpy()
    kept = np.ones(len(rows), bool)
    if expected_only:
        above = totals[totals > 0]
        kept = totals >= (np.quantile(above, KEPT_FROM) if len(above) else np.inf)
        if not kept.any():
            raise AttnlitError(
                "None of these sentences has the effect that the stereotype expects in this model, so there "
                "is nothing to average. Look at all sentences instead."
            )
    of_template = rows["template"].to_numpy()[kept]
    by_head = measured.heads.reshape(-1, *measured.heads.shape[2:])[kept]  # (rows, layers, heads)

    def by_template(values: np.ndarray) -> np.ndarray:
        return np.stack([values[of_template == each].mean(0) for each in np.unique(of_template)])

    def with_interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        means = by_template(values)
        return means.mean(0), *interval(means, np.random.default_rng(seed))

    values = rows.loc[kept, names].to_numpy()  # (rows, 3)
    table = pd.DataFrame({"effect": names})
    table["mean"], table["lower"], table["upper"] = with_interval(values)
    factors = (np.exp(each) for each in with_interval(np.log1p(values)))
    table["factor"], table["factor_lower"], table["factor_upper"] = factors
    heads = pd.DataFrame(np.ndindex(*by_head.shape[1:]), columns=["layer", "head"])
    heads["indirect"], heads["lower"], heads["upper"] = (each.ravel() for each in with_interval(by_head))
    strongest = float(heads["indirect"].nlargest(STRONGEST).sum())
    return Averages(len(np.unique(of_template)), table, heads, strongest)


def check_model(model: Model) -> None:
    """Raises AttnlitError for models that cannot be asked how likely a continuation is."""
    check_predicts(model)
    if model.kinds != ("self",) or not (model.causal or model.masked):
        raise AttnlitError(
            f"{model.name} neither writes from left to right nor fills in [MASK]s. Choose a model that does, "
            "such as “mini-gpt2” or “mini-bert”."
        )


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


def attention_differences(first: Attention, second: Attention, watched: Sequence[str] = ()) -> pd.DataFrame:
    """How differently each head looks at two prompts of equally many tokens.

    One row a head: `layer`, `head`, and `difference`, the total variation between its rows in the two
    prompts, half the sum of |A - A'|, between 0 and 1; the mean over the tokens whose row can differ (in a
    causal model those from the first swapped token on). For each `watched` word two columns, "She → nurse"
    and "He → nurse": the weight from the swapped token to that word (mean over the swapped tokens, sum over
    the word's pieces and places). With two watched words also `lean`: how much more the first prompt's token
    prefers the first of them to the second than the other prompt's token does, from -2 to 2.
    Raises AttnlitError for prompts that are the same or of unequal lengths, and for a word that they lack.
    """
    import pandas as pd

    swapped = swapped_tokens(first, second)
    start = swapped[0] if first.causal else 0
    apart = np.abs(first.weights[:, :, start:] - second.weights[:, :, start:], dtype=np.float64)
    table = pd.DataFrame(np.ndindex(first.layers, first.heads), columns=["layer", "head"])
    table["difference"] = (apart.sum(-1) / 2).mean(-1).ravel()
    to_words = []
    for word in watched:
        both = []
        for record in (first, second):
            keys = _keys_of(record, word)
            looks = record.weights[:, :, swapped][..., keys].sum(-1, dtype=np.float64).mean(-1)
            name = " ".join(record.query_tokens[place] for place in swapped)
            table[f"{name} → {word}"] = looks.ravel()
            both.append(looks.ravel())
        to_words.append(both[0] - both[1])
    if len(to_words) == 2:
        table["lean"] = to_words[0] - to_words[1]
    return table


def watchable(first: Attention, second: Attention, words: Sequence[str]) -> tuple[str, ...]:
    """Those of the words that stand in both prompts, and so can be watched."""
    return tuple(word for word in words if _places_of(first, word) and _places_of(second, word))


def swapped_tokens(first: Attention, second: Attention) -> list[int]:
    """The places of the tokens that differ. Raises AttnlitError as `effects` does."""
    _check_comparable(first.model, first.text, first.queries, second.text, second.queries)
    return [
        place
        for place, (one, other) in enumerate(zip(first.queries, second.queries, strict=True))
        if one.id != other.id
    ]


# ------------------------------------------------------------------------------------------------ the texts


@dataclass(frozen=True)
class _Text:
    """A prompt, and as much of a continuation as the model must read to predict the rest of it."""

    inputs: dict[str, list[int]]
    prompt: int  # how many of its tokens are the prompt's
    places: list[int]  # rows of the logits in which the continuation's tokens are predicted
    columns: list[int]  # which continuations this text tells of: 0 is the expected one, 1 the other
    tokens: list[list[int]]  # of each of these continuations, one token a place


def _texts(model: Model, prompt: str, contrast: Contrast) -> list[_Text]:
    """What the model must read to score both continuations: one text where they are single tokens."""
    ask = _filled if model.masked else _continued
    texts = [
        ask(model, prompt, continuation, column)
        for column, continuation in enumerate((contrast.expected, contrast.other))
    ]
    one, other = texts
    if one.tokens == other.tokens:
        raise AttnlitError(
            "The two continuations are the same, so nothing can be told from them. Choose two that differ."
        )
    if one.inputs == other.inputs:
        return [_Text(one.inputs, one.prompt, one.places, [0, 1], one.tokens + other.tokens)]
    return texts


def _continued(model: Model, prompt: str, continuation: str, column: int) -> _Text:
    """A model that writes from left to right goes on with the continuation, after a space."""
    _check_continuation(continuation)
    start, _ = _read_words(model, prompt.rstrip())
    ids, inputs = _read_words(model, f"{prompt.rstrip()} {continuation.strip()}")
    if ids[: len(start)] != start or len(ids) == len(start):
        raise AttnlitError(
            f"{model.name} melts {_quoted(continuation)} and the end of the prompt into one token, so it "
            "cannot be told how likely it is. Let the prompt end with a whole word and begin with another."
        )
    last = len(ids) - 1  # the last token is predicted and need not be read
    return _Text(
        inputs={name: values[:last] for name, values in inputs.items()},
        prompt=len(start),
        places=list(range(len(start) - 1, last)),
        columns=[column],
        tokens=[ids[len(start) :]],
    )


def _read_words(model: Model, text: str) -> tuple[list[int], dict[str, list[int]]]:
    """Ids and inputs of a text, without the mark of the end that some tokenizers put behind it."""
    source = read(model, text, write=False).source
    end = 1 + max((token.position for token in source.tokens if not token.special), default=-1)
    return [token.id for token in source.tokens[:end]], {
        name: values[:end] for name, values in source.inputs.items()
    }


def _filled(model: Model, prompt: str, continuation: str, column: int) -> _Text:
    """A model that fills gaps is asked for the word at [MASK]."""
    _check_continuation(continuation)
    mask, unknown = model.mask_token, model.unknown_id
    source = read(model, prompt).source
    places = [token.position for token in source.tokens if token.id == model.mask_id]
    if len(places) != 1:
        raise AttnlitError(
            f"{model.name} guesses a word that is left out. Put {mask} exactly once into each prompt, as in "
            f"“The nurse helped the farmer because she was {mask}.”"
        )
    whole = read(model, prompt.replace(mask, continuation.strip())).source
    place, before = places[0], [token.id for token in source.tokens]
    ids = [token.id for token in whole.tokens]
    alike = len(ids) == len(before) and ids[:place] + ids[place + 1 :] == before[:place] + before[place + 1 :]
    if not alike or ids[place] in (unknown, before[place]):
        raise AttnlitError(
            f"{_quoted(continuation)} is not a single token of {model.name}, and one {mask} holds one token. "
            "Choose a shorter or more common word."
        )
    return _Text(source.inputs, len(before), places, [column], [[ids[place]]])


def _check_continuation(continuation: str) -> None:
    if not continuation.strip():
        raise AttnlitError("A continuation is empty. Type how the sentence could go on, such as “answered”.")


def _compare(model: Model, first: str, second: str) -> None:
    """Raises AttnlitError for prompts whose attention cannot be exchanged."""
    one, other = (read(model, text.rstrip(), write=False).source for text in (first, second))
    _check_comparable(model.name, first, one.tokens, second, other.tokens)


def _check_comparable(
    model: str, first: str, tokens: Sequence[Token], second: str, others: Sequence[Token]
) -> None:
    if len(tokens) != len(others):
        raise AttnlitError(
            f"For {model} {_quoted(first)} has {len(tokens)} tokens and {_quoted(second)} {len(others)}. "
            "Attention can be compared only between prompts of equally many tokens: swap a word for one of "
            "as many pieces, such as “she” for “he”."
        )
    if first.split() == second.split():
        raise AttnlitError("The two prompts are the same. Change one word in the second, such as she to he.")
    if [token.id for token in tokens] == [token.id for token in others]:
        raise AttnlitError(
            f"For {model} the two prompts are the same: it does not know the word that differs, or not how "
            "it is written. Swap a more common word, such as “she” for “he”."
        )


def _keys_of(record: Attention, word: str) -> list[int]:
    """The places of a word's pieces, wherever it stands. Raises AttnlitError where it does not."""
    places = _places_of(record, word)
    if not places:
        raise AttnlitError(
            f"The word {_quoted(word)} is not in {_quoted(record.text)}. Watch a word that is in both "
            "prompts."
        )
    return places


def _places_of(record: Attention, word: str) -> list[int]:
    words = words_of(record.text)
    return [
        place
        for place, token in enumerate(record.keys)
        if token.word is not None and words[token.word].casefold() == word.strip().casefold()
    ]


def _quoted(text: str) -> str:
    """A text in quotation marks, short enough for a sentence."""
    return f"“{text}”" if len(text) <= _LONGEST_QUOTE else f"“{text[: _LONGEST_QUOTE - 1]}…”"


# --------------------------------------------------------------------------------------------- the arithmetic


def _scores(found: np.ndarray, text: _Text) -> np.ndarray:
    """exp of the mean log probability of each continuation, from log probabilities (copies, places, words).

    float64 (copies, continuations).
    """
    tokens = np.array(text.tokens)  # (continuations, places)
    chosen = found[:, np.arange(len(text.places)), tokens]  # (copies, continuations, places)
    return np.exp(chosen.mean(-1))


def _patches(layers: int, heads: int) -> list[_Patch]:
    """Whose attention is patched in each run: each head's, each whole layer's, and all."""
    single: list[_Patch] = [[(layer, (head,))] for layer, head in np.ndindex(layers, heads)]
    whole = [(layer, tuple(range(heads))) for layer in range(layers)]
    return [*single, *([each] for each in whole), whole]


def _lent(weights: np.ndarray, prompt: int, lend: _Patch) -> list[Edit]:
    """Edits that give heads the attention of another prompt. weights: (layers, heads, queries, keys)"""
    return [
        PatternPatched(
            kind="self",
            layer=layer,
            heads=heads,
            weights=weights[layer, list(heads), :prompt],
            queries=prompt,
        )
        for layer, heads in lend
    ]
