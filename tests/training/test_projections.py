"""The linear autoencoder finds what PCA finds, and the deep one gets further."""

from typing import Any

import numpy as np
import pytest
from scipy.linalg import subspace_angles

from denoising_pipeline.evaluation.pca import as_rows, fit_pca
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.training.autoencoder import train_autoencoder
from denoising_pipeline.training.options import ProjectionsParameters
from denoising_pipeline.training.projections import (
    AUTOENCODER,
    LINEAR,
    PCA,
    TSNE,
    Projection,
    network,
    projections,
)

OPTIONS = ProjectionsParameters(
    latent_dims=[2, 100], nodes=16, epochs=1, batch_size=100, perplexity=5
)


def images(count: int) -> Images:
    """Images in which each direction varies half as much as the one before, and nothing more."""
    draws = np.random.default_rng(0)
    directions, _ = np.linalg.qr(draws.normal(size=(12, 12)))
    spread = 0.5 ** np.arange(12)
    values = np.random.default_rng(count).uniform(-1, 1, (count, 12)) * spread
    pixels: Images = (0.5 + 0.4 * values @ directions.T).astype(np.float32)
    return pixels.reshape(count, 4, 3, 1)


@pytest.mark.slow
def test_the_linear_autoencoder_spans_the_principal_components() -> None:
    train, test = images(600), images(200)
    fast: dict[str, Any] = {"epochs": 30, "batch_size": 20, "learning_rate": 0.03}
    options = OPTIONS.model_copy(update=fast | {"optimizer": "muon"})
    trained = train_autoencoder(train, train, network(LINEAR, 2, options), options, 0, quiet=True)
    pca = fit_pca(as_rows(train), 2)
    spanned = trained.decoder.get_weights()[0].T
    assert np.degrees(subspace_angles(spanned, pca.components_.T)).max() < 5
    restored = pca.inverse_transform(pca.transform(as_rows(test)))
    least = np.mean((restored - as_rows(test)) ** 2)
    found = np.mean((trained.model.predict(test, verbose=0) - test) ** 2)
    assert found == pytest.approx(least, rel=0.02)


@pytest.fixture(scope="module")
def found() -> list[Projection]:
    return list(projections(images(100), images(20), images(30), OPTIONS, 0))


def test_every_method_projects_as_far_as_there_are_components(found: list[Projection]) -> None:
    """Of 12 values there are no 100 components."""
    names = [(each.method, each.latent_dim) for each in found]
    assert names == [(PCA, 2), (LINEAR, 2), (AUTOENCODER, 2), (TSNE, 2)]
    assert all(each.codes.shape == (30, 2) for each in found)


def test_only_what_has_a_way_back_has_an_error(found: list[Projection]) -> None:
    for each in found:
        assert each.mse.shape == (30,)
        assert np.isnan(each.mse).all() == (each.method == TSNE)
    assert found[0].mse.mean() < found[1].mse.mean()
