"""Tiny random classifiers: of texts, of tokens, of several classes at once, regressions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import transformers

from tests import tiny

HOSTILE = "![x](http://a.b/c) <b>**\u202e"
LABELS = ("negative", HOSTILE, "positive")


def save(folder: Path, kind: str, labels: Sequence[str] = LABELS, **options: Any) -> str:
    """The folder of a model of some class of transformers, such as “BertForSequenceClassification”.

    labels: what its classes are called; options: of its configuration, such as problem_type.
    """
    _, sizes, tokenizer = tiny.ARCHITECTURES[getattr(transformers, kind).config_class.model_type]
    made = tokenizer()
    names = dict(enumerate(labels))
    own = {"id2label": names, "label2id": {name: number for number, name in names.items()}}
    tiny.build(kind, {**sizes, **own, **options}, len(made)).save_pretrained(folder)
    made.save_pretrained(folder)
    return str(folder)
