"""The Altair chart that shows itself in a notebook: its layers are made already."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import altair as alt

from attnlit.charts.later import unchecked
from attnlit.charts.rendering import rendered
from attnlit.errors import AttnlitError
from attnlit.wording import quoted


class _Saves(alt.TopLevelMixin):
    """A chart that is saved in any kind of file, whatever its tokens hold."""

    def save(self, fp: Any, format: str | None = None, *args: Any, **options: Any) -> None:
        """As Altair saves a chart; a PDF as the app does, because Altair cannot save one with emoji.

        Raises AttnlitError where the file cannot be written.
        """
        is_path = isinstance(fp, str | os.PathLike)
        kind = format or (Path(fp).suffix.lower().lstrip(".") if is_path else "")
        try:
            if kind != "pdf":
                super().save(fp, format, *args, **options)
            elif is_path:
                Path(fp).write_bytes(rendered(self.to_dict(), kind))
            else:
                fp.write(rendered(self.to_dict(), kind))
        except OSError as error:
            raise AttnlitError(f"{quoted(str(fp))} cannot be written: {error.strerror}.") from error


class ReadyChart(_Saves, alt.LayerChart):
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

    def __or__(self, other: Any) -> ReadyRow:
        return ReadyRow(hconcat=[self, other])

    def __and__(self, other: Any) -> ReadyColumn:
        return ReadyColumn(vconcat=[self, other])

    def to_dict(self, *args: Any, **options: Any) -> dict[str, Any]:
        """The specification; Altair's theme and whoever stands beside it have been asked."""
        context = options.setdefault("context", {})
        alone = context.get("top_level", True)
        spec: dict[str, Any] = super().to_dict(*args, **{**options, "validate": False})
        if not alone:
            context.setdefault("datasets", {}).update(spec.pop("datasets"))
        return {**spec, "layer": self._ready}


class ReadyRow(_Saves, alt.HConcatChart):
    """Charts beside each other."""

    def __and__(self, other: Any) -> ReadyColumn:
        return ReadyColumn(vconcat=[self, other])


class ReadyColumn(_Saves, alt.VConcatChart):
    """Charts below each other."""

    def __or__(self, other: Any) -> ReadyRow:
        return ReadyRow(hconcat=[self, other])


_OPTIONS = (
    "params", "datasets", "width", "height", "view", "resolve",
    "title", "name", "config", "padding", "background", "autosize", "usermeta",
)  # fmt: skip
