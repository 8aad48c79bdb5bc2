"""The transformer is one of scikit-learn's, by scikit-learn's own checks, and does what it says."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cards import card
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks
from small_denoiser import write_denoiser

from denoising_pipeline import AutoencoderTransformer, Denoiser
from denoising_pipeline.denoiser.codes import decode, encode
from denoising_pipeline.denoiser.file import DENOISER, write_network
from denoising_pipeline.models.dense import Dense

SHAPE = (4, 3, 1)
ROWS = np.random.default_rng(0).random((50, 12), dtype=np.float32)


@pytest.mark.slow
@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [AutoencoderTransformer(2, layers=0, epochs=1, batch_size=256)]
)
def test_scikit_learn_takes_it_for_one_of_its_own(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.fixture(scope="module")
def denoiser() -> Denoiser:
    network = Dense(latent_dim=3, layers=0)
    return Denoiser(network, SHAPE, network.build(SHAPE, 1), card())


@pytest.fixture(scope="module")
def trained() -> AutoencoderTransformer:
    """Learns rows of any scale, of which two numbers tell all."""
    draws = np.random.default_rng(0)
    rows = 100 + 50 * draws.random((400, 2)) @ draws.random((2, 12))
    options: dict[str, Any] = {"nodes": 32, "epochs": 40, "learning_rate": 0.01}
    return AutoencoderTransformer(2, layers=1, **options).fit(pd.DataFrame(rows).add_prefix("x"))


def test_rows_come_back_from_two_values_each(trained: AutoencoderTransformer) -> None:
    draws = np.random.default_rng(0)
    rows = 100 + 50 * draws.random((400, 2)) @ draws.random((2, 12))
    codes = trained.transform(pd.DataFrame(rows).add_prefix("x"))
    assert codes.shape == (400, 2)
    error = trained.inverse_transform(codes) - rows
    assert np.mean(error**2) < 0.1 * rows.var(0).mean()


def test_codes_are_named_by_the_class(trained: AutoencoderTransformer) -> None:
    names = ["autoencodertransformer0", "autoencodertransformer1"]
    assert trained.get_feature_names_out().tolist() == names


def test_a_copy_that_was_pickled_gives_equal_codes(trained: AutoencoderTransformer) -> None:
    copy = pickle.loads(pickle.dumps(trained))  # our own
    rows = pd.DataFrame(100 + 50 * ROWS).add_prefix("x")
    np.testing.assert_allclose(copy.transform(rows), trained.transform(rows), rtol=1e-6)


def test_a_denoiser_that_is_there_is_taken_as_it_is(denoiser: Denoiser, tmp_path: Path) -> None:
    file = tmp_path / "denoiser.zip"
    with file.open("wb") as opened:
        write_network(denoiser, DENOISER, opened)
    images = ROWS.reshape(-1, *SHAPE)
    for given in (denoiser, str(file)):
        transformer = AutoencoderTransformer(denoiser=given).fit(ROWS)
        codes = transformer.transform(ROWS)
        np.testing.assert_array_equal(codes, encode(denoiser, images))
        restored = transformer.inverse_transform(codes)
        np.testing.assert_array_equal(restored.reshape(images.shape), decode(denoiser, codes))


def test_it_stands_in_a_pipeline(denoiser: Denoiser) -> None:
    labels = ROWS[:, 0] > 0.5
    model = make_pipeline(AutoencoderTransformer(denoiser=denoiser), LogisticRegression())
    assert model.fit(ROWS, labels).predict(ROWS).shape == (50,)


def test_what_does_not_fit_a_denoiser_is_refused(denoiser: Denoiser, tmp_path: Path) -> None:
    transformer = AutoencoderTransformer(denoiser=denoiser)
    with pytest.raises(ValueError, match=r"X has 11 values a row.*which are 12"):
        transformer.fit(ROWS[:, :11])
    with pytest.raises(ValueError, match="Divide bytes by 255"):
        transformer.fit(255 * ROWS)
    with pytest.raises(ValueError, match="X has 4 values a row, and a code has 3"):
        transformer.fit(ROWS).inverse_transform(ROWS[:, :4])
    portable = str(write_denoiser(tmp_path / "averages.zip"))
    with pytest.raises(ValueError, match="has no encoder of its own"):
        AutoencoderTransformer(denoiser=portable).fit(ROWS)
    with pytest.raises(FileNotFoundError, match="no denoiser 'nowhere'"):
        AutoencoderTransformer(denoiser="nowhere").fit(ROWS)
