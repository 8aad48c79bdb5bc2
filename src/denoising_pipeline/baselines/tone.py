"""The tone curve that clipped noise bends, and its correction."""

from dataclasses import dataclass

import numpy as np

from denoising_pipeline.images.arrays import Images, Values

LEVELS = 1024
"""Steps of [0, 1] within which values count as equal."""


@dataclass(frozen=True)
class ToneCurve:
    """A rising map from filtered values to clean ones.

    Clipping makes dark pixels brighter on average and bright ones darker, and a filter that
    averages keeps that: its blacks are grey.

    Attributes:
        filtered: float64 (K,), rising, in [0, 1].
        clean: float64 (K,), not falling, in [0, 1].
    """

    filtered: Values
    clean: Values

    @classmethod
    def learn(cls, filtered: Images, clean: Images) -> "ToneCurve":
        """Return the rising curve with the least squared error: isotonic regression.

        Barlow et al., "Statistical Inference under Order Restrictions" (1972). The inverse of
        x -> E[clip(x + sigma n, 0, 1)] is one of the curves that it chooses from, and needs to know
        the noise and to have a filter that only averages.

        Args:
            filtered: float32 images in [0, 1].
            clean: The same images, clean.
        """
        from scipy.optimize import isotonic_regression

        levels = np.minimum(filtered.ravel() * np.float32(LEVELS), LEVELS - 1).astype(np.intp)
        counts = np.bincount(levels, minlength=LEVELS)
        seen = counts > 0

        def means(values: Images) -> Values:
            return np.bincount(levels, values.ravel(), LEVELS)[seen] / counts[seen]

        fitted = isotonic_regression(means(clean), weights=counts[seen])
        return cls(means(filtered), fitted.x)

    def __call__(self, filtered: Images) -> Images:
        """Correct images; between and beyond the levels that were seen, interpolate.

        Args:
            filtered: float32 images in [0, 1].

        Returns:
            A new float32 array of the same shape, in [0, 1].
        """
        return np.interp(filtered, self.filtered, self.clean).astype(np.float32)
