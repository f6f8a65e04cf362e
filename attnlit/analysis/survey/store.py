"""A finished survey as two Parquet files, which any other program reads, too.

`scores.parquet`: one row a head; `examples.parquet`: one row an example, ordered by layer, head, list and
rank, a layer a row group. What a survey was made from stands in the metadata of the first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from attnlit.analysis.scores import BY_NAME
from attnlit.analysis.survey.examples import KEPT, Ranked, Source
from attnlit.analysis.survey.lists import LISTS, Examples
from attnlit.analysis.survey.looks import NOBODY
from attnlit.analysis.survey.summary import Survey
from attnlit.errors import AttnlitError
from attnlit.wording import quoted

if TYPE_CHECKING:
    import pandas as pd

SCORES_FILE, EXAMPLES_FILE = "scores.parquet", "examples.parquet"
_KEY = b"attnlit"
_BY_SCORE = ("values", "lower", "upper", "counts", "untrained", "claimed")  # (L, H) each, by score
_WHOLE: dict[str, type[str] | type[int]] = {
    "model": str,
    "kind": str,
    "texts": int,
    "left_out": int,
    "tokens": int,
    "why_no_divergence": str,
    "why_no_untrained": str,
}


@dataclass(frozen=True, eq=False)
class Saved:
    """A survey that was read from files."""

    survey: Survey
    # What `attnlit.load` takes to open its model, and the model's identity when the survey was made.
    source: str
    identity: str
    # What the texts were, in a few words.
    texts: str


def save(saved: Saved, folder: Path) -> None:
    """Write a survey into a folder, which is made if it does not exist."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    survey = saved.survey
    layers, heads = survey.offset.shape
    about = {
        **{name: getattr(survey, name) for name in _WHOLE},
        "units": dict(survey.units),
        "scores": list(survey.values),
        "layer_numbers": list(survey.layer_numbers),
        "heads": heads,
        "examples": survey.examples.texts,
        "lists": list(survey.examples.lists),
        "source": saved.source,
        "identity": saved.identity,
        "from": saved.texts,
    }
    folder.mkdir(parents=True, exist_ok=True)
    examples = pa.Table.from_pandas(survey.examples.table(), preserve_index=False)
    rows = max(1, -(-len(examples) // layers))
    # pyarrow itself opens no folder whose name is not UTF-8.
    with (folder / EXAMPLES_FILE).open("wb") as file:
        pq.write_table(examples, file, row_group_size=rows, compression="zstd")
    scores = pa.Table.from_pandas(pd.DataFrame(_columns(survey)), preserve_index=False)
    scores = scores.replace_schema_metadata({_KEY: json.dumps(about)})
    with (folder / SCORES_FILE).open("wb") as file:
        pq.write_table(scores, file, compression="zstd")  # last: it says that all is there


def _columns(survey: Survey) -> dict[str, Any]:
    layers, heads = zip(*survey.heads, strict=True)
    columns: dict[str, Any] = {"layer": layers, "head": heads}
    for name in survey.values:
        for which in _BY_SCORE:
            if name in getattr(survey, which):
                columns[_column(name, which)] = getattr(survey, which)[name].ravel()
    columns |= {"offset": survey.offset.ravel(), "clear": survey.examples.clear.ravel()}
    columns["usual"] = list(survey.examples.usual.reshape(survey.offset.size, -1))
    if survey.divergence is not None:
        columns["divergence"] = list(survey.divergence)
    return columns


def _column(score: str, which: str) -> str:
    return score if which == "values" else f"{score} {which}"


def load(folder: Path) -> Saved:
    """The survey that `save` wrote into a folder. Raises AttnlitError where there is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = folder / SCORES_FILE
    try:
        if not file.is_file():
            raise AttnlitError(
                f"There is no survey in {quoted(str(folder))}. Make one: attnlit survey MODEL TEXTS --out DIR"
            )
        with file.open("rb") as opened:
            table = pq.read_table(opened)
        about = json.loads(table.schema.metadata[_KEY])
        with (folder / EXAMPLES_FILE).open("rb") as opened:
            examples = pq.read_table(opened).to_pandas()
        survey = _survey(about, table.to_pandas(), examples)
        return Saved(survey, str(about["source"]), str(about["identity"]), str(about["from"]))
    except AttnlitError:
        raise
    except PermissionError as error:
        raise AttnlitError(
            f"The survey in {quoted(str(folder))} cannot be read: permission denied."
        ) from error
    except (KeyError, IndexError, ValueError, TypeError, OSError, pa.ArrowException) as error:
        raise AttnlitError(
            f"The survey in {quoted(str(folder))} cannot be read: it is incomplete, or of another version of "
            "attnlit. Make it again."
        ) from error


def _survey(about: Mapping[str, Any], scores: pd.DataFrame, examples: pd.DataFrame) -> Survey:
    numbers = tuple(int(each) for each in about["layer_numbers"])
    layers, heads = len(numbers), int(about["heads"])
    names = [name for name in about["scores"] if name in BY_NAME]

    def of(column: str) -> np.ndarray:
        return scores[column].to_numpy().reshape(layers, heads)

    by_score = {
        which: {name: of(_column(name, which)) for name in names if _column(name, which) in scores}
        for which in _BY_SCORE
    }
    divergence = np.stack([*scores["divergence"]]) if "divergence" in scores else None
    if divergence is not None and divergence.shape != (layers * heads,) * 2:
        raise ValueError("the map compares other heads")
    return Survey(
        **_whole(about),
        layer_numbers=numbers,
        **by_score,  # type: ignore[arg-type]
        units={name: int(about["units"][name]) for name in names},
        offset=of("offset"),
        divergence=divergence,
        examples=_examples(about, numbers, heads, scores, examples),
    )


def _whole(about: Mapping[str, Any]) -> dict[str, Any]:
    """What a survey says of itself, each of the type that it has to be."""
    return {name: kind(about[name]) for name, kind in _WHOLE.items()}


def _examples(
    about: Mapping[str, Any], numbers: tuple[int, ...], heads: int, scores: pd.DataFrame, table: pd.DataFrame
) -> Examples:
    shape = len(numbers), heads
    table = table.assign(row=[numbers.index(each) for each in table["layer"]])
    lists, surprise = {}, {}
    for name in (name for name in LISTS if name in about["lists"]):
        rows = table[table["list"] == name]
        at = tuple(rows[each].to_numpy() for each in ("row", "head", "rank"))
        ranked = Ranked(
            np.zeros((*shape, KEPT), np.float32),
            *(np.full((*shape, KEPT), NOBODY, kind) for kind in (np.int64, np.int32, np.int32)),
        )
        for part, column in zip(ranked.parts, ("value", "number", "query", "key"), strict=True):
            part[at] = rows[column]
        surprise[name] = np.full((*shape, KEPT), np.nan)
        surprise[name][at] = rows["surprise"]
        lists[name] = ranked
    return Examples(
        layer_numbers=numbers,
        texts=int(about["examples"]),
        clear=scores["clear"].to_numpy().reshape(shape),
        usual=np.stack([*scores["usual"]]).reshape(*shape, -1),
        lists=lists,
        surprise=surprise,
        sources=_sources(table),
    )


def _sources(table: pd.DataFrame) -> dict[int, Source]:
    """The texts that the lists name; only the places of tokens that an example needs are known."""
    table = table.sort_values("number", kind="stable")
    numbers, starts = np.unique(table["number"].to_numpy(), return_index=True)
    texts, pairs = table["text"].to_numpy(object), table["pair"].to_numpy(object)
    sides = [
        table[[which, f"{which}_in", f"{which}_from", f"{which}_to"]].to_numpy(np.float64, na_value=np.nan)
        for which in ("query", "key")
    ]
    found = {}
    ends = np.append(starts, len(table))[1:]
    for number, start, end in zip(numbers, starts, ends, strict=True):
        pair = pairs[start]
        places = (_spans(side[start:end]) for side in sides)
        found[int(number)] = Source(str(texts[start]), pair if isinstance(pair, str) else None, *places)
    return found


def _spans(rows: np.ndarray) -> np.ndarray:
    """Where tokens stand, as `Source` has it, of rows (token, in which text, from, to): NaN where unknown."""
    spans = np.full((int(rows[:, 0].max()) + 1, 3), -1, np.int32)
    known = rows[~np.isnan(rows).any(1)].astype(np.int32)
    spans[known[:, 0]] = known[:, 1:]
    return spans
