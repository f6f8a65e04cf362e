"""The surveys that travel with the bundled models: `python -m training.surveys`, some twenty minutes.

A survey that was stopped goes on when the command is given again.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from attnlit.analysis.survey.bundled import FOLDER
from attnlit.commands import main
from attnlit.models.catalogue import CATALOGUE
from training.sentences import texts

TEXTS = 10_000
WHAT = f"{TEXTS:,} sentences of our own, made of patterns and words (training/sentences.py)"


def make(name: str) -> None:
    """The survey of one bundled model, in place of the one that is there."""
    work = Path(tempfile.gettempdir()) / f"attnlit-survey-{name}"
    work.mkdir(exist_ok=True)
    file = work / "texts.jsonl"
    rows = (json.dumps({"text": text, "pair": pair}) for text, pair in texts(TEXTS))
    file.write_text("\n".join(rows), encoding="utf-8")
    done = work / "done"
    options = ["--written", "--workers", str(os.cpu_count() or 1), "--from", WHAT]
    if main(["survey", name, str(file), "--out", str(done), *options]):
        sys.exit(1)
    shutil.rmtree(FOLDER / name, ignore_errors=True)
    shutil.copytree(done, FOLDER / name)
    shutil.rmtree(work)


if __name__ == "__main__":
    for each in sys.argv[1:] or [entry.id for entry in CATALOGUE if entry.bundled]:
        make(each)
