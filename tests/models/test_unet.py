"""What is special to the U-Net for images of any size."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pydantic import ValidationError

from denoising_pipeline.core.backend import dtype_policy, load_keras
from denoising_pipeline.models.base import Architecture, with_level
from denoising_pipeline.models.convolutional import Convolutional
from denoising_pipeline.models.unet import Unet

SMALL = {"widths": (4, 8), "blocks": (1, 1)}


def output(model: Any, batch: Any) -> npt.NDArray[np.float32]:
    return np.asarray(load_keras().ops.convert_to_numpy(model(batch)))


def reach(architecture: Architecture) -> int:
    """How far away a single bright pixel changes a black image, wherever it lies in the grid.

    Kernels are ones and biases zero, so that nothing cancels and black gives zero.
    """
    unit, context = architecture.multiple, architecture.context
    assert context is not None
    model = architecture.build((None, None, 1), 0)
    model.set_weights([np.full(w.shape, w.ndim > 1, np.float32) for w in model.get_weights()])
    middle = -(-context // unit) * unit + unit
    images = np.zeros((unit + 1, 2 * middle + unit, unit * 2, 1), np.float32)
    pixels = range(middle, middle + unit)
    for image, pixel in zip(images, pixels, strict=False):
        image[pixel, unit] = 1
    *dotted, black = output(model, images)
    changed = [np.flatnonzero((result != black).any((1, 2))) for result in dotted]
    return max(int(np.abs(rows - pixel).max()) for rows, pixel in zip(changed, pixels, strict=True))


@pytest.mark.parametrize(
    "architecture",
    [
        Unet(widths=(2,), blocks=(1,)),
        Unet(widths=(2, 3), blocks=(1, 2)),
        Unet(widths=(2, 1, 2), blocks=(2, 1, 1)),
        Unet(widths=(2, 1), blocks=(1, 1), output="sigmoid"),
        Convolutional(filters=2),
    ],
    ids=repr,
)
def test_a_pixel_is_seen_exactly_as_far_as_the_context(architecture: Architecture) -> None:
    assert reach(architecture) == architecture.context


def test_the_default_has_1_7_million_weights() -> None:
    assert Unet().build((None, None, 1), 0).count_params() == 1_702_593


@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("size", [(16, 16), (24, 40)])
def test_one_network_takes_every_multiple(channels: int, size: tuple[int, int]) -> None:
    model = Unet.model_validate(SMALL).build((None, None, channels), 0)
    assert output(model, np.zeros((2, *size, channels), np.float32)).shape == (2, *size, channels)


@pytest.mark.parametrize("size", [(29, 31), (5, 7), (1, 1)])
def test_a_network_for_one_size_pads_and_crops(size: tuple[int, int]) -> None:
    model = Unet.model_validate(SMALL).build((*size, 3), 0)
    assert output(model, np.ones((2, *size, 3), np.float32)).shape == (2, *size, 3)


def test_the_size_it_is_built_for_changes_no_weights() -> None:
    for_one, for_any = (
        Unet.model_validate(SMALL).build((*size, 1), 0) for size in ((8, 12), (None, None))
    )
    noisy = np.random.default_rng(0).random((2, 8, 12, 1), np.float32)
    np.testing.assert_allclose(output(for_one, noisy), output(for_any, noisy), atol=1e-6)


def test_without_an_estimate_of_the_noise_the_image_passes() -> None:
    """Even in bfloat16: the last layers are float32. Its values need not stay in [0, 1]."""
    with dtype_policy("mixed_bfloat16"):
        model = Unet.model_validate(SMALL).build((None, None, 1), 0)
    noisy = np.random.default_rng(0).random((2, 8, 12, 1), np.float32)
    weights = model.get_weights()
    for noise in (0, 0.5):
        weights[-2:] = [np.zeros_like(weights[-2]), np.full_like(weights[-1], noise)]
        model.set_weights(weights)
        np.testing.assert_array_equal(output(model, noisy), noisy - np.float32(noise))
    assert not Unet().bounded


def test_an_estimate_may_have_other_channels_and_noise_may_not() -> None:
    colour = Unet.model_validate({**SMALL, "output": "sigmoid"})
    assert colour.bounded
    assert colour.build((None, None, 1), 0, 3).output_shape == (None, None, None, 3)
    with pytest.raises(ValueError, match=r"1 channels cannot become 3.*output: sigmoid"):
        Unet().build((None, None, 1), 0, 3)


def test_more_resolutions_than_numbers_of_blocks_are_refused() -> None:
    with pytest.raises(ValidationError, match="blocks lists 1 resolutions but widths 2"):
        Unet(widths=(4, 8), blocks=(1,))


def test_told_the_level_it_has_one_channel_more_and_subtracts_from_the_image() -> None:
    architecture = Unet(widths=(4, 8), blocks=(1, 1), noise_level=True)
    model = architecture.build((None, None, 3), 0)
    assert model.input_shape == (None, None, None, 4)
    assert model.output_shape == (None, None, None, 3)
    pixels = np.random.default_rng(0).random((2, 8, 8, 3), np.float32)
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    np.testing.assert_array_equal(output(model, with_level(pixels, 0.1)), pixels)


def test_each_image_is_told_its_own_level() -> None:
    told = with_level(np.zeros((2, 4, 5, 3), np.float32), [0.1, 0.2])
    assert told.shape == (2, 4, 5, 4)
    np.testing.assert_allclose(told[..., 3].mean(axis=(1, 2)), [0.1, 0.2], rtol=1e-6)
    assert not told[..., :3].any()
