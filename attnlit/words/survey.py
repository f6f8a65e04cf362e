"""What a survey says of heads, in sentences (Markdown)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.scores import BY_NAME, SCORES, Score
from attnlit.analysis.survey.summary import FEWEST_TEXTS, nearness, roles_of
from attnlit.wording import capitalised, counted, number_text, with_article

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.analysis.survey import Survey


def in_words(survey: Survey, layer: int, head: int) -> str:
    """The roles of a head in a few sentences, or that it has none and how near it comes to one."""
    scores = roles_of(survey, layer, head)
    if scores:
        names = " and ".join(with_article(score.role.name) for score in scores if score.role)
        reasons = " ".join(_reason(survey, score, layer, head) for score in scores)
        return f"**{capitalised(names)}.** {reasons}"
    if not survey.untrained:
        return f"No role is named: there is no untrained model to compare. {survey.why_no_untrained}".strip()
    known = [score for score in SCORES if score.role and score.name in survey.values]
    nearest = max(known, key=lambda score: nearness(survey, score, layer, head))
    return f"**No clear role.** {_nearest(survey, nearest, layer, head)}"


def _reason(survey: Survey, score: Score, layer: int, head: int) -> str:
    assert score.role is not None
    value = shown(score.name, survey.values[score.name][survey.at(layer, head)])
    return f"{score.title}: {value} (the threshold is {shown(score.name, score.role.least)})."


def _nearest(survey: Survey, score: Score, layer: int, head: int) -> str:
    """How near a head comes to a role that it does not have, and what stands against it."""
    assert score.role is not None
    value = survey.values[score.name][survey.at(layer, head)]
    sentence = (
        f"It comes closest to {with_article(score.role.name)}: {shown(score.name, value)}; "
        f"the threshold is {shown(score.name, score.role.least)}"
    )
    if value < score.role.least:
        return f"{sentence}."
    if survey.units[score.name] < FEWEST_TEXTS:
        return f"{sentence}, but {survey.units[score.name]} texts are too few to call it one."
    return f"{sentence}, but heads of an untrained model come as close."


def shown(score: str, value: float) -> str:
    """A score as people read it: “62%”, “1.25 nats”, “3.4 tokens”."""
    if not np.isfinite(value):
        return "–"
    unit = BY_NAME[score].unit.name
    if unit == "share":
        return f"{value:.0%}"
    return number_text(value, ".2f") + (f" {unit}" if unit != "score" else "")


def score_in_words(found: Survey, score: str, layer: int, head: int) -> str:
    """The chosen score of a head, with its interval, on what it rests, and before training."""
    about = BY_NAME[score]
    at = found.at(layer, head)
    value, lower, upper = (each[score][at] for each in (found.values, found.lower, found.upper))
    if not np.isfinite(value):
        return f"{about.title}: nothing to score in {'these texts' if about.of_texts else 'this model'}."
    words = f"{about.title}: **{shown(score, value)}**"
    if np.isfinite(lower):
        low, high = shown(score, lower), shown(score, upper)
        words += f" (95% interval {low} to {high})" if low != high else ""
    words += f", over {found.counts[score][at]:,} {about.over}."
    if score in found.untrained:
        own, most = found.untrained[score][at], np.nanmax(found.untrained[score])
        words += f" Before training: {shown(score, own)}, and {shown(score, most)} at most."
    if score == "positional":
        words += f" Its distance: {_distance(int(found.offset[at]))}."
    return words


def _distance(offset: int) -> str:
    if offset == 0:
        return "the token itself"
    return f"{counted(abs(offset), 'token')} {'back' if offset < 0 else 'ahead'}"


def rests_on(found: Survey) -> str:
    """How much text a survey has read."""
    texts = "one text" if found.texts == 1 else f"{found.texts:,} texts"
    left_out = f" {found.left_out:,} were left out, too short or too long." if found.left_out else ""
    return f"Read: {texts} with {found.tokens:,} tokens.{left_out}"


def repeated_in_words(table: pd.DataFrame) -> str:
    """What a table of `loss_on_repeated` says: nothing off, the head off, perhaps another one off."""
    whole, off, *other = (row for _, row in table.iterrows())
    words = (
        "25 random words, four times in a row. From the second time on, the model predicts each word with a "
        f"loss of {whole['loss']:.2f} nats; without head {off['off']} the loss is {off['loss']:.2f}, a "
        f"change of **{off['rise']:+.2f}** (95% interval {off['lower']:+.2f} to {off['upper']:+.2f})"
    )
    for row in other:
        words += f". Without {row['off']}, a random head of the same layer: {row['rise']:+.2f}"
    return words + "."
