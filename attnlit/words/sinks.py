"""What a head that rests on the first token or on added ones does, in sentences (Markdown)."""

from __future__ import annotations

from math import isnan

from attnlit.analysis.sinks import CONSTANT, IDLE, MATTERS, WORKING, Resting
from attnlit.wording import percent

_BORDERLINE = (
    f" **Borderline**: the 95% interval over these texts includes {MATTERS}, so other sentences might say "
    "otherwise."
)
_SHORT = 0.5  # values below this share of the others' are called short


def sink_in_words(found: Resting) -> str:
    """Idle, constant or working, and by what numbers: three paragraphs."""
    name = f"{found.layer}-{found.head}"
    verdict = {
        IDLE: f"Head {name} is **idle**: almost nothing is lost without it",
        CONSTANT: f"Head {name} adds a **constant**, as a bias does: something is lost without it, but "
        "almost nothing when its mean over the text takes its place",
        WORKING: f"Head {name} is **working**: even its mean over the text cannot stand in for it",
    }[found.verdict]
    lost = f"Lost: {_nats(found.zero.kl)} nats per word without it, {_nats(found.mean.kl)} with its mean"
    doubt = "" if found.sure else _BORDERLINE
    return f"{verdict}.\n\n{lost}; it counts from {MATTERS} on.{doubt}\n\n{_spends(found)}"


def _spends(found: Resting) -> str:
    """On what it was measured, where its attention goes there, and what comes from there."""
    there = (
        f"Measured on {found.words:,} predicted words of {found.texts} texts. There it gives "
        f"{percent(found.weights)} of its attention to the first token and to added ones"
    )
    if isnan(found.norms):
        return f"{there}. It passes nothing on."
    sentence = f"{there}, and {percent(found.norms)} of what it passes on comes from there"
    ratio = found.resting_value / found.other_value  # NaN where it never looks elsewhere
    if ratio < _SHORT:
        return f"{sentence}: what it finds there is short, {percent(ratio)} of what it finds elsewhere."
    return f"{sentence}."


def _nats(loss: float) -> str:
    return f"{loss:.3f}" if loss < 0.0995 else f"{loss:.2f}"
