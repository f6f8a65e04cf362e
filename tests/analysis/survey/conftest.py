"""A planted model and its survey, which most tests of this folder look at."""

from __future__ import annotations

import pytest

from attnlit.analysis.survey import Survey
from attnlit.models.model import Model


@pytest.fixture(scope="session")
def model(planted_model: Model) -> Model:
    return planted_model


@pytest.fixture(scope="session")
def found(planted_survey: Survey) -> Survey:
    return planted_survey
