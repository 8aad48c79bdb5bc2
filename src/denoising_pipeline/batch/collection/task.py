"""What one task of a cluster does: some files, one after the other, by what denoises all files."""

import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePath

from denoising_pipeline.batch.collection.shards import SHARDS, Item, Named, Naming
from denoising_pipeline.batch.one import (
    DiskFullError,
    Options,
    as_skipped,
    denoise_file,
    forget_records,
    in_words,
    look_at_file,
    reason_to_skip,
)
from denoising_pipeline.batch.places import FILES, Address, Stamp, digest_of, filesystem
from denoising_pipeline.batch.plan import MANIFEST, Work
from denoising_pipeline.batch.record import Record
from denoising_pipeline.batch.results import FileResult, shown
from denoising_pipeline.core.files import atomic_write
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.file import load_denoiser

MODELS: dict[str, Path] = {}
"""Where this process has the files of denoisers, by their digest."""

_loaded: dict[str, Denoiser] = {}
_loading = threading.Lock()


class NotSharedError(ValueError):
    """The machine of this process does not see a folder of the collection."""


@dataclass(frozen=True)
class Job:
    """What all tasks of a collection have in common.

    Attributes:
        naming: What outputs are called.
        options: How files are denoised; the denoiser's file is that of the process.
        model: Digest of that file.
        threads: That one image is computed in.
    """

    naming: Naming
    options: Options
    model: str
    threads: int


def denoise_shard(job: Job, shard: str, files: Sequence[Named]) -> list[FileResult]:
    """Denoise some files that are recorded together.

    What a task of the same job has done before, in a process that has died, is not done again.

    Args:
        job: What is common to all.
        shard: The part of the record.
        files: Which.

    Returns:
        What became of each.

    Raises:
        DiskFullError: Whatever comes next would fail, too.
        NotSharedError: Likewise; or it would be written where nobody looks.
    """
    _check_shared(job.naming)
    forget_records()
    denoiser = _denoiser(job)
    options = replace(job.options, model=MODELS[job.model])
    results = []
    items = [
        (job.naming.item(each.base, each.name, shard, each.partner), each.pictured)
        for each in files
    ]
    for item, pictured in items:
        try:
            earlier = options.record(item).result_of(item)
            results.append(earlier or _denoise(item, denoiser, options, pictured))
        except DiskFullError:
            raise
        except Exception as error:  # one bad file does not end a collection
            results.append(FileResult(item.source, item.target, "failed", in_words(error)))
    done = any(result.status == "done" for result in results)
    if done and isinstance(job.naming.root, Address):
        options.record(items[0][0]).write()
    return results


def look_at_shard(job: Job, shard: str, files: Sequence[Named]) -> list[FileResult]:
    """Say of files on a disk which will fail, from their headers; nothing is written.

    Args:
        job: What is common to all.
        shard: The part of the record.
        files: Which.

    Returns:
        Those that will fail, with the reason.

    Raises:
        NotSharedError: They are not to be seen from here.
    """
    _check_shared(job.naming)
    forget_records()
    options = replace(job.options, model=MODELS[job.model])
    items = (job.naming.item(each.base, each.name, shard, each.partner) for each in files)
    looked = [look_at_file(_work(item), options) for item in items]
    return [found for found in looked if found.status == "failed"]


def _check_shared(naming: Naming) -> None:
    """Refuse a machine without the folders; where outputs go, the command has left a file."""
    places = [(folder, folder) for folder, _ in naming.bases]
    places += [(naming.root, naming.root / MANIFEST / SHARDS)]
    places += [(naming.against, naming.against)] if naming.against else []
    for folder, proof in places:
        # Not `Path.exists`, which raises where nobody may look.
        if isinstance(folder, Path) and not os.path.exists(proof):  # noqa: PTH110
            raise NotSharedError(
                f"The machine '{socket.gethostname()}' of the cluster does not see "
                f"'{shown(folder)}' as this one does: let all see it under this path, or use "
                "object storage."
            )


def _work(item: Item) -> Work:
    """Return an item whose places are all on a disk."""
    partner = Path(item.partner) if item.partner else None
    places = Path(item.source), Path(item.target), Path(item.root)
    return Work(*places, item.format, shard=item.shard, partner=partner)


def _denoise(item: Item, denoiser: Denoiser, options: Options, pictured: bool) -> FileResult:
    source, target, partner = item.source, item.target, item.partner
    if not any(isinstance(place, Address) for place in (source, target, partner)):
        return denoise_file(_work(item), denoiser, options, pictured)
    with tempfile.TemporaryDirectory(prefix="denoise-") as name:
        here = partial(_here, Path(name))
        if reason := reason_to_skip(item, options):
            return as_skipped(item, reason, options, here)
        record, stamp = options.record(item), Stamp.of(item.source)
        source, target = here(item.source, "source"), Path(name, "target", item.target.name)
        clean = here(partner, "partner") if partner else None
        work = Work(source, target, target.parent, item.format, recorded=False, partner=clean)
        result = denoise_file(work, denoiser, replace(options, resume=False), pictured)
        result = replace(result, source=item.source, target=item.target)
        if result.status == "done":
            digest = digest_of(source)
            _keep(target, item, lambda made: record.note(item, stamp, digest, made, result), record)
    return result


def _here(folder: Path, place: PurePath, part: str) -> Path:
    """Return the path of a file on this machine: where it is, or where it is fetched to."""
    if isinstance(place, Path):
        return place
    files, name = filesystem(place)
    path = folder / part / place.name
    path.parent.mkdir()
    files.get_file(name, str(path))
    return path


def _keep(made: Path, item: Item, note: Callable[[Stamp], None], record: Record) -> None:
    """Put an output where it belongs; it is noted before it has its name."""
    if isinstance(item.target, Path):
        with made.open("rb") as content, atomic_write(FILES, str(item.target)) as file:
            shutil.copyfileobj(content, file)
            file.flush()
            note(Stamp.of(file.fileno()))
        return
    note(Stamp(made.stat().st_size, digest_of(made)))
    files, name = filesystem(item.target)
    files.put_file(str(made), name)
    record.settle(item)


def _denoiser(job: Job) -> Denoiser:
    with _loading:
        if job.model not in _loaded:
            _loaded.clear()
            denoiser = _loaded[job.model] = load_denoiser(MODELS[job.model])
            denoiser.model.threads = job.threads
        return _loaded[job.model]
