"""The texts that a survey reads: from text, CSV, Parquet or JSON lines, a folder of them, or the hub."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnlit.analysis.sample import sentences_of_line
from attnlit.commands.data_sets import SCHEME, data_set_files
from attnlit.commands.separated import columns_of
from attnlit.errors import AttnlitError
from attnlit.wording import one_line, quoted

if TYPE_CHECKING:
    from attnlit.analysis.sample import Text

_POINTER = "version https://git-lfs"
# How compressed files end, and begin.
_PACKED = {
    ".gz": b"\x1f\x8b",
    ".zip": b"PK\x03\x04",
    ".bz2": b"BZh",
    ".xz": b"\xfd7zXZ",
    ".zst": b"(\xb5/\xfd",
}
_TEXT, _PAIR = "text", "pair"  # what columns are called where nobody says otherwise
# What a column may hold instead of texts.
_KINDS: dict[type, str] = {
    **dict.fromkeys((int, float), "numbers"),
    **dict.fromkeys((list, dict), "lists or objects"),
    bool: "yes and no",
    bytes: "bytes",
}
_ROWS = 10_000  # of a table that are in memory at once


def read_texts(
    given: Path | str, column: str | None = None, pair: str | None = None, most: int | None = None
) -> list[Text]:
    """All texts of a file, a folder or a data set of the hub, in their order; files come by name.

    A .txt or .md file is cut into sentences. Of tables and of JSON lines `column` holds whole texts, and
    `pair` second sentences: "text" and "pair" where they are called so, or the only column there is.
    most: only so many, the first ones; later files are not opened. Raises AttnlitError in one sentence.
    """
    files = _files(given, some_suffice=most is not None)
    most = None if most is None else min(most, sys.maxsize)
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


def _texts_of(file: Path, column: str | None, pair: str | None) -> Iterator[Text]:
    reader = _READERS.get(file.suffix.lower())
    if reader is None and file.suffix.lower() not in _PACKED:
        raise AttnlitError(f"attnlit reads {_endings()}, and {quoted(file.name)} is none of these.")
    import pyarrow as pa

    try:
        _check_unpacked(file)
        for text, second in reader(file, column, pair) if reader is not None else ():
            if text.startswith(_POINTER):
                raise AttnlitError(
                    f"{quoted(file.name)} is not the file itself, but a pointer that Git LFS put in its "
                    "place. Run “git lfs pull” in its folder."
                )
            if "\0" in text:
                raise AttnlitError(f"{quoted(file.name)} is not text: it holds the character NUL.")
            yield text, second
    except UnicodeDecodeError as error:
        raise AttnlitError(f"{quoted(file.name)} is not written in UTF-8. Save it in UTF-8.") from error
    except (ValueError, OverflowError, OSError, pa.ArrowException) as error:  # the second: of dates
        if isinstance(error, AttnlitError):
            raise
        raise _unreadable(file.name, error) from error


def _check_unpacked(file: Path) -> None:
    """Raises AttnlitError for a compressed file, whatever it is called, and for what is no file."""
    if file.exists() and not file.is_file():  # to open a pipe is to wait for whoever writes into it
        raise AttnlitError(f"{quoted(file.name)} is a pipe or a device. Give files that hold texts.")
    with file.open("rb") as start:
        found = start.read(max(map(len, _PACKED.values())))
    if file.suffix.lower() in _PACKED or found.startswith((*_PACKED.values(),)):
        raise AttnlitError(f"{quoted(file.name)} is compressed. Unpack it, and give what was inside.")


def _sentences(file: Path, _column: str | None, _pair: str | None) -> Iterator[Text]:
    with file.open(encoding="utf-8-sig") as lines:
        for line in lines:
            yield from sentences_of_line(line)


def _csv(file: Path, column: str | None, pair: str | None) -> Iterator[Text]:
    for block in columns_of(file, _ROWS):
        yield from _columns(block, file, column, pair)


def _parquet(file: Path, column: str | None, pair: str | None) -> Iterator[Text]:
    import pyarrow.parquet as pq

    with file.open("rb") as opened, pq.ParquetFile(opened) as rows:  # by its name only UTF-8 is opened
        # No other column is read: pictures and sounds are large, and Python has no name for some dates.
        wanted = [name for name in _wanted(rows.schema_arrow.names, file, column, pair) if name is not None]
        for block in rows.iter_batches(_ROWS, columns=wanted):
            yield from _columns(block.to_pydict(), file, column, pair)


def _json_lines(file: Path, column: str | None, pair: str | None) -> Iterator[Text]:
    with file.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except (ValueError, RecursionError) as error:  # of brackets within brackets, or endless numbers
                raise AttnlitError(f"Line {number} of {quoted(file.name)} is not JSON.") from error
            if isinstance(found, str):
                found = {_TEXT: found}
            if not isinstance(found, dict):
                raise AttnlitError(f"Line {number} of {quoted(file.name)} is neither a text nor an object.")
            yield from _columns({name: [value] for name, value in found.items()}, file, column, pair)


def _columns(rows: dict[str, list[Any]], file: Path, column: str | None, pair: str | None) -> Iterator[Text]:
    asked, second = _wanted(list(rows), file, column, pair)
    seconds = rows[second] if second is not None else [None] * len(rows[asked])
    for text, other in zip(rows[asked], seconds, strict=True):
        _check_text(text, f"The column {quoted(asked)} of {quoted(file.name)}", "--column")
        _check_text(other, f"The column {quoted(str(second))} of {quoted(file.name)}", "--pair")
        if text is not None and text.strip():
            yield text, other if other is not None and other.strip() else None


def _wanted(names: Sequence[str], file: Path, column: str | None, pair: str | None) -> tuple[str, str | None]:
    """The columns of the texts and of their second sentences.

    Raises AttnlitError for one that is not there.
    """
    asked = column or (_TEXT if _TEXT in names or len(names) != 1 else names[0])
    second = pair or (_PAIR if _PAIR in names and asked != _PAIR else None)
    for name, option in ((asked, "--column"), (second, "--pair")):
        if name is not None and name not in names:
            some = ", ".join(quoted(each) for each in names[:8]) or "no column at all"
            raise AttnlitError(
                f"{quoted(file.name)} has no column {quoted(name)}, but {some}: say which with {option}."
            )
    return asked, second


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
