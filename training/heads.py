"""What the heads of a trained model do on held-out text, as tables for its card."""

import dataclasses
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import torch

import attnlit
from attnlit.analysis.statistics import interval
from attnlit.models.model import Model
from training import data

PASSAGES, PASSAGE_TOKENS = 60, 128


def passages(
    tokens: data.Tokens, decode: Callable[[np.ndarray], str], random: np.random.Generator, pairs: bool
) -> Iterator[tuple[str, str | None]]:
    """Held-out texts (text, pair or None) that begin where a paragraph or sentence does."""
    units = random.choice(len(tokens.starts) - 40, PASSAGES, replace=False)
    for start in tokens.starts[units]:
        if not pairs:
            yield decode(tokens.ids[start : start + PASSAGE_TOKENS - 1]).strip(), None
            continue
        middle = tokens.starts[np.searchsorted(tokens.starts, start + PASSAGE_TOKENS // 2)]
        end = tokens.starts[np.searchsorted(tokens.starts, middle + PASSAGE_TOKENS // 2)]
        yield (
            decode(tokens.ids[start : min(middle, start + 200)]),
            decode(tokens.ids[middle : min(end, middle + 200)]),
        )


def head_table(model: Model, tokens: data.Tokens) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, int]:
    """Means of `attnlit.head_roles` over held-out passages, bounds of their intervals, number of tokens."""
    decode = model.tokenizer.decode
    tables, count = [], 0
    for text, pair in passages(tokens, decode, np.random.default_rng(5), pairs=model.masked):
        attention = attnlit.attend(model, text, pair)
        table = attnlit.head_roles(attention).set_index(["layer", "head"])
        if model.masked:  # [CLS] is the first token, so this is all that goes to [CLS] or [SEP]
            table["cls_or_sep"] = table["first"] + table["separators"]
        tables.append(table)
        count += len(attention.queries)
    names = [name for name in pd.concat(tables) if name != "offset"]
    stack = np.stack([table.reindex(columns=names).to_numpy(float) for table in tables])
    means = np.nanmean(stack, 0)  # (heads, scores); a text with nothing to score leaves that score alone
    low, high = interval(np.where(np.isnan(stack), means, stack), np.random.default_rng(6))
    index = tables[0].index
    mean_table, low_table, high_table = (pd.DataFrame(each, index, names) for each in (means, low, high))
    return mean_table, low_table, high_table, count


def random_twin(model: Model) -> Model:
    """The same shape with untrained weights: what every score is worth without learning."""
    torch.manual_seed(3)
    module = type(model.module)(model.module.config).eval()
    return dataclasses.replace(model, module=module)


def best_heads(table: pd.DataFrame, low: pd.DataFrame, high: pd.DataFrame, chance: pd.DataFrame) -> str:
    lines = [
        "| score | best head | mean | 95 % interval | best head, random weights |",
        "|---|---|---|---|---|",
    ]
    for name in table.columns.drop(["distance", "distance_rest", "entropy", "entropy_rest"], errors="ignore"):
        layer, head = best = table[name].idxmax()
        bounds = f"{low[name][best]:.3f} to {high[name][best]:.3f}"
        lines.append(
            f"| {name} | {layer}-{head} | {table[name][best]:.3f} | {bounds} | {chance[name].max():.3f} |"
        )
    return "\n".join(lines)


def markdown(table: pd.DataFrame) -> str:
    lines = ["| head | " + " | ".join(table.columns) + " |", "|---" * (len(table.columns) + 1) + "|"]
    for (layer, head), row in zip(table.index, table.to_numpy(), strict=True):
        lines.append(f"| {layer}-{head} | " + " | ".join(f"{value:.2f}" for value in row) + " |")
    return "\n".join(lines)


def pronouns(model: Model, text: str) -> pd.DataFrame:
    """Attention of the last word to doctor and nurse, for She and for He; difference of the differences."""
    looks = {}
    for pronoun in ("She", "He"):
        attention = attnlit.attend(model, f"{text} {pronoun}")
        words = [token.text.strip() for token in attention.keys]
        for noun in ("doctor", "nurse"):
            looks[f"{pronoun} to {noun}"] = attention.weights[:, :, -1, words.index(noun)].ravel()
    layers, heads = np.indices(attention.weights.shape[:2])
    table = pd.DataFrame(looks, index=pd.MultiIndex.from_arrays([layers.ravel(), heads.ravel()]))
    table["difference"] = (table["She to nurse"] - table["She to doctor"]) - (
        table["He to nurse"] - table["He to doctor"]
    )
    return table.reindex(table["difference"].abs().sort_values(ascending=False).index)
