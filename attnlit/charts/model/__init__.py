"""The model view: `model_view` for notebooks, `model_picture` for the app."""

from attnlit.charts.model.data import drawn
from attnlit.charts.model.roles import NO_ROLE, Roles
from attnlit.charts.model.view import model_picture, model_view

__all__ = ["NO_ROLE", "Roles", "drawn", "model_picture", "model_view"]
