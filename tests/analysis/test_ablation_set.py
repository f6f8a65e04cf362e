"""Which heads must go until a word wins: by hand on a planted model, and every head of the set is needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from attnlit.analysis.ablation import HOW, switch_off
from attnlit.analysis.ablation_set import DRAWS, ablation_set
from attnlit.attention import load
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from tests import planted, tiny
from tests.analysis.bias.planted_routes import votes
from tests.bundled import bundled
from tests.tolerances import RATIO

pytestmark = pytest.mark.numeric

GetModel = Callable[[str], Model]
TEXT = "The cat sat on the mat; the cat"


@pytest.fixture(scope="module")
def outvoted(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Heads 0-0 and 0-1 each give the previous word a logit of 3; "she" itself gives "late" one of 2."""
    module = planted.blank()
    for head in (0, 1):
        planted.previous_token(module, layer=0, head=head, to=planted.slot(head))
        planted.predict(module, planted.slot(head), logit=3.0)
    votes(module, planted.TOKENS, "she", "late", 2.0)
    return load(str(planted.save(module, tmp_path_factory.mktemp("outvoted"))))


def test_both_planted_heads_must_go(outvoted: Model) -> None:
    seen: list[float] = []
    found = ablation_set(outvoted, "the dog . she", "late", progress=lambda share, off: seen.append(share))
    assert found.wins
    assert set(found.heads) == {(0, 0), (0, 1)}
    assert found.likeliest == "."
    assert found.steps["lead"].iloc[0] == pytest.approx(2 - 6, **RATIO)
    late = planted.WORDS.index("late")
    for row in found.steps.itertuples():
        after = switch_off(outvoted, "the dog . she", found.heads[: row.heads]).after[0]
        lead = float(np.log(after[late] / np.delete(after, late).max()))
        assert (row.lead, row.probability) == pytest.approx((lead, after[late]), **RATIO)
    assert found.steps["likeliest"].tolist() == [".", ".", "late"]
    assert found.steps["heads"].tolist() == [0, 1, 2]
    assert seen == sorted(seen)
    assert 0 < seen[-1] <= 1
    # Two of eight heads: either none of the two is among them, or one, or both.
    assert set(np.round(found.random, 2)) <= set(np.round(found.steps["lead"], 2))
    assert len(found.random) == DRAWS
    assert found.random_wins == (found.random > 1).sum() < DRAWS


def test_a_search_goes_on_and_ends_where_it_may(outvoted: Model) -> None:
    further = ablation_set(outvoted, "the dog . she", "late", begin_with=[(1, 3), (0, 1)])
    assert set(further.heads) == {(0, 0), (0, 1)}  # 1-3 is put back
    assert further.steps["heads"].tolist() == [0, 1, 2, 3, 2]
    short = ablation_set(outvoted, "the dog . she", "late", most=1)
    assert not short.wins
    assert len(short.heads) == 1
    at_once = ablation_set(outvoted, "the dog . she", ".")
    assert at_once.wins
    assert at_once.heads == ()
    assert len(at_once.random) == 0

    def end(share: float, off: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ablation_set(outvoted, "the dog . she", "late", progress=end)


@pytest.mark.parametrize(
    "how", [pytest.param(each, marks=() if each == "mean" else pytest.mark.whole) for each in HOW]
)
def test_no_head_of_the_set_can_stay(how: str, tiny_model: GetModel) -> None:
    model = tiny_model("gpt2")
    after_one = switch_off(model, TEXT, [(0, 1), (1, 2), (2, 0)], how=how).after[0]
    token = int(np.argsort(-after_one)[1])
    word = model.tokenizer.decode([token]).strip() or "mat"
    if len(model.tokenizer(f" {word}")["input_ids"]) > 1:
        word = "mat"
    found = ablation_set(model, TEXT, word, how=how, most=tiny.LAYERS * tiny.HEADS)
    id_ = model.tokenizer.convert_tokens_to_ids(f"Ġ{word}")

    def wins(heads: list[tuple[int, int]]) -> bool:
        return int(switch_off(model, TEXT, heads, how=how).after[0].argmax()) == id_

    assert wins([*found.heads]) == found.wins
    if found.wins:
        assert not any(wins([each for each in found.heads if each != head]) for head in found.heads)


def test_a_masked_model_is_asked_at_its_mask() -> None:
    found = ablation_set(bundled("mini-bert"), "The cat sat on the [MASK].", "table", most=2)
    assert len(found.heads) <= 2
    assert found.steps["probability"].iloc[0] < 1


def test_what_cannot_be_asked_is_a_mistake_in_words(tiny_model: GetModel, tmp_path: Path) -> None:
    gpt2 = tiny_model("gpt2")
    for word, words in (("unusual", "is several tokens"), (" ", "continuation is empty")):
        with pytest.raises(AttnlitError, match=words):
            ablation_set(gpt2, TEXT, word)
    with pytest.raises(AttnlitError, match="cannot be switched off by"):
        ablation_set(gpt2, TEXT, "mat", how="gently")
    with pytest.raises(AttnlitError, match="neither writes from left"):
        ablation_set(tiny_model("t5"), TEXT, "mat")
