"""What a fine-tuned classifier says: the probabilities of its classes, for a text or for each token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnlit.analysis.predict import ask, log_probabilities, values
from attnlit.attention.given import check_opened
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    import pandas as pd

    from attnlit.models.model import Model


def classify(model: Model, text: str, *, pair: str | None = None) -> pd.DataFrame:
    """The classes of a text, or of two, the likeliest first; of a classifier of tokens, token by token.

    Columns: `class` and `probability`. The probabilities add up to 1, unless the model judges each class for
    itself (`model.problem_type` is "multi_label_classification"). A regression has a `number` instead, in the
    units that it was trained in. A classifier of tokens also has `place` (1, 2 ...) and `token`, and names
    no special tokens. `attnlit.switch_off` says how they change without a head.
    Raises AttnlitError for a model that is not a classifier.
    """
    import pandas as pd

    check_opened(model)
    if not model.classes:
        raise AttnlitError(f"{model.name} is not a classifier. Choose a model that was trained as one.")
    question = ask(model, text, pair)
    found = values(model, log_probabilities(model, question.inputs, question.places)[0])  # (places, classes)
    what = "number" if question.asked == "number" else "probability"
    tables = []
    for place, row in enumerate(found):
        order = np.argsort(-row, kind="stable")
        table = pd.DataFrame({"class": model.class_names(order), what: row[order]})
        if question.tokens:
            table.insert(0, "place", place + 1)
            table.insert(1, "token", question.tokens[place])
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
