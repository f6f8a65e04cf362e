"""Measure a model: `python -m training.report mini-gpt2 --corpus prose.txt.xz --out runs/gpt2`.

Held-out loss or accuracy beside counting baselines trained on the same text, the head table, and what the
model card quotes. All numbers are of held-out books.
"""

import argparse
import copy
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

import attnlit
from attnlit.analysis.scores import repeated
from attnlit.analysis.scores.tokens import same, to_matching
from attnlit.models.model import Model
from training import data
from training.counting import Neighbours, Trigram
from training.heads import PASSAGES, best_heads, head_table, markdown, pronouns, random_twin

LENGTH = 512  # tokens of a held-out window, BOS included
WINDOWS = 200
DRAWS, COPIES, PERIOD = 10, 4, 25

STARTS = (
    "The old man looked at",
    "She opened the letter and",
    '"I do not know," said',
    "In the morning the captain",
    "The doctor asked the nurse a question. She",
)


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
        induction.append(to_matching(weights, repeated.followed(row)))
        duplicate.append(to_matching(weights, same(row, causal=True)))
        loss = F.cross_entropy(out.logits[0, :-1], torch.from_numpy(row)[1:], reduction="none")
        losses.append(loss.view(COPIES, PERIOD).mean(1).numpy())
    return np.mean(induction, 0), np.mean(duplicate, 0), np.mean(losses, 0)


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

    from attnlit.models.catalogue import BUNDLED

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
    layer, head = np.unravel_index(np.argmax(induction), induction.shape)
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
