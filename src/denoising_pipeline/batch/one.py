"""One file of a batch: looked at, denoised and written, or said why not."""

import errno
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from math import sqrt
from pathlib import Path, PurePath
from typing import IO, Any

from denoising_pipeline import __version__
from denoising_pipeline.batch.places import is_there
from denoising_pipeline.batch.plan import Located, Work
from denoising_pipeline.batch.record import FILES, Record, Stamp, settings_digest
from denoising_pipeline.batch.results import FileResult, Thumbnails
from denoising_pipeline.batch.scores import measured, open_partner
from denoising_pipeline.core.files import atomic_write, file_digest
from denoising_pipeline.core.shortage import shortage
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.picture import Outcome, Page, Settings, denoise_picture
from denoising_pipeline.images.shown import spectrogram
from denoising_pipeline.pictures.formats import (
    MAX_PIXELS,
    Picture,
    check_format,
    left_out,
    open_picture,
)

DONE = "is done and unchanged"
"""Why nothing is to be done for an output."""

_UNKNOWN = "no record says that it was made here and not changed since"

_FULL = {errno.ENOSPC, errno.EDQUOT}
_SENTENCES = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota of the disk is used up",
    errno.EFBIG: "the file would be larger than a file may be here",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "permission is missing",
    errno.EPERM: "permission is missing",
    errno.ENAMETOOLONG: "the name is too long",
}


class DiskFullError(OSError):
    """Nothing more can be written; what is written is whole."""


@dataclass(frozen=True)
class Options:
    """How a batch is done.

    Attributes:
        model: The denoiser's file.
        settings: How pictures are denoised.
        overwrite: Whether outputs that exist are replaced.
        resume: Whether what is done and unchanged is skipped, and what was made here and is
            outdated is replaced.
        max_pixels: Of a page at most.
        job: The work of a cluster that this is a part of; empty: none.
    """

    model: Path
    settings: Settings = Settings()  # noqa: RUF009  # it cannot be changed
    overwrite: bool = False
    resume: bool = False
    max_pixels: int = MAX_PIXELS
    job: str = ""

    @cached_property
    def model_digest(self) -> str:
        """Of the denoiser's file."""
        return file_digest(FILES, str(self.model))[0]

    def record(self, work: Located) -> Record:
        """Return the record that an output stands in."""
        found = self.settings
        return _record(
            work.root,
            settings_digest(
                strength=found.strength,
                sigma=found.sigma,
                fast=found.fast,
                best=found.best,
                format=work.format,
                model=self.model_digest,
                code=__version__,
            ),
            work.shard,
            self.job,
        )


@lru_cache(maxsize=64)
def _record(root: PurePath, settings: str, shard: str, job: str) -> Record:
    return Record(root, settings, shard, job)


def forget_records() -> None:
    """Read records anew when they are next asked for: another process may have added to them."""
    _record.cache_clear()


def reason_to_skip(work: Located, options: Options) -> str:
    """Return why an output is left as it is, or nothing."""
    if options.resume and options.record(work).is_done(work):
        return DONE
    if not is_there(work.target) or options.overwrite:
        return ""
    if not options.resume:
        return "exists already: --overwrite replaces it"
    if options.record(work).is_own(work):
        return ""
    return f"exists already, and {_UNKNOWN}: --overwrite replaces it"


def look_at_file(work: Work, options: Options) -> FileResult:
    """Say from its header what would become of a file; nothing is written."""
    result = FileResult(work.source, work.target, "failed")
    try:
        if reason := reason_to_skip(work, options):
            return replace(result, status="skipped", reason=reason)
        picture = open_picture(work.source, max_pixels=options.max_pixels)
        result = _described(result, picture, work.format)
        check_format(picture, work.format)
        if work.partner:
            open_partner(picture, work.partner, options.max_pixels)
    except Exception as error:  # one bad file does not end a folder
        return replace(result, reason=in_words(error))
    return replace(result, status="done")


def denoise_file(work: Work, denoiser: Denoiser, options: Options, pictured: bool) -> FileResult:
    """Denoise a file, and write the output whole or not at all.

    Args:
        work: What is to be done.
        denoiser: The denoiser of `options.model`.
        options: How.
        pictured: Whether thumbnails are made.

    Returns:
        What became of it; whatever is wrong with it is the reason in there.

    Raises:
        DiskFullError: Whatever comes next would fail, too.
    """
    started = time.perf_counter()
    result = FileResult(work.source, work.target, "failed")
    try:
        if reason := reason_to_skip(work, options):
            return as_skipped(work, reason, options)
        stamp, digest = Stamp.of(work.source), file_digest(FILES, str(work.source))[0]
        picture = open_picture(work.source, max_pixels=options.max_pixels)
        result = _described(result, picture, work.format)
        clean = work.partner and open_partner(picture, work.partner, options.max_pixels)
        with atomic_write(FILES, str(work.target)) as file:
            result = denoised(
                picture, denoiser, file, options.settings, result, work.format, pictured
            )
            file.flush()
            if clean:
                made = open_picture(Path(file.name), max_pixels=options.max_pixels)
                result = replace(result, **measured(picture, made, clean))
            if work.recorded or options.resume:
                noted = Stamp.of(file.fileno())
                options.record(work).note(work, stamp, digest, noted, result)
    except Exception as error:  # one bad file does not end a folder
        if isinstance(error, OSError) and error.errno in _FULL:
            raise DiskFullError(error.errno, _SENTENCES[error.errno]) from error
        return replace(result, status="failed", reason=in_words(error))
    return replace(result, status="done", seconds=time.perf_counter() - started)


def as_skipped(
    work: Located,
    reason: str,
    options: Options,
    here: Callable[[PurePath, str], Path] = lambda place, part: Path(place),
) -> FileResult:
    """Return the result of a file that nothing is to be done for, with the scores that it has.

    Args:
        work: The file.
        reason: Why nothing is to be done.
        options: How it would be done.
        here: Returns the path on this machine of a place, which is one of three parts of the work.

    Raises:
        OSError: A file cannot be read.
        ValueError: Likewise, or the partner does not fit.
    """
    result = FileResult(work.source, work.target, "skipped", reason)
    if work.partner is None or reason != DONE:
        return result
    record = options.record(work)
    scores = record.scores_of(work)
    if scores is not None:
        return replace(result, **scores)
    source, target = (
        open_picture(here(place, part), max_pixels=options.max_pixels)
        for place, part in ((work.source, "source"), (work.target, "target"))
    )
    clean = open_partner(source, here(work.partner, "partner"), options.max_pixels)
    result = replace(result, **measured(source, target, clean))
    record.note_scores(work, result)
    return result


def denoised(
    picture: Picture,
    denoiser: Denoiser,
    file: IO[bytes],
    settings: Settings,
    result: FileResult,
    format: str | None = None,  # noqa: A002  # as Pillow calls it
    pictured: bool = False,
) -> FileResult:
    """Denoise an open picture into an open file, and add what was found to a result."""
    thumbnails: list[Thumbnails] = []

    def watch(page: int, before: Any, after: Any) -> None:
        if pictured and page == 0:
            from denoising_pipeline.batch.thumbnails import make_thumbnails

            if picture.rate:
                before, after = spectrogram(before), spectrogram(after)
            thumbnails.append(make_thumbnails(before, after, picture.metadata.orientation))

    outcome = denoise_picture(picture, denoiser, file, settings, format=format, watch=watch)
    if settings.strength == 1:
        result = _predicted(result, outcome)
    return replace(
        result,
        megapixels=outcome.megapixels,
        seconds=outcome.seconds,
        sigma=_sigma(outcome),
        gain=_mean(outcome, lambda page: page.noise.gain) or None,
        told=settings.sigma,
        warnings=(*result.warnings, *outcome.warnings),
        thumbnails=thumbnails[0] if thumbnails else None,
    )


def in_words(error: Exception) -> str:
    """Return what is wrong, as it goes on from a file's name."""
    if isinstance(error, MemoryError) or (not isinstance(error, OSError) and shortage(error)):
        return "needs more memory than there is: give --max-memory, or fewer --workers"
    if isinstance(error, OSError) and error.errno is not None:
        said = _SENTENCES.get(error.errno, error.strerror or str(error))
        return f"cannot be read or written: {said}"
    if isinstance(error, ValueError | OSError):
        return str(error)
    return f"failed, which should not happen ({type(error).__name__}: {error}): please report it"


def _described(result: FileResult, picture: Picture, format: str | None) -> FileResult:  # noqa: A002
    sizes = [picture.size(page) for page in range(picture.pages)]
    height, width = sizes[0]
    said = left_out(picture, format)
    return replace(
        result,
        format=picture.format,
        mode=picture.mode,
        depth=picture.depth,
        height=height,
        width=width,
        pages=picture.pages,
        megapixels=sum(rows * columns for rows, columns in sizes) / 1e6,
        warnings=(said,) if said else (),
    )


def _sigma(outcome: Outcome) -> float | None:
    variance = _mean(outcome, lambda page: page.noise.sigma**2)
    return None if variance is None else sqrt(variance)


def _mean(outcome: Outcome, value: Callable[[Page], float]) -> float | None:
    """Return the mean over the pixels of the pages whose noise is known, if there are any."""
    known = [page for page in outcome.pages if page.noise.level is not None]
    pixels = sum(page.height * page.width for page in known)
    if not pixels:
        return None
    return sum(value(page) * page.height * page.width for page in known) / pixels


def _predicted(result: FileResult, outcome: Outcome) -> FileResult:
    found = [page.predicted for page in outcome.pages if page.predicted]
    if not found:
        return result
    psnr, low, high = (
        sum(getattr(each, name) for each in found) / len(found) for name in ("psnr", "low", "high")
    )
    return replace(result, psnr=psnr, psnr_low=low, psnr_high=high)
