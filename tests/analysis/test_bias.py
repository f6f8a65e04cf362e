"""Effects against numbers computed by hand, and against the study's own procedure written out once more."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import transformers

from attnlit.analysis import bias, interventions
from attnlit.analysis.bias import (
    Contrast,
    SetEffects,
    Template,
    attention_differences,
    averages,
    effects,
    set_effects,
    watchable,
    with_blank,
)
from attnlit.analysis.bias_sentences import READY, TEMPLATES, published_sentence, published_set
from attnlit.analysis.interventions import intervene
from attnlit.attention import attend, load
from attnlit.attention.edits import PatternPatched
from attnlit.attention.record import Attention, Token
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import planted, tiny
from tests.tolerances import MISTAKE, RATIO, ROUNDING

pytestmark = pytest.mark.numeric

GetModel = Callable[[str], Model]
GetFolder = Callable[[str], Path]

PLANTED = Contrast(
    "the doctor asked the nurse . she", "the doctor asked the nurse . he", expected="tired", other="late"
)
# Words that the tiny tokenizers cut into several pieces, as many for both prompts.
WRITTEN = Contrast(
    "The doctor asked the nurse a question; the cat",
    "The doctor asked the nurse a question; the mat",
    expected="was tired, because",
    other="sat on",
)
MASKED = Contrast("The cat sat on [MASK] mat.", "The dog sat on [MASK] mat.", expected="the", other="a")


def routes(module: Any, head: int, to: slice, reads: slice = planted.TOKENS) -> None:
    """A head of layer 0 by which "she" looks at "nurse" and "he" at "doctor"; all else looks at itself."""
    query, key = planted.nothing(), planted.nothing()
    for pronoun, person in (("she", "nurse"), ("he", "doctor")):
        query[planted.WORDS.index(pronoun), planted.WORDS.index(person)] = planted.SURE
    query[planted.POSITIONS, planted.COUNT :] = planted.SURE / 2 * torch.eye(planted.LENGTH)
    key[planted.TOKENS, : planted.COUNT] = torch.eye(planted.COUNT)
    key[planted.POSITIONS, planted.COUNT :] = torch.eye(planted.LENGTH)
    planted.look(module, 0, head, query, key)
    planted.write(module, 0, head, to, reads)


def votes(module: Any, place: slice, seen: str, for_word: str, logit: float) -> None:
    """This word in a part of the residual stream gives another word this logit."""
    row, column = planted.WORDS.index(for_word), place.start + planted.WORDS.index(seen)
    module.lm_head.weight[row, column] = logit


@pytest.fixture(scope="module")
def two_routes(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Heads 0-1 and 0-3 carry the noun to the pronoun; the pronoun itself votes too."""
    module = planted.blank()
    for head, number, nurse, doctor in ((1, 0, 0.25, 0.125), (3, 1, 0.125, 0.0625)):
        routes(module, head, planted.slot(number))
        votes(module, planted.slot(number), "nurse", "tired", nurse)
        votes(module, planted.slot(number), "doctor", "late", doctor)
    votes(module, planted.TOKENS, "she", "tired", 0.0625)
    votes(module, planted.TOKENS, "he", "late", 0.03125)
    return load(str(planted.save(module, tmp_path_factory.mktemp("two_routes"))))


# What the swap changes in log y, the logit of "late" less that of "tired": through each head, and besides.
BY_0_1, BY_0_3, BESIDES = 0.25 + 0.125, 0.125 + 0.0625, 0.0625 + 0.03125
SWAPPED = BY_0_1 + BY_0_3 + BESIDES


def test_planted_effects_by_hand(two_routes: Model) -> None:
    found = effects(two_routes, PLANTED)
    by_hand = math.exp(-0.25 - 0.125 - 0.0625), math.exp(0.125 + 0.0625 + 0.03125)
    assert found.ratios == pytest.approx(by_hand, **RATIO)
    assert found.total == pytest.approx(math.exp(SWAPPED) - 1, **RATIO)
    assert found.indirect == pytest.approx(math.exp(BY_0_1 + BY_0_3) - 1, **RATIO)
    assert found.direct == pytest.approx(math.exp(BESIDES) - 1, **RATIO)
    carried = {(0, 1): BY_0_1, (0, 3): BY_0_3}
    for layer, head, indirect, direct in found.heads.itertuples(index=False):
        through = carried.get((layer, head), 0.0)
        assert indirect == pytest.approx(math.exp(through) - 1, **RATIO)
        assert direct == pytest.approx(math.exp(SWAPPED - through) - 1, **RATIO)
    of_layers = [math.exp(BY_0_1 + BY_0_3) - 1, 0]
    np.testing.assert_allclose(found.layers["indirect"], of_layers, atol=ROUNDING)
    not_of_layers = [math.exp(BESIDES) - 1, math.exp(SWAPPED) - 1]
    np.testing.assert_allclose(found.layers["direct"], not_of_layers, atol=ROUNDING)
    assert found.strongest == pytest.approx(math.exp(BY_0_1) + math.exp(BY_0_3) - 2, **RATIO)


def test_probabilities_of_the_planted_model_by_hand(two_routes: Model) -> None:
    """All other words of the vocabulary have a logit of 0."""
    others = planted.COUNT - 2
    tired, late = math.exp(0.4375), math.exp(0.21875)
    she = np.array([tired, 1.0]) / (tired + 1 + others)
    he = np.array([1.0, late]) / (late + 1 + others)
    np.testing.assert_allclose(effects(two_routes, PLANTED).scores, [she, he], rtol=ROUNDING)


def test_a_continuation_of_two_words_by_hand(tmp_path: Path) -> None:
    """Head 0-1 carries the noun to the pronoun, 1-2 from there to "was": only then do the words differ.

    The score is exp of the mean of two log probabilities, and the first word's are the same: half the logits.
    """
    module = planted.blank()
    routes(module, 1, planted.slot(0))
    planted.previous_token(module, layer=1, head=2)
    planted.write(module, 1, 2, planted.slot(1), reads=planted.slot(0))
    votes(module, planted.slot(1), "nurse", "tired", 1.0)
    votes(module, planted.slot(1), "doctor", "late", 0.5)
    model = load(str(planted.save(module, tmp_path)))
    contrast = replace(PLANTED, expected="was tired", other="was late")
    found = effects(model, contrast)
    assert found.ratios == pytest.approx((math.exp(-0.5), math.exp(0.25)), **RATIO)
    assert found.total == pytest.approx(math.exp(0.75) - 1, **RATIO)
    assert found.indirect == pytest.approx(math.exp(0.75) - 1, **RATIO)
    assert found.direct == pytest.approx(0, **RATIO)
    heads = found.heads.set_index(["layer", "head"])["indirect"]
    assert heads[0, 1] == pytest.approx(math.exp(0.75) - 1, **RATIO)
    assert heads.drop((0, 1)).abs().max() <= ROUNDING


class Study:
    """The study's procedure on transformers' own GPT-2: the prompt's part of the weights is overwritten."""

    def __init__(self, folder: Path) -> None:
        transformers.AttentionInterface.register("study", self.attention)
        self.module = transformers.GPT2LMHeadModel.from_pretrained(
            folder, attn_implementation="study", dtype=torch.float32
        )
        self.tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        self.given: dict[tuple[int, int], torch.Tensor] = {}  # by layer and head, (prompt, prompt)
        self.seen: dict[tuple[int, int], torch.Tensor] = {}

    def attention(self, module: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any) -> Any:
        scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
        hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        weights = scores.masked_fill(hidden, -torch.inf).softmax(-1)
        for head in range(weights.shape[1]):
            place = (module.layer_idx, head)
            if place in self.given:
                prompt = len(self.given[place])
                weights[0, head, :prompt, :prompt] = self.given[place]
            self.seen[place] = weights[0, head].clone()
        return (weights @ value).transpose(1, 2), weights

    def score(self, prompt: str, continuation: str, given: dict[tuple[int, int], torch.Tensor]) -> float:
        start = self.tokenizer(prompt)["input_ids"]
        ids = start + self.tokenizer(" " + continuation)["input_ids"]
        self.given = given
        with torch.no_grad():
            logits = self.module(torch.tensor([ids[:-1]])).logits[0].double()
        logs = [float(logits[place - 1].log_softmax(-1)[ids[place]]) for place in range(len(start), len(ids))]
        return math.exp(sum(logs) / len(logs))

    def ratio(self, prompt: str, contrast: Contrast, given: dict[tuple[int, int], torch.Tensor]) -> float:
        return self.score(prompt, contrast.other, given) / self.score(prompt, contrast.expected, given)

    def patterns(self, prompt: str) -> dict[tuple[int, int], torch.Tensor]:
        self.given, self.seen = {}, {}
        with torch.no_grad():
            self.module(torch.tensor([self.tokenizer(prompt)["input_ids"]]))
        return dict(self.seen)


def test_every_effect_equals_the_studys_procedure(tiny_model: GetModel, tiny_folder: GetFolder) -> None:
    found = effects(tiny_model("gpt2"), WRITTEN)
    study = Study(tiny_folder("gpt2"))
    first, second = WRITTEN.first, WRITTEN.second
    base = study.ratio(first, WRITTEN, {})
    patched = {first: study.patterns(second), second: study.patterns(first)}

    def effect(prompt: str, layers: set[int], heads: set[int]) -> float:
        given = {
            place: patched[prompt][place]
            for place in patched[prompt]
            if place[0] in layers and place[1] in heads
        }
        return study.ratio(prompt, WRITTEN, given) / base - 1

    every_layer, every_head = set(range(tiny.LAYERS)), set(range(tiny.HEADS))
    assert found.total == pytest.approx(study.ratio(second, WRITTEN, {}) / base - 1, **RATIO)
    assert found.indirect == pytest.approx(effect(first, every_layer, every_head), **RATIO)
    assert found.direct == pytest.approx(effect(second, every_layer, every_head), **RATIO)
    for layer, head, indirect, direct in found.heads.itertuples(index=False):
        assert indirect == pytest.approx(effect(first, {layer}, {head}), **RATIO)
        assert direct == pytest.approx(effect(second, {layer}, {head}), **RATIO)
    for layer, indirect, direct in found.layers.itertuples(index=False):
        assert indirect == pytest.approx(effect(first, {layer}, every_head), **RATIO)
        assert direct == pytest.approx(effect(second, {layer}, every_head), **RATIO)
    assert found.heads["indirect"].abs().min() > 1e-4  # the comparison compares something


def test_a_masked_model_is_asked_for_the_word_at_its_mask(tiny_model: GetModel) -> None:
    """Against the effect of single edits, which has its own tests."""
    model = tiny_model("bert")
    found = effects(model, MASKED)
    the, a = model.tokenizer.convert_tokens_to_ids(["the", "a"])
    own = intervene(model, MASKED.first, []).after[0]
    np.testing.assert_allclose(found.scores[0], [own[the], own[a]], rtol=ROUNDING)
    other = attend(model, MASKED.second).weights
    for layer, head, indirect, _ in found.heads.itertuples(index=False):
        edit = PatternPatched(kind="self", layer=layer, heads=(head,), weights=other[layer, head][None])
        after = intervene(model, MASKED.first, [edit]).after[0]
        assert indirect == pytest.approx(after[a] / after[the] / (own[a] / own[the]) - 1, **RATIO)
    assert found.heads["indirect"].abs().max() > MISTAKE


@pytest.mark.parametrize(
    ("architecture", "contrast"), [("gpt2", WRITTEN), ("bert", MASKED), ("bloom", WRITTEN)]
)
def test_seen_from_the_other_prompt(architecture: str, contrast: Contrast, tiny_model: GetModel) -> None:
    model = tiny_model(architecture)
    turned = effects(model, contrast).turned()
    again = effects(model, Contrast(contrast.second, contrast.first, contrast.other, contrast.expected))
    assert turned.contrast == again.contrast
    np.testing.assert_allclose(turned.scores, again.scores, rtol=RATIO["rel"])
    assert turned.total == pytest.approx(again.total, **RATIO)
    assert turned.direct == pytest.approx(again.direct, **RATIO)
    pd.testing.assert_frame_equal(turned.heads, again.heads, rtol=RATIO["rel"], atol=RATIO["abs"])
    pd.testing.assert_frame_equal(turned.layers, again.layers, rtol=RATIO["rel"], atol=RATIO["abs"])


def test_batches_tell_their_progress_and_can_be_ended(
    tiny_double: GetModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_double("gpt2")
    whole = effects(model, WRITTEN)
    monkeypatch.setattr(interventions, "_NUMBERS_AT_ONCE", 40_000)
    seen = []
    parts = effects(model, WRITTEN, progress=lambda done, runs: seen.append((done, runs)))
    runs = 2 * 2 * (tiny.LAYERS * tiny.HEADS + tiny.LAYERS + 1)  # prompts, texts, heads, layers, all
    assert [each[1] for each in seen] == [runs] * len(seen)
    assert seen[-1][0] == runs
    assert len(seen) > 4
    pd.testing.assert_frame_equal(parts.heads, whole.heads, rtol=RATIO["rel"], atol=RATIO["abs"])

    def end(done: int, runs: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        effects(model, WRITTEN, progress=end)
    with pytest.raises(KeyboardInterrupt):
        set_effects(model, [replace(SEEN, pronouns=("the", "a"))], progress=end)


def test_continuations_of_one_token_share_a_text(two_routes: Model) -> None:
    seen = []
    effects(two_routes, PLANTED, progress=lambda done, runs: seen.append(runs))
    assert seen[0] == 2 * (2 * planted.HEADS + 2 + 1)


def test_prompts_and_words_that_do_not_fit_are_mistakes_in_words(tiny_model: GetModel) -> None:
    gpt2, bert = tiny_model("gpt2"), tiny_model("bert")

    def ask(model: Model, contrast: Contrast, **changed: str) -> None:
        effects(model, replace(contrast, **changed))

    for model, contrast, changed, words in (
        (gpt2, WRITTEN, {"second": "A cat"}, "equally many tokens: swap a word"),
        (gpt2, WRITTEN, {"second": WRITTEN.first}, "Change one word in the second"),
        (gpt2, WRITTEN, {"other": WRITTEN.expected}, "Choose two that differ"),
        (gpt2, WRITTEN, {"other": " "}, "A continuation is empty"),
        (gpt2, WRITTEN, {"first": " "}, "The text is empty"),
        (bert, MASKED, {"first": "The cat sat."}, "equally many tokens"),
        (bert, MASKED, {"other": "a mat"}, "not a single token"),
        (bert, MASKED, {"other": "猫"}, "not a single token"),
        (bert, MASKED, {"first": "The [MASK] sat on [MASK] mat."}, r"\[MASK\] exactly once"),
        (tiny_model("t5"), WRITTEN, {}, "neither writes from left to right nor fills in"),
        (replace(gpt2, predicts=False), WRITTEN, {}, "no trained head for words"),
        (replace(gpt2, capture_route="weights", why_no_vectors="."), WRITTEN, {}, "Nothing can be changed"),
    ):
        with pytest.raises(AttnlitError, match=words):
            ask(model, contrast, **changed)


def test_spaces_at_the_end_of_a_prompt_change_nothing(two_routes: Model) -> None:
    spaced = replace(PLANTED, first=f"{PLANTED.first}  ", other=" late ")
    assert effects(two_routes, spaced).total == pytest.approx(effects(two_routes, PLANTED).total, abs=1e-12)


def test_prompts_that_only_the_model_takes_for_the_same() -> None:
    model = load("mini-bert")  # it knows no pictures
    contrast = with_blank(model, Contrast("The cat said 🙂.", "The cat said 🙃.", "good", "bad"))
    with pytest.raises(AttnlitError, match="does not know the word that differs"):
        effects(model, contrast)
    with pytest.raises(AttnlitError, match="The text is empty"):
        effects(model, with_blank(model, Contrast(" ", "", "good", "bad")))


def test_a_long_text_is_quoted_from_its_beginning(two_routes: Model) -> None:
    with pytest.raises(AttnlitError) as mistake:
        effects(two_routes, replace(PLANTED, first="the cat " * 50))
    assert "“the cat the cat" in str(mistake.value)
    assert len(str(mistake.value)) < 400


def test_a_continuation_that_melts_into_the_prompt_is_refused(tiny_model: GetModel) -> None:
    """A tokenizer that cuts the prompt otherwise once a word follows leaves nothing to compare."""
    model = tiny_model("gpt2")

    class Melting:
        def __getattr__(self, name: str) -> Any:
            return getattr(model.tokenizer, name)

        def __call__(self, text: str, *arguments: Any, **options: Any) -> Any:
            encoding = model.tokenizer(text, *arguments, **options)
            if text.endswith("sat"):
                encoding["input_ids"][1] += 1
            return encoding

    melting = replace(model, tokenizer=Melting())
    with pytest.raises(AttnlitError, match="melts “sat” and the end of the prompt"):
        effects(melting, Contrast("The cat", "The mat", "sat", "was"))


def test_the_mark_of_the_end_is_no_part_of_a_prompt(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    ending = transformers.AutoTokenizer.from_pretrained(model.tokenizer.name_or_path)
    ending.backend_tokenizer.post_processor = tiny.processors.TemplateProcessing(
        single="$A <|endoftext|>", special_tokens=[("<|endoftext|>", 0)]
    )
    marked = effects(replace(model, tokenizer=ending), WRITTEN)
    np.testing.assert_allclose(marked.scores, effects(model, WRITTEN).scores, rtol=ROUNDING)


def test_a_blank_is_put_behind_the_prompts_of_a_model_that_fills_gaps(tiny_model: GetModel) -> None:
    contrast = Contrast("She was", "He was", "kind", "late")
    assert with_blank(tiny_model("gpt2"), contrast) == contrast
    assert with_blank(tiny_model("bert"), contrast).first == "She was [MASK]."
    assert with_blank(tiny_model("roberta"), contrast).second == "He was <mask>."
    assert with_blank(tiny_model("bert"), MASKED) == MASKED


# ------------------------------------------------------------------------------------------------ attention


def hand_made(weights: np.ndarray, texts: list[str], causal: bool) -> Attention:
    tokens = tuple(
        Token(id=hash(text), text=text, raw=text, special=False, segment=0, position=place, word=place)
        for place, text in enumerate(texts)
    )
    return Attention(weights, tokens, tokens, "hand-made", "self", causal, " ".join(texts), None)


def test_differences_of_attention_by_hand() -> None:
    first = np.array([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0, 0.8, 0.2, 0], [0.1, 0.3, 0, 0.6]])
    second = np.array([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0, 0.5, 0.5, 0], [0.7, 0.1, 0, 0.2]])
    records = [
        hand_made(weights[None, None].astype(np.float32), ["nurse", "doctor", pronoun, "saw"], causal=True)
        for weights, pronoun in ((first, "She"), (second, "He"))
    ]
    table = attention_differences(*records, ["nurse", "Doctor"])
    assert table["difference"].item() == pytest.approx((0.3 + 0.6) / 2)  # rows "She" and "saw"
    assert table["She → nurse"].item() == pytest.approx(0.0)
    assert table["He → Doctor"].item() == pytest.approx(0.5)
    assert table["lean"].item() == pytest.approx((0.0 - 0.8) - (0.0 - 0.5))
    both_ways = [replace(each, causal=False) for each in records]
    assert attention_differences(*both_ways)["difference"].item() == pytest.approx((0.3 + 0.6) / 4)
    assert list(attention_differences(*both_ways)) == ["layer", "head", "difference"]
    with pytest.raises(AttnlitError, match="The word “farmer” is not in"):
        attention_differences(*records, ["farmer"])
    with pytest.raises(AttnlitError, match="The two prompts are the same"):
        attention_differences(records[0], records[0])
    shorter = hand_made(first[None, None, :3, :3], ["nurse", "doctor", "He"], causal=True)
    with pytest.raises(AttnlitError, match="equally many tokens"):
        attention_differences(records[0], shorter)


def test_only_the_planted_heads_look_elsewhere(two_routes: Model) -> None:
    records = [attend(two_routes, text) for text in (PLANTED.first, PLANTED.second)]
    table = attention_differences(*records, ["nurse", "doctor"]).set_index(["layer", "head"])
    for place, row in table.iterrows():
        routed = place in ((0, 1), (0, 3))
        assert row["difference"] == pytest.approx(float(routed), abs=ROUNDING)
        assert row["lean"] == pytest.approx(2.0 * routed, abs=ROUNDING)
        assert not routed or (row["she → nurse"], row["he → doctor"]) == (1, 1)


def test_words_that_a_prompt_lacks_cannot_be_watched(two_routes: Model) -> None:
    records = [attend(two_routes, text) for text in (PLANTED.first, PLANTED.second)]
    assert watchable(*records, ("Nurse", "she", "admiral", "doctor")) == ("Nurse", "doctor")


def test_pieces_of_a_watched_word_are_added_up(tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    records = [attend(model, f"An unusual story: {animal}") for animal in ("cat", "mat")]
    pieces = [token.position for token in records[0].keys if token.word == 1]
    assert len(pieces) > 1
    table = attention_differences(*records, ["unusual"])
    last = [len(record.queries) - 1 for record in records]
    for column, record, place in zip(table.columns[3:], records, last, strict=True):
        assert column.endswith(" → unusual")
        expected = record.weights[:, :, place, pieces].sum(-1)
        np.testing.assert_allclose(table[column], expected.ravel(), atol=ROUNDING)


# ------------------------------------------------------------------------------------------------ templates

SEEN = Template(
    "The {first} saw the {second} because {pronoun} was", "tired", "late", woman="nurse", man="doctor"
)


def test_a_template_puts_both_people_in_both_places() -> None:
    first, second = SEEN.contrasts()
    assert first == Contrast(
        "The nurse saw the doctor because she was", "The nurse saw the doctor because he was", "tired", "late"
    )
    # The one who stands first is tired: now the doctor, whom the stereotype calls he.
    assert second == Contrast(
        "The doctor saw the nurse because she was", "The doctor saw the nurse because he was", "late", "tired"
    )


def test_words_alone_pull_both_readings_apart(tmp_path: Path) -> None:
    """A model in which "she" goes with "tired" whoever is meant: the factor of the set is 1."""
    module = planted.blank()
    votes(module, planted.TOKENS, "she", "tired", 1.0)
    model = load(str(planted.save(module, tmp_path)))
    template = Template("the {first} saw the {second} because {pronoun}", "tired", "late", "nurse", "doctor")
    measured = set_effects(model, [template, replace(template, about_first="late", about_second="kind")])
    np.testing.assert_allclose(
        measured.table["total"][:4], [math.e - 1] * 2 + [1 / math.e - 1] * 2, atol=ROUNDING
    )
    np.testing.assert_allclose(measured.table["total"][4:], 0, atol=ROUNDING)
    found = averages(measured).table.set_index("effect")
    assert found.loc["total", "factor"] == pytest.approx(1, **RATIO)
    assert found.loc["total", "mean"] > 0.2  # a doubling weighs more than a halving
    assert found.loc["indirect", "mean"] == pytest.approx(0, **RATIO)


def test_the_planted_route_is_found_in_a_set(two_routes: Model) -> None:
    template = Template("the {first} asked the {second} . {pronoun}", "tired", "late", "nurse", "doctor")
    measured = set_effects(two_routes, [template])
    assert measured.heads.shape == (1, 4, 2, planted.HEADS)
    one, turned, exchanged, _ = measured.table.itertuples(index=False)
    assert math.log1p(one.total) == pytest.approx(SWAPPED, **RATIO)
    assert (turned.first, turned.expected) == (one.second, one.other)
    assert math.log1p(turned.indirect) == pytest.approx(SWAPPED - BESIDES, **RATIO)
    # The words stand for the other person now, so what speaks for "nurse" speaks for "late".
    assert math.log1p(exchanged.total) == pytest.approx(-SWAPPED, **RATIO)
    best = averages(measured).heads.nlargest(2, "indirect")
    assert set(zip(best["layer"], best["head"], strict=True)) == {(0, 1), (0, 3)}


def test_means_and_intervals_of_a_set_by_hand() -> None:
    totals = np.array([[0.2, 0.2, -0.1, -0.1], [1.0, 1.0, 0.6, 0.6], [0.4, 0.4, -0.2, -0.2]])
    table = pd.DataFrame({"template": np.repeat([0, 1, 2], 4), "total": totals.ravel()})
    table["indirect"], table["direct"] = table["total"] / 2, 0.0
    heads = totals[:, :, None, None] * np.array([[1.0, 0.0], [0.5, -1.0]])  # (3, 4, 2, 2)
    measured = SetEffects(table, heads, ())
    found = averages(measured)
    rows = found.table.set_index("effect")
    means = totals.mean(1)
    assert found.templates == 3
    assert rows.loc["total", "mean"] == pytest.approx(np.mean(means))
    assert (
        means.min()
        <= rows.loc["total", "lower"]
        < np.mean(means)
        < rows.loc["total", "upper"]
        <= means.max() + 1e-9
    )
    by_hand = np.exp(np.log1p(totals).mean(1).mean())
    assert rows.loc["total", "factor"] == pytest.approx(by_hand)
    assert rows.loc["direct", ["mean", "lower", "upper"]].tolist() == [0, 0, 0]
    assert rows.loc["direct", ["factor", "factor_lower", "factor_upper"]].tolist() == [1, 1, 1]
    np.testing.assert_allclose(found.heads["indirect"], np.mean(means) * np.array([1, 0, 0.5, -1]))
    assert found.strongest == pytest.approx(np.mean(means) * 0.5)  # fewer than ten heads: all of them

    # Above 0 are 0.2, 0.2, 0.4, 0.4, 0.6, 0.6, 1, 1: a quarter of them lie up to 0.35.
    kept = averages(measured, expected_only=True)
    assert kept.templates == 2
    assert kept.table.set_index("effect").loc["total", "mean"] == pytest.approx((0.8 + 0.4) / 2)
    table["total"] = -1 * table["total"].abs() / 2
    table.loc[0, "total"] = 0.5
    alone = averages(measured, expected_only=True)  # one sentence has no quarter to be left out
    assert alone.table.set_index("effect").loc["total", "mean"] == pytest.approx(0.5)
    table.loc[0, "total"] = -0.5
    with pytest.raises(AttnlitError, match="Look at all sentences instead"):
        averages(measured, expected_only=True)


def test_a_set_takes_what_is_remembered(two_routes: Model) -> None:
    template = Template("the {first} asked the {second} . {pronoun}", "tired", "late", "nurse", "doctor")
    asked = []

    def remembering(model: Model, contrast: Contrast, **options: Any) -> bias.Effects:
        asked.append(contrast)
        return effects(model, contrast, **options)

    measured = set_effects(two_routes, [template], measure=remembering)
    assert tuple(asked) == template.contrasts()
    pd.testing.assert_frame_equal(measured.table, set_effects(two_routes, [template]).table)


def test_templates_that_do_not_suit_a_model_are_named(tiny_model: GetModel) -> None:
    bert = tiny_model("bert")
    suits = Template("The {first} saw the {second}; {pronoun}", "the", "a", "nurse", "doctor", ("she", "the"))
    unknown = replace(suits, about_first="generous")
    measured = set_effects(bert, [unknown, suits])
    assert set(measured.table["template"]) == {1}
    assert len(measured.left_out) == 1
    assert "“generous” is not a single token" in measured.left_out[0]
    with pytest.raises(AttnlitError, match="no sentence in this set"):
        set_effects(bert, [])
    with pytest.raises(AttnlitError, match="None of these sentences suits"):
        set_effects(bert, [unknown])
    with pytest.raises(AttnlitError, match="neither writes"):
        set_effects(tiny_model("t5"), [suits])


@pytest.mark.parametrize("name", ["mini-gpt2", "mini-bert"])
def test_our_sentences_suit_the_bundled_models(name: str) -> None:
    model = load(name)
    contrasts = [with_blank(model, each) for template in TEMPLATES for each in template.contrasts()]
    contrasts += [ready.fitted(model) for ready in READY.values()]
    for contrast in contrasts:
        bias._compare(model, contrast.first, contrast.second)
        bias._texts(model, contrast.first, contrast)
    for ready in READY.values():
        assert all(word in ready.contrast.first.lower() for word in ready.watched)


# ------------------------------------------------------------------------------------------------ published


def test_published_numbers_belong_to_their_models() -> None:
    assert published_set("gpt2") is published_set("openai-community/gpt2")
    assert published_set("gpt2").total == 0.249
    assert published_set("distilgpt2").heads == {(3, 1): 0.0237}
    for source in ("mini-gpt2", "gpt2-medium", "someone/gpt2"):
        assert published_set(source) is None
    assert published_sentence("gpt2", READY["injuries"].contrast).indirect == 1.03889
    assert published_sentence("gpt2", READY["question"].contrast) is None
    assert published_sentence("distilgpt2", READY["injuries"].contrast) is None


@pytest.mark.hub
def test_the_published_sentence_in_gpt2() -> None:
    try:
        model = load("gpt2")
    except AttnlitError as unreachable:
        pytest.skip(f"GPT-2 small is needed for its published numbers. {unreachable}")
    contrast = READY["injuries"].contrast
    found, published = effects(model, contrast), published_sentence("gpt2", contrast)
    assert found.total == pytest.approx(published.total, abs=2e-4)
    assert found.indirect == pytest.approx(published.indirect, abs=2e-4)
    assert found.direct == pytest.approx(published.direct, abs=2e-4)
    heads = found.heads.set_index(["layer", "head"])["indirect"]
    for place, value in published.heads.items():
        assert heads[place] == pytest.approx(value, abs=2e-4)
    assert list(heads.nlargest(3).index) == list(published.heads)
