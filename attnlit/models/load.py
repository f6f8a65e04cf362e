"""Loads a text model safely: safetensors only, no code from the repository, float32, failures in words."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnlit.errors import AttnlitError
from attnlit.models import catalogue, classes, folder, identity, limits, settings, weights
from attnlit.models.examine import alone_and_quiet, read_settings
from attnlit.models.failures import Unreachable, explain
from attnlit.models.hub import Offer, Progress, ask, complete, fetch
from attnlit.models.model import EACH_TOKEN, ONE_CLASS, REGRESSION, SEVERAL_CLASSES, Checkpoint
from attnlit.models.offer import check_revision, is_hub_id, split_revision
from attnlit.wording import one_line, quoted

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_IN_A_LAYER = re.compile(r"\.\d+\.")  # a weight's name with a number is of a layer, not of a head on top
_UNLIMITED = 1_000_000  # tokenizers without a limit report a number far above this
_ANSWERS = {
    ONE_CLASS: "a class of the text",
    SEVERAL_CLASSES: "which of its classes a text is of, each for itself",
    REGRESSION: "a number for the text",
    EACH_TOKEN: "a class of each token",
}
HEADLESS = "This checkpoint has no trained head for words: its attention is real, but it predicts none."


def load(
    name: str | os.PathLike[str],
    *,
    revision: str | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Checkpoint:
    """Loads a bundled model by its name, a local folder, or a model of the Hugging Face hub.

    revision: a commit, branch or tag of a hub model, such as “step1000”; “owner/model@step1000” is the same.
    progress and cancelled: of a download, see `attnlit.models.hub.fetch`. Raises AttnlitError, in words,
    whatever goes wrong: unknown name, no network, no safetensors, too large, no tokenizer, not a text model.
    """
    place = find(name, revision=revision, progress=progress, cancelled=cancelled)
    try:
        return _from_folder(place)
    except AttnlitError:
        raise
    except Exception as error:  # the libraries raise dozens of types
        raise AttnlitError(explain(error, place.shown)) from error


@dataclass(frozen=True)
class Place:
    """Where a model is read from."""

    # Its name in sentences and pictures.
    shown: str
    # What `load` takes to find it again.
    source: str
    folder: Path
    # See `attnlit.models.identity`.
    identity: str
    # Its files are replaced, never written over, so that the model may go on reading them where they lie.
    lasting: bool = True


def find(
    name: str | os.PathLike[str],
    *,
    revision: str | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Place:
    """The place of a model on this machine; what is missing of a hub's model is fetched first.

    The arguments are those of `load`. Raises AttnlitError for a name that leads nowhere.
    """
    place = _on_disk(name)
    check_revision(revision, None if place is None else place.shown)
    if place is not None:
        return place
    id_, named = _hub_name(os.fspath(name).strip())
    revision = revision or named
    got = fetch(id_, revision=revision, progress=progress, cancelled=cancelled)
    shown = one_line(id_ if revision is None else f"{id_}@{revision}", 80)
    return Place(shown, shown, got.folder, identity.of_hub(id_, got.commit))


def to_fetch(name: str) -> Offer | None:
    """What must be fetched of a hub's model before it opens: asked of the hub, before a byte of it is spent.

    None where nothing must: for bundled models, folders, what is here already, and where the hub cannot be
    reached, which `find` says. Raises AttnlitError for a name that leads nowhere, and for what cannot be
    opened here.
    """
    if _on_disk(name) is not None:
        return None
    try:
        offer = ask(*_hub_name(name.strip()))
    except Unreachable:
        return None
    return None if complete(offer) else offer


def _on_disk(name: str | os.PathLike[str]) -> Place | None:
    """The place of a bundled model or a folder; None for what could be a hub's name."""
    is_path = isinstance(name, os.PathLike)
    name = os.fspath(name).strip()
    if not name:
        raise AttnlitError("Choose a model first: a bundled one such as “mini-bert”, or a name from the hub.")
    known = catalogue.entry(name)
    if known is not None and known.bundled:
        return Place(name, name, catalogue.BUNDLED / name, identity.of_bundled(name))
    local = identity.folder_named(name)
    if local is not None and (is_path or folder.holds_model(local)):
        return Place(folder.shown_name(local), name, local, identity.of_folder(local), lasting=False)
    if is_path or name.startswith((".", "/", "~")) or "\\" in name or name.count("/") > 1:
        raise AttnlitError(folder.no_model(name))
    return None


def _hub_name(name: str) -> tuple[str, str | None]:
    """(id, revision) of a hub's model. Raises AttnlitError for what cannot be one."""
    id_, revision = split_revision(name)
    if not is_hub_id(id_):
        raise AttnlitError(f"{quoted(name)} is not a model's name. Names look like “gpt2” or “owner/model”.")
    return id_, revision


def _from_folder(place: Place) -> Checkpoint:
    import torch

    name, notes = place.shown, folder.check(place.folder, place.shown)
    tensors = weights.headers(place.folder, name)
    weights.check_types(tensors, name)
    limits.check_size(name, sum(each.numbers for each in tensors.values()))
    files = {key: each.file for key, each in tensors.items()}
    with alone_and_quiet(), settings.room(place.folder, name, files) as clean, torch.device("cpu"):
        found = read_settings(clean, place.folder, name)
        module, report = found.head.auto.from_pretrained(
            clean, config=found.config, dtype=torch.float32, use_safetensors=True,
            attn_implementation="eager", output_loading_info=True, ignore_mismatched_sizes=True,
            trust_remote_code=False, local_files_only=True,
        )  # fmt: skip
    classes.check_reads_text(type(module), name)
    weights.check_prefix(tensors, set(module.state_dict()), module.base_model_prefix, name)
    _check_sizes(report["mismatched_keys"], name)
    trained = _has_every_weight(name, module, report["missing_keys"])
    notes = (*notes, *_of_no_use(report["unexpected_keys"]))
    if not place.lasting:
        _own(module)
    _prepare(module, settings.read(place.folder, settings.GENERATION_CONFIG, name))
    found.tokenizer.name_or_path = str(place.folder)
    unread = settings.left_out(settings.read(place.folder, settings.TOKENIZER_CONFIG, name))
    if unread:
        notes = (
            *notes,
            f"Its tokenizer has settings that are not used here: {one_line(', '.join(unread), 80)}.",
        )
    longest, most, head = max_tokens(module, found.tokenizer), found.most_tokens, found.head
    return Checkpoint(
        name=name,
        source=place.source,
        identity=place.identity,
        module=module,
        tokenizer=found.tokenizer,
        max_tokens=longest if most is None else min(longest, most),
        masked=head.masked,
        predicts=head.words and trained,
        classes=head.classes if trained else (),
        problem_type=head.problem_type if trained else "",
        notes=(*notes, *notes_on(head, trained), *(() if most is None else (_sparse_note(most),))),
    )


def notes_on(head: classes.Head, trained: bool) -> tuple[str, ...]:
    """What must be said of a model that predicts no words."""
    if head.classes and trained:
        return (f"This checkpoint predicts {_ANSWERS[head.problem_type]}, and no words.",)
    return () if head.words and trained else (HEADLESS,)


def _sparse_note(most: int) -> str:
    return (
        f"From {most + 1:,} tokens on this model looks only at blocks of the text; here it takes at most "
        f"{most:,}, where it looks at everything."
    )


def _check_sizes(mismatched: Iterable[tuple[str, Iterable[int], Iterable[int]]], name: str) -> None:
    """Raises AttnlitError if tensors have other sizes than the configuration says."""
    for key, found, expected in sorted((key, tuple(a), tuple(b)) for key, a, b in mismatched):
        sizes = ["×".join(map(str, each)) for each in (found, expected)]
        raise AttnlitError(
            f"The weights of {quoted(name)} do not fit its config.json: {quoted(key)} is {sizes[0]} instead "
            f"of {sizes[1]}. If heads were pruned away, open the unpruned model; else save model and config "
            "together."
        )


def _has_every_weight(name: str, module: PreTrainedModel, missing_keys: Iterable[str]) -> bool:
    """Whether the head on top came with the files. Raises AttnlitError if anything below it did not."""
    missing = sorted(key for key in missing_keys if "pooler" not in key)  # attention never meets a pooler
    below = f"{module.base_model_prefix}."
    lost = [key for key in missing if _IN_A_LAYER.search(key) or key.startswith(below)]
    if lost:
        raise AttnlitError(
            f"The files of {quoted(name)} lack {len(lost)} weights of the model itself, such as "
            f"{quoted(lost[0])}. Download or save it again."
        )
    return not missing


def _of_no_use(unexpected_keys: Iterable[str]) -> tuple[str, ...]:
    """What to say of layers in the files that the configuration has no place for: it may be another's."""
    unused = sorted(key for key in unexpected_keys if _IN_A_LAYER.search(key) and key.endswith(".weight"))
    if not unused:
        return ()
    count = f"{len(unused):,} weights" if len(unused) > 1 else "a weight"
    return (
        f"The files hold {count} that config.json has no place for, such as {quoted(unused[0])}: they are "
        "not used. Check that both belong together.",
    )


def _own(module: PreTrainedModel) -> None:
    """Copies weights that still lie in their files: whoever saves the folder anew would end this process."""
    tensors = {id(each): each for each in [*module.parameters(), *module.buffers()]}
    for tensor in tensors.values():
        tensor.data = tensor.data.clone()


def _prepare(module: PreTrainedModel, generation: dict[str, Any]) -> None:
    """Makes a model that this module has loaded ready to be looked at."""
    module.eval().requires_grad_(False)
    set_for_one_pass(module)
    if getattr(module, "generation_config", None) is not None:
        words = int(module.get_input_embeddings().weight.shape[0])
        module.generation_config.update(**settings.clean_generation_config(generation, words))


def set_for_one_pass(module: PreTrainedModel) -> None:
    """Sets what a pass over one whole text needs, whatever the configuration says.

    Its outputs have names, nothing is kept for a next pass, and a classifier that asks what padding is hears
    that there never is any.
    """
    for part in module.modules():
        if hasattr(vars(part).get("config"), "return_dict"):
            part.config.return_dict = True
    module.config.use_cache = False
    own = module.config.get_text_config()
    if hasattr(module, "score") and getattr(own, "pad_token_id", None) is None:
        own.pad_token_id = -1


def with_random_weights(checkpoint: Checkpoint, seed: int = 0) -> Checkpoint:
    """The checkpoint as its architecture is initialised before training. Raises AttnlitError if too large."""
    import torch

    limits.check_size(checkpoint.name, classes.numbers(checkpoint.module))
    with alone_and_quiet(), torch.random.fork_rng(devices=()), torch.device("cpu"):
        torch.default_generator.manual_seed(seed)  # not those of GPUs, which nobody would set back
        module = type(checkpoint.module)(deepcopy(checkpoint.module.config))
    module.to(checkpoint.module.device).eval().requires_grad_(False)
    return Checkpoint(
        **{each.name: getattr(checkpoint, each.name) for each in fields(Checkpoint)}
        | {"module": module, "identity": identity.of_untrained(checkpoint.identity, seed)}
    )


def max_tokens(module: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    """The most positions that both the model and its tokenizer allow."""
    import torch

    config = module.config.get_text_config(decoder=True)
    names = ("max_position_embeddings", "n_positions", "seq_length")
    found = [getattr(config, each, None) for each in names] + [tokenizer.model_max_length]
    for name, part in module.named_modules():
        # RoBERTa counts positions from padding_idx + 1, so two of its 514 cannot be used.
        if (
            isinstance(part, torch.nn.Embedding)
            and name.endswith("position_embeddings")
            and part.padding_idx is not None
        ):
            found.append(part.num_embeddings - part.padding_idx - 1)
    return min([int(each) for each in found if each and 0 < each < _UNLIMITED], default=_UNLIMITED)
