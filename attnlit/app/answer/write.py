"""Lets a model answer; what it has written when it is stopped is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attnlit.app import cache, work
from attnlit.app.write import word_by_word
from attnlit.attention.answers import Asked, ask, record

if TYPE_CHECKING:
    from attnlit.app.answer.ask import Question
    from attnlit.attention import Answer
    from attnlit.models.model import Model


def written(model: Model, question: Question) -> dict[str, Answer] | None:
    """The record of the answer, by kind; of what there is of it, where the visitor has stopped it.

    None where nothing is there yet. Raises AttnlitError, in words, where the model cannot answer.
    """
    key = ("answer", model.identity, question)

    def task(report: work.Report, so_far: Any) -> dict[str, Answer]:
        asked = asked_of(model, question)
        ids = word_by_word(
            model, asked, report, so_far,
            length=question.length, temperature=question.temperature, seed=question.seed,
        )  # fmt: skip
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
