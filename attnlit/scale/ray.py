"""Ray Data: the blocks of a survey on a cluster, or on this machine with the same line.

Ray hands blocks to workers that hold a model each, replaces a worker that is lost, and reads its block
again. What it does not do here is add up: parts are plain bytes in a data set, which is written as
Parquet or summed by `attnlit.analysis.survey.finish`, in any order.

`pip install "attnlit[scale]"`. Ray needs a processor for itself beside those of the workers, or it waits
forever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from attnlit.analysis.survey.parts import from_bytes
from attnlit.attention import load
from attnlit.errors import AttnlitError
from attnlit.scale.blocks import Block, in_blocks, read_block

if TYPE_CHECKING:
    from attnlit.analysis.sample import Text
    from attnlit.analysis.survey import Partial

PART = "part"  # the column of the results


class Reader:
    """A worker: opens the model once, and reads one block after another."""

    def __init__(self, source: str, kind: str | None, written: bool) -> None:
        self._model, self._kind, self._written = load(source), kind, written

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        texts = tuple((text, pair) for text, pair in zip(row["texts"], row["pairs"], strict=True))
        block = Block(int(row["block"]), tuple(int(place) for place in row["places"]), texts)
        data = read_block(self._model, block, self._kind, written=self._written)
        return {"block": block.number, PART: data}


def rows(texts: Sequence[Text]) -> list[dict[str, Any]]:
    """Texts as rows for Ray, a block each: `block`, `places`, `texts` and `pairs`; Parquet holds them."""
    return [
        {
            "block": block.number,
            "places": list(block.places),
            "texts": [text for text, _ in block.texts],
            "pairs": [pair for _, pair in block.texts],
        }
        for block in in_blocks(texts)
    ]


def parts(
    blocks: Any,
    source: str,
    *,
    workers: int,
    gpus: float = 0,
    kind: str | None = None,
    written: bool = False,
) -> Any:
    """A data set of Ray, a row a block: `block`, and `part` as bytes. Nothing runs until it is read.

    blocks: a data set of `rows`, as `ray.data.from_items(rows(texts))` or `ray.data.read_parquet(folder)`.
    source: what `attnlit.load` takes, on every machine of the cluster. gpus: of each worker.
    Raises AttnlitError where Ray is not installed.
    """
    try:
        from ray.data import ActorPoolStrategy
    except ImportError as error:
        raise AttnlitError("Ray is not installed: pip install 'attnlit[scale]'.") from error
    return blocks.map(
        Reader,
        fn_constructor_args=(source, kind, written),
        compute=ActorPoolStrategy(size=workers),
        num_cpus=1,
        num_gpus=gpus or None,
    )


def partials(found: Any) -> Iterator[Partial]:
    """The parts in a data set of `parts`, one after another, for `finish`."""
    for row in found.iter_rows():
        yield from_bytes(row[PART])
