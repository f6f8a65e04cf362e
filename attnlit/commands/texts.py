"""The texts that a survey reads: from text, CSV, Parquet or JSON lines, a folder of them, or the hub."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnlit.analysis.sample import sentences_of_line
from attnlit.commands.data_sets import SCHEME, data_set_files
from attnlit.errors import AttnlitError
from attnlit.wording import one_line, quoted

if TYPE_CHECKING:
    from attnlit.analysis.sample import Text

_POINTER = "version https://git-lfs"
_TEXT, _PAIR = "text", "pair"  # what columns are called where nobody says otherwise
# What a column may hold instead of texts.
_KINDS: dict[type, str] = {
    **dict.fromkeys((int, float), "numbers"),
    **dict.fromkeys((list, dict), "lists or objects"),
    bool: "yes and no",
    bytes: "bytes",
}
_ROWS = 10_000  # of a table that are in memory at once
_BLOCK = 2**20  # bytes of a file that are looked through at once


def read_texts(
    given: Path | str, column: str | None = None, pair: str | None = None, most: int | None = None
) -> list[Text]:
    """All texts of a file, a folder or a data set of the hub, in their order; files come by name.

    A .txt or .md file is cut into sentences. Of tables and of JSON lines `column` holds whole texts, and
    `pair` second sentences: "text" and "pair" where they are called so, or the only column there is.
    most: only so many, the first ones; later files are not opened. Raises AttnlitError in one sentence.
    """
    files = _files(given, some_suffice=most is not None)
    texts = list(islice((text for file in files for text in _texts_of(file, column, pair)), most))
    if not texts:
        raise AttnlitError(
            f"There is no text in {quoted(str(given))}: give a file or a folder of {_endings()} with some."
        )
    return texts


def _files(given: Path | str, *, some_suffice: bool) -> Iterable[Path]:
    if str(given).startswith(SCHEME):
        return data_set_files(
            str(given), [each for each in _READERS if each != ".md"], some_suffice=some_suffice
        )
    if not str(given).strip():  # pathlib would take nothing for the folder that we are in
        raise AttnlitError("Name a file or a folder with texts.")
    path = Path(given)
    try:
        if path.is_dir():
            return sorted(each for each in _within(path) if each.suffix.lower() in _READERS)
        if path.is_file():
            return [path]
    except OSError as error:
        raise _unreadable(str(path), error) from error
    raise AttnlitError(f"There is no file or folder {quoted(str(path))}.")


def _within(folder: Path) -> Iterator[Path]:
    """All files of a folder and of those in it. Raises OSError for one that may not be read."""

    def stop(error: OSError) -> None:
        raise error

    for path, _, names in os.walk(folder, onerror=stop):
        yield from (Path(path, name) for name in names)


def _unreadable(name: str, error: Exception) -> AttnlitError:
    why = str(error)
    if isinstance(error, OSError) and error.strerror:
        name, why = str(error.filename or name), error.strerror
    return AttnlitError(f"{quoted(name)} cannot be read: {one_line(why, 160).rstrip('.')}.")


def _no_text(file: Path) -> AttnlitError:
    return AttnlitError(f"{quoted(file.name)} is not text: it holds the character NUL.")


def _texts_of(file: Path, column: str | None, pair: str | None) -> Iterator[Text]:
    reader = _READERS.get(file.suffix.lower())
    if reader is None:
        raise AttnlitError(f"attnlit reads {_endings()}, and {quoted(file.name)} is none of these.")
    import pyarrow as pa

    try:
        for text, second in reader(file, column, pair):
            if text.startswith(_POINTER):
                raise AttnlitError(
                    f"{quoted(file.name)} is not the file itself, but a pointer that Git LFS put in its "
                    "place. Run “git lfs pull” in its folder."
                )
            if "\0" in text:
                raise _no_text(file)
            yield text, second
    except UnicodeDecodeError as error:
        raise AttnlitError(f"{quoted(file.name)} is not written in UTF-8. Save it in UTF-8.") from error
    except (ValueError, OSError, pa.ArrowException) as error:
        if isinstance(error, AttnlitError):
            raise
        raise _unreadable(file.name, error) from error


def _sentences(file: Path, _column: str | None, _pair: str | None) -> Iterator[Text]:
    with file.open(encoding="utf-8-sig") as lines:
        for line in lines:
            yield from sentences_of_line(line)


def _csv(file: Path, column: str | None, pair: str | None) -> Iterator[Text]:
    import pandas as pd

    separator = "\t" if file.suffix.lower() == ".tsv" else _separator(file)
    if _holds_nul(file):
        raise _no_text(file)
    # The names are read as a row: pandas would take the first fields of longer rows for those of an index,
    # and every text for what follows its first comma.
    options = {"header": None, "dtype": str, "keep_default_na": False, "encoding": "utf-8-sig"}
    names: list[str] = []
    try:
        with pd.read_csv(file, sep=separator, chunksize=_ROWS, **options) as rows:
            for block in rows:
                names, lines = names or _names(block.iloc[0]), block[0 if names else 1 :]
                places = {name: names.index(name) for name in names}  # of two with one name the first
                columns = {name: lines[place].tolist() for name, place in places.items()}
                yield from _columns(columns, file, column, pair)
    except pd.errors.EmptyDataError:  # not even a line of names
        return
    except pd.errors.ParserError as error:
        where = one_line(str(error).rsplit("error: ", 1)[-1], 120).rstrip(".")
        mark = "a tab" if separator == "\t" else quoted(separator)
        raise AttnlitError(
            f"{quoted(file.name)} is not a table in every line ({where}). A text that holds {mark} or a line "
            "break must stand in quotation marks."
        ) from error


def _names(row: Iterable[Any]) -> list[str]:
    return [str(each).strip() for each in row]


def _separator(file: Path) -> str:
    """What stands between the columns: in much of Europe Excel writes “;” in place of a comma."""
    with file.open(encoding="utf-8-sig") as lines:
        names = lines.readline()
    return ";" if ";" in names and "," not in names else ","


def _holds_nul(file: Path) -> bool:
    """Before 3.1, pandas ends a text at the first NUL and says nothing."""
    with file.open("rb") as lines:
        return any(b"\0" in block for block in iter(lambda: lines.read(_BLOCK), b""))


def _parquet(file: Path, column: str | None, pair: str | None) -> Iterator[Text]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(file) as rows:
        for block in rows.iter_batches(_ROWS):
            yield from _columns(block.to_pydict(), file, column, pair)


def _json_lines(file: Path, column: str | None, pair: str | None) -> Iterator[Text]:
    with file.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:  # of brackets within brackets
                raise AttnlitError(f"Line {number} of {quoted(file.name)} is not JSON.") from error
            if isinstance(found, str):
                found = {_TEXT: found}
            if not isinstance(found, dict):
                raise AttnlitError(f"Line {number} of {quoted(file.name)} is neither a text nor an object.")
            yield from _columns({name: [value] for name, value in found.items()}, file, column, pair)


def _columns(rows: dict[str, list[Any]], file: Path, column: str | None, pair: str | None) -> Iterator[Text]:
    names = list(rows)
    asked = column or (_TEXT if _TEXT in rows or len(names) != 1 else names[0])
    second = pair or (_PAIR if _PAIR in rows and asked != _PAIR else None)
    for name, option in ((asked, "--column"), (second, "--pair")):
        if name is not None and name not in rows:
            some = ", ".join(quoted(each) for each in names[:8]) or "no column at all"
            raise AttnlitError(
                f"{quoted(file.name)} has no column {quoted(name)}, but {some}: say which with {option}."
            )
    seconds = rows[second] if second is not None else [None] * len(rows[asked])
    for text, other in zip(rows[asked], seconds, strict=True):
        _check_text(text, f"The column {quoted(asked)} of {quoted(file.name)}", "--column")
        _check_text(other, f"The column {quoted(str(second))} of {quoted(file.name)}", "--pair")
        if text is not None and text.strip():
            yield text, other if other is not None and other.strip() else None


def _check_text(value: Any, column: str, option: str) -> None:
    if value is not None and not isinstance(value, str):
        kind = _KINDS.get(type(value), "other things")
        raise AttnlitError(f"{column} holds {kind}, not texts: say which column has the texts with {option}.")


_READERS: dict[str, Callable[[Path, str | None, str | None], Iterator[Text]]] = {
    ".txt": _sentences,
    ".md": _sentences,
    ".csv": _csv,
    ".tsv": _csv,
    ".parquet": _parquet,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
}


def _endings() -> str:
    *some, last = _READERS
    return f"{', '.join(some)} and {last}"
