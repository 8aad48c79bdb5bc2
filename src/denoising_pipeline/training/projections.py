"""Autoencoders beside principal component analysis: projections of images to few values."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.denoiser.codes import encode
from denoising_pipeline.evaluation.metrics import METRICS
from denoising_pipeline.evaluation.pca import Rows, as_rows, fit_pca
from denoising_pipeline.images.arrays import Images, Values
from denoising_pipeline.models.dense import Dense
from denoising_pipeline.training.autoencoder import train_autoencoder
from denoising_pipeline.training.options import ProjectionsParameters

PCA = "PCA"
AUTOENCODER = "autoencoder"
LINEAR = "linear autoencoder"
TSNE = "t-SNE"

LINEAR_TRAINING = {"optimizer": "muon", "learning_rate": 1e-2}
"""The linear autoencoder finds the subspace of PCA in far fewer steps than by Adam."""


class Projection(NamedTuple):
    """What one method makes of the test images.

    Attributes:
        method: Its name.
        latent_dim: Values of a code.
        codes: float32 (N, latent_dim).
        mse: Error of the images that codes are turned back into; NaN where they cannot be.
    """

    method: str
    latent_dim: int
    codes: Rows
    mse: Values


def network(method: str, latent_dim: int, options: ProjectionsParameters) -> Dense:
    """Return the autoencoder of a method."""
    if method == LINEAR:
        return Dense(latent_dim=latent_dim, layers=0, code="linear", output="linear")
    return Dense(latent_dim=latent_dim, layers=options.layers, nodes=options.nodes, code="linear")


def projections(
    train: Images, val: Images, test: Images, options: ProjectionsParameters, seed: int
) -> Iterator[Projection]:
    """Project test images by PCA, by a linear and a deep autoencoder and, onto the plane, by t-SNE.

    Args:
        train: Clean images that are learnt from.
        val: Clean images that choose the epoch whose weights are kept.
        test: Clean images that are projected. t-SNE, which has no rule for other images, sees them.
        options: How.
        seed: Root seed.

    Yields:
        A projection for each method and number of values; one that there are not that many
        components of is left out.
    """
    most = min(as_rows(train).shape)
    for latent_dim in sorted({dim for dim in options.latent_dims if dim <= most}):
        pca = fit_pca(as_rows(train), latent_dim)
        codes = pca.transform(as_rows(test))
        restored = pca.inverse_transform(codes).astype(np.float32).reshape(test.shape)
        yield Projection(PCA, latent_dim, codes, METRICS["mse"](test, restored))
        for method in (LINEAR, AUTOENCODER):
            own_seed = int(generator(seed, method, index=latent_dim).integers(2**31))
            architecture = network(method, latent_dim, options)
            own = options.model_copy(update=LINEAR_TRAINING if method == LINEAR else {})
            trained = train_autoencoder(train, val, architecture, own, own_seed, quiet=True)
            error = METRICS["mse"](test, trained.model.predict(test, batch_size=512, verbose=0))
            yield Projection(method, latent_dim, encode(trained, test), error)
    unknown = np.full(len(test), np.nan)
    yield Projection(TSNE, 2, tsne(as_rows(test), options.perplexity, seed), unknown)


def tsne(rows: Rows, perplexity: float, seed: int) -> npt.NDArray[np.float32]:
    """Lay out rows on the plane so that neighbours stay together.

    L. van der Maaten and G. Hinton, "Visualizing Data using t-SNE" (2008), on the first fifty
    principal components.

    Args:
        rows: (N, K).
        perplexity: Neighbours that count, about; fewer where there are few rows.
        seed: Root seed.

    Returns:
        float32 (N, 2).
    """
    from sklearn import manifold

    own_seed = int(generator(seed, TSNE).integers(2**31))
    layout = manifold.TSNE(
        2, perplexity=min(perplexity, (len(rows) - 1) / 3), init="pca", random_state=own_seed
    )
    placed: npt.NDArray[np.float32] = layout.fit_transform(fit_pca(rows, 50).transform(rows))
    return placed
