"""How much noise a photograph has, and of what kind, estimated from the photograph alone."""

from dataclasses import dataclass

import numpy as np

from denoising_pipeline.images.blocks import SIDE, Image, Mask, Values, sampled_blocks
from denoising_pipeline.images.noise_fits import FEWEST, fit_growth, fit_level
from denoising_pipeline.images.noise_structure import block_edges, stripes

BLOCKS = 0.05
"""Steps on the grid of JPEG / other steps - 1, from which it shows."""

CLEAN = 2 / 255
"""Estimate below which an image is best left as it is: most photographs without added noise have as
much, and what a denoiser takes of so little is detail rather than noise."""

CORRELATED = 0.1
"""Correlation of neighbours, or its negative, from which it shows."""

CLIPPED = 0.5
"""Share of black and white from which an image is mostly that."""

_FAINTEST_STRIPES = 0.5 / 255
_SHARE_OF_STRIPES = 0.2
"""Stripes / noise, from which they show."""

_LEVELS = 255
_ROUNDED = 0.01
"""How far from one of 256 levels a value may be, in steps, that was rounded to 8 bits."""

_LOOKED_AT = 100_003
"""Values that a whole image is judged by; a prime, so that no column is taken alone."""

UNDER_JPEG = 3 / 255
"""Level that is assumed where JPEG has removed what it is read from. On photographs of the training
that were saved at quality 75 to 92 it is the largest whole one that does not take them further from
the originals at any, in the mean; cameras often leave more, see `OF_COARSE`."""

OF_COARSE = 30 / 255
"""Where JPEG hides the noise, a denoiser is told the geometric mean of this and of the noise in the
means of 3x3 pixels, which JPEG leaves. Chosen with `MOST_OF_COARSE` on photographs of the training
that went through simulated cameras; see benchmarks/photos.md."""

MOST_OF_COARSE = 12 / 255
"""Level up to which that is believed: coarse noise cannot always be told from texture."""

_COARSE = 3

_GROWN = 0.5
"""Share of the noise's variance from where the signal counts as what it depends on."""


@dataclass(frozen=True)
class NoiseEstimate:
    """What is known of the noise of one image; all levels on the scale [0, 1].

    Attributes:
        sigma: Standard deviation before clipping: root mean square over the image. 0 where it is
            not known.
        known: False: the image is too small, or too little of it is neither black nor white.
        gain: Variance = gain * value + offset, or 0 if that is more. 0: the noise does not depend
            on the signal, as far as can be told.
        offset: Variance at 0; negative where the darkest that there is lies above 0.
        correlation: Between neighbouring pixels of the noise; 0: independent.
        stripes: Standard deviation of what whole rows or columns have in common, whichever is more.
        blocks: How much larger the steps on the grid of 8x8 pixels of JPEG are than others; 0.1:
            by 10 %.
        hidden: JPEG has removed the fine noise that the level is read from: there may be more.
        coarse: Standard deviation in the means of 3x3 pixels, which is looked at where `hidden`.
        black: Share of the values that are 0.
        white: Share of the values that are 1.
    """

    sigma: float
    known: bool = True
    gain: float = 0.0
    offset: float = 0.0
    correlation: float = 0.0
    stripes: float = 0.0
    blocks: float = 0.0
    hidden: bool = False
    coarse: float = 0.0
    black: float = 0.0
    white: float = 0.0

    @property
    def clipped(self) -> float:
        """Share of the values that are black or white."""
        return self.black + self.white

    @property
    def level(self) -> float | None:
        """The standard deviation; None where it cannot be told."""
        return self.sigma if self.known and not self.hidden else None

    @property
    def told(self) -> float:
        """The standard deviation that a denoiser is told; see `UNDER_JPEG` and `OF_COARSE`."""
        if not self.hidden:
            return self.sigma
        seen = min(float(np.sqrt(OF_COARSE * self.coarse)), MOST_OF_COARSE)
        return max(self.sigma, UNDER_JPEG, seen)

    @property
    def is_clean(self) -> bool:
        """Whether there is next to no noise, as far as can be told."""
        return self.level is not None and self.level < CLEAN

    @property
    def grows(self) -> bool:
        """Whether most of the noise comes with the signal, as photons make it."""
        signal = self.sigma**2 - self.offset
        return self.sigma >= CLEAN and self.gain > 0 and signal > _GROWN * self.sigma**2

    @property
    def is_correlated(self) -> bool:
        """Whether neighbours have similar noise."""
        return self.sigma >= CLEAN and self.correlation > CORRELATED

    @property
    def is_sharpened(self) -> bool:
        """Whether neighbours have opposite noise."""
        return self.sigma >= CLEAN and self.correlation < -CORRELATED

    @property
    def is_striped(self) -> bool:
        """Whether rows or columns have noise in common."""
        return self.stripes > max(_FAINTEST_STRIPES, _SHARE_OF_STRIPES * self.sigma)

    @property
    def has_blocks(self) -> bool:
        """Whether the grid of JPEG shows."""
        return self.blocks > BLOCKS

    @property
    def is_clipped(self) -> bool:
        """Whether most is black or white."""
        return self.clipped > CLIPPED


def estimate_noise(image: Image, known: Mask | None = None) -> NoiseEstimate:
    """Estimate the noise of an image; the same image always gives the same numbers.

    Blocks of 8x8 pixels are taken to their DCT. Where the low frequencies hold no more than noise,
    the block is flat, and its high frequencies, which had no part in choosing it, are the noise
    (after Ponomarenko et al. 2007, "An automatic approach to lossy compression of AVIRIS images").
    The level is read from the quieter of the flat blocks: texture only adds. Clipping at 0 and 1
    and rounding to 8 bits are undone.

    Args:
        image: float32 (H, W, C), C in {1, 3}. Values beyond [0, 1] say that nothing was clipped.
        known: (H, W), where the image shows what is there; None: everywhere. The level is read
            from blocks that are known as a whole, and shares are of known values.
    """
    seen = image if known is None else image[known]
    if not seen.size:
        return NoiseEstimate(0.0, known=False)
    black, white = float((seen <= 0).mean()), float((seen >= 1).mean())
    clipped = bool(image.min() >= 0 and image.max() <= 1)
    unknown = NoiseEstimate(0.0, known=False, black=black, white=white)
    if min(image.shape[:2]) < SIDE:
        return unknown
    blocks = sampled_blocks(image, clipped, known)
    if len(blocks.mean) < FEWEST:
        return unknown
    level = fit_level(blocks, clipped)
    gain, offset = fit_growth(blocks, level, clipped)
    edges = block_edges(image)
    values = seen.ravel()[:: max(1, seen.size // _LOOKED_AT)]
    if _has_8_bits(values):
        offset -= 1 / 12 / _LEVELS**2
    variance = np.maximum(gain * np.clip(values, 0, 1) + offset, 0).mean()
    hidden = edges > BLOCKS and level.of_band < CLEAN**2
    return NoiseEstimate(
        sigma=float(np.sqrt(variance)),
        gain=gain,
        offset=offset if gain else max(0.0, offset),
        correlation=level.correlation,
        stripes=stripes(image),
        blocks=edges,
        hidden=hidden,
        coarse=_coarse_level(image, known) if hidden else 0.0,
        black=black,
        white=white,
    )


def _coarse_level(image: Image, known: Mask | None) -> float:
    """Return the noise in the means of 3x3 pixels; 0 where it is not known.

    White noise is a third of what it was there. That of a camera is spread over neighbours by
    demosaicing, and JPEG takes the finest of it: it falls less.
    """
    rows, columns = (size // _COARSE for size in image.shape[:2])
    whole = (rows, _COARSE, columns, _COARSE, -1)
    squares = image[: rows * _COARSE, : columns * _COARSE].reshape(whole)
    if known is not None:
        parts = known[: rows * _COARSE, : columns * _COARSE].reshape(whole)
        known = np.asarray(parts.all(axis=(1, 3, 4)))
    return estimate_noise(squares.mean(axis=(1, 3)), known).sigma


def _has_8_bits(values: Values) -> bool:
    levels = values * _LEVELS
    return bool(np.abs(levels - np.rint(levels)).max() < _ROUNDED)
