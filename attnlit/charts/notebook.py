"""A picture as an Altair chart: it shows itself in a notebook, saves itself, and stands beside others.

Charts that stand beside each other (`one | other`) share one room for the names of their data, parameters and
marks, and must leave type and ground to whoever joins them. So every chart gets names of its own and carries
no `config`; Altair's themes apply to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from attnlit.attention.given import checked_number
from attnlit.charts.later import alt, unchecked
from attnlit.charts.picture import Picture, rows_of
from attnlit.charts.rendering import cleaned

if TYPE_CHECKING:
    from attnlit.charts.ready_chart import ReadyChart

_EXPRESSIONS = frozenset({"expr", "filter", "calculate", "test", "toggle", "labelExpr"})
_NAMES = frozenset({"name", "param", "views"})
# Vega's signals of a chart that stands alone; among others they are the whole's, so ours get their own.
_SIZE = ("width", "height")
NARROWEST = 100  # pixels: a narrower chart has no room for a word
WIDEST = 20_000  # pixels: several posters side by side; what draws files would ask for any amount of memory
_WORDS = re.compile(r"""data\('(?P<table>\w+)'\)|'[^']*'|"[^"]*"|(?<![\w.])[a-z_]\w*""")
_serial = count(1)


def notebook_chart(picture: Picture, width: int) -> ReadyChart:
    """The picture as an Altair chart of this width, in pixels, with its tables inside."""
    spec = picture.spec_by_itself
    width = checked_number(width, "width", NARROWEST, WIDEST)
    sizes = {"width": width, "height": picture.height(width)}
    named = {parameter["name"] for parameter in spec.get("params", [])}
    own = _Names(frozenset({*named, *_SIZE}), f"_{next(_serial)}")
    parameters = [{"name": name, "value": sizes[name]} for name in _SIZE if name not in named]
    datasets = {
        name + own.suffix: [{column: _harmless(value) for column, value in row.items()} for row in rows]
        for name, rows in rows_of(picture.tables).items()
    }
    from attnlit.charts.ready_chart import ReadyChart  # imports Altair

    with unchecked():
        return ReadyChart(
            own.rename(spec["layer"]),
            params=[_parameter(each) for each in own.rename([*parameters, *spec.get("params", [])])],
            datasets=datasets,
            view=alt.ViewBackground(stroke=None, fill=picture.theme.background),
            resolve=alt.Resolve(scale=alt.ScaleResolveMap(**spec["resolve"]["scale"])),
            **sizes,
        )


def _parameter(spec: dict[str, Any]) -> alt.VariableParameter | alt.TopLevelSelectionParameter:
    return (alt.TopLevelSelectionParameter if "select" in spec else alt.VariableParameter)(**spec)


@dataclass(frozen=True)
class _Names:
    """Which names a specification gives to its parameters, and what makes them a chart's own."""

    parameters: frozenset[str]
    suffix: str

    def rename(self, part: Any, key: str = "") -> Any:
        """A copy of this part of a specification, found under `key`, with names that end in the suffix."""
        if isinstance(part, Mapping):
            return {name: self.rename(each, name) for name, each in part.items()}
        if isinstance(part, list | tuple):
            return [self.rename(each, key) for each in part]
        return self._text(part, key) if isinstance(part, str) else part

    def _text(self, text: str, key: str) -> str:
        if key in _NAMES:
            return text + self.suffix
        if key == "markname":
            return text.removesuffix("_marks") + self.suffix + "_marks"
        if key in ("on", "clear"):
            return re.sub(r"@(\w+)_marks", rf"@\g<1>{self.suffix}_marks", text)
        return self._expression(text) if key in _EXPRESSIONS else text

    def _expression(self, text: str) -> str:
        """Vega's language: names of tables and parameters, but neither fields (`datum.row`) nor texts."""

        def own(found: re.Match[str]) -> str:
            word = found[0]
            if found["table"]:
                return f"data('{found['table']}{self.suffix}')"
            return word + self.suffix if word in self.parameters else word

        return _WORDS.sub(own, text)


def _harmless(value: Any) -> Any:
    """Text that can end neither what draws a saved chart nor the script in which a saved page holds it.

    Altair hands a chart to the native renderer, and writes it into a page, as it is. A token `</script>`
    would end the script and begin markup: a zero-width space after each "<" prevents that and changes nothing
    that is seen.
    """
    return cleaned(value).replace("<", "<\u200b") if isinstance(value, str) else value
