"""Train a bundled model: `python -m training.train gpt2 --corpus prose.txt.xz --out runs/gpt2 --minutes 90`.

Run the same line again after an interruption: it goes on from the last checkpoint in `--out`.
"""

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import distributed, multiprocessing
from torch.nn import functional as F
from tqdm import tqdm
from transformers import PreTrainedModel

from training import data
from training.export import export
from training.models import SHAPE, build
from training.probe import probe
from training.speed import speed_up  # its import also registers the attention "training"

# glibc hands large buffers back to the kernel after every operation and fetches them anew, page by page.
# Keeping them made single operations four times faster. It is read when a process starts.
KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": "4294967296",
    "MALLOC_TRIM_THRESHOLD_": "8589934592",
    "MALLOC_TOP_PAD_": "268435456",
}
# (rows, tokens) of the batches, in turn. GPT-2 needs length for repetitions to occur; BERT's short pairs
# are what a user types; the long ones train the last positions.
SHAPES = {
    "gpt2": [(24, 256)] * 5 + [(12, 512)],
    "bert": [(96, 64), (48, 128), (192, 32), (96, 64), (48, 128), (12, 512)],
}
# Learning rates of (Muon, AdamW) and Muon's weight decay. At GPT-2's rate BERT's MLP outputs grew to 40 times
# the stream that they are added to, and every layer above the first forgot the positions.
RATES = {"gpt2": (5e-3, 2e-3, 0.02), "bert": (2e-3, 1.5e-3, 0.1)}
WARMUP_STEPS = 100
MASKED = 0.2  # share of a pair to be predicted: BERT has 0.15, but more teaches faster
NEXT_WEIGHT = 2.0  # of the next-sentence loss beside the masked words'
SAVE_SECONDS, PROBE_STEPS = 240, 250


def make_batch(
    kind: str,
    tokens: data.Tokens,
    rows: int,
    length: int,
    random: np.random.Generator,
    vocabulary: int,
    repeat: float,
    shuffle: float,
) -> dict[str, torch.Tensor]:
    if kind == "gpt2":
        inputs, targets = data.gpt2_windows(tokens, rows, length, random, repeat)
        batch = {"input_ids": inputs, "targets": targets}
    else:
        batch = data.bert_pairs(tokens, rows, length, random, vocabulary, repeat, shuffle, MASKED)
    return {name: torch.from_numpy(array) for name, array in batch.items()}


def gpt2_loss(model: PreTrainedModel, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        hidden = model.transformer(batch["input_ids"], use_cache=False).last_hidden_state
        logits = model.lm_head(hidden)
    return F.cross_entropy(logits.float().flatten(0, 1), batch["targets"].flatten())


def bert_losses(model: PreTrainedModel, batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Masked words and next sentence. Only the masked places go through the vocabulary head."""
    with torch.autocast("cpu", torch.bfloat16):
        hidden = model.bert(batch["input_ids"], token_type_ids=batch["token_type_ids"])
        places = batch["places"].unsqueeze(-1).expand(-1, -1, hidden.last_hidden_state.shape[-1])
        logits = model.cls.predictions(hidden.last_hidden_state.gather(1, places))
        follows = model.cls.seq_relationship(hidden.pooler_output)
    return (
        F.cross_entropy(logits.float().flatten(0, 1), batch["words"].flatten()),
        F.cross_entropy(follows.float(), batch["next"], reduction="sum")
        / (batch["next"] != data.UNASKED).sum().clamp(min=1),
    )


def optimisers(kind: str, model: PreTrainedModel) -> list[torch.optim.Optimizer]:
    """Muon for the layers' matrices (fewer tokens for the same loss), AdamW for everything else."""
    matrices: list[torch.nn.Parameter] = []
    rest: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        inner = parameter.ndim == 2 and (".h." in name or ".layer." in name)
        (matrices if inner else rest).append(parameter)
    muon, adam, weight_decay = RATES[kind]
    return [
        torch.optim.Muon(matrices, lr=muon, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(rest, lr=adam, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
    ]


def rate(step: int, progress: float, decay: float) -> float:
    """Warm-up, constant, then a straight line to zero over the last share `decay` of the run."""
    return min(1.0, (step + 1) / WARMUP_STEPS, max(0.0, (1.0 - progress) / decay))


def flat_gradients(model: PreTrainedModel) -> torch.Tensor:
    """One tensor that all gradients are views of, so that workers can add theirs in one exchange."""
    parameters = list(model.parameters())
    flat = torch.zeros(sum(p.numel() for p in parameters))
    for parameter, part in zip(parameters, flat.split([p.numel() for p in parameters]), strict=True):
        parameter.grad = part.view_as(parameter)
    return flat


def agree(progress: float, workers: int) -> float:
    """The first worker's clock counts for all, or they would stop at different steps."""
    if workers == 1:
        return progress
    value = torch.tensor([progress], dtype=torch.float64)
    distributed.broadcast(value, 0)
    return value.item()


def train(
    kind: str,
    corpus: Path,
    out: Path,
    minutes: float = 90.0,
    steps: int | None = None,
    until: float | None = None,
    shape: dict[str, int] = SHAPE,
    shapes: list[tuple[int, int]] | None = None,
    vocabulary: int = data.VOCABULARY,
    repeat: float = 0.0,
    shuffle: float = 0.0,
    decay: float = 0.4,
    seed: int = 1,
    compiled: bool = True,
    stop: int | None = None,
    rank: int = 0,
    workers: int = 1,
) -> Path:
    """Train until `steps`, the clock time `until` (seconds of the epoch) or `minutes` of training.

    `stop` ends early at that step without changing the plan, as an interruption would. With several `workers`
    (processes of a torch.distributed group) each takes its share of a batch's rows. Returns the folder of the
    exported model.
    """
    shapes = shapes or SHAPES[kind]
    tokenizer, tokens, held_out = data.prepare(kind, corpus, out, vocabulary)
    vocabulary = tokenizer.get_vocab_size()
    torch.manual_seed(seed)
    model = build(kind, shape, vocabulary, "training")
    speed_up(model)
    model.train()
    opts = optimisers(kind, model)
    bases = [opt.param_groups[0]["lr"] for opt in opts]
    state: dict[str, Any] = {"step": 0, "tokens": 0, "seconds": 0.0, "repeat_from": None}
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(saved["model"])
        for opt, values in zip(opts, saved["optimisers"], strict=True):
            opt.load_state_dict(values)
        state = saved["state"]
    if repeat and state["repeat_from"] is None:
        state["repeat_from"] = state["step"]

    def loss_of(batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor | None]:
        if kind == "gpt2":
            return gpt2_loss(model, batch), None
        return bert_losses(model, batch)

    step_loss = torch.compile(loss_of, dynamic=False) if compiled else loss_of

    def save() -> None:
        part = checkpoint.with_suffix(".part")
        torch.save(
            {"model": model.state_dict(), "optimisers": [opt.state_dict() for opt in opts], "state": state},
            part,
        )
        part.rename(checkpoint)

    def measure() -> None:
        # the same weights, but with attention that can be looked at
        looking = build(kind, shape, vocabulary, "eager")
        looking.load_state_dict(model.state_dict())
        numbers = {**state, **probe(kind, looking, held_out)}
        with (out / "log.jsonl").open("a") as log:
            log.write(json.dumps(numbers) + "\n")
        tqdm.write(json.dumps(numbers))

    gradients = flat_gradients(model)
    begun, before = time.time(), state["seconds"]
    end = until or (begun - before + 60 * minutes)
    last_save = begun
    average = None
    bar = tqdm(total=steps, initial=state["step"], mininterval=5, dynamic_ncols=True, disable=rank > 0)
    while True:
        step, now = state["step"], time.time()
        state["seconds"] = before + now - begun
        progress = step / steps if steps else state["seconds"] / (state["seconds"] + max(end - now, 0.0))
        progress = agree(progress, workers)
        if progress >= 1 or step == stop:
            break
        random = np.random.default_rng((seed, step, rank))  # a resumed run sees what the unbroken would
        rows, length = shapes[step % len(shapes)]
        batch = make_batch(kind, tokens, rows // workers, length, random, vocabulary, repeat, shuffle)
        loss, extra = step_loss(batch)
        (loss if extra is None else loss + NEXT_WEIGHT * extra).backward()
        if workers > 1:
            distributed.all_reduce(gradients)
            gradients /= workers
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for opt, base in zip(opts, bases, strict=True):
            opt.param_groups[0]["lr"] = base * rate(step, progress, decay)
            opt.step()
        gradients.zero_()
        state["step"] += 1
        state["tokens"] += rows * length
        average = loss.item() if average is None else 0.98 * average + 0.02 * loss.item()
        bar.update()
        left = f"{max(end - now, 0) / 60:.0f} min left" if steps is None else f"{steps - step} steps left"
        bar.set_postfix_str(
            f"loss {average:.3f}, {rows * length / (time.time() - now):,.0f} tokens/s, "
            f"{state['tokens'] / 1e6:.1f} M tokens, {left}",
            refresh=False,
        )
        if rank == 0 and state["step"] % PROBE_STEPS == 0:
            measure()
        if rank == 0 and time.time() - last_save > SAVE_SECONDS:
            save()
            last_save = time.time()
    bar.close()
    if rank > 0:
        return out / "model"
    save()
    measure()
    return export(kind, model, tokenizer, out / "model")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=["gpt2", "bert"])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="tokens, checkpoints and the model (default runs/KIND)")
    parser.add_argument("--minutes", type=float, default=90.0, help="how long to train in all")
    parser.add_argument("--until", help="HH:MM today: train until then instead")
    parser.add_argument("--steps", type=int, help="train this many steps instead")
    parser.add_argument("--repeat", type=float, default=0.0, help="share of windows or pairs that quote")
    parser.add_argument(
        "--shuffle", type=float, default=0.0, help="share of BERT's pairs with the same words"
    )
    parser.add_argument("--decay", type=float, default=0.4, help="share of the run over which the rate falls")
    parser.add_argument(
        "--workers",
        type=int,
        default=1,
        help="processes of one thread each; on a busy machine faster than as many threads",
    )
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    until = None
    if arguments.until:
        hour, minute = map(int, arguments.until.split(":"))
        until = time.mktime((*time.localtime()[:3], hour, minute, 0, 0, 0, -1))
    out = arguments.out or Path("runs") / arguments.kind
    os.environ.update(KEEP_MEMORY)  # for the workers, which are new processes
    data.prepare(arguments.kind, arguments.corpus, out)
    (out / "meeting").unlink(missing_ok=True)
    options = {
        name: getattr(arguments, name)
        for name in ("kind", "corpus", "minutes", "steps", "repeat", "shuffle", "decay", "seed", "workers")
    }
    options |= {"out": out, "until": until}
    multiprocessing.spawn(work, (arguments.workers, options), arguments.workers)
    print(f"Model in {out / 'model'}")


def work(rank: int, workers: int, options: dict) -> None:
    torch.set_num_threads(1)
    if workers > 1:
        meeting = (options["out"] / "meeting").resolve().as_uri()
        distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=workers)
    train(rank=rank, **options)


if __name__ == "__main__":
    main()
