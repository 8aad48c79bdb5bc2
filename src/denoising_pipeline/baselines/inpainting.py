"""Filling in what is covered, where somebody says what that is."""

import numpy as np
from skimage.restoration import inpaint_biharmonic

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet, apply_to

TOLD_WHERE = "inpainting, told where"
"""Its name in tables: it knows more than a denoiser, and nothing of what shows through."""


def marked(noisy: Images | ImageSet, clean: Images | ImageSet) -> Images | ImageSet:
    """Return degraded images with one channel more, which is 1 where they were covered.

    Args:
        noisy: Degraded images, (N, H, W, C) or a set.
        clean: The same images; a pixel that differs in any channel was covered.
    """
    references = ImageSet.of(clean)

    def with_mask(place: slice, pixels: Images) -> Images:
        same = np.stack([references.read(i) for i in range(place.start, place.stop)])
        covered = (pixels != same).any(-1, keepdims=True)
        return np.concatenate([pixels, covered.astype(np.float32)], axis=-1)

    return apply_to(noisy, with_mask)


def inpaint(images: Images) -> Images:
    """Fill in what is covered by the biharmonic equation, from what is around it.

    S. Damelin and N. Hoang, "On Surface Completion and Image Inpainting by Biharmonic Functions:
    Numerical Aspects" (2018), by scikit-image.

    Args:
        images: float32 (N, H, W, C + 1) of `marked`.

    Returns:
        float32 (N, H, W, C) in [0, 1].
    """
    filled = np.array(images[..., :-1])
    for image, mask in zip(filled, images[..., -1] > 0, strict=True):
        if mask.any() and not mask.all():
            image[...] = inpaint_biharmonic(image, mask, split_into_regions=True, channel_axis=-1)
    return np.clip(filled, 0, 1, out=filled)
