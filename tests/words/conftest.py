"""The survey of the planted model, to be put into words."""

from tests.analysis.survey.conftest import found as found
from tests.analysis.survey.conftest import model as model
