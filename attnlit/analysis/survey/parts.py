"""A part of a survey as bytes: to go on after a stop, and to travel between machines.

Plain arrays and JSON, and no pickles: whoever reads such bytes runs nothing that somebody else wrote.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from attnlit.analysis.survey.examples import Collected, Ranked, Source
from attnlit.analysis.survey.summary import Partial
from attnlit.analysis.survey.sums import Sums
from attnlit.errors import AttnlitError

_ABOUT = "about"
_Arrays = dict[str, np.ndarray]


def to_bytes(part: Partial) -> bytes:
    """What `from_bytes` makes the same part of, to the byte."""
    arrays: _Arrays = {}
    about = {
        "model": part.model,
        "kind": part.kind,
        "layer_numbers": list(part.layer_numbers),
        "why_no_untrained": part.why_no_untrained,
        "trained": _take_apart(part.trained, "trained", arrays),
        "untrained": None if part.untrained is None else _take_apart(part.untrained, "untrained", arrays),
    }
    arrays[_ABOUT] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


def from_bytes(data: bytes) -> Partial:
    """The part that `to_bytes` took apart. Raises AttnlitError for anything else."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about = json.loads(arrays[_ABOUT].tobytes())
        before = about["untrained"]
        return Partial(
            about["model"],
            about["kind"],
            tuple(about["layer_numbers"]),
            _put_together(about["trained"], "trained", arrays),
            None if before is None else _put_together(before, "untrained", arrays),
            about["why_no_untrained"],
        )
    except Exception as error:  # zlib, zipfile and numpy each have their own, even of Python's tokenizer
        raise AttnlitError("These bytes are not part of a survey. Start it again.") from error


def _take_apart(sums: Sums, name: str, arrays: _Arrays) -> dict[str, Any]:
    """The parts of sums that are not arrays; the arrays go into `arrays`."""
    for index, block in sums.bins.items():
        arrays[f"{name} bin {index}"] = block
    for index, start in sums.starts.items():
        arrays[f"{name} start {index}"] = start
    if sums.divergence is not None:
        arrays[f"{name} divergence"] = sums.divergence
    return {
        "bins": list(sums.bins),
        "starts": list(sums.starts),
        "counts": [sums.texts, sums.tokens, sums.left_out, sums.divergence_rows],
        "why_left_out": list(sums.why_left_out.items()),
        "divergence": sums.divergence is not None,
        "examples": None if sums.examples is None else _take_examples(sums.examples, f"{name} ex", arrays),
    }


def _put_together(about: Mapping[str, Any], name: str, arrays: Mapping[str, np.ndarray]) -> Sums:
    texts, tokens, left_out, rows = about["counts"]
    found = about["examples"]
    return Sums(
        bins={index: arrays[f"{name} bin {index}"] for index in about["bins"]},
        texts=texts,
        tokens=tokens,
        left_out=left_out,
        why_left_out={int(index): str(why) for index, why in about["why_left_out"]},
        starts={index: arrays[f"{name} start {index}"] for index in about["starts"]},
        divergence=arrays[f"{name} divergence"] if about["divergence"] else None,
        divergence_rows=rows,
        examples=None if found is None else _put_examples(found, f"{name} ex", arrays),
    )


def _take_examples(examples: Collected, name: str, arrays: _Arrays) -> dict[str, Any]:
    arrays |= {f"{name} {each}": getattr(examples, each) for each in ("clear", "logs", "pairs")}
    ranked = {"best": examples.best, "written": examples.written}
    ranked |= {f"drawn {number}": each for number, each in examples.sample.items()}
    for which, each in ranked.items():
        for place, part in enumerate(each.parts if each is not None else ()):
            arrays[f"{name} {which} {place}"] = part
    for number, source in examples.sources.items():
        arrays[f"{name} queries {number}"] = source.queries
        if source.keys is not None:
            arrays[f"{name} keys {number}"] = source.keys
    return {
        "texts": examples.texts,
        "ranked": [which for which, each in ranked.items() if each is not None],
        "drawn": list(examples.sample),
        "sources": [[number, each.text, each.pair] for number, each in examples.sources.items()],
    }


def _put_examples(about: Mapping[str, Any], name: str, arrays: Mapping[str, np.ndarray]) -> Collected:
    ranked = {
        which: Ranked(*(arrays[f"{name} {which} {place}"] for place in range(4))) for which in about["ranked"]
    }
    return Collected(
        texts=about["texts"],
        clear=arrays[f"{name} clear"],
        logs=arrays[f"{name} logs"],
        pairs=arrays[f"{name} pairs"],
        best=ranked["best"],
        written=ranked.get("written"),
        sample={number: ranked[f"drawn {number}"] for number in about["drawn"]},
        sources={
            number: Source(
                text, pair, arrays[f"{name} queries {number}"], arrays.get(f"{name} keys {number}")
            )
            for number, text, pair in about["sources"]
        },
    )
