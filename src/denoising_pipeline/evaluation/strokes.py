"""How well the strokes of print come out."""

import numpy as np
import numpy.typing as npt

from denoising_pipeline.evaluation.per_image import Floats, per_image
from denoising_pipeline.images.arrays import Images, Values


def stroke_f1(clean: Images, denoised: Images) -> Values:
    """F1 score of the dark pixels, such as the strokes of print.

    Dark is what lies at or below the image's own threshold of N. Otsu, "A Threshold Selection
    Method from Gray-Level Histograms" (1979), by scikit-image, of the mean over channels; nothing
    is where all pixels are equal. F1 is 2 TP / (2 TP + FP + FN), the harmonic mean of precision and
    recall, as in B. Gatos et al., "ICDAR 2009 Document Image Binarization Contest" (2009); 1 where
    neither image has dark pixels. One threshold for a page: uneven light costs.

    Args:
        clean: Floating point (N, H, W, C) in [0, 1].
        denoised: The same shape.

    Returns:
        float64 (N,) in [0, 1]; 1 is best.

    Raises:
        ValueError: The shapes differ or are not NHWC, or the values are not floating point.
    """
    return per_image(_f1, clean, denoised)


def dark(images: Floats) -> npt.NDArray[np.bool_]:
    """Return which pixels are dark, (N, H, W), of images (N, H, W, C); see `stroke_f1`."""
    from skimage.filters import threshold_otsu

    grey = np.round(images.mean(axis=3), 6)  # the same for float32 and float64
    thresholds = [threshold_otsu(page) if np.ptp(page) else -1.0 for page in grey]
    found: npt.NDArray[np.bool_] = grey <= np.reshape(thresholds, (-1, 1, 1))
    return found


def _f1(clean: Floats, denoised: Floats) -> Floats:
    strokes, found = dark(clean), dark(denoised)
    both = np.sum(strokes & found, axis=(1, 2))
    each = strokes.sum((1, 2)) + found.sum((1, 2))
    scores: Floats = np.where(each > 0, 2 * both / np.maximum(each, 1), 1.0)
    return scores
