"""Principal component analysis, which every code of an autoencoder is measured by."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from denoising_pipeline.images.arrays import Images

Rows: TypeAlias = npt.NDArray[np.float32]
"""A row per image: float32 (N, K)."""

MAX_COVARIANCES = 4096
"""Values per image up to which their covariances are computed: the quickest way by far."""


def as_rows(images: Images) -> Rows:
    """Return images as rows of pixels, (N, H * W * C)."""
    return images.reshape(len(images), -1)


def fit_pca(rows: Rows, components: int) -> Any:
    """Return the principal components of images (Pearson, 1901).

    Args:
        rows: (N, K), to learn from.
        components: How many; as many as there are, where there are fewer.

    Returns:
        A fitted `sklearn.decomposition.PCA`.
    """
    from sklearn.decomposition import PCA

    solver = "covariance_eigh" if rows.shape[1] <= MAX_COVARIANCES else "full"
    return PCA(min(components, *rows.shape), svd_solver=solver).fit(rows)
