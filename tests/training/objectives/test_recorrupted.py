"""More noise goes in, and what it is compared with has noise that is independent of it."""

import numpy as np
import pytest

from denoising_pipeline.config import ParameterError, validate_parameters
from denoising_pipeline.training import Batch
from denoising_pipeline.training.objectives.recorrupted import Recorrupted

SIGMA = 0.1


def prepared(told: float, noisier: float = 0.5) -> tuple[Batch, np.random.Generator]:
    draws = np.random.default_rng(0)
    noisy = 0.5 + np.float32(SIGMA) * draws.standard_normal((2, 300, 300, 1), np.float32)
    batch = Batch(noisy, None, level=np.full(2, told))
    return Recorrupted(noisier=noisier).prepare(batch, np.random.default_rng(1)), draws


@pytest.mark.parametrize("noisier", [0.3, 0.5, 1.0])
def test_the_noise_of_input_and_target_is_independent_and_as_strong_as_it_says(
    noisier: float,
) -> None:
    ready, _ = prepared(SIGMA, noisier)
    assert ready.target is not None
    assert ready.level is not None
    assert ready.target_level is not None
    one, other = ready.input.ravel() - 0.5, ready.target.ravel() - 0.5
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.01
    assert one.std() == pytest.approx(SIGMA * np.sqrt(1 + noisier**2), rel=0.01)
    assert other.std() == pytest.approx(SIGMA * np.sqrt(1 + noisier**-2), rel=0.01)
    np.testing.assert_allclose(ready.level, one.std(), rtol=0.01)
    np.testing.assert_allclose(ready.target_level, other.std(), rtol=0.01)
    assert ready.input.dtype == ready.target.dtype == np.float32


def test_grey_in_three_channels_stays_grey() -> None:
    """Else a network that averages the channels would see through what was added."""
    noisy = np.repeat(np.random.default_rng(0).random((2, 8, 8, 1), np.float32), 3, axis=-1)
    noisy[1, ..., 2] /= 2
    batch = Batch(noisy, None, level=np.full(2, SIGMA))
    ready = Recorrupted().prepare(batch, np.random.default_rng(1))
    assert ready.target is not None
    for images in (ready.input, ready.target):
        assert (images[0] == images[0, ..., :1]).all()
        assert not (images[1, ..., 0] == images[1, ..., 1]).all()


def test_a_level_that_is_too_low_leaves_a_part_of_the_noise_in_both() -> None:
    """As the docstring says: told 10 % less, a sixth of the noise would be learnt as image."""
    ready, _ = prepared(0.9 * SIGMA)
    assert ready.target is not None
    shared = np.cov(ready.input.ravel(), ready.target.ravel())
    assert shared[0, 1] / shared[0, 0] == pytest.approx(1 / 6, abs=0.02)


def test_a_network_that_is_not_told_the_level_is_refused() -> None:
    objective = {"objective": {"name": "recorrupted"}}
    with pytest.raises(ParameterError, match=r"training\.model\.noise_level=true"):
        validate_parameters({"training": {"model": {"name": "unet"}, "loss": "mse", **objective}})
