"""The pictures of README, in both themes: `make pictures`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import attnlit
from attnlit.analysis.scores import main_roles
from attnlit.charts.figure import figure, heading
from attnlit.charts.head import head_picture
from attnlit.charts.model import Roles, model_picture
from attnlit.charts.neuron import neuron_picture
from attnlit.charts.picture import Picture
from attnlit.charts.theme import DARK, LIGHT, Theme

FOLDER = Path(__file__).parent / "pictures"
MODEL = "mini-gpt2"
TWICE = "Mr. Dursby met Miss Harlow at the gate. Later Mr. Dursby met Miss Harlow at the gate"
LETTER = "She opened the letter, read it slowly, and put it in the fire."
SAILOR = "The old sailor told the children a story about a ship that never came home."


@dataclass(frozen=True)
class Shown:
    """One picture: of which text, and how it is drawn of the record in a theme."""

    name: str
    text: str
    title: str
    draw: Callable[[attnlit.Attention, Theme], Picture]


SHOWN = (
    Shown(
        "head_view",
        TWICE,
        heading(MODEL, 5, [0, 3]),
        lambda record, theme: head_picture(
            record, 5, [0, 3], theme=theme, pinned=("query", _last(record, "met"))
        ),
    ),
    Shown(
        "model_view",
        LETTER,
        heading(MODEL),
        lambda record, theme: model_picture(record, roles=Roles(*main_roles(record)), theme=theme),
    ),
    Shown(
        "neuron_view",
        SAILOR,
        heading(MODEL, 3, [2]),
        lambda record, theme: neuron_picture(record, 3, 2, _last(record, "about"), theme=theme),
    ),
)


def _last(record: attnlit.Attention, word: str) -> int:
    """Where a word stands last."""
    return max(index for index, token in enumerate(record.query_tokens) if token == word)


def main() -> None:
    """Draw them all."""
    FOLDER.mkdir(exist_ok=True)
    model = attnlit.load(MODEL)
    for shown in SHOWN:
        record = attnlit.attend(model, shown.text)
        for theme in (LIGHT, DARK):
            file = FOLDER / f"{shown.name}_{theme.name}.svg"
            file.write_bytes(figure(shown.draw(record, theme), "svg", title=shown.title, theme=theme))
            print(f"{file.name}: {file.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
