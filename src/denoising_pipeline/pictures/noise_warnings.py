"""What about the noise of an image speaks against denoising it, in sentences."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from denoising_pipeline.images.noise_level import UNDER_JPEG, NoiseEstimate

_BEYOND = 1.05
"""Estimate / highest level from which it is above it: estimates err by a few percent."""


def is_beyond(sigma: float, highest: float | None) -> bool:
    """Tell whether a noise level is above what a denoiser was trained on; None: nobody knows."""
    return highest is not None and sigma > _BEYOND * highest


def noise_warnings(pages: Sequence[NoiseEstimate], highest: float | None) -> list[str]:
    """Return a sentence for each thing that the denoiser is not made for; none: all is well.

    A sentence tells of all pages that it holds for: from which number to which, and how many.

    Args:
        pages: What is known of each page of a picture.
        highest: Noise level up to which the denoiser was trained, on the scale [0, 1]; None: it is
            not known.
    """
    return [text for kind in _kinds(highest) if (text := kind.said_of(pages))]


class _Kind(NamedTuple):
    """One thing that may be wrong.

    Attributes:
        holds: Whether it is.
        text: The sentence, with {} for the number.
        number: What says how much it is.
        form: How a number is shown.
        unit: Stands behind the last number.
    """

    holds: Callable[[NoiseEstimate], bool]
    text: str
    number: Callable[[NoiseEstimate], float]
    form: str = "{:.1f}"
    unit: str = "/255"

    def said_of(self, pages: Sequence[NoiseEstimate]) -> str:
        """Return the sentence, or nothing if it holds for no page."""
        found = [self.number(page) for page in pages if self.holds(page)]
        if not found:
            return ""
        ends = dict.fromkeys(self.form.format(end) for end in (min(found), max(found)))
        said = self.text.format(" to ".join(ends) + self.unit)
        if len(pages) == 1:
            return said
        return f"{said.removesuffix('.')} ({len(found)} of {len(pages)} pages)."


def _kinds(highest: float | None) -> list[_Kind]:
    up_to = 0.0 if highest is None else 255 * highest
    return [
        _Kind(
            lambda page: page.is_clipped,
            "{} of the values are black or white: what was there is lost, and the estimates rest on"
            " the others.",
            lambda page: 100 * page.clipped,
            "{:.0f}",
            "%",
        ),
        _Kind(
            lambda page: not page.known,
            "The noise level is not known: the image is too small, or too much of it is black or"
            " white.",
            _level,
        ),
        _Kind(
            lambda page: page.hidden,
            "JPEG has removed the fine noise that levels are read from: it is {} or more, and"
            " whether the image is clean cannot be told. The denoiser is told at least"
            f" {255 * UNDER_JPEG:.0f}/255, unless you say another level.",
            _level,
        ),
        _Kind(
            lambda page: page.is_clean,
            "It looks clean, or denoised or blurred before (fine noise of {}): leave it as it is,"
            " as coarser noise would stay.",
            _level,
        ),
        _Kind(
            lambda page: is_beyond(page.sigma, highest),
            f"The noise of {{}} is above the {up_to:.1f}/255 that the denoiser was trained on: it"
            " will leave noise or make patterns.",
            _level,
        ),
        _Kind(
            lambda page: page.grows,
            "The noise grows with brightness (gain {}), as photons make it: no PSNR is predicted,"
            " as that was learnt on noise of one level.",
            lambda page: page.gain,
            "{:.2g}",
            "",
        ),
        _Kind(
            lambda page: page.is_correlated,
            "The noise is correlated between neighbours ({}), as a camera, JPEG, resizing or"
            " another denoiser makes it; the denoiser expects independent noise and will leave"
            " some.",
            lambda page: page.correlation,
            "{:.2f}",
            "",
        ),
        _Kind(
            lambda page: page.is_sharpened,
            "Neighbours have opposite noise ({}), as sharpening makes it; the denoiser expects"
            " independent noise.",
            lambda page: page.correlation,
            "{:.2f}",
            "",
        ),
        _Kind(
            lambda page: page.is_striped,
            "There are stripes of {} along rows or columns: the denoiser takes them for part of the"
            " picture.",
            lambda page: 255 * page.stripes,
        ),
        _Kind(
            lambda page: page.has_blocks,
            "There are JPEG blocks: steps on their grid are {} larger than others; the denoiser"
            " takes them for part of the picture.",
            lambda page: 100 * page.blocks,
            "{:.0f}",
            "%",
        ),
    ]


def _level(page: NoiseEstimate) -> float:
    return 255 * page.sigma
