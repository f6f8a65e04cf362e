"""Makes docs/identities.md: how exactly the parts make the whole, in many architectures.

`python -m tests.identities docs/identities.md` proves each tiny random model of `tests.many` as a loaded one
is, and takes its last logits apart. Tests hold every one of these errors under the tolerance of the proof.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import transformers

from attnlit.analysis.writing import writes
from attnlit.attention.values import proof_of
from attnlit.errors import AttnlitError
from attnlit.models.layers import ATTENTION
from attnlit.models.model import Model
from tests import many

TEXT = "The cat sat on the mat, because it was tired."


def row(name: str) -> str:
    """One architecture, as the table says it."""
    model = many.model(name)
    proof = proof_of(model)
    parts = "–" if proof.why_no_values else f"{proof.error:.0e}"
    sum_, why = _of_logit(model)
    return f"| {name} | {_of_note(model)} | {parts} | {sum_} | {proof.why_no_values or why} |"


def _of_note(model: Model) -> str:
    """What of an architecture makes its parts harder to tell apart."""
    config = model.module.config.get_text_config(decoder=True)

    def has(*names: str) -> bool:
        found = [getattr(config, name, None) for name in names]
        return any(each is True or each not in (None, False, 1.0) for each in found)

    notes = {
        "gate or scale before the projection": proof_of(model).scaled,
        "learned sink": any(name.endswith("sinks") for name, _ in model.module.named_parameters()),
        "latent attention": has("kv_lora_rank"),
        "keys shared by heads": getattr(config, "num_key_value_heads", None) not in (None, model.heads),
        "soft cap": has("final_logit_softcapping", "attn_logit_softcapping"),
        "scaled embeddings or logits": has("embedding_multiplier", "logits_scaling", "logit_scale"),
        "tied embeddings": has("tie_word_embeddings"),
    }
    kinds = dict.fromkeys(each for each in model.layer_kinds if each != ATTENTION)
    return ", ".join([*(note for note, there in notes.items() if there), *kinds])


def _of_logit(model: Model) -> tuple[str, str]:
    """(the error of a logit's sum beside the largest logit, or why there is none)."""
    try:
        found = writes(model, TEXT)
    except AttnlitError as mistake:
        return "–", str(mistake).split("cannot be shown: ")[-1].split(", so ")[0]
    error = abs(float(found.table["logit"].sum()) - found.total) / float(abs(found.state.logits).max())
    return f"{error:.0e}", ""


def page(rows: list[str]) -> str:
    """The page of the documentation."""
    return f"""# How exactly the parts make the whole

Made by `python -m tests.identities docs/identities.md` with transformers {transformers.__version__}:
tiny random models of {len(rows)} architectures, in float32, which rounds to 6e-08.

*Parts = projection*: the vectors that all heads bring from all tokens, and the bias, against what the output
projection really put out; the largest difference in any layer, relative to what is added up. Where it is not
below 1e-05, [what is passed on](passed_on.md) is refused.

*Sum = logit*: embeddings, heads, MLPs and biases against the word's real logit, relative to the largest
logit; of models whose logits are a sum ([Writing](writing.md)).

| architecture | of note | parts = projection | sum = logit | why not |
|---|---|---|---|---|
{chr(10).join(rows)}
"""


def main() -> None:
    logging.disable(logging.WARNING)
    rows = []
    for name in many.ARCHITECTURES:
        rows.append(row(name))
        print(rows[-1], flush=True)
    Path(sys.argv[1]).write_text(page(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
