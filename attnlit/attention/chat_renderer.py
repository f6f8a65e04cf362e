"""Renders chat templates in a process of its own; run as a script, it imports nothing of the package.

A template comes from a hub and is a program in Jinja. What it may touch is bounded by Jinja's immutable
sandbox, which transformers trusts with the same templates; the time and the memory that it takes are bounded
here, by the system. The environment is set up as that of transformers, and the tests compare what both make
of real templates.

One line of JSON in: {"template", "variables", "conversations", "most"}; one out: {"texts"} or {"mistake"}.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

from jinja2 import nodes
from jinja2.exceptions import TemplateError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

SECONDS = 2  # of processor time
MEGABYTES = 512


class Generation(Extension):
    """`{% generation %} ... {% endgeneration %}`, in which some templates put what the assistant says."""

    tags = {"generation"}  # noqa: RUF012 - as Jinja declares it

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def raise_exception(message: str) -> None:
    """What a template calls to refuse a conversation."""
    raise TemplateError(message)


def tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """JSON as it is, where Jinja's own filter writes it for HTML."""
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def strftime_now(form: str) -> str:
    """Today's date in a form."""
    return datetime.now().strftime(form)


def rendered(template: str, variables: dict[str, Any], conversations: list[Any], most: int) -> list[str]:
    """What the template makes of each conversation, up to where it asks the assistant to speak."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
    )
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = strftime_now
    compiled = environment.from_string(template)
    texts = []
    for messages in conversations:
        text = ""
        for part in compiled.generate(
            messages=messages, tools=None, documents=None, add_generation_prompt=True, **variables
        ):
            text += part
            if len(text) > most:
                raise TemplateError("it makes too long a text of it")
        texts.append(text)
    return texts


def bound() -> None:
    """Let the system end this process where it takes too much; Windows knows no such bounds."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEGABYTES * 2**20, MEGABYTES * 2**20))


def main() -> None:
    """Answer the one request."""
    request = json.loads(sys.stdin.buffer.readline())
    bound()
    answer: dict[str, Any]
    try:
        answer = {"texts": rendered(**request)}
    except Exception as mistake:  # a template may raise anything
        answer = {"mistake": f"{mistake}"[:300] or type(mistake).__name__}
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    main()
