"""The Altair chart that shows itself in a notebook: its layers are made already."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import altair as alt

from attnlit.charts.later import unchecked


class ReadyChart(alt.LayerChart):
    """An Altair chart whose layers are ready: Altair neither makes nor checks them anew at every showing."""

    def __init__(self, ready: list[dict[str, Any]], **options: Any) -> None:
        super().__init__(**options)
        object.__setattr__(self, "_ready", ready)

    def copy(self, deep: bool | Iterable[Any] = True, ignore: list[str] | None = None) -> ReadyChart:
        """Another chart with the same layers, which nobody changes."""
        options = {name: getattr(self, name) for name in _OPTIONS}
        with unchecked():
            return ReadyChart(self._ready, **options)

    def __deepcopy__(self, memo: Any) -> ReadyChart:
        return self.copy()

    def to_dict(self, *args: Any, **options: Any) -> dict[str, Any]:
        """The specification; Altair's theme and whoever stands beside it have been asked."""
        context = options.setdefault("context", {})
        alone = context.get("top_level", True)
        spec: dict[str, Any] = super().to_dict(*args, **{**options, "validate": False})
        if not alone:
            context.setdefault("datasets", {}).update(spec.pop("datasets"))
        return {**spec, "layer": self._ready}


_OPTIONS = (
    "params", "datasets", "width", "height", "view", "resolve",
    "title", "name", "config", "padding", "background", "autosize", "usermeta",
)  # fmt: skip
