"""A conversation as a chat model reads it: its template, rendered, and where in that each message stands.

The templates' own masks of what the assistant said are empty for most models, so the places are found here:
the conversation is rendered twice, once as it is and once with a made-up word in place of every message. What
stands around those words is the template's; if the messages put in their place give the first text again,
their places are known, and else the whole is the prompt. What a template drops, such as thinking in earlier
turns, has no place.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from attnlit.attention.reading import CHARACTERS_A_TOKEN, token_limit
from attnlit.attention.spans import ASSISTANT, CLOSES, OPENS, PROMPT, SYSTEM, THINKING, USER, Part
from attnlit.attention.tokens import tokenizing
from attnlit.errors import AttnlitError
from attnlit.models.model import Model
from attnlit.wording import a_kind

MESSAGES = 64  # of a conversation, at most
MOST_TEMPLATE = 200_000  # characters; those of today's models have up to 20,000
SECONDS = 20.0  # to wait for a rendering; of the processor it gets less: see `chat_renderer`
_AT_ONCE = 2  # renderings
_THOUGHT = ("reasoning_content", "thinking")  # what templates call what was thought before a message
_ROLES = (SYSTEM, USER, ASSISTANT)
_MARKS = re.compile(f"({re.escape(OPENS)}|{re.escape(CLOSES)})")
_ENVIRONMENT = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "LANG")  # no token of a hub

_rendering = threading.BoundedSemaphore(_AT_ONCE)

Message = Mapping[str, str]


@dataclass(frozen=True)
class Rendered:
    """A conversation as a model reads it, up to where the assistant is to speak."""

    text: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class _Stretch:
    """What of a message is one thing: what was said, or what was thought."""

    text: str
    role: str
    turn: int
    stands_in: str  # the made-up word


def template_of(model: Model) -> str | None:
    """The model's chat template; None if it has none."""
    found = getattr(model.tokenizer, "chat_template", None)
    if isinstance(found, Mapping):
        found = found.get("default")
    return found if isinstance(found, str) and found.strip() else None


def conversation(model: Model, messages: Sequence[Message]) -> Rendered:
    """The conversation in the model's own template, and where its messages stand in it.

    messages: `{"role": "user", "content": "Hi"}` each, of the roles system, user and assistant; the last is
    the user's. What an assistant thought may stand under "reasoning_content", or in <think> ... </think>.
    Raises AttnlitError for a model without a template, and for what it, or we, cannot read.
    """
    template = template_of(model)
    if template is None:
        raise AttnlitError(
            f"{model.name} has no chat template: it was not made for conversations. Give it a prompt to go "
            "on with instead."
        )
    checked = _checked(model, messages)
    probed, stretches = _probed(checked)
    with tokenizing(model.tokenizer):
        variables = {name: str(token) for name, token in model.tokenizer.special_tokens_map.items()}
    most = CHARACTERS_A_TOKEN * token_limit(model)
    request = {"template": template, "variables": variables, "conversations": [checked, probed], "most": most}
    if len(template) > MOST_TEMPLATE:
        raise AttnlitError(f"The chat template of {model.name} is too long to be real. Give it a prompt.")
    text, around = _answered(model, request)
    return Rendered(text, _places(text, around, stretches))


def _checked(model: Model, messages: Sequence[Message]) -> list[dict[str, str]]:
    """The messages with all that templates ask for, and nothing else."""
    if isinstance(messages, str) or not isinstance(messages, Sequence):
        raise AttnlitError(f"Give the messages as a list, not as {a_kind(messages)}.")
    if not 1 <= len(messages) <= MESSAGES:
        raise AttnlitError(
            f"A conversation has 1 to {MESSAGES} messages here, but this one has {len(messages)}."
        )
    checked = []
    for message in messages:
        if not isinstance(message, Mapping) or message.get("role") not in _ROLES:
            raise AttnlitError(f"Each message needs a role: {', '.join(_ROLES)}.")
        fields = {name: message[name] for name in ("content", *_THOUGHT) if message.get(name) is not None}
        if not all(isinstance(each, str) for each in fields.values()) or "content" not in fields:
            raise AttnlitError("Each message needs its content, as text.")
        thought = next((fields[name] for name in _THOUGHT if name in fields), None)
        fields |= {} if thought is None else dict.fromkeys(_THOUGHT, thought)
        checked.append({"role": message["role"], **fields})
    if checked[-1]["role"] != USER:
        raise AttnlitError("The last message must be the user's: the model writes what comes after it.")
    length, most = sum(len(each["content"]) for each in checked), CHARACTERS_A_TOKEN * token_limit(model)
    if length > most:
        raise AttnlitError(f"This conversation has {length:,} characters, and {model.name} takes fewer.")
    return checked


def _probed(messages: Sequence[dict[str, str]]) -> tuple[list[dict[str, str]], list[_Stretch]]:
    """The messages with made-up words in place of what is said in them, and what each stands for."""
    everything = " ".join(text for message in messages for text in message.values())
    words = (word for number in count() if (word := f"attnlit{number}words") not in everything)
    stretches: list[_Stretch] = []
    probed = []
    for turn, message in enumerate(messages):
        fields = {"role": message["role"]}
        for name in [name for name in message if name != "role"]:
            if name == _THOUGHT[1]:  # the same under another name: a template shows one of them
                fields[name] = fields[_THOUGHT[0]]
                continue
            pieces = _MARKS.split(message[name])
            for place in range(0, len(pieces), 2):
                text = pieces[place].strip()
                if not text:
                    continue
                thought = name in _THOUGHT or pieces[place + 1 : place + 2] == [CLOSES]
                role = THINKING if thought and message["role"] == ASSISTANT else message["role"]
                stretches.append(_Stretch(text, role, turn, next(words)))
                pieces[place] = pieces[place].replace(text, stretches[-1].stands_in)
            fields[name] = "".join(pieces)
        probed.append(fields)
    return probed, stretches


def _places(text: str, around: str, stretches: Sequence[_Stretch]) -> tuple[Part, ...]:
    """Where the stretches stand in a text, if putting them into what is around them gives that text.

    Else nobody can tell the template's words from what was said: all of it is the prompt.
    """
    by_word = {stretch.stands_in: stretch for stretch in stretches}
    if not by_word:
        return ()
    parts, whole = [], ""
    for piece in re.split(f"({'|'.join(map(re.escape, by_word))})", around):
        stretch = by_word.get(piece)
        if stretch is not None:
            parts.append(Part(stretch.role, stretch.turn, len(whole), len(whole) + len(stretch.text)))
        whole += piece if stretch is None else stretch.text
    return tuple(parts) if whole == text else (Part(PROMPT, 0, 0, len(text)),)


def _answered(model: Model, request: dict[str, Any]) -> list[str]:
    """What the renderer makes of a request. Raises AttnlitError, in words, where it makes nothing of it."""
    script = Path(__file__).with_name("chat_renderer.py")
    # -P: the folder of the script holds modules of the package, which must not stand for libraries.
    command = [sys.executable, "-P", str(script)]
    settings = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    refused = f"The chat template of {model.name} makes nothing of this conversation"
    with _rendering:
        try:
            done = subprocess.run(
                command,
                input=json.dumps(request).encode() + b"\n",
                capture_output=True,
                timeout=SECONDS,
                env=settings,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise AttnlitError(f"{refused}: it takes too long. Give the model a plain prompt.") from error
    try:
        answer = json.loads(done.stdout)
    except ValueError as error:  # the system has ended it
        raise AttnlitError(
            f"{refused}: it takes too much time or memory. Give the model a plain prompt."
        ) from error
    if "mistake" in answer:
        raise AttnlitError(
            f"{refused} ({answer['mistake']}). Change the messages, or give it a plain prompt."
        )
    return [str(text) for text in answer["texts"]]
