"""What the page measures, once for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from attnlit.analysis import compare as analysis
from attnlit.analysis.ablation_set import AblationSet, ablation_set, check_word
from attnlit.analysis.patching import PatchMap, patch_each
from attnlit.app import cache, work
from attnlit.app.frame import sidebar

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from attnlit.analysis.compare import Comparison
    from attnlit.app.frame.request import Request
    from attnlit.attention import Attention
    from attnlit.models.model import Model

PATCH = work.Button(
    "Patch every head", "Two runs for each head: up to a few minutes for a large model or long texts."
)
SEARCH = work.Button(
    "Search for the heads", "Each step tries every head that is still on: seconds with the bundled models."
)


def other_text(request: Request, text: str) -> Attention:
    """The attention of another text in the same model, filtered as the first one is."""
    pair = sidebar.own_texts(request.known)["target" if request.known.pairs == "target" else "pair"]
    cache.attention(request.model, text, pair)
    return cache.filtered(request.model, text, pair, request.kind, request.filters)


def other_model(request: Request, model: Model) -> Attention:
    """The attention of the same text in another model, filtered as the first one is."""
    pair = (request.attention.pair or "") if request.model.pairs == model.pairs else ""
    kind = request.kind if request.kind in model.kinds else model.kinds[0]
    return cache.filtered(model, request.attention.text, pair, kind, request.filters)


def unrelated(request: Request, found: Comparison) -> np.ndarray | None:
    """How differently heads look in texts of this length that share nothing; None for filtered ones."""
    if request.filters != cache.Filters():
        return None
    rows = found.compared[0]
    size = (int(rows[-1]) + 1, int(rows[0]))
    key = ("unrelated", request.model.identity, request.kind, size)
    return cache.effects.find(key, lambda: analysis.unrelated(request.model, request.kind, *size))


def most_alike(request: Request, other: Model, found: Comparison) -> pd.DataFrame:
    """For each head the one of the other model that looks most like it."""
    texts = (found.first.text, found.first.pair, found.second.pair, found.first.kind, found.second.kind)
    key = ("most alike", request.model.identity, other.identity, *texts, request.filters)
    with st.spinner("Comparing every head with every other …", show_time=True):
        return cache.effects.find(key, lambda: analysis.most_alike(found))


def patches(request: Request, text: str, what: str, words: tuple[str, str] | None) -> PatchMap | None:
    """What each head carries over; None until somebody asks for it in a large model or for long texts."""
    model, source = request.model, request.attention.text

    def measure(report: work.Report, so_far: Any) -> PatchMap:
        def told(done: int, runs: int) -> None:
            report(done / runs, f"Patching every head: {done / runs:.0%}")

        return patch_each(model, source, text, what, words=words, progress=told)

    quick = work.is_quick(model.layers * model.heads, len(request.attention.queries))
    key = ("patches", model.identity, source, text, what, words)
    return work.run(key, measure, cache.effects, button=None if quick else PATCH)


def removed(request: Request, word: str, how: str) -> AblationSet | None:
    """The heads that must go until the word wins; None until somebody asks for them.

    Raises AttnlitError for a word that cannot win, before anybody is asked to wait for it.
    """
    model, text = request.model, request.attention.text
    check_word(model, text, word)

    def search(report: work.Report, so_far: Any) -> AblationSet:
        def told(share: float, off: tuple[tuple[int, int], ...]) -> None:
            report(share, f"{len(off)} heads are off; trying the next one", off or None)

        return ablation_set(model, text, word, how=how, begin_with=so_far or (), progress=told)

    key = ("heads until", model.identity, text, word, how)
    return work.run(key, search, cache.effects, button=SEARCH)
