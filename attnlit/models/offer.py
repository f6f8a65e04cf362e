"""What the Hugging Face hub says of a model, asked before a byte of it is fetched."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from attnlit.errors import AttnlitError
from attnlit.models import download, failures, folder, limits, settings, weights
from attnlit.models.download import Remote
from attnlit.wording import quoted

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_REVISION = re.compile(r"[A-Za-z0-9][\w./-]*")
_MOST_NAME = 120
_MOST_FILES = 2_000  # that may be parts of a model; the largest of today come in 200
_MOST_SIZE = 1 << 60  # bytes, or numbers: whatever claims more is mistaken
_OTHER_JSON = ("trainer_state.json", "training_args.json", "all_results.json", "train_results.json")


@dataclass(frozen=True)
class Offer:
    """What the hub says of a model, before anything is fetched."""

    name: str
    revision: str
    commit: str
    files: tuple[Remote, ...]  # those that count: settings, tokenizer, and safetensors
    numbers: int | None  # in the weights, as the hub has counted them

    @property
    def bytes(self) -> int:
        """What there is to fetch, as far as the hub lists sizes."""
        return sum(file.size or 0 for file in (*self.small, *self.weights))

    @property
    def small(self) -> tuple[Remote, ...]:
        """Settings and the tokenizer's files."""
        return tuple(file for file in self.files if not _is_weights(file.name))

    @property
    def weights(self) -> tuple[Remote, ...]:
        """The weight files, by the list alone: with an index, which is not read yet, all possible shards."""
        found = [file for file in self.files if _is_weights(file.name)]
        whole = [file for file in found if file.name == weights.WHOLE]
        return tuple(whole or [file for file in found if weights.may_be_part(file.name)])


def is_hub_id(name: str) -> bool:
    """Whether a hub's model could be called so."""
    return len(name) <= _MOST_NAME and bool(_HUB_ID.fullmatch(name)) and ".." not in name and "--" not in name


def split_revision(name: str) -> tuple[str, str | None]:
    """(“owner/model”, “step1000”) of “owner/model@step1000”; the name and None of all others."""
    id_, at, revision = name.partition("@")
    return (id_, revision) if at and revision else (name, None)


def ask(name: str, revision: str | None = None) -> Offer:
    """Asks the hub about a model: one quick question, before a byte of it is fetched.

    Raises AttnlitError: no network, no such model or revision, a licence to accept first, no answer in time,
    no safetensors, larger than this deployment allows.
    """
    from huggingface_hub import constants

    revision = "main" if revision is None else revision
    if not _REVISION.fullmatch(revision) or len(revision) > _MOST_NAME or ".." in revision:
        raise AttnlitError(f"{quoted(revision)} is not a revision. Give a branch, a tag or a commit.")
    url = f"{constants.ENDPOINT}/api/models/{name}/revision/{quote(revision, safe='')}?blobs=true"
    try:
        found = json.loads(download.small(name, url))
        commit = str(found["sha"])
        listed = {
            str(each["rfilename"]): each for each in found["siblings"] if _counts(str(each["rfilename"]))
        }
        numbers = _size((found.get("safetensors") or {}).get("total"))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        if isinstance(error, AttnlitError):
            raise
        raise failures.unreadable_answer(name) from error
    if not re.fullmatch(r"[0-9a-f]{7,64}", commit) or len(listed) > _MOST_FILES:
        raise failures.unreadable_answer(name)
    files = tuple(
        Remote(
            name,
            file,
            f"{constants.ENDPOINT}/{name}/resolve/{commit}/{quote(file)}",
            _size(facts.get("size")),
            _digest(facts.get("lfs")),
        )
        for file, facts in listed.items()
    )
    offer = Offer(name, revision, commit, files, numbers)
    _check_offer(offer)
    return offer


def _size(listed: object) -> int | None:
    return listed if isinstance(listed, int) and 0 <= listed < _MOST_SIZE else None


def _digest(lfs: object) -> str | None:
    digest = lfs.get("sha256") if isinstance(lfs, Mapping) else None
    return digest if isinstance(digest, str) and re.fullmatch(r"[0-9a-f]{64}", digest) else None


def _counts(file: str) -> bool:
    """Whether a file of the hub's list may be a part of the model."""
    if not re.fullmatch(r"[\w][\w .@+-]*", file) or file in _OTHER_JSON:
        return False  # of a folder inside, or no honest name
    return file.endswith((*settings.OF_TOKENIZERS, ".safetensors"))


def _is_weights(file: str) -> bool:
    return file.endswith(".safetensors")


def _check_offer(offer: Offer) -> None:
    """Raises AttnlitError for what can be seen from the list alone."""
    names = {file.name for file in offer.files}
    for file in offer.small:
        limits.check_file(offer.name, file.name, file.size or 0)
    if settings.CONFIG in names:
        if not offer.weights:
            raise AttnlitError(weights.no_safetensors(offer.name))
        on_disk = sum(file.size or 0 for file in offer.weights)
        limits.check_size(offer.name, offer.numbers or on_disk // limits.FLOAT32_BYTES)
    elif folder.ADAPTER not in names:  # an adapter's own settings are fetched: they name its model
        raise AttnlitError(
            f"{quoted(offer.name)} holds no config.json, so it is no model that transformers opens. Choose "
            "another model."
        )


def check_revision(revision: object, here: str | None) -> None:
    """Refuses what names no version, and any version of a model that is here as one.

    here: the name of such a model, or None.
    """
    if revision is not None and not isinstance(revision, str):
        raise AttnlitError("A revision is the name of a branch, a tag or a commit, such as “step1000”.")
    if revision and here is not None:
        raise AttnlitError(
            f"{quoted(here)} is here as one version: leave out `revision`, which is for models of the hub."
        )
