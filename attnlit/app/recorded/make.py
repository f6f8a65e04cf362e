"""Records what a cold server shows: `python -m attnlit.app.recorded.make`, after a model has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnlit.app.examples import EXAMPLES
from attnlit.app.frame.sidebar import PAIR, TEXT
from attnlit.app.recorded.store import FILE, RecordedModel, write
from attnlit.attention import attend, load
from attnlit.models.catalogue import CATALOGUE

if TYPE_CHECKING:
    from attnlit.attention import Attention

BUNDLED = tuple(each.id for each in CATALOGUE if each.bundled)


def live() -> tuple[list[RecordedModel], list[Attention]]:
    """The bundled models as they are now; records of what they begin with, and of every example."""
    models = {name: load(name) for name in BUNDLED}
    begin = [(name, TEXT, PAIR if model.pairs == "segments" else "") for name, model in models.items()]
    texts = dict.fromkeys([*begin, *((each.model, each.text, each.pair) for each in EXAMPLES.values())])
    records = [attend(models[name], text, pair or None) for name, text, pair in texts]
    return [RecordedModel.of(model) for model in models.values()], records


if __name__ == "__main__":
    models, records = live()
    write(models, records)
    print(f"{FILE.name}: {len(records)} records, {FILE.stat().st_size / 1024:.0f} KB")
