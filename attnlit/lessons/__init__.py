"""Lessons for a class: one text file each, read into plain data, every number measured on the live model."""

from attnlit.lessons.measures import Measure, measured
from attnlit.lessons.reading import LESSONS, Lesson, Option, Step, read_lesson

__all__ = ["LESSONS", "Lesson", "Measure", "Option", "Step", "measured", "read_lesson"]
