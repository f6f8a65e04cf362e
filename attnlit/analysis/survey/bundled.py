"""The surveys that travel with the bundled models, made by `python -m training.surveys`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attnlit.analysis.survey.store import SCORES_FILE, Saved, load

if TYPE_CHECKING:
    from attnlit.models.model import Model

FOLDER = Path(__file__).with_name("kept")


def bundled(model: Model) -> Saved | None:
    """The survey of this very model that came with attnlit; None if there is none, or of other files."""
    known = {folder.name for folder in FOLDER.iterdir() if (folder / SCORES_FILE).is_file()}
    if model.source not in known:
        return None
    saved = load(FOLDER / model.source)
    return saved if saved.identity == model.identity else None
