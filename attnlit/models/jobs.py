"""Downloads under way: one for each commit of a model, run in a thread of its own for all who wait for it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from attnlit.errors import AttnlitError
from attnlit.models import disk, download, failures, limits, settings, weights
from attnlit.models.download import Remote
from attnlit.models.offer import Offer
from attnlit.wording import quoted

_OLD_BUFFERS = 64_000_000  # bytes of masks and the like that old files hold beside the weights


@dataclass(eq=False)
class Job:
    """One download, and who waits for it."""

    offer: Offer
    waiting: int = 0
    done: int = 0
    total: int = 0
    error: AttnlitError | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)


_jobs: dict[tuple[str, str], Job] = {}
_joining = threading.Lock()  # held for moments only


def join(offer: Offer) -> Job:
    """The download of what is offered, begun now or before; who joins must leave."""
    with _joining:
        key = (offer.name, offer.commit)
        job = _jobs.get(key)
        if job is None or job.stop.is_set():
            job = _jobs[key] = Job(offer, total=offer.bytes)
            threading.Thread(target=_work, args=(key, job), name=f"fetch {offer.name}", daemon=True).start()
        job.waiting += 1
        return job


def leave(job: Job) -> None:
    """One waits no more; with the last the download ends."""
    with _joining:
        job.waiting -= 1
        if job.waiting == 0:
            job.stop.set()


def _work(key: tuple[str, str], job: Job) -> None:
    try:
        with download.in_words(job.offer.name):
            _fetch_all(job)
    except AttnlitError as error:
        job.error = error
    except Exception as error:
        job.error = AttnlitError(failures.explain(error, job.offer.name))
    finally:
        with _joining:
            if _jobs.get(key) is job:
                del _jobs[key]
        job.finished.set()


def _fetch_all(job: Job) -> None:
    """Fetches what counts of an offer into a folder of its own, which gets its name when it is complete."""
    from attnlit.models.examine import check_settings

    offer = job.offer
    final = disk.folder_of(offer.name, offer.commit)
    part = final.with_name(final.name + disk.UNFINISHED)
    with disk.to_itself(part, job.stop.is_set):
        if final.is_dir():  # another process was quicker
            return
        disk.make_room(offer.name, offer.bytes)
        part.mkdir(parents=True, exist_ok=True)
        for file in offer.small:
            _fetch_one(job, file, part, limits.most_bytes(file.name))
        with _dropped_if_wrong(part):
            numbers = check_settings(part, offer.name)
            wanted = _weights_wanted(offer, part)
        job.total = sum(file.size or 0 for file in (*offer.small, *wanted))
        room = 8 * numbers + _OLD_BUFFERS  # numbers of eight bytes at most
        for file in wanted:
            room -= _fetch_one(job, file, part, room)
        with _dropped_if_wrong(part):
            weights.headers(part, offer.name)
        part.rename(final)
        disk.note_revision(offer.name, offer.revision, offer.commit)


@contextmanager
def _dropped_if_wrong(part: Path) -> Iterator[None]:
    """What turns out to be no model is not kept, as the first part of a good one is."""
    try:
        yield
    except AttnlitError:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _weights_wanted(offer: Offer, part: Path) -> list[Remote]:
    """The weight files that the index names, once it is here, or else all that the list shows."""
    listed = {file.name: file for file in offer.files}
    if weights.WHOLE in listed or settings.INDEX not in listed:
        return list(offer.weights)
    named = weights.named_in(settings.read(part, settings.INDEX, offer.name), offer.name)
    lost = [each for each in named if each not in listed]
    if lost:
        raise AttnlitError(weights.lacks(offer.name, lost, len(named)))
    return [listed[each] for each in named]


def _fetch_one(job: Job, file: Remote, part: Path, most: int) -> int:
    """Fetches one file; returns its size in bytes."""
    before, target = job.done, part / file.name
    if not target.is_file():

        def arrived(size: int) -> None:
            job.done = before + size

        if file.size is not None and file.size > most:
            raise AttnlitError(
                f"The file {quoted(file.name)} of {quoted(file.model)} is larger than its config.json "
                "allows. Choose another model."
            )
        download.fetch_file(file, target, most, arrived, job.stop.is_set)
    size = target.stat().st_size
    job.done = before + size
    return size
