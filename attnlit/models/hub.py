"""Models of the Hugging Face hub: asked about first, then fetched file by file, once for all who wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attnlit.errors import AttnlitError
from attnlit.models import disk, download, failures, jobs, weights
from attnlit.models.disk import Fetched
from attnlit.models.offer import Offer as Offer
from attnlit.models.offer import ask as ask
from attnlit.wording import quoted

Progress = Callable[[int, int], None]  # told (bytes here, bytes in all)

_LOOK_SECONDS = 0.1  # between two looks at a download by those who wait for it


def fetch(
    name: str,
    revision: str | None = None,
    *,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Fetched:
    """The folder of a hub's model on this machine; what is missing is fetched first.

    Small files come first, and what they say is checked before any weight is fetched. Whoever asks for a
    model that is on its way waits for the same download. It ends when all who wait have gone, and the next
    one goes on where it stopped. progress: called with (bytes here, bytes in all) while it waits, in the
    caller's thread. cancelled: asked while it waits. Raises AttnlitError, and `download.Stopped` when
    cancelled.
    """
    try:
        offer = ask(name, revision)
    except failures.Unreachable:
        found = _usable(disk.here(name, revision or "main"), name)
        if found is None:
            raise
        return found
    found = complete(offer)
    if found is not None:
        return found
    job = jobs.join(offer)
    try:
        while not job.finished.wait(_LOOK_SECONDS):
            if progress is not None:
                progress(job.done, job.total)
            if cancelled is not None and cancelled():
                raise download.Stopped(f"The download of {quoted(name)} was stopped.")
    finally:
        jobs.leave(job)
    if job.error is not None:
        raise type(job.error)(str(job.error)) from job.error
    if progress is not None:
        progress(job.total, job.total)
    return Fetched(disk.folder_of(name, offer.commit), offer.commit)


def complete(offer: Offer) -> Fetched | None:
    """The offered commit, where it is on this machine as a whole."""
    found = disk.complete(offer.name, offer.commit)
    if found is not None:
        return found
    found = _usable(disk.here(offer.name, offer.commit), offer.name)
    if found is None or any(not (found.folder / file.name).is_file() for file in offer.small):
        return None
    return found


def _usable(found: Fetched | None, name: str) -> Fetched | None:
    """The folder, if its weights are there: huggingface_hub's cache may hold some files of a model only."""
    try:
        return found if found is not None and weights.files_of(found.folder, name) else None
    except AttnlitError:
        return None


def progress_bar(name: str) -> Progress:
    """A bar on the terminal or in a notebook, which appears with the first byte."""
    bars: list[Any] = []

    def show(done: int, total: int) -> None:
        from tqdm.auto import tqdm

        if not bars:
            bars.append(tqdm(desc=name, total=total, unit="B", unit_scale=True))
        bars[0].total = total
        bars[0].update(done - bars[0].n)
        if done >= total:
            bars[0].close()

    return show
