"""How well colours come out."""

import numpy as np

from denoising_pipeline.evaluation.per_image import Floats, per_image
from denoising_pipeline.images.arrays import Images, Values


def colour_difference(clean: Images, denoised: Images) -> Values:
    """Mean CIEDE2000 colour difference over pixels: about 1 is what people just notice.

    G. Sharma et al., "The CIEDE2000 Color-Difference Formula" (2005), by scikit-image, of sRGB
    images under the illuminant D65.

    Args:
        clean: Floating point (N, H, W, C) in [0, 1]; grey images count as equal in all channels.
        denoised: The same shape.

    Returns:
        float64 (N,), 0 or more; 0 is best.

    Raises:
        ValueError: The shapes differ or are not NHWC, or the values are not floating point.
    """
    from skimage.color import deltaE_ciede2000, rgb2lab

    def differences(one: Floats, other: Floats) -> Floats:
        lab = [rgb2lab(np.broadcast_to(image, (*image.shape[:3], 3))) for image in (one, other)]
        found: Floats = deltaE_ciede2000(*lab).mean(axis=(1, 2))
        return found

    return per_image(differences, clean, denoised)


def colourfulness(clean: Images, denoised: Images) -> Values:
    """How far an image is from being as colourful as it should be, paler or gaudier.

    The measure of D. Hasler and S. Süsstrunk, "Measuring Colourfulness in Natural Images" (2003),
    on its scale: grey images have 0, those of theirs that people called quite colourful 59. It does
    not ask for the right colours, but whether there are as many.

    Args:
        clean: Floating point (N, H, W, C) in [0, 1]; grey images count as equal in all channels.
        denoised: The same shape.

    Returns:
        float64 (N,), the distance of the two, 0 or more; 0 is best.

    Raises:
        ValueError: The shapes differ or are not NHWC, or the values are not floating point.
    """
    return per_image(
        lambda one, other: np.abs(_colourful(one) - _colourful(other)), clean, denoised
    )


def _colourful(images: Floats) -> Floats:
    red, green, blue = np.moveaxis(255 * np.broadcast_to(images, (*images.shape[:3], 3)), -1, 0)
    opponents = np.stack([red - green, (red + green) / 2 - blue])
    spread, mean = (
        np.sqrt(np.square(measured(opponents, axis=(2, 3))).sum(axis=0))
        for measured in (np.std, np.mean)
    )
    found: Floats = spread + 0.3 * mean
    return found
