"""A quick look at a model while it trains: held-out loss and the best head of each role."""

from typing import Any

import numpy as np
import torch
from torch.nn import functional as F
from transformers import PreTrainedModel

from training import data

COPIES, PERIOD = 4, 25


def repeated_tokens(draw: int, vocabulary: int, bos: int | None) -> np.ndarray:
    """25 random tokens, neither the most nor the least common, four times; BOS first. int64 (101,)"""
    random = np.random.default_rng((7, draw))
    block = random.choice(np.arange(vocabulary // 16, vocabulary - vocabulary // 8), PERIOD, replace=False)
    row = np.tile(block, COPIES)
    return row if bos is None else np.concatenate([[bos], row])


@torch.no_grad()
def probe(kind: str, model: PreTrainedModel, held_out: data.Tokens) -> dict[str, Any]:
    model.eval()
    random = np.random.default_rng(0)
    vocabulary = model.config.vocab_size
    length = min(256, model.config.max_position_embeddings)
    if kind == "gpt2":
        rows = min(24, len(held_out.ids) // length)
        if not rows:
            return {}
        inputs, targets = (torch.from_numpy(a) for a in data.gpt2_windows(held_out, rows, length, random))
        loss = F.cross_entropy(model(inputs).logits.flatten(0, 1), targets.flatten()).item()
        weights = _weights(model, input_ids=inputs[:8])
        tokens = torch.from_numpy(np.stack([repeated_tokens(i, vocabulary, 0) for i in range(4)]))
        logits = model(tokens).logits
        losses = F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten(), reduction="none")
        losses = losses.view(4, COPIES, PERIOD).mean((0, 2))
        after = torch.zeros(len(tokens), tokens.shape[1], tokens.shape[1])
        after[:, :, 1:] = (tokens[:, :, None] == tokens[:, None, :-1]).float()
        match = (_weights(model, input_ids=tokens) * after.tril(-1)[:, None]).sum(-1)[..., PERIOD + 1 :]
        scores = {"previous": weights.diagonal(-1, -2, -1), "first": weights[..., 1:, 0], "induction": match}
        copies = [round(each, 3) for each in losses.tolist()]
        return {"held_out": loss, "copy_losses": copies, **_best(scores)}
    rows = min(48, len(held_out.ids) // length)
    if not rows:
        return {}
    pairs = data.bert_pairs(held_out, 4 * rows, min(128, length), random, vocabulary)
    batch = {name: torch.from_numpy(array) for name, array in pairs.items()}
    out = model(input_ids=batch["input_ids"], token_type_ids=batch["token_type_ids"])
    logits = out.prediction_logits.gather(1, batch["places"].unsqueeze(-1).expand(-1, -1, vocabulary))
    ids, segments = batch["input_ids"][:16], batch["token_type_ids"][:16]
    weights = _weights(model, input_ids=ids, token_type_ids=segments)
    other = (
        (ids[:, :, None] == ids[:, None])
        & (segments[:, :, None] != segments[:, None])
        & (ids[:, :, None] >= len(data.BERT_SPECIAL))
    )
    has = other.any(-1)
    same = (weights * other[:, None]).sum(-1).transpose(1, 2)[:, :, has]  # (layers, heads, places)
    scores = {
        "previous": weights.diagonal(-1, -2, -1),
        "next": weights.diagonal(1, -2, -1),
        "cls": weights[..., 0],
        "sep": (weights * (ids == data.SEP)[:, None, None]).sum(-1),
        "same_other": same[:, None],
    }
    return {
        "held_out": F.cross_entropy(logits.flatten(0, 1), batch["words"].flatten()).item(),
        "masked_accuracy": (logits.argmax(-1) == batch["words"]).float().mean().item(),
        "next_accuracy": (out.seq_relationship_logits.argmax(-1) == batch["next"]).float().mean().item(),
        **_best(scores),
    }


def _weights(model: PreTrainedModel, **inputs: torch.Tensor) -> torch.Tensor:
    """(layers, rows, heads, queries, keys)"""
    return torch.stack(model(**inputs, output_attentions=True).attentions)


def _best(scores: dict[str, torch.Tensor]) -> dict[str, str]:
    """The best head of every score, given as (layers, rows or 1, heads, places): "2-0 0.71"."""
    best = {}
    for name, values in scores.items():
        means = values.mean((1, 3))  # (layers, heads)
        layer, head = divmod(int(means.argmax()), means.shape[1])
        best[name] = f"{layer}-{head} {means[layer, head]:.3f}"
    return best
