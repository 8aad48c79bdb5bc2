"""The denoiser's contract: what it takes, what it gives, and what it says otherwise."""

import numpy as np
import pytest

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.models.dense import Dense

SHAPE = (4, 6, 3)
SMALL = Dense(latent_dim=5, layers=0)


@pytest.fixture(scope="module")
def denoiser() -> Denoiser:
    return Denoiser(SMALL, SHAPE, SMALL.build(SHAPE, 0))


@pytest.fixture
def noisy() -> Images:
    images = np.random.default_rng(0).random((7, *SHAPE), dtype=np.float32)
    images.flags.writeable = False
    return images


def test_shape_and_type_are_kept_for_read_only_images(denoiser: Denoiser, noisy: Images) -> None:
    denoised = denoiser(noisy)
    assert denoised.shape == noisy.shape
    assert denoised.dtype == np.float32
    assert denoised.flags.writeable


def test_images_are_independent_of_their_batch(denoiser: Denoiser, noisy: Images) -> None:
    np.testing.assert_allclose(denoiser(noisy, batch_size=3), denoiser(noisy), atol=1e-6)
    np.testing.assert_allclose(denoiser(noisy[2:3])[0], denoiser(noisy)[2], atol=1e-6)


def test_an_empty_batch_stays_empty(denoiser: Denoiser) -> None:
    denoised = denoiser(np.empty((0, *SHAPE), np.float32))
    assert denoised.shape == (0, *SHAPE)
    assert denoised.dtype == np.float32


def test_values_are_clipped_to_the_range_of_images(noisy: Images) -> None:
    """With a network whose output is 3 x - 1, on both sides outside [0, 1]."""
    keras = load_keras()
    stretch = keras.Sequential([keras.Input(SHAPE), keras.layers.Rescaling(3, offset=-1)])
    denoised = Denoiser(SMALL, SHAPE, stretch)(noisy)
    np.testing.assert_allclose(denoised, np.clip(3 * noisy - 1, 0, 1), atol=1e-6)
    assert denoised.min() == 0
    assert denoised.max() == 1


def test_bytes_are_refused_with_the_remedy(denoiser: Denoiser) -> None:
    with pytest.raises(TypeError, match=r"are uint8.*Divide bytes by 255"):
        denoiser(np.zeros((1, *SHAPE), np.uint8))


def test_float64_is_refused_with_the_remedy(denoiser: Denoiser) -> None:
    with pytest.raises(TypeError, match=r"are float64.*astype\('float32'\)"):
        denoiser(np.zeros((1, *SHAPE)))  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [SHAPE, (1, 4, 6), (1, 6, 4, 3), (1, 4, 6, 1), (1, 1, 4, 6, 3)])
def test_another_shape_is_refused_with_both_shapes(
    denoiser: Denoiser, shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match=r"the shape \(.*takes \(N, 4, 6, 3\)") as error:
        denoiser(np.zeros(shape, np.float32))
    assert str(shape) in str(error.value)


def test_encoder_then_decoder_is_the_denoiser(denoiser: Denoiser, noisy: Images) -> None:
    bottleneck = denoiser.encoder.predict(noisy, verbose=0)
    assert bottleneck.shape == (7, 5)
    denoised = denoiser.decoder.predict(bottleneck, verbose=0)
    np.testing.assert_allclose(denoised, denoiser(noisy), atol=1e-6)


def test_weights_are_counted_with_biases(denoiser: Denoiser) -> None:
    assert denoiser.weight_count == 72 * 5 + 5 + 5 * 72 + 72
