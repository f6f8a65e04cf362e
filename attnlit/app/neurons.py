"""The neurons page: heads whose attention falls with distance, what carries the fall, what removal does."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import cachetools
import numpy as np
import pandas as pd
import streamlit as st

from attnlit.analysis import distance
from attnlit.analysis.ablation import intervene
from attnlit.analysis.sample import SENTENCES
from attnlit.app import panels, say, turns
from attnlit.app.frame.controls import IN_ADDRESS, number
from attnlit.attention.edits import DimensionsRemoved
from attnlit.charts.dimensions import dimensions_picture
from attnlit.charts.distance import distance_chart, distance_picture
from attnlit.charts.head_map import head_map_picture
from attnlit.errors import AttnlitError
from attnlit.wording import escaped
from attnlit.words.decay import decay_in_words
from attnlit.words.read_out import token_name

if TYPE_CHECKING:
    from attnlit.analysis.distance import DistanceProfile
    from attnlit.app.state import Request
    from attnlit.attention import Attention
    from attnlit.models.model import Model

_KEPT_MB = 48  # of averages, for all sessions; those of a model of 12 x 12 heads take 2 MB
_WORTH_NAMING = 0.005  # of a fall, or of a score: less is rounding
_SOME = 0.1  # explained by a steady fall: with less it is no measure of a head
_MOST = 0.5  # of a fall: so much from a position bias is said first
_QUICK = 0.4  # seconds: shorter work shows no progress bar
_DRAWN = 3  # dimensions with a curve of their own
_EVEN = "all tokens alike"
_WRITTEN = "key_token_in_address"  # the text, and what we last left there
_STRONGEST = "strongest"  # the choice of a key token: the one that the query looks at most

_kept: Any = cachetools.LRUCache(maxsize=_KEPT_MB, getsizeof=lambda by: by.nbytes / 2**20)
_looking_up = threading.Lock()  # held while something is looked up or stored, never during a forward pass


def averages(model: Model, kind: str) -> DistanceProfile:
    """All heads of a kind by distance, over the built-in sample. Shows its progress where it takes long."""
    with turns.one_at_a_time(("averages", model.identity, kind)):
        return _averages(model, kind)


@cachetools.cached(_kept, key=lambda model, kind: (model.identity, kind), lock=_looking_up)
def _averages(model: Model, kind: str) -> DistanceProfile:
    texts = _passages(model, kind)
    records = _shown(distance.records(model, texts, kind), len(texts), "Reading the sample texts …")
    return distance.by_distance(records, distance.longest_distance(model, kind))


def averages_without(
    model: Model, kind: str, layer: int, head: int, dimensions: tuple[int, ...]
) -> DistanceProfile:
    """One head by distance over the same texts, with some dimensions of its queries and keys removed."""
    with turns.one_at_a_time(("averages", model.identity, kind, layer, head, dimensions)):
        return _averages_without(model, kind, layer, head, dimensions)


@cachetools.cached(_kept, key=lambda model, kind, *place: (model.identity, kind, *place), lock=_looking_up)
def _averages_without(
    model: Model, kind: str, layer: int, head: int, dimensions: tuple[int, ...]
) -> DistanceProfile:
    texts = _passages(model, kind)
    edit = DimensionsRemoved(kind=kind, layer=layer, heads=(head,), dimensions=dimensions)
    records = _shown(
        distance.records(model, texts, kind, [edit]), len(texts), "Reading them without the dimensions …"
    )
    longest = distance.longest_distance(model, kind)
    return distance.by_distance((distance.one_head(each, layer, head) for each in records), longest)


@cachetools.cached(
    cachetools.LRUCache(maxsize=8), key=lambda model, kind: (model.identity, kind), lock=threading.Lock()
)
def _passages(model: Model, kind: str) -> list[str]:
    """The sample in texts of equal length: made once, as it takes a fifth of the time of reading them."""
    return distance.passages(model, SENTENCES, kind)


def _shown(records: Iterable[Attention], count: int, what: str) -> Iterator[Attention]:
    """The records, with a progress bar above them once they take long. Leaving the page ends the work."""
    place, started = st.empty(), time.monotonic()
    for done, record in enumerate(records, start=1):
        yield record
        turns.report_progress(done / count)
        if time.monotonic() - started > _QUICK:
            place.progress(done / count, what)
    place.empty()


# ---------------------------------------------------------------------------------------------- 1: which head


def which_head(request: Request, by: DistanceProfile) -> pd.Series:
    """The map of all heads and what is said of the chosen one. Answers with its row of the scan."""
    table = distance.scan(by)
    chosen = table[(table["layer"] == request.layer) & (table["head"] == request.head)].iloc[0]
    st.subheader("1 · Which heads look less the farther a word is?", anchor=False)
    st.markdown(
        "Some heads hardly mind what the words say: the farther away a word is, the less they look at it. "
        "The map shows for every head how well such a steady fall describes it. Click one."
    )
    left, right = st.columns([3, 2], gap="medium")
    with left:
        values = table.pivot(index="layer", columns="head", values="decay").to_numpy()
        panels.picture(
            head_map_picture(
                np.clip(values, 0, 1), title="steady fall with distance explains", form=".0%",
                limits=(0.0, 1.0), selected=(request.layer, request.head), theme=request.theme,
            ),
            key="decay_map",
            on_select=lambda: panels.follow_head("decay_map"),
            selection="cell",
            alt="How well a steady fall with distance describes each head; layers downwards, heads across",
        )  # fmt: skip
    with right:
        with st.container(border=True):
            st.markdown(decay_in_words(chosen))
        _strongest(request, table)
    with st.expander("All heads as a table", icon=":material/table:"):
        percent = st.column_config.NumberColumn(format="percent")
        few = st.column_config.NumberColumn(format="%.2f")
        columns = {"decay": percent, "by_distance": percent, "first": percent}
        columns |= {"rank": few, "fall": few, "half": st.column_config.NumberColumn(format="%.1f")}
        table_name = f"{request.model.name} heads by distance"
        panels.numbers(table, table_name, key="decay_table", column_config=columns)
        st.caption(
            "decay: how much of the differences a steady fall explains, towards the words before the query "
            "or after it, where it explains more · rank: −1 if every step away takes some attention · "
            "by_distance: how much distance explains in any shape · fall: what a token of distance costs, in "
            "score (1 less makes attention 2.7 times smaller) · half: tokens until attention is half · "
            "first: attention on the first token · queries: how many tokens the numbers rest on."
        )
    return chosen


def _strongest(request: Request, table: pd.DataFrame) -> None:
    best = table.iloc[0]
    layer, head = int(best["layer"]), int(best["head"])
    found = sum(distance.is_decay(row) for _, row in table.iterrows())
    model, name = escaped(request.model.name), f"{layer}-{head}"
    if found:
        heads = "1 distance-decay head" if found == 1 else f"{found} distance-decay heads"
        st.markdown(f"{model} has **{heads}**; the clearest is {name}.")
    else:
        st.markdown(f"{model} has **no distance-decay head**; {name} comes nearest.")
    if np.isfinite(best["decay"]):
        panels.show_head(request, layer, head, f"{best['decay']:.0%}")


# ----------------------------------------------------------------------------------- 2: attention by distance


def curve(request: Request, by: DistanceProfile) -> bool:
    """The chosen head's attention by distance. Answers whether the first token counts."""
    st.subheader("2 · Attention by distance", anchor=False)
    name = f"head {request.layer}-{request.head}"
    with_first = st.toggle(
        "Count the first token, too",
        key="with_first",
        help="Many heads rest on the first token. Left out, the rest of each word's attention is divided by "
        "its sum, and words with over 90% on the first token are skipped.",
        **IN_ADDRESS,
    )
    table = distance.distance_table(by, request.layer, request.head, with_first=with_first)
    long = _curves((name, table, "attention"), (_EVEN, table, "even"))
    panels.picture(
        distance_picture(long, title="mean attention", form=".1%", dashed=(_EVEN,), theme=request.theme),
        key="distance_curve",
        alt=f"Mean attention of {name} at each distance between query and key",
    )
    pairs = int(table["pairs"].iloc[0])
    st.caption(
        f"Mean over {pairs:,} tokens of the built-in sample texts. Every point rests on the same tokens, so "
        "that the length of a text does not look like a fall. Distance 0 is the token itself."
    )
    panels.save_numbers(lambda: table, f"{_name(request)} by distance", key="curve_file")
    return with_first


def _curves(*curves: tuple[str, pd.DataFrame, str]) -> pd.DataFrame:
    """Curves (name, table, column of the table) one below the other, as `distance_picture` takes them."""
    parts = [
        table[["distance", "pairs"]].assign(curve=name, value=table[column]) for name, table, column in curves
    ]
    return pd.concat(parts, ignore_index=True)


# ------------------------------------------------------------------------------- 3: which dimensions carry it


def dimensions(request: Request, by: DistanceProfile, chosen: pd.Series, *, with_first: bool) -> pd.DataFrame:
    """Which dimensions carry the fall, and which the scores of the user's text. Answers with the former."""
    st.subheader("3 · Which dimensions carry the fall?", anchor=False)
    side = chosen["side"]
    table = distance.falling_dimensions(by, request.layer, request.head, side)
    added = distance.added_share(by, request.layer, request.head, side)
    if not chosen["decay"] > _SOME:  # shares of next to nothing would be thousands of percent
        table, added = table.assign(share=np.nan), float("nan")
    st.markdown(_carriers(request, table, added))
    left, right = st.columns(2, gap="medium")
    with left:
        _fall_bars(request, table, added)
    with right:
        _fall_curves(request, by, table, side)
    _on_the_text(request, with_first)
    return table


def _fall_bars(request: Request, table: pd.DataFrame, added: float) -> None:
    falls = bool(table["share"].notna().all())
    st.markdown("**Share of the fall**" if falls else "**Fall with each token of distance, in score**")
    panels.picture(
        dimensions_picture(
            table,
            "share" if falls else "fall",
            form=".0%" if falls else "+.1g",
            added=added if abs(added) > _WORTH_NAMING else 0.0,
            theme=request.theme,
        ),
        key="fall_bars",
        alt="How much of the fall with distance each dimension carries",
    )
    panels.save_numbers(lambda: table, f"{_name(request)} falling dimensions", key="fall_file")


def _fall_curves(request: Request, by: DistanceProfile, table: pd.DataFrame, side: str) -> None:
    where = f", towards the words {side} it" if len(by.sides) > 1 else ""
    st.markdown(f"**Mean query × key by distance{where}**")
    strongest = table["dimension"].tolist()[:_DRAWN]
    scores = distance.score_table(by, request.layer, request.head, strongest, side)
    counted = scores.assign(pairs=by.queries)
    others = f"mean of the {len(table) - len(strongest)} others"
    drawn = [(f"dimension {each}", counted, f"dimension {each}") for each in strongest]
    panels.picture(
        distance_picture(
            _curves(*drawn, (others, counted, "others")),
            title="product, less that at distance 1",
            form=".2f",
            dashed=(others,),
            theme=request.theme,
        ),
        key="fall_curves",
        alt="How the products of the strongest dimensions fall with distance",
    )
    panels.save_numbers(lambda: scores, f"{_name(request)} scores by distance", key="scores_file")


def _name(request: Request) -> str:
    """For files."""
    return f"{request.model.name} head {request.layer}-{request.head}"


def _carriers(request: Request, table: pd.DataFrame, added: float) -> str:
    """What the bars show, in words."""
    size = len(table)
    intro = (
        f"A score is a sum: each of the {size} dimensions of query and key adds its product. Averaged over "
        "many words, what the words mean cancels out, and what is left changes with distance alone. "
    )
    if request.model.rotary:
        intro += "This model turns query and key by their position (RoPE); they are taken after that. "
    if table["share"].isna().all():
        return intro + "In this head the score does not fall steadily, so there is no fall to share out."
    if added > _MOST:
        return (
            f"{intro}But **{added:.0%} of this head's fall is no sum of products**: the model adds it to the "
            "scores, as a position bias. No dimension carries it, so removing some changes little."
        )
    few = int((table["share"].cumsum() < 0.5 * (1 - added)).sum()) + 1
    bias = (
        f" {added:.0%} of the fall are no sum of products: the model adds it to the scores (a position bias, "
        "or a cap)."
        if abs(added) > _WORTH_NAMING
        else ""
    )
    half = "one dimension carries" if few == 1 else f"{few} dimensions carry"
    return f"{intro}In this head **{half} half of what all dimensions carry**.{bias}"


def _on_the_text(request: Request, with_first: bool) -> None:
    """The products of one query and key of the user's text, and the shares over all its pairs."""
    layer, head, query = request.layer, request.head, request.query
    st.markdown("**The same on your text**")
    key = _key(request)
    left, right = st.columns(2, gap="medium")
    with left:
        pair = distance.pair_products(request.shown, layer, head, query, key)
        st.markdown(_sum_in_words(request, key, float(pair["product"].sum())))
        panels.picture(
            dimensions_picture(pair, "product", form="+.2f", theme=request.theme),
            key="pair_bars",
            alt="The product of query and key in each dimension, for one pair of tokens",
        )
        panels.save_numbers(lambda: pair, f"{_name(request)} one pair", key="pair_file")
    with right:
        shares = distance.score_shares(request.shown, layer, head, without_first=not with_first)
        st.markdown("Over all its pairs: share of what makes scores differ between words.")
        panels.picture(
            dimensions_picture(shares, "share", form=".0%", theme=request.theme),
            key="share_bars",
            alt="Share of the scores' variance that each dimension carries on the text",
        )
        panels.save_numbers(lambda: shares, f"{_name(request)} shares", key="shares_file")


def _sum_in_words(request: Request, key: int, total: float) -> str:
    """The products' sum for the chosen query and this key, beside what the query's other keys have."""
    vectors = request.shown.vectors(request.layer, request.head)
    scores = vectors.scores[request.query]
    rest = distance.added(vectors, request.query, key)
    also = f" and {_signed(rest)} that the model adds" if abs(rest) > _WORTH_NAMING else ""
    query, looked_at = token_name(request.shown.queries, request.query), token_name(request.shown.keys, key)
    words = f"{query} → {looked_at}: the products make {_signed(total)}{also}. "
    mean = _signed(float(scores[np.isfinite(scores)].mean()))
    return f"{words}Only differences count: over all its keys the mean score is {mean}."


def _signed(number: float) -> str:
    return f"{number:+.2f}".replace("-", "−")


def _key(request: Request) -> int:
    """The index of the key token that is chosen: by itself the one that the query looks at most."""
    tokens, layer, head, query = request.shown.keys, request.layer, request.head, request.query
    row = np.nan_to_num(request.shown.weights[layer, head, query])  # (keys,)
    visible = np.isfinite(request.shown.vectors(layer, head).scores[query])
    seen = {str(token.position): place for place, token in enumerate(tokens) if visible[place]}
    st.session_state["key_token"] = _asked_key(request, seen)
    chosen = st.selectbox(
        "Key token",
        [_STRONGEST, *seen],
        format_func=lambda each: (
            "the one it looks at most" if each == _STRONGEST else f"{tokens[seen[each]].text}  ·  {each}"
        ),
        key="key_token",
        help="The token that is looked at. The query token is chosen in the sidebar.",
    )
    if chosen not in seen:
        chosen = _STRONGEST
    if chosen == _STRONGEST and "key_token" in st.query_params:
        del st.query_params["key_token"]
    elif chosen != _STRONGEST:
        st.query_params["key_token"] = chosen
    st.session_state[_WRITTEN] = (_text_of(request), chosen)
    return int(row.argmax()) if chosen == _STRONGEST else seen[chosen]


def _asked_key(request: Request, seen: Collection[str]) -> str:
    """What was chosen here, unless the address is news (a link, back) or the text is new.

    Not bound to the address as other widgets are: Streamlit would write the option's label there, and so a
    word of the text.
    """
    in_address = st.query_params.get("key_token", _STRONGEST)
    text, written = st.session_state.get(_WRITTEN, (_text_of(request), None))
    if text != _text_of(request):
        return _STRONGEST
    asked = st.session_state.get("key_token", in_address) if in_address == written else in_address
    return asked if asked in seen else _STRONGEST


def _text_of(request: Request) -> tuple[str, str, str | None]:
    return request.model.identity, request.attention.text, request.attention.pair


# --------------------------------------------------------------------------------------------- 4: remove them


def removal(
    request: Request, by: DistanceProfile, chosen: pd.Series, table: pd.DataFrame, *, with_first: bool
) -> None:
    """The experiment: the strongest dimensions removed, and others to compare; what the model says then."""
    layer, head, side, size = request.layer, request.head, chosen["side"], len(table)
    name = f"head {layer}-{head}"
    st.subheader("4 · Remove them", anchor=False)
    count = number(
        "Dimensions to remove: those that carry most of the fall", size, "dimensions",
        default=size // 8, but=f"a head of {request.model.name} has {size}",
    )  # fmt: skip
    order = table["dimension"].tolist()
    removed, others = tuple(order[:count]), _drawn(order[count:], count)
    before = distance.distance_table(by, layer, head, with_first=with_first)
    curves = [(name, before, "attention")]
    falls = {name: _fall(by, layer, head, side)}
    for label, dimensions in (
        (f"{count} removed", removed),
        (f"{count} other{'s' * (count > 1)} removed", others),
    ):
        if dimensions:
            after = averages_without(request.model, request.kind, layer, head, tuple(sorted(dimensions)))
            curves.append((label, distance.distance_table(after, 0, 0, with_first=with_first), "attention"))
            falls[label] = _fall(after, 0, 0, side)
    long = _curves(*curves, (_EVEN, before, "even"))
    drawing: dict[str, Any] = {
        "title": "mean attention",
        "form": ".1%",
        "dashed": (_EVEN,),
        "theme": request.theme,
    }
    panels.picture(
        distance_picture(long, **drawing),
        key="removal_curve",
        alt=f"Attention of {name} by distance, before and after {count} dimensions are removed",
    )
    st.markdown(_finding(falls, chosen))
    _prediction(request, removed)
    panels.export_menu(
        request, f"{_name(request)} removal", lambda: distance_chart(long, **drawing), lambda: long
    )


def _drawn(others: list[int], count: int) -> tuple[int, ...]:
    """As many of the other dimensions, always the same ones; none where there are too few to choose from."""
    if not 0 < count <= len(others):
        return ()
    return tuple(np.random.default_rng(0).choice(others, count, replace=False).tolist())


def _fall(by: DistanceProfile, layer: int, head: int, side: str) -> float:
    """What a head's log attention loses with a token of distance."""
    return -float(by.slope[by.sides.index(side), layer, head])


def _finding(falls: dict[str, float], chosen: pd.Series) -> str:
    """How much of the fall is left, in words."""
    (name, whole), *rest = falls.items()
    if not rest:
        return "Nothing is removed yet: move the slider."
    if not chosen["decay"] > _SOME:
        return f"The attention of {name} has no steady fall to lose; the curves show what changes instead."
    roughly = "" if distance.is_decay(chosen) else " (a rough measure, as its fall is not steady)"
    sentences = [f"The attention of {name} halves about every {_tokens(whole)}{roughly}."]
    for label, fall in rest:
        if np.isnan(fall):
            left = "it leaves nearly all its attention on the first token"
        elif fall < _WORTH_NAMING * whole:
            left = "it does so no more"
        else:
            left = f"every {_tokens(fall)} ({fall / whole:.0%} of the fall is left)"
        sentences.append(f"With **{label}** {left}.")
    if len(rest) > 1:
        sentences.append("The others are drawn at random, to compare with.")
    return " ".join(sentences)


def _tokens(fall: float) -> str:
    return f"{np.log(2) / fall:,.1f} tokens"


def _prediction(request: Request, removed: tuple[int, ...]) -> None:
    """What the model predicts for the user's text with and without these dimensions."""
    st.markdown("**What the model predicts for your text**")
    edit = DimensionsRemoved(
        kind=request.kind, layer=request.layer, heads=(request.head,), dimensions=removed
    )
    try:
        panels.prediction(
            intervene(request.model, request.attention.text, [edit], pair=request.attention.pair, top=5)
        )
    except AttnlitError as mistake:  # no [MASK] to fill in, say: the picture above stays
        say.hint(str(mistake))
