"""What there is to say of the noise of an image beside its level, in a few words each."""

from collections.abc import Iterator

from denoising_pipeline.images.noise_level import CLEAN, NoiseEstimate

GROWING, CORRELATED, SHARPENED, STRIPED, BLOCKED, CUT_OFF, CLIPPED = (
    "grows with brightness",
    "correlated between neighbours",
    "sharpened",
    "striped",
    "blocks of JPEG",
    "cut off at black or white",
    "mostly black or white",
)
"""What there is to say of noise."""

CUT = frozenset({CUT_OFF, CLIPPED})
"""Noise that is not zero on average: nothing is blacker than black or whiter than white."""

DEPENDENT = frozenset({CORRELATED, SHARPENED, STRIPED, BLOCKED})
"""Noise that is not independent from pixel to pixel."""

UNLIKE_TRAINING = DEPENDENT | {CLIPPED}
"""What the shipped denoiser does not expect."""

_CUT = 0.01
"""Share of black and white values in a noisy image from where its noise counts as cut off."""


def noise_kinds(noise: NoiseEstimate, *, is_noisy: bool = False) -> Iterator[str]:
    """Yield what there is to say of the noise of an image, in words.

    Args:
        noise: What was estimated of it.
        is_noisy: Whether it is known to be noisy, even where the level cannot be told.
    """
    noisy = noise.sigma >= CLEAN or (is_noisy and noise.level is None)
    kinds = {
        GROWING: noise.grows,
        CORRELATED: noise.is_correlated,
        SHARPENED: noise.is_sharpened,
        STRIPED: noise.is_striped,
        BLOCKED: noise.has_blocks,
        CUT_OFF: noisy and noise.clipped >= _CUT and not noise.is_clipped,
        CLIPPED: noise.is_clipped,
    }
    yield from (kind for kind, holds in kinds.items() if holds)
