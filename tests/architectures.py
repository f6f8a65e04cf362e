"""Makes docs/architectures.md: what of each text model in the installed transformers attnlit can show.

`python -m tests.architectures docs/architectures.md` builds a tiny random model of every type, from the sizes
in `tests.sizes` or `tests.many`, or from its own configuration made small, and proves it as a loaded one
is. A type that cannot be built small in this way is listed as not tried, and not counted. All of them take
some minutes; with types behind the file's name only those are tried, and the others stay as the file has
them.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import transformers
from transformers.models.auto import modeling_auto

from attnlit.attention.proof import prove
from attnlit.attention.values import prove_values
from attnlit.errors import AttnlitError
from attnlit.models.layers import ATTENTION
from attnlit.models.model import Model
from tests import many
from tests.sizes import SIZES

SECONDS = 30  # of the processor's time, for one type: what else runs on the machine decides nothing
_MAPPINGS = (
    modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    modeling_auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
)
# What configurations call their sizes, and how small they are made.
_SMALL: dict[str, Any] = {
    **dict.fromkeys(("hidden_size", "d_model", "n_embd", "dim", "emb_dim", "embedding_size"), 32),
    **dict.fromkeys(("num_hidden_layers", "n_layer", "n_layers", "num_layers", "num_decoder_layers"), 2),
    **dict.fromkeys(("encoder_layers", "decoder_layers", "num_encoder_layers"), 2),
    **dict.fromkeys(("num_attention_heads", "n_head", "n_heads", "num_heads"), 4),
    **dict.fromkeys(("encoder_attention_heads", "decoder_attention_heads", "num_decoder_attention_heads"), 4),
    **dict.fromkeys(("num_encoder_attention_heads",), 4),
    **dict.fromkeys(
        ("intermediate_size", "d_ff", "ffn_dim", "encoder_ffn_dim", "decoder_ffn_dim", "n_inner"), 48
    ),
    **dict.fromkeys(("moe_intermediate_size", "shared_expert_intermediate_size"), 16),
    **dict.fromkeys(("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"), 4),
    **dict.fromkeys(("num_experts_per_tok", "moe_topk", "num_key_value_heads", "n_group"), 2),
    **dict.fromkeys(("max_position_embeddings", "n_positions", "n_ctx"), 64),
    "head_dim": 8,
    "d_kv": 8,
    "q_lora_rank": 16,
    "kv_lora_rank": 16,
    "qk_nope_head_dim": 8,
    "v_head_dim": 8,
    "qk_rope_head_dim": 4,
    "sliding_window": 4,
    "topk_group": 1,
    "first_k_dense_replace": 1,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 2,
}
_NOT_TRIED = "Not counted, because with small sizes they were not built, or did not run: "
_NOT_EVERYWHERE = ("head_dim", "num_key_value_heads")


@dataclass(frozen=True)
class Row:
    """One type, as the table says it."""

    type: str
    kind: str  # its class
    tried: bool
    views: bool = False  # head and model view, and the heat map
    neurons: bool = False
    values: bool = False
    layers: str = ""  # of what kinds, where not all see everything
    why: str = ""

    @property
    def line(self) -> str:
        marks = (_mark(each) for each in (self.views, self.neurons, self.values))
        return f"| {self.type} | {' | '.join(marks)} | {self.layers} | {self.why.replace('|', '/')} |"


def _mark(seen: bool) -> str:
    return "✓" if seen else "–"


def line_of(model: Model, *, values: bool) -> str:
    """How the line of a model's type begins if what the page says of it is so."""
    seen = " | ".join(_mark(each) for each in (True, not model.why_no_vectors, values))
    return f"| {model.architecture} | {seen} | {_layers(model)} |"


def _layers(model: Model) -> str:
    """The kinds of layers that do not see everything."""
    return ", ".join(dict.fromkeys(each for each in model.layer_kinds if each != ATTENTION))


def types() -> dict[str, str]:
    """The class of each type of text model that transformers knows; of several the one that writes."""
    found: dict[str, str] = {}
    for mapping in _MAPPINGS:
        for type_, kinds in mapping.items():
            found.setdefault(type_, kinds if isinstance(kinds, str) else kinds[0])
    return {type_: kind for type_, kind in sorted(found.items()) if _reads_text_alone(kind)}


def row(type_: str, kind: str) -> Row:
    """What can be shown of one type."""
    known = dict(reversed(many.ARCHITECTURES.values()))  # of each class the first
    own = SIZES.get(type_) or known.get(kind)
    found = Row(type_, kind, tried=False)
    for options in [own] if own else _small(kind):
        found = _tried(type_, kind, options)
        if found.views:
            break
    return found


def _tried(type_: str, kind: str, options: dict[str, Any]) -> Row:
    """What is seen with these sizes. A model that cannot run at all with them may do so with others."""
    try:
        with _in_time():
            return _shown(type_, kind, prove(many.checkpoint(type_, kind, options)))
    except AttnlitError as mistake:
        # What has heads and reports none has them in layers, or from lengths on, that are not made here.
        unsure = "reports no attention" in str(mistake) and "num_attention_heads" in options
        tried = not unsure and "cannot read plain text" not in str(mistake)
        return Row(type_, kind, tried=tried, why=_short(mistake))
    except Exception as error:  # whatever a class raises for sizes that do not suit it
        return Row(type_, kind, tried=False, why=_short(error))


def _shown(type_: str, kind: str, model: Model) -> Row:
    why = model.why_no_vectors
    try:
        prove_values(model)
        values = True
    except AttnlitError as mistake:
        values, why = False, why or str(mistake).split(": ", 1)[-1]
    return Row(
        type_, kind, tried=True, views=True, neurons=not model.why_no_vectors, values=values,
        layers=_layers(model), why="" if values and not model.why_no_vectors else _short(why),
    )  # fmt: skip


def _small(kind: str) -> list[dict[str, Any]]:
    """Sizes to try: some types have no heads that share keys, and many hybrids no attention in two layers."""
    known = vars(getattr(transformers, kind).config_class)
    config = getattr(transformers, kind).config_class()
    names = {*vars(config), *known, *known.get("attribute_map", {})}
    sizes = {name: size for name, size in _SMALL.items() if name in names}
    fewer = {name: size for name, size in sizes.items() if name not in _NOT_EVERYWHERE}
    deeper = {**sizes, **dict.fromkeys({"num_hidden_layers"} & set(sizes), 4)}
    return [sizes, fewer, deeper]


def _reads_text_alone(kind: str) -> bool:
    """Whether a class is all of a text model, and not the text side of one with images or sound."""
    try:
        config = getattr(transformers, kind).config_class()
    except Exception:  # needs a package, or sizes
        return False
    return config.get_text_config() is config


def _short(said: object) -> str:
    text = " ".join(str(said).split()).replace("“", "").replace("”", "")
    return text if len(text) <= 110 else text[:109] + "…"


@contextlib.contextmanager
def _in_time() -> Iterator[None]:
    def end(*_: object) -> None:
        raise TimeoutError(f"longer than {SECONDS} seconds of computing")

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def page(rows: list[Row]) -> str:
    """The page of the documentation."""
    tried = [each for each in rows if each.tried]
    views, neurons, values = (
        sum(getattr(each, name) for each in tried) for name in ("views", "neurons", "values")
    )
    named = ", ".join(each.type for each in rows if not each.tried)
    not_tried = textwrap.fill(f"{_NOT_TRIED}{named}.", 110, break_on_hyphens=False)
    return f"""# Architectures

Made by `python -m tests.architectures docs/architectures.md` with transformers {transformers.__version__}:
a tiny random model of every type of text model is built and proven as a loaded one is.

Of {len(tried)} types that were tried, **{views}** show head view, model view and heat map, **{neurons}** also
the neuron view, and of **{values}** it is known what their heads pass on.

| type | views | neuron view | what is passed on | layers that do not see everything | why not |
|---|---|---|---|---|---|
{chr(10).join(each.line for each in tried)}

{not_tried}
"""


def rows_of(text: str) -> dict[str, Row]:
    """The rows of such a page, by type."""
    rows = {}
    for line in text.splitlines():
        type_, *cells = (each.strip() for each in line.strip("|").split("|"))
        if len(cells) == 5 and set(cells[:3]) <= {"✓", "–"}:
            views, neurons, values = (each == "✓" for each in cells[:3])
            rows[type_] = Row(type_, "", True, views, neurons, values, *cells[3:])
    names = text.partition(_NOT_TRIED)[2].strip().rstrip(".").replace("\n", " ")
    return rows | {name: Row(name, "", tried=False) for name in names.split(", ") if name}


def main() -> None:
    logging.disable(logging.WARNING)
    file, only, known = Path(sys.argv[1]), sys.argv[2:], types()
    rows = rows_of(file.read_text(encoding="utf-8")) if only else {}
    for type_ in only or known:
        rows[type_] = row(type_, known[type_])
        print(rows[type_].line, flush=True)
    file.write_text(page([rows[type_] for type_ in sorted(rows)]), encoding="utf-8")


if __name__ == "__main__":
    main()
