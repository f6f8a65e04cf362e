"""The files of a data set of the Hugging Face hub, fetched one after another, as far as they are needed.

huggingface_hub keeps them in its own cache, where other programs find them, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attnlit.errors import AttnlitError
from attnlit.models import limits
from attnlit.models.download import http
from attnlit.wording import quoted

SCHEME = "hub:"
CONVERTED = "refs/convert/parquet"  # the branch in which the hub keeps a data set as Parquet files
MOST_BYTES = 2 * 10**9  # that are fetched without being asked for
_NAME = re.compile(r"(?P<id>[\w.-]+/[\w.-]+)(@(?P<revision>[\w.-]+))?(/(?P<within>.+))?")
_FILE = re.compile(r"\w[\w ./@+=,-]*")


@dataclass(frozen=True)
class _Found:
    """Files of one commit of a data set, by name, with their bytes."""

    commit: str
    files: dict[str, int]


def data_set_files(given: str, endings: Sequence[str], *, some_suffice: bool) -> Iterator[Path]:
    """The files of “hub:owner/name” on this machine, by name; each is fetched when it is asked for.

    given: perhaps with a branch, a tag or a commit, “hub:owner/name@v1”, and with what names of files begin
    with, “hub:owner/name/data/train”. endings: of the files that count; where a data set has none such, the
    Parquet files that the hub has made of it. some_suffice: not all of them may be needed, so any size will
    do. Raises AttnlitError where the hub cannot be reached, or has no such data set.
    """
    named = _NAME.fullmatch(given.removeprefix(SCHEME))
    if named is None or ".." in given:
        raise AttnlitError(
            f"{quoted(given)} names no data set. Write it as {quoted('hub:owner/name')}, perhaps with a "
            f"folder or a file of it: {quoted('hub:owner/name/data/train')}."
        )
    found = _listed(named["id"], named["revision"], endings)
    within = named["within"] or ""
    files = {name: size for name, size in sorted(found.files.items()) if name.startswith(within)}
    if not files:
        some = ", ".join(quoted(name) for name in sorted(found.files)[:6])
        raise AttnlitError(
            f"The data set {quoted(named['id'])} has "
            + (f"no file {quoted(within)}, but {some}." if some else "no file that attnlit reads.")
        )
    size = sum(files.values())
    if size > MOST_BYTES and not some_suffice:
        raise AttnlitError(
            f"These {len(files):,} files of {quoted(named['id'])} have {size / 1e9:.1f} GB. Say with --most "
            "how many texts you want, or name a folder or a file of the data set."
        )
    return (_fetched(named["id"], found.commit, name) for name in files)


def _listed(name: str, revision: str | None, endings: Sequence[str]) -> _Found:
    found = _ask(name, revision, endings)
    if not found.files and revision is None:
        try:
            return _ask(name, CONVERTED, endings)
        except _NoSuchRevision:
            return found
    return found


class _NoSuchRevision(AttnlitError):
    """The data set is there, but not this revision of it."""


def _ask(name: str, revision: str | None, endings: Sequence[str]) -> _Found:
    from huggingface_hub import HfApi

    hub = HfApi(token=None if limits.hub_token() else False)
    about = _of_hub(name, hub.dataset_info, name, revision=revision, files_metadata=True)
    listed = {str(file.rfilename): int(file.size or 0) for file in about.siblings or ()}
    return _Found(
        str(about.sha),
        {
            file: size
            for file, size in listed.items()
            if file.lower().endswith(tuple(endings)) and _FILE.fullmatch(file) and ".." not in file
        },
    )


def _fetched(name: str, commit: str, file: str) -> Path:
    from huggingface_hub import hf_hub_download

    token = None if limits.hub_token() else False
    return Path(_of_hub(name, hf_hub_download, name, file, repo_type="dataset", revision=commit, token=token))


def _of_hub(name: str, ask: Any, *arguments: Any, **options: Any) -> Any:
    """What the hub answers; its refusals in words."""
    from huggingface_hub import errors

    try:
        return ask(*arguments, **options)
    except errors.GatedRepoError as error:
        raise AttnlitError(
            f"The data set {quoted(name)} asks its users to accept a licence first. Accept it on its page "
            "at huggingface.co, then set HF_TOKEN and ATTNLIT_HUB_TOKEN=1."
        ) from error
    except errors.RevisionNotFoundError as error:
        raise _NoSuchRevision(
            f"The data set {quoted(name)} has no such revision. Give one of its branches, tags or commits."
        ) from error
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        raise AttnlitError(
            f"The Hugging Face hub has no public data set called {quoted(name)}. Check the spelling; a "
            "private one needs HF_TOKEN and ATTNLIT_HUB_TOKEN=1."
        ) from error
    except (
        errors.HfHubHTTPError, errors.LocalEntryNotFoundError, ConnectionError, http().TransportError
    ) as error:  # fmt: skip
        raise AttnlitError(
            f"The data set {quoted(name)} has to be fetched from the Hugging Face hub, and the hub cannot be "
            "reached. Check the network, or fetch its files elsewhere and name their folder instead."
        ) from error
    except OSError as error:
        raise AttnlitError(f"A file of {quoted(name)} cannot be kept here: {error.strerror}.") from error
