"""One file of a person's own: read, denoised, and written as it was."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image as Pillow

from denoising_pipeline.denoiser.denoiser import Denoiser
from denoising_pipeline.denoiser.quality import Prediction, unlike_learnt
from denoising_pipeline.images.noise_level import NoiseEstimate, estimate_noise
from denoising_pipeline.pictures.formats import Picture, check_format, open_picture, write_picture
from denoising_pipeline.pictures.noise_warnings import noise_warnings

PNG_MODES = {"1", "L", "LA", "P", "RGB", "RGBA", "I;16"}
"""Pillow's modes that PNG holds as they are; TIFF holds the others."""

AROUND = 5
"""Side of the square of pixels that are all black or all white where black or white stays."""


@dataclass(frozen=True)
class Settings:
    """How pictures are denoised.

    Attributes:
        strength: From 0, the picture as it was, to 1, as the network gives it; between, a blend.
        sigma: Standard deviation of the noise on the scale of [0, 1]; None: estimated.
        max_memory: Bytes that the network may take at once; see `Denoiser`.
        fast: Whether a faster engine computes, with fewer digits; see `Denoiser`.
        best: Whether eight views are averaged; see `Denoiser`.
    """

    strength: float = 1.0
    sigma: float | None = None
    max_memory: int | None = None
    fast: bool = False
    best: bool = False

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 0 <= self.strength <= 1:
            raise ValueError(f"strength is {self.strength:g}; it goes from 0 (as it was) to 1.")
        if self.sigma is not None and not 0 <= self.sigma <= 1:
            raise ValueError(f"sigma is {self.sigma:g}; on the scale of [0, 1] it is at most 1.")


@dataclass(frozen=True)
class Page:
    """What was found of one page of a picture.

    Attributes:
        height: In pixels.
        width: In pixels.
        noise: What was estimated.
        sigma: What the network was told, on the scale of [0, 1].
        seconds: That it took.
        predicted: PSNR of the result as the network gives it, if the denoiser can predict it and
            the noise level is known.
    """

    height: int
    width: int
    noise: NoiseEstimate
    sigma: float
    seconds: float
    predicted: Prediction | None = None


@dataclass
class Outcome:
    """What was found of a picture, page by page.

    Attributes:
        pages: Those that are done, in their order.
        highest: Noise level up to which the denoiser was trained; see `Denoiser.trained_up_to`.
        for_noise: Whether it was trained to undo noise alone; see `Denoiser.for_noise`.
        rate: Samples a second of a recording, whose channels are pages; None: a picture.
    """

    pages: list[Page] = field(default_factory=list)
    highest: float | None = None
    for_noise: bool = True
    rate: int | None = None

    @property
    def warnings(self) -> list[str]:
        """What speaks against denoising, each thing once for all pages; of noise in pictures."""
        if self.rate or not self.for_noise:
            return []
        return noise_warnings([page.noise for page in self.pages], self.highest)

    @property
    def megapixels(self) -> float:
        """Of all pages."""
        return sum(page.height * page.width for page in self.pages) / 1e6

    @property
    def seconds(self) -> float:
        """Of all pages."""
        return sum(page.seconds for page in self.pages)


Watch = Callable[[int, npt.NDArray[np.float32], npt.NDArray[np.float32]], None]
"""Takes the number of a page, its pixels, and what became of them: float32 (H, W, C)."""


def denoise_picture(
    picture: Picture,
    denoiser: Denoiser,
    file: IO[bytes],
    settings: Settings = Settings(),  # it cannot be changed
    *,
    format: str | None = None,  # noqa: A002  # as Pillow calls it
    watch: Watch | None = None,
) -> Outcome:
    """Denoise a picture and write it with the size, mode, depth and metadata that it had.

    The shell, Python, the service and Kedro all call this: equal pictures give equal bytes.

    Args:
        picture: What was opened.
        denoiser: A denoiser for images of any size.
        file: Where the picture is written.
        settings: How it is denoised.
        format: Such as `"PNG"`; None: as it came.
        watch: Called with every page, before and after.

    Returns:
        What was found on the way.

    Raises:
        ValueError: The format cannot hold the picture, the denoiser cannot take it, or it is not
            told the noise level that the settings have.
    """
    denoiser.check_sigma(settings.sigma)
    check_sound(picture.rate, denoiser.architecture.sample_rate)
    check_format(picture, format)
    picture.usual_bits = denoiser.usual_bits
    outcome = Outcome(
        highest=denoiser.trained_up_to, for_noise=denoiser.for_noise, rate=picture.rate
    )

    def pages() -> Iterator[npt.NDArray[np.float32]]:
        for number in range(picture.pages):
            pixels, known = picture.read_known(number)
            denoised, page = denoise_page(pixels, denoiser, settings, known)
            outcome.pages.append(page)
            if watch:
                watch(number, pixels, denoised)
            yield denoised

    write_picture(picture, pages(), file, format)
    return outcome


def check_sound(rate: int | None, wanted: int | None) -> None:
    """Check that recordings go through denoisers of recordings, and pictures through others.

    Args:
        rate: Samples a second of a recording; None: a picture.
        wanted: Samples a second that the denoiser takes; None: pictures.

    Raises:
        ValueError: It is not so; the sentence goes on from the file's name.
    """
    if rate == wanted:
        return
    if rate is None:
        raise ValueError(
            f"is a picture, and this denoiser is for recordings of {wanted} Hz: take another "
            "--model, such as photos"
        )
    if wanted is None:
        raise ValueError(
            "is a recording, and this denoiser is for pictures: give one for recordings by "
            "--model. None ships; `kedro run --env sound` trains one in a checkout of the project"
        )
    raise ValueError(
        f"has {rate} samples a second, and this denoiser is for {wanted}: resample it, or train a "
        "denoiser for its rate (training.model.rate)"
    )


def denoise_any(image: Any, denoiser: Denoiser, settings: Settings) -> Any:
    """Denoise an array, a Pillow image or a file; see `Denoiser.denoise`."""
    denoiser.check_sigma(settings.sigma)
    if isinstance(image, np.ndarray):
        given = BytesIO()
        np.save(given, image, allow_pickle=False)
        return np.load(BytesIO(_denoised(given.getvalue(), "array", denoiser, settings)))
    if isinstance(image, str | Path):
        return _denoised(Path(image), Path(image).name, denoiser, settings)
    given = BytesIO()
    image.save(given, "PNG" if image.mode in PNG_MODES else "TIFF")
    found = Pillow.open(BytesIO(_denoised(given.getvalue(), "image", denoiser, settings)))
    found.load()
    return found


def _denoised(source: bytes | Path, name: str, denoiser: Denoiser, settings: Settings) -> bytes:
    picture, file = open_picture(source, name), BytesIO()
    denoise_picture(picture, denoiser, file, settings)
    return file.getvalue()


def denoise_page(
    pixels: npt.NDArray[np.float32],
    denoiser: Denoiser,
    settings: Settings = Settings(),  # it cannot be changed
    known: npt.NDArray[np.bool_] | None = None,
) -> tuple[npt.NDArray[np.float32], Page]:
    """Denoise one image.

    A grey image goes through a network for colour with equal channels and comes back as their mean;
    the channels of a colour image go through a network for grey one by one. What lies in the
    middle of black or of white (5x5 pixels of exactly 0 or exactly 1) stays black or white.

    Args:
        pixels: float32 (H, W, C) in [0, 1], C in {1, 3}.
        denoiser: As for `denoise_picture`.
        settings: Likewise.
        known: (H, W), what the noise is estimated from; None: all. Transparent pixels are not.

    Returns:
        float32 (H, W, C) in [0, 1], and what was found.

    Raises:
        ValueError: As for `denoise_picture`.
    """
    denoiser.check_sigma(settings.sigma)
    started = time.perf_counter()
    noise = estimate_noise(pixels, known)
    told = denoiser.architecture.told_level
    sigma = (noise.told if settings.sigma is None else settings.sigma) if told else None
    memory = settings.max_memory
    level = noise.sigma if sigma is None else sigma
    denoised, predicted = pixels, None
    if settings.strength > 0:
        seen = _channels(pixels, denoiser.image_shape[2])
        given = denoiser(seen, 1, memory, sigma, fast=settings.fast, best=settings.best)
        found = _back(given, pixels.shape[2])
        said = settings.sigma is not None and noise.level is None
        if denoiser.quality and (said or not unlike_learnt(noise, denoiser.trained_up_to)):
            predicted = denoiser.quality.predict(pixels, found, level)
        denoised = _blended(pixels, found, settings.strength)
    height, width, _ = pixels.shape
    seconds = time.perf_counter() - started
    return denoised, Page(height, width, noise, level, seconds, predicted)


def _channels(pixels: npt.NDArray[np.float32], wanted: int) -> npt.NDArray[np.float32]:
    """Return an image as a network takes it: (N, H, W, wanted)."""
    given = pixels.shape[2]
    if given == wanted:
        return pixels[np.newaxis]
    if given == 1:
        return np.repeat(pixels[np.newaxis], wanted, axis=3)
    return np.ascontiguousarray(np.moveaxis(pixels, 2, 0)[..., np.newaxis])


def _back(found: npt.NDArray[np.float32], channels: int) -> npt.NDArray[np.float32]:
    """Undo `_channels`."""
    if len(found) > 1:
        return np.ascontiguousarray(np.moveaxis(found[..., 0], 0, 2))
    if found.shape[3] == channels:
        only: npt.NDArray[np.float32] = found[0]
        return only
    return np.asarray(found[0].mean(axis=2, keepdims=True), np.float32)


def _blended(
    pixels: npt.NDArray[np.float32], denoised: npt.NDArray[np.float32], strength: float
) -> npt.NDArray[np.float32]:
    if strength < 1:
        denoised = pixels + np.float32(strength) * (denoised - pixels)
    stays = _all_around(pixels == 0) | _all_around(pixels == 1)
    result: npt.NDArray[np.float32] = np.where(stays, pixels, denoised)
    return result


def _all_around(found: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return where all of `AROUND` x `AROUND` pixels are so; edges are mirrored."""
    reach = AROUND // 2
    for axis in (0, 1) if found.any() else ():
        margins = [(reach, reach) if each == axis else (0, 0) for each in range(found.ndim)]
        parts = sliding_window_view(np.pad(found, margins, "symmetric"), AROUND, axis)
        found = np.logical_and.reduce([parts[..., step] for step in range(AROUND)])
    return found
