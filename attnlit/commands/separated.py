"""Tables whose columns are separated by commas, semicolons, tabs or upright lines: CSV and TSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TextIO

from attnlit.errors import AttnlitError
from attnlit.wording import quoted

_SEPARATORS = ",;\t|"  # the likelier first; in much of Europe Excel writes “;” in place of a comma
_SAID = "sep="  # a first line of Excel's that says which one it is
_LONGEST = 2**31 - 1  # characters of a field: as many as the module csv can be told


def columns_of(file: Path, most: int) -> Iterator[dict[str, list[str]]]:
    """The columns of a table by their names, so many rows at a time; of two with one name the first.

    Raises AttnlitError for rows that do not fit the names, and for quotation marks that enclose no text:
    read as they stand, they would join texts, or cut them. In plain tables of tabs they mean nothing.
    """
    with file.open(encoding="utf-8-sig", newline="") as lines, _long_fields():
        first = lines.readline()
        separator = _separator(first, file)
        before = int(first.startswith(_SAID))
        plain = separator == "\t" and _is_plain(file, before)
        if not before:
            lines.seek(0)
        rows = _rows(lines, file, separator, before, plain=plain)
        names = [name.strip() for name in next(rows, [])]
        places = {name: names.index(name) for name in names}
        while block := list(islice(rows, most)):
            yield {name: [row[place] for row in block] for name, place in places.items()}


def _separator(first: str, file: Path) -> str:
    """What stands between the columns, by the table's first line."""
    if "\0" in first:
        raise AttnlitError(f"{quoted(file.name)} is not written in UTF-8. Save it in UTF-8.")
    if first.startswith(_SAID):
        return first[len(_SAID) :][:1].strip("\r\n") or ","
    if file.suffix.lower() == ".tsv":
        return "\t"
    return max(_SEPARATORS, key=lambda each: len(next(csv.reader([first], delimiter=each), [])))


def _is_plain(file: Path, before: int) -> bool:
    """Whether a table of tabs encloses no text: some quotation mark has no other, and all rows fit without.

    Most data sets of tabs are so, GLUE's among them. Excel and pandas enclose what holds a tab or a mark.
    """
    with file.open(encoding="utf-8-sig", newline="") as lines:
        try:
            for _ in csv.reader(lines, delimiter="\t", strict=True):
                pass
        except csv.Error:
            lines.seek(0)
            plain = csv.reader(islice(lines, before, None), delimiter="\t", quoting=csv.QUOTE_NONE)
            return len({len(row) for row in plain if row}) == 1
    return False


def _rows(lines: TextIO, file: Path, separator: str, before: int, *, plain: bool) -> Iterator[list[str]]:
    """All rows that are not empty, filled up to the length of the first, which has the names.

    before: lines that have been read already, and are none of the table's.
    plain: quotation marks enclose nothing.
    """
    reader = (
        csv.reader(lines, delimiter=separator, quoting=csv.QUOTE_NONE)
        if plain
        else csv.reader(lines, delimiter=separator, strict=True)
    )
    count = 0
    mark = "a tab" if separator == "\t" else quoted(separator)
    while True:
        at = before + reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise AttnlitError(
                f"Line {at} of {quoted(file.name)} begins a text with a quotation mark, and none ends it "
                "where a text ends. Such a text must stand in quotation marks as a whole, and those inside "
                "it are written twice."
            ) from error
        if not row:
            continue
        count = count or len(row)
        if len(row) > count:
            raise AttnlitError(
                f"Line {at} of {quoted(file.name)} has {len(row)} columns, and the first names {count}. A "
                f"text that holds {mark} or a line break must stand in quotation marks."
            )
        yield row + [""] * (count - len(row))


@contextmanager
def _long_fields() -> Iterator[None]:
    """Fields of any length; the limit is one for the whole process."""
    usual = csv.field_size_limit(_LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(usual)
