"""The denoiser's contract: what it takes, what it gives, and what it says otherwise."""

import numpy as np
import pytest

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet
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


@pytest.mark.parametrize("shape", [SHAPE, (1, 4, 6), (1, 6, 4, 3), (0, 6, 4, 3), (1, 1, 4, 6, 3)])
def test_another_shape_is_refused_with_both_shapes(
    denoiser: Denoiser, shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match=r"the shape \(.*takes \(N, 4, 6, 3\)") as error:
        denoiser(np.zeros(shape, np.float32))
    assert str(shape) in str(error.value)


def test_a_set_of_one_size_gives_a_set(denoiser: Denoiser, noisy: Images) -> None:
    denoised = denoiser(ImageSet.of(noisy))
    assert isinstance(denoised, ImageSet)
    np.testing.assert_array_equal(denoised.as_array(), denoiser(noisy))


def test_an_image_of_another_size_in_a_set_is_named(denoiser: Denoiser) -> None:
    shapes = [SHAPE, (4, 7, 3)]
    images = ImageSet.collect([np.zeros(shape, np.uint8) for shape in shapes], shapes, "uint8")
    with pytest.raises(ValueError, match=r"Image 1 has the shape \(4, 7, 3\).*\(N, 4, 6, 3\)"):
        denoiser(images)


def test_another_number_of_channels_is_refused_with_both_and_the_remedy(
    denoiser: Denoiser,
) -> None:
    message = r"takes \(N, 4, 6, 3\): 1 channels instead of 3. Convert .* or use a denoiser"
    with pytest.raises(ValueError, match=message):
        denoiser(np.zeros((2, 4, 6, 1), np.float32))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (255, r"values from 0 to 255, .*255, 16 bits by 65535"),
        (-0.25, r"values from -0\.25 to 0\.\d+, the denoiser takes \[0, 1\]"),
        (np.inf, "values from 0 to inf"),
        (np.nan, "no numbers .NaN.*nan_to_num"),
    ],
)
def test_values_that_no_image_has_are_refused_with_what_was_found(
    denoiser: Denoiser, noisy: Images, value: float, message: str
) -> None:
    """In the last image of an array and of a set."""
    wrong = noisy.copy()
    wrong[0, 0, 0, 0], wrong[-1, 1, 2, 0] = 0, value
    for images in (wrong, ImageSet.of(wrong)):
        with pytest.raises(ValueError, match=message):
            denoiser(images)


def test_what_rounding_adds_to_the_range_is_taken(denoiser: Denoiser) -> None:
    assert denoiser(np.full((1, *SHAPE), np.nextafter(np.float32(1), np.float32(2)))).shape


def test_encoder_then_decoder_is_the_denoiser(denoiser: Denoiser, noisy: Images) -> None:
    bottleneck = denoiser.encoder.predict(noisy, verbose=0)
    assert bottleneck.shape == (7, 5)
    denoised = denoiser.decoder.predict(bottleneck, verbose=0)
    np.testing.assert_allclose(denoised, denoiser(noisy), atol=1e-6)


def test_weights_are_counted_with_biases(denoiser: Denoiser) -> None:
    assert denoiser.weight_count == 72 * 5 + 5 + 5 * 72 + 72
