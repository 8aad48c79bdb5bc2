"""What the service does with a picture, in its one thread."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.picture import Outcome, Settings, Watch, denoise_picture
from denoising_pipeline.pictures.formats import Picture, PictureError, open_picture
from denoising_pipeline.service.facts import PictureFacts, picture_facts
from denoising_pipeline.service.limits import Limits, RefusedError
from denoising_pipeline.service.previews import write_preview
from denoising_pipeline.service.recording import Replayed, Stoppable, with_network
from denoising_pipeline.service.results import Result
from denoising_pipeline.service.work import Stop

ANY_SIZE = 2**62
"""Pixels; the limit of the service is checked here, since it is for all pages together."""


def open_upload(path: Path, name: str, limits: Limits, stop: Stop) -> Picture:
    """Open what was sent; it is not decoded yet.

    Raises:
        PictureError: It is no picture.
        RefusedError: 413, it has too many pixels.
    """
    picture = open_picture(path, name, ANY_SIZE)
    if picture.rate:
        raise PictureError(
            "is a recording, and pictures are denoised here: on the command line it is denoised by "
            "`denoise FILE --model sound`"
        )
    pixels = 0
    for page in range(picture.pages):
        stop.check()
        height, width = picture.size(page)
        pixels += height * width
        if pixels > limits.max_pixels:
            raise RefusedError(
                413,
                f"{name} has more than {limits.max_pixels:,} pixels, which is the limit of "
                "this service: send a smaller one, or start it with a larger --max-pixels.",
            )
    return picture


def denoise_file(
    source: Path,
    target: Path,
    name: str,
    settings: Settings,
    format: str | None,  # noqa: A002
    denoiser: Denoiser,
    limits: Limits,
    stop: Stop,
) -> PictureFacts:
    """Denoise a file that was sent."""
    with named(name):
        picture = open_upload(source, name, limits, stop)
        stoppable = with_network(denoiser, Stoppable(denoiser.model, stop))
        outcome = _written(picture, stoppable, target, settings, format)
        return picture_facts(picture, outcome, format)


def denoise_to_keep(
    source: Path,
    name: str,
    settings: Settings,
    denoiser: Denoiser,
    limits: Limits,
    stop: Stop,
) -> tuple[Result, PictureFacts]:
    """Denoise a file that was sent, and write down what the network gave and how it looks."""
    with named(name):
        picture = open_upload(source, name, limits, stop)
        result = Result(source.parent, picture, settings)
        network = Stoppable(denoiser.model, stop, result.record)

        def show(page: int, *images: npt.NDArray[np.float32]) -> None:
            for kind, image in zip(("before", "after"), images, strict=True):
                write_preview(image, picture.metadata, result.preview(kind, page))

        target = result.folder / "denoised"
        outcome = _written(picture, with_network(denoiser, network), target, settings, None, show)
        target.unlink()
        return replace(result, shapes=network.shapes), picture_facts(picture, outcome, None)


def blend(
    result: Result,
    target: Path,
    strength: float,
    format: str | None,  # noqa: A002
    denoiser: Denoiser,
    stop: Stop,
) -> PictureFacts:
    """Write a result with another strength: byte by byte what denoising anew would give."""
    replayed = Replayed(denoiser.model, stop, result.record, result.shapes)
    settings = replace(result.settings, strength=strength)
    with named(result.picture.name):
        outcome = _written(
            result.picture, with_network(denoiser, replayed), target, settings, format
        )
        return picture_facts(result.picture, outcome, format)


def _written(
    picture: Picture,
    denoiser: Denoiser,
    target: Path,
    settings: Settings,
    format: str | None,  # noqa: A002
    watch: Watch | None = None,
) -> Outcome:
    with target.open("w+b") as file:
        return denoise_picture(picture, denoiser, file, settings, format=format, watch=watch)


@contextmanager
def named(name: str) -> Iterator[None]:
    """Turn what is wrong with a picture into a refusal that names it."""
    try:
        yield
    except PictureError as error:
        raise RefusedError(422, f"{name} {error}.") from error
    except ValueError as error:
        raise RefusedError(422, str(error)) from error
    except MemoryError as error:
        raise RefusedError(413, f"{name} needs more memory than there is.") from error
    except FileNotFoundError as error:
        raise RefusedError(404, "This result is not kept any more.") from error
