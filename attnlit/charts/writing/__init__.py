"""The picture of a sum: what each part of the model adds to a word's logit, up to the real logit."""

from attnlit.charts.writing.view import writing_picture, writing_view

__all__ = ["writing_picture", "writing_view"]
