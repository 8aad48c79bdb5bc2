"""What a denoiser refuses, before it starts."""

import numpy as np

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import BATCH_VALUES, ImageSet
from denoising_pipeline.models.base import ImageShape

ROUNDING = 1e-6
"""How far from [0, 1] rounding may lead."""


def checked(noisy: Images | ImageSet, image_shape: ImageShape, beyond: float = 0) -> ImageSet:
    """Return images as a set if a network can take them; their values are read block by block.

    Args:
        noisy: An array or a set of images.
        image_shape: (H, W, C) that the network takes; H and W are None: any size.
        beyond: How far values may be outside of [0, 1].

    Raises:
        TypeError: The array is not float32.
        ValueError: Size or channels are not the network's, or values are NaN or out of range.
    """
    if isinstance(noisy, ImageSet):
        for index, shape in enumerate(noisy.shapes.tolist()):
            _check_shape(tuple(shape), image_shape, f"Image {index} has the shape {tuple(shape)}")
    else:
        if noisy.dtype != np.float32:
            raise TypeError(
                f"The images are {noisy.dtype}, the denoiser takes float32 in [0, 1]. "
                "Divide bytes by 255 and convert with .astype('float32')."
            )
        _check_shape(noisy.shape[1:], image_shape, f"The images have the shape {noisy.shape}")
    images = ImageSet.of(noisy)
    if images.values.dtype.kind == "f":
        _check_range(images, beyond)
    return images


def _check_shape(shape: tuple[int, ...], image_shape: ImageShape, found: str) -> None:
    takes = "(N, {}, {}, {})".format(*(size or "any" for size in image_shape))
    *size, channels = image_shape
    if len(shape) == len(image_shape) and shape[-1] != channels:
        raise ValueError(
            f"{found}, the denoiser takes {takes}: {shape[-1]} channels instead of {channels}. "
            f"Convert the images to {channels} (grey has 1, colour 3), or use a denoiser that was "
            f"trained on {shape[-1]}."
        )
    if len(shape) != len(image_shape) or any(
        wanted not in (None, has) for wanted, has in zip(size, shape, strict=False)
    ):
        raise ValueError(
            f"{found}, the denoiser takes {takes}. Add missing axes with np.newaxis, and crop, pad "
            "or resize other sizes."
        )


def _check_range(images: ImageSet, beyond: float) -> None:
    low, high = np.inf, -np.inf
    for start in range(0, len(images.values), BATCH_VALUES):
        block = images.values[start : start + BATCH_VALUES]
        low, high = np.minimum(low, block.min()), np.maximum(high, block.max())
    if np.isnan(low):
        raise ValueError(
            "The images hold values that are no numbers (NaN). Replace them, for example by "
            "np.nan_to_num, or leave these images out."
        )
    if low < -beyond - ROUNDING or high > 1 + beyond + ROUNDING:
        raise ValueError(
            f"The images have values from {low:g} to {high:g}, the denoiser takes [0, 1]. Divide 8 "
            "bits by 255, 16 bits by 65535, and scale or clip what else leaves this range."
        )
