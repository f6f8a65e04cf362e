"""A planted model and its survey, which most tests of this folder look at."""

from __future__ import annotations

import pytest

from attnlit.analysis.survey import Survey, survey
from attnlit.attention import load
from attnlit.models.model import Model
from tests import planted
from tests.analysis.survey.planted_texts import TEXTS


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load(str(planted.save_with_roles(tmp_path_factory.mktemp("planted"))))


@pytest.fixture(scope="session")
def found(model: Model) -> Survey:
    return survey(model, TEXTS)
