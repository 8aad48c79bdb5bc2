"""What about the noise of an image speaks against denoising it, in sentences."""

from denoising_pipeline.images.noise_level import NoiseEstimate

_BEYOND = 1.05
"""Estimate / highest level from which it is above it: estimates err by a few percent."""


def is_beyond(sigma: float, highest: float | None) -> bool:
    """Tell whether a noise level is above what a denoiser was trained on; None: nobody knows."""
    return highest is not None and sigma > _BEYOND * highest


def noise_warnings(estimate: NoiseEstimate, highest: float | None) -> list[str]:
    """Return a sentence for each thing that the denoiser is not made for; none: all is well.

    Args:
        estimate: What is known of the image.
        highest: Noise level up to which the denoiser was trained, on the scale [0, 1]; None: it is
            not known.
    """
    sigma = estimate.sigma
    found: list[str] = []
    if estimate.is_clipped:
        found.append(
            f"{estimate.clipped:.0%} of the values are black or white: what was there is lost,"
            " and the estimates rest on the others."
        )
    if not estimate.known:
        reason = "too small, or too much of it is black or white"
        return [*found, f"The noise level is not known: the image is {reason}."]
    if estimate.hidden:
        found.append(
            f"JPEG has removed the fine noise that levels are read from: it is {_shown(sigma)} or"
            " more, and whether the image is clean cannot be told."
        )
    elif estimate.is_clean:
        found.append(f"It looks clean (noise of {_shown(sigma)}): leave it as it is.")
    if highest is not None and is_beyond(sigma, highest):
        found.append(
            f"The noise of {_shown(sigma)} is above the {_shown(highest)} that the denoiser was"
            " trained on: it will leave noise or make patterns."
        )
    if estimate.is_correlated:
        found.append(
            f"The noise is correlated between neighbours ({estimate.correlation:.2f}), as a"
            " camera, JPEG, resizing or another denoiser makes it; the denoiser expects"
            " independent noise and will leave some."
        )
    if estimate.is_sharpened:
        found.append(
            f"Neighbours have opposite noise ({estimate.correlation:.2f}), as sharpening makes it;"
            " the denoiser expects independent noise."
        )
    if estimate.is_striped:
        found.append(
            f"There are stripes of {_shown(estimate.stripes)} along rows or columns: the denoiser"
            " takes them for part of the picture."
        )
    if estimate.has_blocks:
        found.append(
            f"There are JPEG blocks: steps on their grid are {estimate.blocks:.0%} larger than"
            " others; the denoiser takes them for part of the picture."
        )
    return found


def _shown(level: float) -> str:
    return f"{level * 255:.1f}/255"
