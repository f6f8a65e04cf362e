"""What the bias page measures, once for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attnlit.analysis import bias
from attnlit.analysis.bias import TEMPLATES, Contrast, Effects, SetEffects
from attnlit.analysis.predict import Progress
from attnlit.app import cache, work

if TYPE_CHECKING:
    from attnlit.attention import Attention
    from attnlit.models.model import Model

ASK_FOR_PAIR = work.Button(
    "Measure every head", "Hundreds of runs: up to a few minutes for a large model or long prompts."
)
ASK_FOR_SET = work.Button(
    "Measure the set", "About ten seconds with the models that come with attnlit, minutes with a large one."
)


def records(model: Model, contrast: Contrast) -> tuple[Attention, Attention]:
    """The attention of both prompts."""
    first, second = (cache.attention(model, text, "")["self"] for text in (contrast.first, contrast.second))
    return first, second


def effects(model: Model, contrast: Contrast, tokens: int) -> Effects | None:
    """The effects of one pair; None in a large model, or for long prompts, until somebody asks for them."""

    def measure(report: work.Report, so_far: Any) -> Effects:
        return bias.bias_effects(model, contrast, progress=_told(report, "Measuring every head"))

    button = None if work.is_quick(model.layers * model.heads, tokens) else ASK_FOR_PAIR
    return work.run(_pair(model, contrast), measure, cache.effects, button=button)


def set_effects(model: Model) -> SetEffects | None:
    """The effects of the set; None until somebody asks for them, and where that was stopped.

    Each sentence is kept as soon as it is measured, so that a set that was stopped goes on from there.
    """

    def measure_one(model: Model, contrast: Contrast, progress: Progress | None = None) -> Effects:
        found = cache.effects.get(_pair(model, contrast))
        if found is None:
            found = bias.bias_effects(model, contrast, progress=progress)
            cache.effects.put(_pair(model, contrast), found)
        return found

    def measure(report: work.Report, so_far: Any) -> SetEffects:
        told = _told(report, "Measuring the sentences")
        return bias.set_effects(model, TEMPLATES, progress=told, measure=measure_one)

    return work.run(("bias set", model.identity), measure, cache.effects, button=ASK_FOR_SET)


def _pair(model: Model, contrast: Contrast) -> tuple[str, str, Contrast]:
    return ("bias pair", model.identity, contrast)


def _told(report: work.Report, doing: str) -> Progress:
    return lambda done, runs: report(done / runs, f"{doing}: {done / runs:.0%}")
