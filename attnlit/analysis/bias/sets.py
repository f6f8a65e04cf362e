"""The effects of a set of templates, and their means with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.bias.contrast import Template, with_blank
from attnlit.analysis.bias.effects import STRONGEST, Effects, bias_effects
from attnlit.analysis.patching.prompts import check_model
from attnlit.analysis.predict import Progress
from attnlit.analysis.statistics import interval
from attnlit.errors import AttnlitError
from attnlit.models.layers import heads_in_order
from attnlit.wording import quoted

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.models.model import Model

KEPT_FROM = 0.25  # the paper leaves out the lowest quarter of the sentences with an effect above 0


@dataclass(frozen=True, eq=False)
class SetEffects:
    """The effects of a set of templates, each with the people in both places and in both directions."""

    # Four rows a template: template (its number), first, second, expected, other, total, indirect, direct.
    table: pd.DataFrame
    heads: np.ndarray  # indirect effect of each head, float64 (templates, 4, layers, heads)
    layer_numbers: tuple[int, ...]  # in the model, of the layers in `heads`
    left_out: tuple[str, ...]  # why, for each template that this model cannot be asked


@dataclass(frozen=True, eq=False)
class Averages:
    """Means over the templates of a set, with 95 % bootstrap intervals; each template is one mean first.

    The mean of an effect lies above 0 even where words push as often one way as the other: a doubling counts
    1 and a halving -0.5. In the factor, exp of the mean of log(1 + effect), they cancel.
    """

    templates: int
    # A row an effect ("total", "indirect", "direct"): mean, lower, upper, factor, factor_lower, factor_upper.
    table: pd.DataFrame
    heads: pd.DataFrame  # a row a head: layer, head, indirect, lower, upper
    strongest: float  # sum of the ten largest means


def set_effects(
    model: Model,
    templates: Sequence[Template],
    *,
    progress: Progress | None = None,
    measure: Callable[..., Effects] = bias_effects,
) -> SetEffects:
    """The effects of every template. progress(runs done, in all) as in `bias_effects`.

    measure: `bias_effects`, or what does the same and remembers it, so that work which was ended can go on
    later. Templates whose words do not suit the model's tokens are left out, and it is said why. Raises
    AttnlitError where that leaves none, or where the model cannot be asked at all.
    """
    check_model(model)
    if not templates:
        raise AttnlitError("There is no sentence in this set. Give it one template or more.")
    contrasts = [(number, each) for number, template in enumerate(templates) for each in template.contrasts()]
    found: dict[int, list[Effects]] = {}
    left_out: dict[int, str] = {}
    for place, (number, contrast) in enumerate(contrasts):

        def within(done: int, runs: int, before: int = place) -> None:
            if progress is not None:
                progress(before * runs + done, len(contrasts) * runs)

        if number in left_out:
            continue
        try:
            there = measure(model, with_blank(model, contrast), progress=within)
        except AttnlitError as mistake:
            left_out[number] = f"{quoted(contrast.first)}: {mistake}"
            found.pop(number, None)
            continue
        found.setdefault(number, []).extend((there, there.turned()))
    if not found:
        raise AttnlitError(f"None of these sentences suits {model.name}. {left_out[0]}")
    return _set(found, model.layer_numbers, tuple(left_out.values()))


def _set(
    found: Mapping[int, Sequence[Effects]], numbers: tuple[int, ...], left_out: tuple[str, ...]
) -> SetEffects:
    """The readings of each template, by its number, in one table."""
    import pandas as pd

    rows = [
        {
            "template": number,
            **vars(each.contrast),
            "total": each.total,
            "indirect": each.indirect,
            "direct": each.direct,
        }
        for number, readings in found.items()
        for each in readings
    ]
    heads = [
        [each.heads["indirect"].to_numpy().reshape(len(numbers), -1) for each in readings]
        for readings in found.values()
    ]
    return SetEffects(pd.DataFrame(rows), np.array(heads), numbers, left_out)


def averages(measured: SetEffects, *, expected_only: bool = False, seed: int = 0) -> Averages:
    """Means over the templates, with intervals from drawing templates again and again.

    expected_only keeps, as Vig et al. do, of all rows those whose total effect is above 0, less the quarter
    of these that have the smallest. It asks how an effect comes about where there is one, and can no longer
    tell whether there is one. Raises AttnlitError where nothing is left.
    """
    import pandas as pd

    names = ["total", "indirect", "direct"]
    rows = measured.table
    totals = rows["total"].to_numpy()
    kept = np.ones(len(rows), bool)
    if expected_only:
        above = totals[totals > 0]
        kept = totals >= (np.quantile(above, KEPT_FROM) if len(above) else np.inf)
        if not kept.any():
            raise AttnlitError(
                "None of these sentences has the effect that the stereotype expects in this model, so there "
                "is nothing to average. Look at all sentences instead."
            )
    of_template = rows["template"].to_numpy()[kept]
    by_head = measured.heads.reshape(-1, *measured.heads.shape[2:])[kept]  # (rows, layers, heads)

    def by_template(values: np.ndarray) -> np.ndarray:
        return np.stack([values[of_template == each].mean(0) for each in np.unique(of_template)])

    def with_interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        means = by_template(values)
        return means.mean(0), *interval(means, np.random.default_rng(seed))

    values = rows.loc[kept, names].to_numpy()  # (rows, 3)
    table = pd.DataFrame({"effect": names})
    table["mean"], table["lower"], table["upper"] = with_interval(values)
    factors = (np.exp(each) for each in with_interval(np.log1p(values)))
    table["factor"], table["factor_lower"], table["factor_upper"] = factors
    named = heads_in_order(measured.layer_numbers, by_head.shape[2])
    heads = pd.DataFrame(named, columns=["layer", "head"])
    heads["indirect"], heads["lower"], heads["upper"] = (each.ravel() for each in with_interval(by_head))
    strongest = float(heads["indirect"].nlargest(STRONGEST).sum())
    return Averages(len(np.unique(of_template)), table, heads, strongest)
