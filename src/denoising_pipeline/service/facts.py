"""What a service says of a picture, as JSON."""

from collections.abc import Iterator
from pathlib import PurePath

from pydantic import BaseModel, Field

from denoising_pipeline.denoiser.picture import Outcome, Page
from denoising_pipeline.denoiser.quality import Prediction
from denoising_pipeline.pictures.formats import FORMATS, Picture, format_of, left_out

LEVELS = 255
"""Noise levels are shown on the scale of 8 bits."""

MEDIA_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "WebP": "image/webp",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
    "NPY": "application/octet-stream",
}

LONGEST_NAME = 150
"""Characters of a name that are kept."""


class PageFacts(BaseModel):
    """One page of a picture."""

    height: int = Field(description="Pixels, as stored.")
    width: int = Field(description="Pixels, as stored.")
    noise_level: float | None = Field(
        description="Estimated standard deviation of the noise, of 255; null: it cannot be told."
    )
    told_level: float = Field(description="What the network was told, of 255.")
    predicted: Prediction | None = Field(
        description="PSNR in dB of the result as the network gives it, if it can be predicted."
    )
    seconds: float = Field(description="That it took.")


class PictureFacts(BaseModel):
    """A picture that has been denoised."""

    name: str = Field(description="Of the denoised file.")
    format: str = Field(description="Such as PNG.")
    mode: str = Field(description="Such as grey, RGB, palette.")
    depth: str = Field(description="Such as 8 bit, 16 bit, float32.")
    pages: list[PageFacts]
    warnings: list[str] = Field(description="What may be wrong with the result, in words.")
    seconds: float = Field(description="That all pages took.")


class KeptFacts(PictureFacts):
    """A result that waits to be downloaded."""

    id: str = Field(description="To ask for the result, without denoising again.")
    before: list[str] = Field(description="Addresses: each page before, as a PNG of 8 bits.")
    after: list[str] = Field(description="Addresses: each page after, as a PNG of 8 bits.")
    file: str = Field(description="Address of the denoised file; takes strength and format.")
    kept_seconds: float = Field(description="How long it waits.")


def picture_facts(picture: Picture, outcome: Outcome, format: str | None) -> PictureFacts:  # noqa: A002
    """Say what a picture is and what was found in it."""
    return PictureFacts(
        name=denoised_name(picture, format),
        format=picture.format if format is None else format_of(format),
        mode=picture.mode,
        depth=picture.depth,
        pages=[_page_facts(page) for page in outcome.pages],
        warnings=list(_warnings(picture, outcome, format)),
        seconds=round(outcome.seconds, 3),
    )


def denoised_name(picture: Picture, format: str | None) -> str:  # noqa: A002
    """Return what a denoised file is called: `photo.jpg` becomes `photo_denoised.jpg`."""
    path = PurePath(picture.name)
    usual = FORMATS[picture.format if format is None else format_of(format)].suffixes
    keeps = path.suffix and (format is None or path.suffix.lower() in usual)
    return f"{path.stem}_denoised{path.suffix if keeps else usual[0]}"


def plain_name(name: str | None, fallback: str = "picture") -> str:
    """Return the last part of a name that somebody sent, without what no file name should have."""
    last = (name or "").replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter for letter in last if letter.isprintable()).strip(" .")
    return kept[-LONGEST_NAME:] or fallback


def _page_facts(page: Page) -> PageFacts:
    level = page.noise.level
    return PageFacts(
        height=page.height,
        width=page.width,
        noise_level=None if level is None else round(level * LEVELS, 2),
        told_level=round(page.sigma * LEVELS, 2),
        predicted=page.predicted,
        seconds=round(page.seconds, 3),
    )


def _warnings(picture: Picture, outcome: Outcome, format: str | None) -> Iterator[str]:  # noqa: A002
    """Yield each warning once, whichever page it is of."""
    if said := left_out(picture, format):
        yield said
    yield from outcome.warnings
