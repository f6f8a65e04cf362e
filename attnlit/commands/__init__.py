"""The command line: `attnlit` opens the app, `attnlit survey`, `open` and `export` do one thing each.

A mistake is answered in one sentence on standard error, with the status 1; Ctrl+C ends with 130, as a shell
expects.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

import attnlit
from attnlit.commands import app, export, survey
from attnlit.errors import AttnlitError
from attnlit.wording import printable


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments ask for; the status for the shell. None: those of this process."""
    _print_anything()
    try:
        try:
            return _status(arguments)
        finally:
            if sys.stdout is not None:  # as it is where there is nothing to print to
                sys.stdout.flush()
    except BrokenPipeError:  # who read what is printed, such as `head -1`, has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _status(arguments: Sequence[str] | None) -> int:
    asked = _parser().parse_args(arguments)
    try:
        return int(asked.run(asked) or 0)
    except AttnlitError as mistake:
        print(f"attnlit: {printable(str(mistake))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _print_anything() -> None:
    """Letters that the terminal lacks are spelled out, as Python does by itself on standard error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="attnlit",
        description="See what the attention of a Transformer language model does. Without a command: open "
        "the app.",
    )
    parser.add_argument("--version", action="version", version=f"attnlit {attnlit.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in (app, survey, export):
        command.add_to(commands)
    parser.set_defaults(run=app.run, folder=None, port=None, no_browser=False, any_model=False)
    return parser
