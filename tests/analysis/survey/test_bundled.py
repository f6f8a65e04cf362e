"""The surveys that travel with the bundled models: of these very files, and what they say holds today."""

from __future__ import annotations

import numpy as np
import pytest

from attnlit.analysis.survey import controls, survey
from attnlit.analysis.survey.bundled import FOLDER
from attnlit.analysis.survey.bundled import bundled as survey_of
from attnlit.attention import attend
from attnlit.attention.capture import untrained
from attnlit.models.catalogue import CATALOGUE
from tests.bundled import bundled
from training.sentences import texts

NAMES = [entry.id for entry in CATALOGUE if entry.bundled]
# Half a unit in the third place: models are read in other batches, and sums of float32 by other processors.
NEAR = 5e-4


@pytest.mark.parametrize(
    "name", NAMES[:1] + [pytest.param(each, marks=pytest.mark.whole) for each in NAMES[1:]]
)
def test_it_is_of_the_model_that_travels_with_it_and_small(name: str) -> None:
    model = bundled(name)
    saved = survey_of(model)
    assert saved is not None, f"the model {name} has changed: make surveys"
    assert saved.identity == model.identity
    assert saved.survey.texts + saved.survey.left_out == 2000
    assert survey_of(untrained(model)) is None
    assert sum(file.stat().st_size for file in (FOLDER / name).iterdir()) < 2 * 2**20


@pytest.mark.whole
@pytest.mark.parametrize("name", NAMES)
def test_its_examples_and_scores_are_what_the_model_does_now(name: str) -> None:
    model = bundled(name)
    saved = survey_of(model)
    assert saved is not None
    found = saved.survey
    some = list(texts(2000))
    for layer, head in ((0, 0), (model.layers - 1, model.heads - 1)):
        for each in [*found.examples.of(layer, head)[:2], *found.examples.of(layer, head, "sample")[:2]]:
            assert some[each.number] == (each.text, each.pair)
            weights = attend(model, each.text, each.pair).weights[layer, head]
            assert weights[each.query, each.key] == pytest.approx(each.value, abs=NEAR)
    # Scores of a few texts lie near those of all; those of random tokens need no text.
    few = survey(model, some[:30])
    assert np.corrcoef(few.values["previous"].ravel(), found.values["previous"].ravel())[0, 1] > 0.98
    if "induction" in found.values:
        np.testing.assert_allclose(few.values["induction"], found.values["induction"], atol=NEAR)
        assert controls(model, some[:1]).trained.bins
