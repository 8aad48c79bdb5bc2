"""The pictures of a report, as good as there is room for."""

import io
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from PIL import Image

from denoising_pipeline.batch.results import Thumbnails
from denoising_pipeline.batch.thumbnails import CROP, WHOLE, levels
from denoising_pipeline.core.pages import data_uri

TINY = 8
"""How much larger a pixel of a very small image is shown, at most."""

LEAST = 136, 44
"""Width and height that a thin picture is stretched to, as room for the divider and its labels."""

_AMPLIFIED = (1, 2, 4, 8, 16, 32, 64)
_LARGEST_SHOWN = 0.45
_MOSTLY = 99


class _Quality(NamedTuple):
    jpeg: int
    whole: int = WHOLE
    crop: int = CROP


_QUALITIES = (
    *(_Quality(jpeg) for jpeg in (95, 92, 88, 84, 80, 75, 70, 65, 60, 55, 50)),
    *(_Quality(50, WHOLE * n // 8, CROP * n // 8) for n in (7, 6, 5, 4)),
    *(_Quality(30, WHOLE * n // 8, CROP * n // 8) for n in (4, 3, 2)),
)
_SMOOTH = 80


@dataclass(frozen=True)
class Shown:
    """An image that lies in the page.

    Attributes:
        uri: Its address.
        width: In pixels.
        height: Likewise.
    """

    uri: str
    width: int
    height: int


@dataclass(frozen=True)
class Pictures:
    """What a report shows of one file.

    Attributes:
        whole: Before and after; None: the image is so small that the part is all of it.
        crop: Before and after, a pixel for a pixel.
        residual: What was taken away of that part, around mid-grey.
        amplified: By what the residual is multiplied.
        place: Left, top, width and height of the part in percent of the whole.
        brightness: By what everything is multiplied.
        zoom: How many pixels of the page a pixel of the part is wide and high.
        stretched: Whether the part is so thin that it is shown wider or higher than that.
    """

    whole: tuple[Shown, Shown] | None
    crop: tuple[Shown, Shown]
    residual: Shown
    amplified: int
    place: tuple[float, float, float, float]
    brightness: float
    zoom: int
    stretched: bool


def fitted(thumbnails: Thumbnails, budget: int) -> Pictures:
    """Return the best pictures that take no more room than allowed.

    Less room first costs quality of JPEG, then size. The part stays pixel by pixel.

    Args:
        thumbnails: What was kept of a file.
        budget: Bytes, as they lie in the page; the smallest pictures (some 12 kB) may take more.
    """
    source = _Source(thumbnails)
    low, high = 0, len(_QUALITIES) - 1
    while low < high:  # Each quality takes less room than the one before.
        middle = (low + high) // 2
        if source.size(_QUALITIES[middle]) <= budget:
            high = middle
        else:
            low = middle + 1
    return source.pictures(_QUALITIES[low])


class _Source:
    """The pictures of one file, decoded."""

    def __init__(self, thumbnails: Thumbnails) -> None:
        self._thumbnails = thumbnails
        self._crop = [
            _opened(content) for content in (thumbnails.crop_before, thumbnails.crop_after)
        ]
        self._found: dict[_Quality, Pictures] = {}

    @cached_property
    def _whole(self) -> list[Image.Image]:
        if self._thumbnails.crop_place[2:] == (1, 1):
            return []
        kept = self._thumbnails.whole_before, self._thumbnails.whole_after
        return [_opened(content) for content in kept]

    @cached_property
    def _residual(self) -> tuple[Image.Image, int]:
        before, after = (np.atleast_3d(np.asarray(image, np.float32)) / 255 for image in self._crop)
        taken = after - before
        usual = float(np.percentile(np.abs(taken), _MOSTLY))
        fitting = [by for by in _AMPLIFIED if by * usual <= _LARGEST_SHOWN] or [1]
        return levels((0.5 + fitting[-1] * taken).astype(np.float32)), fitting[-1]

    def size(self, quality: _Quality) -> int:
        """Return how many bytes the pictures take in the page."""
        found = self.pictures(quality)
        return sum(len(image.uri) for image in (*(found.whole or ()), *found.crop, found.residual))

    def pictures(self, quality: _Quality) -> Pictures:
        """Encode all pictures."""
        if quality not in self._found:
            residual, amplified = self._residual
            whole = [_small(image, quality) for image in self._whole]
            shown = [min(quality.crop, side) for side in residual.size]
            zoom = max(1, min(TINY, CROP // max(shown)))
            crop = [_middle(image, quality, zoom) for image in self._crop]
            left, top, width, height = self._thumbnails.crop_place
            kept = [size / side for size, side in zip(shown, residual.size, strict=True)]
            self._found[quality] = Pictures(
                whole=(whole[0], whole[1]) if whole else None,
                crop=(crop[0], crop[1]),
                residual=_middle(residual, quality, zoom),
                amplified=amplified,
                place=(
                    100 * (left + width * (1 - kept[0]) / 2),
                    100 * (top + height * (1 - kept[1]) / 2),
                    100 * width * kept[0],
                    100 * height * kept[1],
                ),
                brightness=self._thumbnails.brightness,
                zoom=zoom,
                stretched=any(
                    size * zoom < least for size, least in zip(shown, LEAST, strict=True)
                ),
            )
        return self._found[quality]


def _opened(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as image:
        image.load()
        return image.copy()


def _small(image: Image.Image, quality: _Quality) -> Shown:
    image = image.copy()
    image.thumbnail((quality.whole, quality.whole), Image.Resampling.LANCZOS)
    return _shown(image, quality)


def _middle(image: Image.Image, quality: _Quality, zoom: int) -> Shown:
    width, height = (min(side, quality.crop) for side in image.size)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return _shown(image.crop((left, top, left + width, top + height)), quality, zoom)


def _shown(image: Image.Image, quality: _Quality, zoom: int = 1) -> Shown:
    file = io.BytesIO()
    width, height = (
        max(side, -(-least // zoom)) for side, least in zip(image.size, LEAST, strict=True)
    )
    image = image.resize((width, height), Image.Resampling.NEAREST)
    subsampling = 0 if quality.jpeg >= _SMOOTH else 2
    image.save(file, "JPEG", quality=quality.jpeg, subsampling=subsampling)
    return Shown(data_uri(file.getvalue(), "image/jpeg"), *image.size)
