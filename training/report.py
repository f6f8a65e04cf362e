"""Measure a model: `python -m training.report mini-gpt2 --corpus prose.txt.xz --out runs/gpt2`.

Held-out loss or accuracy beside counting baselines trained on the same text, the head table, and what the
model card quotes. All numbers are of held-out books.
"""

import argparse
import copy
import dataclasses
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F

import attnlit
from attnlit.analysis.scores import repeated
from attnlit.analysis.statistics import interval
from attnlit.models.model import Model
from training import data

LENGTH = 512  # tokens of a held-out window, BOS included
WINDOWS = 200
PASSAGES, PASSAGE_TOKENS = 60, 128
DRAWS, COPIES, PERIOD = 10, 4, 25
DISCOUNT = 0.75

STARTS = (
    "The old man looked at",
    "She opened the letter and",
    '"I do not know," said',
    "In the morning the captain",
    "The doctor asked the nurse a question. She",
)


# Counting baselines


class Trigram:
    """Interpolated Kneser-Ney over token ids: backs off to pairs and then to single tokens."""

    def __init__(self, ids: np.ndarray, vocabulary: int) -> None:
        self.vocabulary = size = vocabulary
        ids = ids.astype(np.int64)
        self.single = np.bincount(ids, minlength=size)
        triples = (ids[:-2] * size + ids[1:-1]) * size + ids[2:]
        self.triples, self.triple_counts = np.unique(triples, return_counts=True)
        # lower orders count contexts, not occurrences: "Francisco" follows one word only, however often
        self.pairs, self.pair_counts = np.unique(self.triples % size**2, return_counts=True)
        self.lone_counts = np.bincount(self.pairs % size, minlength=size)
        self.contexts = _context(self.triples // size, self.triple_counts)
        self.pair_contexts = _context(self.pairs // size, self.pair_counts)

    def probability(self, first: np.ndarray, second: np.ndarray, third: np.ndarray) -> np.ndarray:
        """P(third | first, second), float64 (tokens,)"""
        size = self.vocabulary
        first, second, third = (each.astype(np.int64) for each in (first, second, third))
        lowest = (self.lone_counts[third] + 0.5) / (self.lone_counts.sum() + 0.5 * size)
        lower = _discounted(
            self.pairs, self.pair_counts, self.pair_contexts, second, second * size + third, lowest
        )
        context = first * size + second
        return _discounted(
            self.triples, self.triple_counts, self.contexts, context, context * size + third, lower
        )

    def unigram(self, tokens: np.ndarray) -> np.ndarray:
        return (self.single[tokens] + 0.5) / (self.single.sum() + 0.5 * self.vocabulary)


def _context(keys: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sorted contexts, the occurrences of each, and how many different tokens follow it."""
    contexts, first, kinds = np.unique(keys, return_index=True, return_counts=True)
    return contexts, np.add.reduceat(counts, first), kinds


def _look_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, values[places], 0)


def _discounted(keys, counts, contexts, context, wanted, lower):  # type: ignore[no-untyped-def]
    total = _look_up(contexts[0], contexts[1], context)
    kinds = _look_up(contexts[0], contexts[2], context)
    count = _look_up(keys, counts, wanted)
    seen = (np.maximum(count - DISCOUNT, 0) + DISCOUNT * kinds * lower) / np.maximum(total, 1)
    return np.where(total > 0, seen, lower)


class Neighbours:
    """Guesses a word by its neighbours: what stood most often between them in the training text."""

    def __init__(self, ids: np.ndarray, vocabulary: int) -> None:
        self.vocabulary = vocabulary
        ids = ids.astype(np.int64)
        self.between = _most_frequent(ids[:-2] * vocabulary + ids[2:], ids[1:-1], vocabulary)
        self.after = _most_frequent(ids[:-1], ids[1:], vocabulary)
        self.common = int(np.bincount(ids).argmax())

    def guess(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Backs off to what most often follows the left neighbour, then to the most frequent token."""
        after = _look_up(self.after[0], self.after[1] + 1, left)
        between = _look_up(self.between[0], self.between[1] + 1, left * self.vocabulary + right)
        return np.where(between > 0, between - 1, np.where(after > 0, after - 1, self.common))


def _most_frequent(keys: np.ndarray, words: np.ndarray, vocabulary: int) -> tuple[np.ndarray, np.ndarray]:
    """For every key, the word that comes with it most often. Sorted keys, words."""
    joint, counts = np.unique(keys * vocabulary + words, return_counts=True)
    order = np.lexsort((counts, joint // vocabulary))
    keys, words = joint[order] // vocabulary, joint[order] % vocabulary
    last = np.append(keys[1:] != keys[:-1], True)
    return keys[last], words[last]


# What the model does


@torch.no_grad()
def gpt2_losses(model: Model, held_out: data.Tokens) -> tuple[np.ndarray, np.ndarray]:
    """Loss in nats of every token of evenly spread held-out windows, and the tokens. (windows, LENGTH)"""
    places = np.linspace(0, len(held_out.ids) - LENGTH, WINDOWS).astype(np.int64)
    text = held_out.ids[places[:, None] + np.arange(LENGTH)].astype(np.int64)
    losses = []
    for rows in np.array_split(text, len(text) // 8):
        inputs = np.concatenate([np.zeros((len(rows), 1), np.int64), rows[:, :-1]], 1)
        logits = model.module(torch.from_numpy(inputs)).logits
        losses.append(
            F.cross_entropy(logits.transpose(1, 2), torch.from_numpy(rows), reduction="none").numpy()
        )
    return np.concatenate(losses), places[:, None] + np.arange(LENGTH)


def middling(counts: np.ndarray) -> np.ndarray:
    """Tokens neither among the most common (5 %) nor among the least common (25 %)."""
    order = np.argsort(-counts)
    return order[len(order) // 20 : -len(order) // 4]


@torch.no_grad()
def repetition(model: Model, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Induction and duplicate-token scores (layers, heads), and the loss in each copy (COPIES,)."""
    random = np.random.default_rng(11)
    module = copy.deepcopy(model.module)
    module.set_attn_implementation("eager")
    induction, duplicate, losses = [], [], []
    for _ in range(DRAWS):
        row = repeated.repeated(middling(counts), random, first=0, period=PERIOD, copies=COPIES)
        out = module(torch.from_numpy(row)[None], output_attentions=True)
        weights = torch.cat(out.attentions).numpy()
        induction.append(repeated.induction(weights, row))
        duplicate.append(repeated.duplicate_token(weights, row))
        loss = F.cross_entropy(out.logits[0, :-1], torch.from_numpy(row)[1:], reduction="none")
        losses.append(loss.view(COPIES, PERIOD).mean(1).numpy())
    return np.mean(induction, 0), np.mean(duplicate, 0), np.mean(losses, 0)


def passages(tokens: data.Tokens, decode, random: np.random.Generator, pairs: bool):  # type: ignore[no-untyped-def]
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


@torch.no_grad()
def bert_numbers(model: Model, held_out: data.Tokens, baseline: Neighbours) -> dict[str, float]:
    """Shares of right answers on held-out pairs of 128 tokens, 15 % of the words masked; loss in nats."""
    from transformers import BertForPreTraining

    module = model.module
    whole = BertForPreTraining(module.config)
    weights = model_weights(model.name)
    whole.load_state_dict(weights, strict=False)
    whole.eval()
    random = np.random.default_rng(9)
    right = dict.fromkeys(("model", "neighbours", "visible", "next"), 0.0)
    loss, words, pairs = 0.0, 0, 0
    for _ in range(32):
        batch = data.bert_pairs(held_out, 32, 128, random, module.config.vocab_size)
        tensors = {name: torch.from_numpy(array) for name, array in batch.items()}
        out = whole(tensors["input_ids"], token_type_ids=tensors["token_type_ids"])
        places = tensors["places"]
        logits = out.prediction_logits[torch.arange(len(places))[:, None], places]
        loss += F.cross_entropy(logits.flatten(0, 1), tensors["words"].flatten(), reduction="sum").item()
        right["model"] += (logits.argmax(-1) == tensors["words"]).sum().item()
        right["next"] += (out.seq_relationship_logits.argmax(-1) == tensors["next"]).sum().item()
        shown = batch["input_ids"]
        original = shown.copy()
        np.put_along_axis(original, batch["places"], batch["words"], 1)
        for name, text in (("neighbours", original), ("visible", shown)):
            left = np.take_along_axis(text, batch["places"] - 1, 1)
            after = np.take_along_axis(text, batch["places"] + 1, 1)
            right[name] += (baseline.guess(left, after) == batch["words"]).sum()
        words += batch["words"].size
        pairs += len(shown)
    return {
        "masked words": words,
        "loss": loss / words,
        "accuracy": right["model"] / words,
        "neighbours' true words": right["neighbours"] / words,
        "neighbours as the model sees them": right["visible"] / words,
        "pairs": pairs,
        "next sentence": right["next"] / pairs,
    }


def model_weights(name: str) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    from attnlit.models.load import BUNDLED

    folder = BUNDLED / name if (BUNDLED / name).is_dir() else Path(name)
    return {key: value.float() for key, value in load_file(folder / "model.safetensors").items()}


FOOTPRINT = """
import re, sys, time
from pathlib import Path
begun = time.perf_counter()
import attnlit, torch, transformers
imported = time.perf_counter()
names = sys.argv[1:]
seconds, kept = [], []
for name in names + names:
    start = time.perf_counter()
    kept.append(attnlit.load(name))
    seconds.append(time.perf_counter() - start)
    if len(kept) > len(names):
        kept.pop()
for model in kept:
    attnlit.attend(model, "The cat sat on the mat.")
times = ", ".join(f"{n} {s:.2f} s" for n, s in zip(names + names, seconds))
status = Path("/proc/self/status").read_text()
now, peak = (int(re.search(name + r":\\s+(\\d+)", status)[1]) / 1024 for name in ("VmRSS", "VmHWM"))
print(f"imports {imported - begun:.2f} s; load {times}; memory with all {now:.0f} MB, peak {peak:.0f} MB")
"""


def footprint(names: list[str]) -> str:
    """Load times (first, then warm) and memory, in a fresh process (Linux)."""
    run = subprocess.run(
        [sys.executable, "-c", FOOTPRINT, *names], capture_output=True, text=True, check=True
    )
    return run.stdout.strip().splitlines()[-1]


def report_gpt2(model: Model, train: data.Tokens, held_out: data.Tokens) -> None:
    vocabulary = model.module.config.vocab_size
    losses, places = gpt2_losses(model, held_out)
    places = np.maximum(places, 2)
    ids = held_out.ids
    trigram = Trigram(train.ids, vocabulary)
    counted = -np.log(trigram.probability(ids[places - 2], ids[places - 1], ids[places]))
    single = -np.log(trigram.unigram(ids[places]))
    print(f"\n## Held-out loss, nats a token ({losses.size:,} tokens in windows of {LENGTH})")
    print(f"model {losses.mean():.3f}, trigram {counted.mean():.3f}, unigram {single.mean():.3f}")
    print(
        f"perplexity: {np.exp(losses.mean()):.1f}, {np.exp(counted.mean()):.1f}, {np.exp(single.mean()):.1f}"
    )
    parts = [f"{a}-{b - 1}: {losses[:, a:b].mean():.3f}" for a, b in pairwise((0, 16, 64, 256, LENGTH))]
    print("by position: " + ", ".join(parts))

    counts = np.bincount(train.ids, minlength=vocabulary)
    induction, duplicate, copies = repetition(model, counts)
    chance, _, _ = repetition(random_twin(model), counts)
    layer, head = np.unravel_index(induction.argmax(), induction.shape)
    print(f"\n## Repeated random tokens ({PERIOD} tokens, {COPIES} copies, {DRAWS} draws)")
    print(
        f"prefix matching: {layer}-{head} {induction[layer, head]:.3f} (random weights: {chance.max():.3f})"
    )
    print("loss in copies 1 to 4: " + ", ".join(f"{loss:.2f}" for loss in copies))

    table, low, high, count = head_table(model, held_out)
    untrained, _, _, _ = head_table(random_twin(model), held_out)
    table["prefix_matching"], table["duplicate"] = induction.ravel(), duplicate.ravel()
    print(f"\n## Heads ({PASSAGES} held-out passages, {count:,} tokens)")
    print(best_heads(table.drop(columns=["prefix_matching", "duplicate"]), low, high, untrained))
    print("\n" + markdown(table))

    for text in ("The doctor asked the nurse a question.", "The nurse asked the doctor a question."):
        print(f"\n## {text} She / He")
        print(markdown(pronouns(model, text).head(6)))

    print("\n## Greedy text")
    for start in STARTS:
        inputs = model.tokenizer(start, return_tensors="pt")
        out = model.module.generate(inputs["input_ids"], max_new_tokens=40, do_sample=False)
        print("- " + model.tokenizer.decode(out[0], skip_special_tokens=True).replace("\n", " / "))


def report_bert(model: Model, train: data.Tokens, held_out: data.Tokens) -> None:
    baseline = Neighbours(train.ids, model.module.config.vocab_size)
    print("\n## Masked words and next sentence, held-out pairs of 128 tokens")
    for name, value in bert_numbers(model, held_out, baseline).items():
        print(f"{name}: {value:,.3f}" if isinstance(value, float) else f"{name}: {value:,}")
    table, low, high, count = head_table(model, held_out)
    untrained, _, _, _ = head_table(random_twin(model), held_out)
    print(f"\n## Heads ({PASSAGES} held-out pairs, {count:,} tokens)")
    print(best_heads(table, low, high, untrained))
    print("\n" + markdown(table))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="mini-gpt2, mini-bert or a model's folder")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="where training kept the tokens (default runs/KIND)")
    arguments = parser.parse_args()
    model = attnlit.load(arguments.model)
    kind = "bert" if model.masked else "gpt2"
    _, train, held_out = data.prepare(kind, arguments.corpus, arguments.out or Path("runs") / kind)
    parameters = sum(p.numel() for p in model.module.parameters())
    print(f"# {model.name}: {model.layers} layers, {model.heads} heads, {parameters:,} parameters")
    print(f"{len(train.ids):,} training tokens, {len(held_out.ids):,} held out")
    (report_bert if model.masked else report_gpt2)(model, train, held_out)
    print("\n## Footprint\n" + footprint(["mini-gpt2", "mini-bert"]))


if __name__ == "__main__":
    main()
