"""The surveys that travel with the bundled models: of these very files, and what they say holds today."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnlit.analysis.sample import Text
from attnlit.analysis.survey import Partial, finish, partial, random_sequences
from attnlit.analysis.survey.bundled import FOLDER
from attnlit.analysis.survey.bundled import bundled as survey_of
from attnlit.analysis.survey.random_tokens import sums_of_random
from attnlit.attention import attend
from attnlit.models.catalogue import CATALOGUE
from tests.bundled import bundled
from training.sentences import texts
from training.surveys import TEXTS

NAMES = [entry.id for entry in CATALOGUE if entry.bundled]
# Half a unit in the third place: models are read in other batches, and sums of float32 by other processors.
NEAR = 5e-4


@pytest.fixture(scope="module")
def some() -> list[Text]:
    return list(texts(TEXTS))


@pytest.mark.parametrize(
    "name", NAMES[:1] + [pytest.param(each, marks=pytest.mark.whole) for each in NAMES[1:]]
)
def test_it_is_of_the_model_that_travels_with_it_and_small(name: str) -> None:
    model = bundled(name)
    saved = survey_of(model)
    assert saved is not None, f"the model {name} has changed: make surveys"
    assert saved.identity == model.identity
    assert saved.survey.texts + saved.survey.left_out == TEXTS
    assert survey_of(replace(model, identity="of other weights")) is None
    assert sum(file.stat().st_size for file in (FOLDER / name).iterdir()) < 2 * 2**20


@pytest.mark.whole
@pytest.mark.parametrize("name", NAMES)
def test_its_examples_and_scores_are_what_the_model_does_now(name: str, some: list[Text]) -> None:
    model = bundled(name)
    saved = survey_of(model)
    assert saved is not None
    found = saved.survey
    for layer, head in ((0, 0), (model.layers - 1, model.heads - 1)):
        for each in [*found.examples.of(layer, head)[:2], *found.examples.of(layer, head, "sample")[:2]]:
            assert some[each.number] == (each.text, each.pair)
            weights = attend(model, each.text, each.pair).weights[layer, head]
            assert weights[each.query, each.key] == pytest.approx(each.value, abs=NEAR)
    # Scores of a few texts lie near those of all, and so do those of one row of random tokens.
    parts = [partial(model, some[:24])]
    if drawn := random_sequences(model, found.kind, draws=1):
        sums = sums_of_random(model, found.kind, drawn, 0)
        parts.append(Partial(model.name, found.kind, found.layer_numbers, sums))
    few = finish(parts)
    assert set(few.values) <= set(found.values), "a score has been added: make surveys"
    for score in {"previous", "induction"} & set(few.values):
        near = np.corrcoef(few.values[score].ravel(), found.values[score].ravel())[0, 1]
        assert near > 0.98, f"{score} of {name} has changed: make surveys"
