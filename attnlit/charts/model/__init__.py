"""The model view: `model_view` for notebooks, `model_picture` for the app."""

from attnlit.charts.model.data import Roles, drawn
from attnlit.charts.model.view import model_picture, model_view

__all__ = ["Roles", "drawn", "model_picture", "model_view"]
