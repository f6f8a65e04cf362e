"""Lets a model write, in view of the visitor, who can stop it; what is there already can be looked at."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnlit.app import cache, work
from attnlit.attention.answers import Asked, ask, record, said, say
from attnlit.wording import escaped

if TYPE_CHECKING:
    from attnlit.app.answer.ask import Question
    from attnlit.attention import Answer
    from attnlit.models.model import Model

_SHOWN_EVERY = 0.1  # seconds between two looks at what is being written


def written(model: Model, question: Question) -> dict[str, Answer] | None:
    """The record of the answer, by kind; of what there is of it, where the visitor has stopped it.

    None where nothing is there yet. Raises AttnlitError, in words, where the model cannot answer.
    """
    key = ("answer", model.identity, question)

    def task(report: work.Report, so_far: Any) -> dict[str, Answer]:
        asked = asked_of(model, question)
        ids = [*(so_far or ())]
        place = st.empty()
        last = 0.0
        words = say(
            model, asked, max_tokens=question.length, seed=question.seed, temperature=question.temperature,
            already=ids,
        )  # fmt: skip
        for word in words:
            ids.append(word)
            report(len(ids) / question.length, f"{len(ids)} of at most {question.length} tokens", tuple(ids))
            if time.monotonic() - last > _SHOWN_EVERY:
                last = time.monotonic()
                place.markdown(f"… {escaped(said(model, asked, ids))} ▌")
        place.empty()
        return record(model, asked, ids)

    found = work.run(key, task, cache.records)
    if found is not None:
        return found
    ids = work.so_far(key)
    if not ids:
        return None
    return cache.records.find((*key, ids), lambda: record(model, asked_of(model, question), ids))


def asked_of(model: Model, question: Question) -> Asked:
    """What is asked, as the model reads it: a chat template is rendered once for everybody."""
    messages = question.messages
    prompt = question.prompt if messages is None else None
    key = ("asked", model.identity, prompt, question.system, question.chat, question.prompt)
    return cache.asked.find(key, lambda: ask(model, prompt, messages))
