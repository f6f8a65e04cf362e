"""Small random models that read as a bundled one does, for pages where no number matters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attnlit.app.cache import load_model
from tests import tiny

_SIZES: dict[str, tuple[str, dict[str, Any]]] = {
    "mini-gpt2": ("GPT2LMHeadModel", {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 512}),
    "mini-bert": (
        "BertForMaskedLM",
        {
            "hidden_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 32,
            "max_position_embeddings": 512,
        },
    ),
}


def save(folder: Path, like: str = "mini-gpt2", **other_sizes: int) -> str:
    """The folder of a model with the tokenizer of a bundled one, and two heads in each of two layers."""
    tokenizer = load_model(like).tokenizer
    tokenizer.save_pretrained(folder)
    kind, sizes = _SIZES[like]
    marks = {name: getattr(tokenizer, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    tiny.build(kind, sizes | marks | other_sizes, len(tokenizer)).save_pretrained(folder)
    return str(folder)
