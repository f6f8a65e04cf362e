"""Texts from files: every kind says the same, and what is wrong is said in a sentence."""

from __future__ import annotations

import gzip
import json
import os
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow.parquet import write_table

from attnlit.commands.texts import read_texts
from attnlit.errors import AttnlitError

TEXTS = [
    "The cat sat on the mat, and the dog sat beside the cat.",
    "She said “no”; he left.",
    "Ünïcode: 你好",
]
PAIRS = ["The dog slept.", "", "All was quiet."]


def written(folder: Path, kind: str) -> Path:
    file = folder / f"texts.{kind}"
    table = pd.DataFrame({"text": TEXTS, "pair": PAIRS, "id": [1, 2, 3]})
    if kind == "parquet":
        table.to_parquet(file)
    elif kind == "jsonl":
        rows = table.to_dict("records")
        file.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n", encoding="utf-8")
    else:
        table.to_csv(file, index=False, sep="\t" if kind == "tsv" else ",", encoding="utf-8-sig")
    return file


@pytest.mark.parametrize("kind", ["csv", "tsv", "parquet", "jsonl"])
def test_every_table_says_the_same(kind: str, tmp_path: Path) -> None:
    found = read_texts(written(tmp_path, kind))
    assert found == [(TEXTS[0], PAIRS[0]), (TEXTS[1], None), (TEXTS[2], PAIRS[2])]
    assert read_texts(written(tmp_path, kind), "pair", "text")[0] == (PAIRS[0], TEXTS[0])


def test_a_text_is_cut_into_sentences_and_a_folder_is_read_by_name(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text(
        "Short. " + TEXTS[0] + "\n\nAnother line of some length, which stands here."
    )
    (tmp_path / "a.jsonl").write_text('"Only a text."\n{"text": null}\n')
    (tmp_path / "c.xlsx").write_text("no text of ours")
    assert [text for text, _ in read_texts(tmp_path)] == [
        "Only a text.",
        "Short. " + TEXTS[0],
        "Another line of some length, which stands here.",
    ]


def test_a_table_may_have_semicolons_between_its_columns(tmp_path: Path) -> None:
    file = tmp_path / "texts.csv"
    file.write_text("\ufeffid;text;pair\n1;The cat sat.;All, at last, slept.\n", encoding="utf-8")
    assert read_texts(file) == [("The cat sat.", "All, at last, slept.")]


@pytest.mark.parametrize(
    "content",
    [
        "id\ttext\n1\tOne, two\n",
        "id|text\n1|One, two\n",
        '"id, or so";text\n1;One, two\n',
        "sep=;\nid;text\n1;One, two\n",
        'id,text\r1,"One, two"\r',
        'id,text\n\n1,"One, two"\n\n',
    ],
)
def test_what_separates_the_columns_is_found_in_the_first_line(content: str, tmp_path: Path) -> None:
    (tmp_path / "texts.csv").write_text(content, newline="")
    assert read_texts(tmp_path / "texts.csv") == [("One, two", None)]


def test_the_line_of_a_mistake_is_named(tmp_path: Path) -> None:
    (tmp_path / "texts.csv").write_text('text\n"One\ntwo"\n\nthree, four\n')
    with pytest.raises(AttnlitError, match=r"Line 5 .* has 2 columns, and the first names 1\."):
        read_texts(tmp_path / "texts.csv")


def test_of_parquet_only_the_texts_are_read(tmp_path: Path) -> None:
    days = pa.array([10_000_000], pa.date32())  # a date that Python has no name for
    write_table(pa.table({"text": ["The cat sat."], "day": days}), tmp_path / "texts.parquet")
    assert read_texts(tmp_path / "texts.parquet") == [("The cat sat.", None)]


def test_a_table_that_is_compressed_is_named_so_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "texts.csv").write_bytes(gzip.compress(b"text\nThe cat sat.\n"))
    with pytest.raises(AttnlitError, match=r"“texts.csv” is compressed"):
        read_texts(tmp_path / "texts.csv")


def test_a_table_with_one_column_needs_no_name_for_it(tmp_path: Path) -> None:
    file = tmp_path / "texts.csv"
    file.write_text("sentence\nThe cat sat.\n")
    assert read_texts(file) == [("The cat sat.", None)]


@pytest.mark.parametrize("said", ["", "sep=\t\n"])
def test_in_a_plain_table_of_tabs_quotation_marks_are_only_marks(said: str, tmp_path: Path) -> None:
    """As in GLUE: nothing is enclosed, and a mark without another joins no rows."""
    file = tmp_path / "dev.tsv"
    file.write_text(said + 'text\tpair\n"Hello\tShe said "two".\nThe cat "sat\tThe mat\n')
    assert read_texts(file) == [('"Hello', 'She said "two".'), ('The cat "sat', "The mat")]
    file.write_text(said + 'text\tpair\n"Hello\tyou"\tTwo\n"The ""cat"""\tsat\n')
    assert read_texts(file) == [("Hello\tyou", "Two"), ('The "cat"', "sat")]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("texts.csv", "a,b\n1,2\n", "no column “text”, but “a”, “b”: say which with --column"),
        ("texts.docx", "x", "is none of these"),
        ("texts.jsonl", '"A text."\n{"text": "The cat."', "Line 2 of “texts.jsonl” is not JSON"),
        ("texts.jsonl", "[" * 100_000, "Line 1 of “texts.jsonl” is not JSON"),
        ("texts.jsonl", '{"text": ["a list"]}', "holds lists or objects, not texts"),
        ("texts.jsonl", '{"text": 5}', "holds numbers, not texts: say which .* --column"),
        (
            "texts.jsonl",
            '{"text": "a", "pair": 5}',
            "“pair” .* holds numbers, not texts: say which .* --pair",
        ),
        ("texts.jsonl", "{}", "no column “text”, but no column at all"),
        ("texts.txt", "version https://git-lfs.github.com/spec/v1\nsize 5\n", "Git LFS"),
        ("texts.csv", "text\nHello, world\nYou, too\n", "must stand in quotation marks"),
        ("texts.csv", "id,text\n1,Hello, world\n2,You, too\n", "must stand in quotation marks"),
        ("texts.csv", 'text\n"Hello\nYou\n', "must stand in quotation marks"),
        ("texts.csv", 'text\n"a \\"b\\" c"\n', "Line 2 of “texts.csv” begins a text with a quotation mark"),
        ("texts.tsv", 'text\tid\n"Hello\t1\nYou "two"\tx\t2\n', r"Line 2 .* begins a text with a quotation"),
        ("texts.csv", "t\0e\0x\0t\0\n\0", "is not written in UTF-8"),
        ("texts.csv", "", "There is no text"),
        ("texts.csv", "text\na\0b\n", "is not text: it holds the character NUL"),
        ("texts.jsonl", "[1]\n", "Line 1 of “texts.jsonl” is neither a text nor an object"),
        ("texts.jsonl", '{"text": ' + "9" * 5_000 + "}", "Line 1 of “texts.jsonl” is not JSON"),
        ("texts.parquet", "no Parquet", "cannot be read"),
        ("texts.csv.gz", "\x1f", "“texts.csv.gz” is compressed. Unpack it"),
        ("texts.txt", "\n \n", "There is no text"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(name: str, content: str, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(AttnlitError, match=says):
        read_texts(tmp_path / name)
    with pytest.raises(AttnlitError, match="no file or folder"):
        read_texts(tmp_path / "missing.txt")


@pytest.mark.parametrize("kind", [pa.date32(), pa.duration("s")])
def test_a_date_that_python_has_no_name_for(kind: pa.DataType, tmp_path: Path) -> None:
    days = pa.array([2**30], pa.int32()) if kind == pa.date32() else pa.array([2**62], pa.int64())
    write_table(pa.table({"text": days.cast(kind)}), tmp_path / "texts.parquet")
    with pytest.raises(AttnlitError, match="cannot be read"):
        read_texts(tmp_path)


def test_a_pipe_among_files_is_told_of_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "texts.txt")
    with pytest.raises(AttnlitError, match="is a pipe or a device"):
        read_texts(tmp_path)


def test_a_file_that_is_not_utf_8_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_bytes("Grüße aus der Stadt".encode("latin-1"))
    with pytest.raises(AttnlitError, match="UTF-8"):
        read_texts(tmp_path / "texts.txt")


def test_a_folder_within_that_cannot_be_read_is_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "texts.txt").write_text(TEXTS[0])
    (tmp_path / "locked").mkdir()
    scan = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    with pytest.raises(AttnlitError, match="cannot be read: Permission denied"):
        read_texts(tmp_path)


def test_more_than_any_number_of_texts_are_all_there_are(tmp_path: Path) -> None:
    assert len(read_texts(written(tmp_path, "csv"), most=sys.maxsize + 1)) == len(TEXTS)


def test_blanks_around_a_columns_name_are_not_part_of_it(tmp_path: Path) -> None:
    file = tmp_path / "texts.csv"
    file.write_text("id, text ,\n1,The cat sat.,\n2\n")
    assert read_texts(file) == [("The cat sat.", None)]


def test_nothing_is_not_the_folder_that_we_are_in() -> None:
    with pytest.raises(AttnlitError, match="Name a file or a folder"):
        read_texts("")
