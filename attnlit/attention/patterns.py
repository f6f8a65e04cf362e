"""Ends the work of tokenizers whose regular expressions could run on and on.

A tokenizer's files may say that texts are cut or rewritten by a pattern that tries for hours where it does
not fit, such as a*a*a*b, and nothing can stop it in this process. Plain patterns, which nearly all models
have, take at most a time that goes with the square of the text's length. With any other each text is first
tried in a process of its own, which can be ended.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from attnlit.attention.growth import rules, states
from attnlit.errors import AttnlitError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SECONDS = 5.0  # that rules may need for one text
_START_SECONDS = 30.0
# What must stand around the rules that cut texts.
_AROUND: dict[str, Any] = {
    "version": "1.0",
    "added_tokens": [],
    "post_processor": None,
    "decoder": None,
    "model": {"type": "WordLevel", "vocab": {"?": 0}, "unk_token": "?"},
}
_ONE_CHARACTER = re.compile(r"\\[pP]\{\^?\w+\}|\\[^1-9kg]")
_CLASS = re.compile(r"\[[^\[\]]*\]")
_GROUP = re.compile(r"\((?:\?(?:[imx-]*:|<?[=!]|>))?[^()*+{}]*\)")  # without any repetition inside
_AS_MUCH_OR_AS_LITTLE = re.compile(r"([*+?}])[+?]")
_REPEATED = re.compile(r"[*+]|\{\d*,?\d*\}")
_STANDS_FOR_A_GROUP = "§"
_REPEATED_GROUP = re.compile(rf"{_STANDS_FOR_A_GROUP}[*+{{]")
_MOST_MISSING = 3
_MAY_BE_MISSING = re.compile(r".\?$")
_TIED = re.compile(r"[*+}]$")

_processes: WeakKeyDictionary[PreTrainedTokenizerBase, subprocess.Popen[bytes] | None] = WeakKeyDictionary()


def is_plain(pattern: str) -> bool:
    """Whether a pattern that starts anywhere in a text is done after a time that goes with the text's length.

    So it is if each of its branches repeats nothing but single characters, and at most one of them before
    something that may not fit. What is not understood is not plain.
    """
    bare = _ONE_CHARACTER.sub("c", pattern)
    for kind, sign in ((_CLASS, "c"), (_GROUP, _STANDS_FOR_A_GROUP)):
        while kind.search(bare):
            bare = kind.sub(sign, bare)
    if any(sign in bare for sign in "()[]\\") or _REPEATED_GROUP.search(bare):
        return False
    return all(_waits_at_most_once(branch) for branch in _AS_MUCH_OR_AS_LITTLE.sub(r"\1", bare).split("|"))


def _waits_at_most_once(branch: str) -> bool:
    while _MAY_BE_MISSING.search(branch):
        branch = branch[:-2]
    repeated = len(_REPEATED.findall(branch))
    # What is repeated at the very end always fits; what may be missing doubles the ways.
    return repeated - bool(_TIED.search(branch)) <= 1 and branch.count("?") <= _MOST_MISSING


def check_time(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> None:
    """Raises AttnlitError for texts on which the tokenizer's rules do not come to an end in time.

    Only whoever holds the tokenizer may ask: its process answers one after another.
    """
    if tokenizer not in _processes:
        _processes[tokenizer] = _started(tokenizer)
    process = _processes[tokenizer]
    if process is None or _answers(process, json.dumps([*texts]).encode(), SECONDS):
        return
    del _processes[tokenizer]  # the next text gets another one
    raise AttnlitError(
        f"The patterns by which this model's tokenizer cuts texts take more than {SECONDS:g} seconds for "
        "this one. Change the text, or the model."
    )


def _started(tokenizer: PreTrainedTokenizerBase) -> subprocess.Popen[bytes] | None:
    """The process that tries the tokenizer's rules; None where all its patterns are plain."""
    found = {part: json.loads(state) for part, state in states(tokenizer).items()}
    hard = {part for part, state in found.items() if not all(map(is_plain, _patterns(state)))}
    if not hard:
        return None
    if "decoder" in hard:
        raise AttnlitError(
            "The tokenizer of this model puts texts together by patterns that could run on and on. Choose "
            "another model."
        )
    cuts = {part: found.get(part) for part in ("normalizer", "pre_tokenizer")}
    process = subprocess.Popen(
        # -P: the folder of the script holds modules of the package, which must not stand for libraries.
        [sys.executable, "-P", str(Path(__file__).with_name("pattern_trial.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    weakref.finalize(tokenizer, _end, process)
    if not _answers(process, json.dumps({**_AROUND, **cuts}).encode(), _START_SECONDS):
        raise AttnlitError("The rules of this model's tokenizer cannot be tried here. Choose another model.")
    return process


def _patterns(state: Any) -> Iterator[str]:
    for rule in rules(state):
        pattern = rule.get("pattern")
        if isinstance(pattern, dict) and "Regex" in pattern:
            yield str(pattern["Regex"])


def _answers(process: subprocess.Popen[bytes], line: bytes, seconds: float) -> bool:
    """Whether it answers in time; if not, it is ended."""
    assert process.stdin is not None
    assert process.stdout is not None
    late = threading.Timer(seconds, process.kill)
    late.start()
    try:
        process.stdin.write(line + b"\n")
        process.stdin.flush()
        answered = bool(process.stdout.readline())
    except OSError:  # it has ended already
        answered = False
    finally:
        late.cancel()
    if not answered:
        _end(process)
    return answered


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()
