"""`attnlit survey MODEL TEXTS --out DIR`: score every head, keep what excites it, go on after a stop."""

from __future__ import annotations

import argparse
import errno
import hashlib
import json
import os
import shlex
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial as bound
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from attnlit.commands.data_sets import SCHEME
from attnlit.commands.named import folder_named
from attnlit.commands.texts import read_texts
from attnlit.errors import AttnlitError
from attnlit.wording import one_line, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from attnlit.analysis.sample import Text
    from attnlit.analysis.survey import Partial, Survey
    from attnlit.models.model import Model
    from attnlit.scale import Block

_UNFINISHED = "unfinished"  # a line of JSON that says what of which survey was read, and then its part
_LOCK = "lock"
SAVE_EVERY = 10.0  # seconds: so much work is lost when the command is killed


def add_to(commands: Any) -> None:
    """Add this command to those of the parser."""
    parser = commands.add_parser(
        "survey",
        help="score every head of a model on many texts",
        description="Score every head of a model on many texts, and keep the texts that excite each most. A "
        "command that was stopped goes on where it was when it is given again.",
    )
    parser.add_argument("model", metavar="MODEL", help="a bundled model, a folder, or a model of the hub")
    parser.add_argument(
        "texts",
        metavar="TEXTS",
        help="a text, CSV, Parquet or JSONL file, a folder, or a data set of the hub: hub:owner/name",
    )
    parser.add_argument(
        "--out", metavar="DIR", type=folder_named, required=True, help="the folder for the survey"
    )
    parser.add_argument("--column", help="the column of the texts in a table (default: text)")
    parser.add_argument("--pair", help="the column of second sentences in a table (default: pair, if there)")
    parser.add_argument("--kind", help="the attention of an encoder-decoder: encoder, decoder or cross")
    parser.add_argument(
        "--written",
        action="store_true",
        help="also list the texts in which heads write most, and score which write next to nothing",
    )
    parser.add_argument("--workers", type=int, default=1, help="processes, each with a model (default: 1)")
    parser.add_argument("--most", type=int, help="read only so many texts, the first ones")
    parser.add_argument("--from", dest="made_from", help="what the texts are, in a few words")
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> None:
    """Read, finish, save."""
    from attnlit.analysis.survey.store import SCORES_FILE, Saved, save
    from attnlit.attention import load

    if asked.workers < 1 or (asked.most is not None and asked.most < 1):
        raise AttnlitError("A survey needs one worker or more, and one text or more.")
    with _writing(asked.out):
        finished = (asked.out / SCORES_FILE).exists()
    if finished:
        raise AttnlitError(f"There is a finished survey in {quoted(str(asked.out))}. Name another folder.")
    texts = read_texts(asked.texts, asked.column, asked.pair, asked.most)
    model = load(asked.model)
    with _alone_in(asked.out):
        found = _survey(model, texts, asked)
        name = asked.texts.removeprefix(SCHEME) if asked.texts.startswith(SCHEME) else Path(asked.texts).name
        made_from = asked.made_from or f"{name}, {len(texts):,} texts"
        with _writing(asked.out):
            save(Saved(found, model.source, model.identity, made_from), asked.out)
            (asked.out / _UNFINISHED).unlink(missing_ok=True)
    print(
        f"{found.texts:,} texts with {found.tokens:,} tokens were read, {found.left_out:,} left out as too "
        f"short or too long. See them with: attnlit open {shlex.quote(str(asked.out))}"
    )


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Makes the folder, and keeps other commands out of it: two would put one file together from both."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / _LOCK)
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise AttnlitError(
                f"Another command is making a survey in {quoted(str(folder))}. Wait for its end, or name "
                "another folder."
            ) from error
    try:
        yield
    finally:
        with suppress(OSError):  # Windows keeps what is open
            (folder / _LOCK).unlink(missing_ok=True)
        lock.release()


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """What the system says where a folder cannot be written becomes a sentence."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        what_to_do = "Make room, and give the same command again" if full else "Name another folder"
        why = one_line(error.strerror or str(error), 160)
        raise AttnlitError(
            f"Nothing can be written into {quoted(str(folder))}: {why}. {what_to_do}."
        ) from error


def _survey(model: Model, texts: Sequence[Text], asked: argparse.Namespace) -> Survey:
    from attnlit.analysis.survey import controls, finish, together
    from attnlit.analysis.survey.parts import from_bytes
    from attnlit.scale import in_blocks

    progress = _Progress.of(asked.out, _what(model, texts, asked))
    waiting = [block for block in in_blocks(texts) if block.number not in progress.done]
    try:
        with tqdm(total=len(texts), unit=" texts", smoothing=0.05) as bar:
            bar.update(len(texts) - sum(len(block.texts) for block in waiting))
            for block, data in _parts(model, waiting, asked):
                part = from_bytes(data)
                progress.add(block.number, part if progress.part is None else together(progress.part, part))
                bar.update(len(block.texts))
    except KeyboardInterrupt:
        print("Stopped. Give the same command again, and it goes on.", file=sys.stderr)
        raise
    finally:
        progress.save()
    assert progress.part is not None
    print("Reading random tokens, and the texts with the untrained model …", file=sys.stderr)
    return finish([progress.part, controls(model, texts, kind=asked.kind, written=asked.written)])


def _parts(
    model: Model, waiting: Sequence[Block], asked: argparse.Namespace
) -> Iterator[tuple[Block, bytes]]:
    from attnlit.scale import parts, read_block

    workers = min(asked.workers, len(waiting))  # each one more would open a model for nothing
    if workers > 1:
        yield from parts(model.source, waiting, workers=workers, kind=asked.kind, written=asked.written)
    else:
        read = bound(read_block, model, kind=asked.kind, written=asked.written)
        yield from ((block, read(block)) for block in waiting)


def _what(model: Model, texts: Sequence[Text], asked: argparse.Namespace) -> dict[str, Any]:
    """What is being done: a stopped survey goes on only if it was the same."""
    digest = hashlib.blake2b(digest_size=16)
    for text, pair in texts:
        digest.update(json.dumps([text, pair]).encode())
    return {
        "model": model.identity,
        "texts": digest.hexdigest(),
        "kind": asked.kind,
        "written": asked.written,
    }


@dataclass
class _Progress:
    """What a survey has read so far, in memory and in its folder."""

    folder: Path
    what: dict[str, Any]
    # Numbers of the blocks that were read.
    done: list[int]
    part: Partial | None
    saved: float

    @classmethod
    def of(cls, folder: Path, what: dict[str, Any]) -> _Progress:
        """What the folder holds of this survey. Raises AttnlitError where it holds another one."""
        from attnlit.analysis.survey.parts import from_bytes

        file = folder / _UNFINISHED
        if not file.is_file():
            return cls(folder, what, [], None, time.monotonic())
        try:
            head, _, data = file.read_bytes().partition(b"\n")
            held = json.loads(head)
            same = held["what"] == what
            read = [int(each) for each in held["blocks"]], from_bytes(data)
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise AttnlitError(
                f"The unfinished survey in {quoted(str(folder))} cannot be read. Name another folder."
            ) from error
        if not same:
            raise AttnlitError(
                f"There is an unfinished survey in {quoted(str(folder))} of another model or of other texts. "
                "Name another folder."
            )
        return cls(folder, what, *read, time.monotonic())

    def add(self, block: int, part: Partial) -> None:
        """Keep what was read of one block more; now and then in the folder, too."""
        self.done.append(block)
        self.part = part
        if time.monotonic() - self.saved > SAVE_EVERY:
            self.save()

    def save(self) -> None:
        """Write it into the folder: whoever is killed meanwhile leaves the state before, whole."""
        from attnlit.analysis.survey.parts import to_bytes

        if self.part is None:
            return
        head = json.dumps({"what": self.what, "blocks": sorted(self.done)}).encode()
        new = self.folder / f"{_UNFINISHED}.new"
        with _writing(self.folder):
            new.write_bytes(head + b"\n" + to_bytes(self.part))
            os.replace(new, self.folder / _UNFINISHED)
        self.saved = time.monotonic()
