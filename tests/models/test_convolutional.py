"""The convolutional network is the article's, layer by layer."""

from typing import Any

import pytest
from pydantic import ValidationError

from denoising_pipeline.models.convolutional import Convolutional


def described(layer: Any) -> tuple[Any, ...]:
    config = layer.get_config()
    keys = ("filters", "kernel_size", "strides", "activation", "pool_size", "size", "padding")
    options = tuple(
        config[key] for key in keys if key in config and (key, config[key]) != ("strides", (1, 1))
    )
    return (type(layer).__name__, *options)


def test_every_layer_is_the_articles() -> None:
    model = Convolutional().build((28, 28, 1), 0)
    convolution = ("Conv2D", 32, (3, 3), "relu", "same")
    pooling = ("MaxPooling2D", (2, 2), (2, 2), "same")
    encoder = [convolution, pooling, convolution, pooling]
    assert [described(layer) for layer in model.get_layer("encoder").layers] == encoder
    assert [described(layer) for layer in model.get_layer("decoder").layers] == [
        convolution,
        ("UpSampling2D", (2, 2)),
        convolution,
        ("UpSampling2D", (2, 2)),
        ("Conv2D", 1, (3, 3), "sigmoid", "same"),
    ]


def test_the_bottleneck_and_the_number_of_weights_are_the_articles() -> None:
    model = Convolutional().build((28, 28, 1), 0)
    assert model.get_layer("encoder").output_shape == (None, 7, 7, 32)
    assert model.count_params() == 28_353


def test_filters_set_the_width() -> None:
    model = Convolutional(filters=4).build((8, 12, 3), 0)
    assert model.get_layer("encoder").output_shape == (None, 2, 3, 4)
    assert model.output_shape == (None, 8, 12, 3)


@pytest.mark.parametrize("shape", [(27, 28, 1), (28, 30, 1)])
def test_sizes_that_cannot_be_halved_twice_are_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=r"image_shape \(2\d, \d+, 1\).* multiples of 4"):
        Convolutional().build(shape, 0)
    with pytest.raises(ValueError, match="multiples of 4"):
        Convolutional().check(shape)


@pytest.mark.parametrize("filters", [0, 1025])
def test_filters_are_bounded(filters: int) -> None:
    with pytest.raises(ValidationError, match="filters"):
        Convolutional(filters=filters)
