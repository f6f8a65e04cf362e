"""Tries a tokenizer's rules on texts in a process of its own; as a script, it imports nothing of the package.

A line of JSON with the rules comes first; then one with texts after another. Each is answered with a line, as
soon as the rules have come to an end. Whoever waits too long ends this process.
"""

from __future__ import annotations

import json
import sys

from tokenizers import Tokenizer


def main() -> None:
    """Answer until nobody asks any more."""
    tokenizer = Tokenizer.from_str(sys.stdin.buffer.readline().decode())
    answer()
    for line in sys.stdin.buffer:
        for text in json.loads(line):
            try:
                tokenizer.encode(text)
            except BaseException as fault:  # a panic; whoever asks meets it, too, and says so
                if isinstance(fault, KeyboardInterrupt):
                    raise
        answer()


def answer() -> None:
    """Say that it is done."""
    sys.stdout.buffer.write(b"done\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
