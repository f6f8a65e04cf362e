"""The picture of a sum: each bar begins where the last one ended, and the last one is the real number."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
import pytest

from attnlit.charts.picture import Picture
from attnlit.charts.writing import writing_picture, writing_view
from attnlit.errors import AttnlitError
from tests.charts.drawing import svg_of, texts
from tests.charts.writing.sums import Added, added_up, random_sum


def bars(picture: Picture) -> list[dict[str, object]]:
    return list(picture.tables["bars"].to_pylist())


def test_bars_follow_each_other_and_end_in_the_whole() -> None:
    found = random_sum(6, 8)
    *parts, whole = bars(writing_picture(found))
    assert parts[0]["begin"] == 0
    for one, other in pairwise(parts):
        assert other["begin"] == one["end"]
    assert whole["begin"] == 0
    assert whole["end"] == pytest.approx(found.total) == pytest.approx(parts[-1]["end"])
    assert whole["name"] == "mat − floor"
    assert whole["text"] == f"{found.total:.2f}".replace("-", "−")


def test_the_largest_parts_have_a_bar_each_in_order_and_the_others_share_one_for_each_kind() -> None:
    found = random_sum(6, 8)
    *parts, _ = bars(writing_picture(found))
    own = [each for each in parts if "other" not in str(each["name"]) and each["name"] != "embeddings"]
    named = found.table.assign(size=found.table["logit"].abs()).nlargest(16, "size").sort_index()
    wanted = [
        f"head {row.layer}-{row.head}" if row.kind == "head" else f"{row.kind} {row.number}"
        for row in named.itertuples()
    ]
    assert [each["name"] for each in own] == wanted
    shared = {str(each["name"]): each for each in parts if "other" in str(each["name"])}
    heads = found.table[found.table["kind"] == "head"].drop(named.index, errors="ignore")
    together = shared[f"{len(heads)} other heads"]
    assert together["end"] - together["begin"] == pytest.approx(heads["logit"].sum())  # type: ignore[operator]


def test_the_chosen_head_has_a_bar_of_its_own_and_only_heads_can_be_clicked() -> None:
    found = random_sum(6, 8)
    smallest = found.table[found.table["kind"] == "head"].assign(size=found.table["logit"].abs())
    row = smallest.nsmallest(1, "size").iloc[0]
    chosen = (int(row["layer"]), int(row["head"]))
    drawn = bars(writing_picture(found, selected=chosen))
    assert [(each["layer"], each["head"]) for each in drawn if each["held"]] == [chosen]
    clickable = {each["name"] for each in drawn if each["head"] != -1}
    assert clickable == {each["name"] for each in drawn if str(each["name"]).startswith("head ")}
    # Heads of another kind of attention are none that the page has chosen from.
    assert all(each["head"] == -1 for each in bars(writing_picture(found, kind="cross")))


def test_it_says_names_and_numbers() -> None:
    found = added_up([("MLP", 3, None, None, 2.0), ("head", 1, 1, 2, -0.5)], "mat")
    shown = set(texts(svg_of(writing_view(found))))
    assert {"MLP 3", "head 1-2", "+2.00", "−0.50", "logit of mat", "1.50"} <= shown


def test_a_table_that_is_none_of_parts_is_refused() -> None:
    with pytest.raises(AttnlitError, match="one row for each part"):
        writing_picture(Added(pd.DataFrame({"logit": [1.0]}), 1.0, "mat"))
