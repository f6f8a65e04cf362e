"""The command line: a survey that is stopped goes on, figures are written, mistakes are one sentence."""

from __future__ import annotations

import errno
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

import attnlit.scale
from attnlit.analysis.survey import survey
from attnlit.analysis.survey.store import load
from attnlit.commands import app, main
from attnlit.commands import survey as command
from attnlit.models.model import Model
from tests import planted
from tests.analysis.survey.planted_texts import TEXTS

Said = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted.save_with_roles(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("texts") / "texts.jsonl"
    file.write_text("\n".join(json.dumps({"text": text, "pair": pair}) for text, pair in TEXTS))
    return file


@pytest.mark.whole
def test_a_stopped_survey_goes_on_where_it_was_and_says_the_same(
    folder: Path, texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    monkeypatch.setattr(sys.modules["attnlit.analysis.survey.order"], "PIECE", 8)
    monkeypatch.setattr(command, "SAVE_EVERY", 0.0)
    whole, read = attnlit.scale.read_block, []

    def stopped(model: Model, block: attnlit.scale.Block, **options: Any) -> bytes:
        if len(read) == 2:
            raise KeyboardInterrupt
        read.append(block.number)
        return whole(model, block, **options)

    monkeypatch.setattr(attnlit.scale, "read_block", stopped)
    out = tmp_path / "found"
    asked = ["survey", str(folder), str(texts), "--out", str(out)]
    assert main(asked) == 130
    assert "Give the same command again" in capsys.readouterr().err
    assert main([*asked, "--written"]) == 1  # that is another survey
    assert "unfinished survey" in capsys.readouterr().err
    read.clear()
    assert main(asked) == 0
    assert read == [2]
    found, alone = load(out).survey, survey(attnlit.load(str(folder)), TEXTS)
    assert (found.texts, found.tokens) == (24, alone.tokens)
    for name, values in alone.values.items():
        np.testing.assert_array_equal(found.values[name], values)
        np.testing.assert_array_equal(found.claimed[name], alone.claimed[name])
    assert [path.name for path in sorted(out.iterdir())] == ["examples.parquet", "scores.parquet"]
    assert main(asked) == 1
    assert "finished survey" in capsys.readouterr().err


@pytest.mark.whole
def test_a_figure_is_written_and_its_mistakes_are_said(tmp_path: Path, capsys: Said) -> None:
    asked = ["export", "heatmap", "mini-gpt2", "The cat sat on the mat and slept.", "--out"]
    assert main([*asked, str(tmp_path / "figure.svg"), "--layer", "3", "--head", "2"]) == 0
    svg = (tmp_path / "figure.svg").read_text()
    assert svg.startswith("<svg")
    assert "layer 3 · head 2" in svg
    for file, more, says in (
        ("figure.doc", (), "ends in one of .svg, .png"),
        ("figure.svg", ("--layer", "9"), "layer 9"),
        ("figure.svg", ("--query", "99"), "there is no token 99"),
        ("missing/figure.svg", (), "cannot be written"),
    ):
        assert main([*asked, str(tmp_path / file), *more]) == 1
        error = capsys.readouterr().err
        assert error.startswith("attnlit: ")
        assert says in error
        assert error.count("\n") == 1


@pytest.mark.whole
def test_the_app_opens_with_a_survey_and_on_this_machine_only(
    folder: Path, texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    assert main(["open", str(tmp_path)]) == 1
    assert "There is no survey" in capsys.readouterr().err
    found = str(tmp_path / "found")
    assert main(["survey", str(folder), str(texts), "--out", found, "--most", "12"]) == 0
    started: list[tuple[list[str], dict[str, Any]]] = []

    class Done:
        returncode = 0

    def run(command: list[str], **options: Any) -> Done:
        started.append((command, options))
        return Done()

    monkeypatch.setattr(app.subprocess, "run", run)
    monkeypatch.setattr(app.webbrowser, "open", lambda url: True)
    assert main(["open", found, "--no-browser"]) == 0
    assert "/patterns?model=" in capsys.readouterr().out
    assert main([]) == 0
    for port in ("0", "99999"):
        assert main(["open", found, "--port", port]) == 1
        assert f"from 1 to 65535, and this is {port}" in capsys.readouterr().err
    (opened, options), (plain, _) = started
    assert options["env"]["ATTNLIT_SURVEY"] == found
    assert (options["cwd"] / "streamlit_app.py").is_file()
    for each in (opened, plain):
        assert each[each.index("--server.address") + 1] == "localhost"
    monkeypatch.setattr(app.importlib.util, "find_spec", lambda name: None)
    assert main([]) == 1
    assert "pip install 'attnlit[app]'" in capsys.readouterr().err


def test_a_folder_that_cannot_hold_a_survey_is_told_of_in_one_sentence(
    folder: Path, texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Said
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "unfinished").write_bytes(b'{"what": {}, "blocks": []}\nno part')
    asked = ["survey", str(folder), str(texts), "--most", "12", "--out"]
    for out, says in (
        (texts, "File exists. Name another folder."),
        (broken, "cannot be read. Name another"),
        (tmp_path / ("x" * 300), "File name too long. Name another folder."),
    ):
        assert main([*asked, str(out)]) == 1
        error = capsys.readouterr().err
        assert says in error
        assert error.count("\n") == 1

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert main([*asked, str(tmp_path / "full")]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.endswith("No space left on device. Make room, and give the same command again.")


def test_two_commands_do_not_write_into_one_folder(
    folder: Path, texts: Path, tmp_path: Path, capsys: Said
) -> None:
    asked = ["survey", str(folder), str(texts), "--most", "12", "--out", str(tmp_path / "found")]
    (tmp_path / "found").mkdir()
    with FileLock(tmp_path / "found" / "lock"):
        assert main(asked) == 1
    assert "Another command is making a survey" in capsys.readouterr().err


def test_no_worker_is_started_that_finds_nothing_to_read(
    folder: Path, texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def started(*_: object, **__: object) -> None:
        pytest.fail("there is one block of texts: nothing for a second worker")

    monkeypatch.setattr(attnlit.scale, "parts", started)
    asked = ["survey", str(folder), str(texts), "--most", "12", "--workers", "1000", "--out"]
    assert main([*asked, str(tmp_path / "found")]) == 0


@pytest.mark.parametrize("asked", [["open", ""], ["survey", "mini-gpt2", "texts.txt", "--out", " "]])
def test_nothing_is_not_the_folder_that_we_are_in(asked: list[str], capsys: Said) -> None:
    with pytest.raises(SystemExit) as ended:
        main(asked)
    assert ended.value.code == 2
    assert "name a folder" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="every name of a folder is a text there")
def test_what_is_said_needs_no_letter_that_the_terminal_lacks(
    folder: Path, texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", printed)
    out = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xc3\xa9 \xff")
    assert main(["survey", str(folder), str(texts), "--most", "12", "--out", out]) == 0
    said = printed.buffer.getvalue().decode("ascii")
    assert said.endswith("/caf\\xe9 \\udcff'\n")
    assert load(Path(out)).survey.texts == 12


def test_who_has_read_enough_is_not_shown_a_fault() -> None:
    asked = "import sys; from attnlit.commands import main; sys.exit(main(['--version']))"
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-c", asked],
        env={**os.environ, "PYTHONUNBUFFERED": ""},
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_wrong_model_is_answered_in_one_sentence(texts: Path, tmp_path: Path, capsys: Said) -> None:
    asked = ["survey", str(tmp_path / "none"), str(texts), "--out", str(tmp_path / "out")]
    for more in ([], ["--most", "0"], ["--workers", "0"]):
        assert main([*asked, *more]) == 1
        assert capsys.readouterr().err.count("\n") == 1
    with pytest.raises(SystemExit):
        main(["--version"])
    assert attnlit.__version__ in capsys.readouterr().out
