"""Code for the pictures of Bias, Patterns and Neurons: it makes the same ones in a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attnlit.app.code import source

if TYPE_CHECKING:
    from attnlit.analysis.bias import Contrast
    from attnlit.app.frame.opening import Known
    from attnlit.app.frame.request import Request

_HEAD_MAP = "from attnlit.charts.head_map import head_map"


def bias_pair(
    model: Known, contrast: Contrast, measure: str, drawn: Mapping[str, Any], watched: Sequence[str]
) -> str:
    """Code for the map of heads of two prompts. drawn: what `head_map` is told beside the values."""
    asked = ", ".join(f"{name}={value!r}" for name, value in vars(contrast).items())
    lines = [f"contrast = bias.Contrast({asked})"]
    if measure == "difference":
        watching = f", {[*watched]!r}" if watched else ""
        lines += [
            "first, second = (attnlit.attend(model, text) for text in (contrast.first, contrast.second))",
            f"heads = bias.attention_differences(first, second{watching})",
        ]
    else:
        lines.append("heads = attnlit.bias_effects(model, contrast).heads")
    return _of_table(model, lines, measure, drawn)


def bias_set(model: Known, drawn: Mapping[str, Any], *, expected_only: bool) -> str:
    """Code for the map of heads of the set of sentences."""
    only = ", expected_only=True" if expected_only else ""
    lines = [
        "measured = bias.set_effects(model, bias.TEMPLATES)",
        f"heads = bias.averages(measured{only}).heads",
    ]
    return _of_table(model, lines, "indirect", drawn)


def _of_table(model: Known, lines: Sequence[str], column: str, drawn: Mapping[str, Any]) -> str:
    return "\n".join(
        [
            "import attnlit",
            "from attnlit.analysis import bias",
            _HEAD_MAP,
            "",
            f"model = attnlit.load({source(model)})",
            *lines,
            f'values = heads.pivot(index="layer", columns="head", values={column!r}).to_numpy()',
            _map("values", drawn),
        ]
    )


def patterns(request: Request, imports: str, found: str, score: str, drawn: Mapping[str, Any]) -> str:
    """Code for the map of a score. imports, found: lines that make the survey from `model`, or read it."""
    return "\n".join(
        [
            "import attnlit",
            *([imports] if imports else []),
            _HEAD_MAP,
            "",
            f"model = attnlit.load({source(request.known)})",
            f"found = {found}",
            _map(f"found.values[{score!r}]", drawn),
        ]
    )


def neurons(
    request: Request,
    removed: Mapping[str, Sequence[int]],
    drawn: Mapping[str, Any],
    *,
    even: str,
    with_first: bool,
) -> str:
    """Code for a head's attention by distance, before and after dimensions are removed.

    removed: dimensions by the name of their curve. even: the name of the curve of even attention. drawn: what
    `distance_chart` is told beside the rows.
    """
    curves = [
        f"    before.assign(curve='head {request.layer}-{request.head}', value=before.attention),",
        *(
            f"    without({sorted(dimensions)}).assign(curve={name!r}, value=lambda each: each.attention),"
            for name, dimensions in removed.items()
        ),
        f"    before.assign(curve={even!r}, value=before.even),",
    ]
    return _BY_DISTANCE.format(
        model=source(request.known),
        kind=repr(request.kind),
        layer=request.layer,
        head=request.head,
        with_first=with_first,
        curves="\n".join(curves),
        drawn=_arguments(drawn),
    )


_BY_DISTANCE = '''\
import attnlit
import pandas as pd
from attnlit.analysis import distance
from attnlit.analysis.sample import SENTENCES
from attnlit.attention.edits import DimensionsRemoved
from attnlit.charts.distance import distance_chart

model = attnlit.load({model})
texts = distance.passages(model, SENTENCES, {kind})


def without(dimensions):
    """The head's attention by distance, with some dimensions of its queries and keys removed."""
    edit = DimensionsRemoved(kind={kind}, layer={layer}, heads=({head},), dimensions=tuple(dimensions))
    records = distance.records(model, texts, {kind}, [edit] if dimensions else [])
    alone = (distance.one_head(record, {layer}, {head}) for record in records)
    profile = distance.by_distance(alone, distance.longest_distance(model, {kind}))
    return distance.distance_table(profile, {layer}, 0, with_first={with_first})


before = without([])
curves = [
{curves}
]
distance_chart(pd.concat(curves, ignore_index=True){drawn})'''


def _arguments(drawn: Mapping[str, Any]) -> str:
    """Named arguments that follow the first one; a notebook chooses its theme itself."""
    return "".join(f", {name}={value!r}" for name, value in drawn.items() if name not in ("values", "theme"))


def _map(values: str, drawn: Mapping[str, Any]) -> str:
    """The call of `head_map` that draws these values as the page does."""
    return f"head_map({values}{_arguments(drawn)})"
