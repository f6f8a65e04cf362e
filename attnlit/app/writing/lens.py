"""The logit lens: what the model would say after each layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from attnlit.app import panels, saving, say
from attnlit.errors import AttnlitError
from attnlit.words.names import told_apart
from attnlit.words.writing import LENS_ABOUT, lens_in_words

if TYPE_CHECKING:
    from attnlit.app.frame.request import Request
    from attnlit.app.writing.measure import Measured


def layer_by_layer(request: Request, measured: Measured) -> None:
    """A row a layer: its likeliest words."""
    try:
        table = measured.lens()
    except AttnlitError as mistake:  # a model that norms after each layer
        say.hint(str(mistake))
        return
    st.markdown(lens_in_words(table))
    names = table.assign(token=[told_apart(each) for each in table["token"]])
    best, others = names[names["rank"] == 1], names[names["rank"] > 1]
    then = others.groupby("layer")["token"].agg(", ".join)
    shown = pd.DataFrame(
        {
            "after layer": ["embeddings" if layer < 0 else str(layer) for layer in best["layer"]],
            "it would say": best["token"].to_numpy(),
            "probability": best["probability"].to_numpy(),
            "then": then.loc[best["layer"]].to_numpy(),
        }
    )
    share = st.column_config.ProgressColumn(format="percent", min_value=0, max_value=1)
    panels.table_of(shown, "lens", column_config={"probability": share})
    st.caption(LENS_ABOUT)
    saving.offer("Logit lens", "logit_lens", lambda: table)
