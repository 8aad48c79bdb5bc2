"""A network for any size: images of every size, whole and in tiles."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.memory import bytes_per_pixel
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.images.tiles import least_pixels
from denoising_pipeline.models.base import Architecture
from denoising_pipeline.models.convolutional import Convolutional
from denoising_pipeline.models.unet import Unet

SMALL = Unet(widths=(4, 6), blocks=(1, 1))
COLOUR = Unet(widths=(4, 6), blocks=(1, 1), output="sigmoid")


def denoiser(
    architecture: Architecture, channels: int, out_channels: int | None = None
) -> Denoiser:
    shape = (None, None, channels)
    return Denoiser(architecture, shape, architecture.build(shape, 0, out_channels))


DENOISERS = [
    denoiser(Unet(widths=(3,), blocks=(1,)), 1),
    denoiser(SMALL, 3),
    denoiser(COLOUR, 1, 3),
    denoiser(Convolutional(filters=4), 2),
]


def draw_weights(model: Any, seed: int) -> None:
    """Weights with which pixels far away matter, and few values of the result are 0 or 1."""
    draws = np.random.default_rng(seed)

    def drawn(weight: Any) -> Any:
        if weight.ndim == 1:
            return draws.normal(0, 0.1, weight.shape)
        return draws.normal(0, 0.7 * (weight.size / weight.shape[-1]) ** -0.5, weight.shape)

    model.set_weights([drawn(weight) for weight in model.get_weights()])


def pixels(*shape: int) -> Images:
    return np.random.default_rng(0).random(shape, np.float32)


def as_set(*images: Images) -> ImageSet:
    shapes = [image.shape for image in images]
    return ImageSet.collect(images, shapes, np.float32)


@settings(deadline=None, max_examples=25)
@given(
    chosen=st.sampled_from(DENOISERS),
    seed=st.integers(0, 1000),
    height=st.integers(1, 100),
    width=st.integers(1, 100),
    more=st.integers(500, 6000),
)
def test_tiles_give_what_the_whole_image_gives(
    chosen: Denoiser, seed: int, height: int, width: int, more: int
) -> None:
    """Whatever the weights, the size and the memory."""
    draw_weights(chosen.model, seed)
    context, multiple = chosen.architecture.context or 0, chosen.architecture.multiples
    noisy = pixels(1, height, width, chosen.image_shape[2])
    least = least_pixels(height, width, context, multiple) + more
    tiled = chosen(noisy, max_memory=least * bytes_per_pixel(chosen.model, multiple))
    np.testing.assert_allclose(tiled, chosen(noisy), rtol=0, atol=1e-5)


def test_halves_without_context_differ_at_their_seam() -> None:
    """So the test above would see a seam."""
    chosen = DENOISERS[1]
    draw_weights(chosen.model, 0)
    noisy = pixels(1, 48, 96, 3)
    halves = np.concatenate([chosen(noisy[:, :, :48]), chosen(noisy[:, :, 48:])], axis=2)
    assert np.abs(halves - chosen(noisy)).max() > 0.01


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 9), (2, 3), (8, 8), (13, 4), (5, 7), (29, 31), (4000, 3)]
)
@pytest.mark.parametrize("chosen", DENOISERS[:2], ids=["grey", "colour"])
def test_fault_r21_every_size_comes_back(chosen: Denoiser, size: tuple[int, int]) -> None:
    noisy = pixels(3, *size, chosen.image_shape[2])
    denoised = chosen(noisy)
    assert denoised.shape == noisy.shape
    assert denoised.dtype == np.float32
    assert np.all((denoised >= 0) & (denoised <= 1))


def test_what_is_padded_is_the_image_reflected() -> None:
    chosen = DENOISERS[1]
    noisy = pixels(2, 12, 10, 3)
    reflected = np.pad(noisy, ((0, 0), (0, 0), (0, 2), (0, 0)), "reflect")
    np.testing.assert_allclose(chosen(noisy), chosen(reflected)[:, :, :10], atol=1e-6)


def test_a_set_of_many_sizes_gives_each_image_as_alone() -> None:
    chosen = DENOISERS[1]
    images = [pixels(*shape, 3) for shape in ((9, 7), (9, 7), (64, 5), (9, 7), (1, 1))]
    denoised = chosen(as_set(*images))
    assert [denoised.shape(i) for i in range(5)] == [image.shape for image in images]
    for index, image in enumerate(images):
        np.testing.assert_allclose(denoised.read(index), chosen(image[None])[0], atol=1e-6)
    assert len(chosen(as_set())) == 0


def test_integers_of_a_set_are_taken_on_their_whole_range() -> None:
    chosen = DENOISERS[0]
    shape = (1, 5, 5, 1)
    white = ImageSet(np.full(25, 65535, np.uint16), np.array([shape[1:]], np.int64))
    expected = chosen(np.ones(shape, np.float32))
    np.testing.assert_array_equal(chosen(white).read(0), expected[0])


def test_grey_may_become_colour() -> None:
    chosen = DENOISERS[2]
    assert chosen(pixels(2, 9, 9, 1)).shape == (2, 9, 9, 3)
    assert chosen(pixels(0, 9, 9, 1)).shape == (0, 9, 9, 3)
    assert chosen(as_set(pixels(5, 9, 1))).shape(0) == (5, 9, 3)


def test_colour_is_refused_by_a_network_for_grey() -> None:
    with pytest.raises(ValueError, match=r"\(N, any, any, 1\): 3 channels instead of 1"):
        DENOISERS[0](pixels(1, 9, 9, 3))


def test_too_little_memory_for_any_tile_is_refused_with_what_one_takes() -> None:
    chosen = DENOISERS[1]
    need = bytes_per_pixel(chosen.model, (4, 4)) * least_pixels(56, 60, SMALL.context, (4, 4))
    with pytest.raises(ValueError, match=rf"max_memory is 1,000 bytes.*56x60.*{need:,}"):
        chosen(pixels(1, 56, 60, 3), max_memory=1000)
    assert chosen(pixels(1, 56, 60, 3), max_memory=need).shape == (1, 56, 60, 3)


def test_twenty_sizes_are_not_compiled_twenty_times() -> None:
    if load_keras().config.backend() != "tensorflow":
        pytest.skip("TensorFlow counts its traces")
    chosen = denoiser(SMALL, 3)
    sizes = [(8 + i, 40 - i) for i in range(20)]
    chosen(as_set(*(pixels(*size, 3) for size in sizes)))
    assert chosen.model.predict_function.experimental_get_tracing_count() <= 3


def test_memory_of_a_pixel_is_that_of_the_largest_layers_and_what_waits() -> None:
    """Two images twice; skips of two resolutions and the noisy image; four times the largest."""
    values = 2 * (3 + 3) + 4 / 4 + 6 / 16 + 3 + 4 * 3
    assert bytes_per_pixel(DENOISERS[1].model, (4, 4)) == np.ceil(4 * values)
