"""Images seen in eight ways, and what a network makes of them on average."""

from collections.abc import Callable

import numpy as np

from denoising_pipeline.images.arrays import Images

AXES = (1, 2)
"""Height and width."""


def mean_of_views(network: Callable[[Images], Images], pixels: Images) -> Images:
    """Average what a network makes of images that are turned and mirrored, each turned back.

    The ensemble of R. Timofte et al., "Seven ways to improve example-based single image super
    resolution" (2016): errors that differ from view to view cancel out.

    Args:
        network: From float32 (N, H, W, C) to float32 (N, H, W, D), for any H and W.
        pixels: float32 (N, H, W, C).

    Returns:
        float32 (N, H, W, D).
    """
    seen = [pixels, pixels[:, :, ::-1]]
    found = [
        np.rot90(network(np.ascontiguousarray(np.rot90(each, quarters, AXES))), -quarters, AXES)
        for each in seen
        for quarters in range(4)
    ]
    found[4:] = [each[:, :, ::-1] for each in found[4:]]
    mean: Images = np.mean(found, axis=0, dtype=np.float32)
    return mean
