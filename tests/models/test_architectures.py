"""What every registered architecture must do: a new one is tested by being there."""

import random
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pydantic import TypeAdapter, ValidationError

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.models import ARCHITECTURES, Architecture, ArchitectureChoice
from denoising_pipeline.models.unet import Unet

SHAPE = (28, 28, 1)

DEFAULTS = [cls.model_validate({}) for cls in ARCHITECTURES.values()]
every_architecture = pytest.mark.parametrize(
    "architecture",
    [each for each in DEFAULTS if each.sample_rate is None],  # recordings: test_spectral
    ids=lambda each: each.name,
)


@cache
def built(name: str) -> Any:
    """The network of seed 0, which is only looked at."""
    return ARCHITECTURES[name].model_validate({}).build(SHAPE, 0)


def images(shape: tuple[int, int, int] = SHAPE) -> Images:
    return np.random.default_rng(0).random((3, *shape), dtype=np.float32)


def output(model: Any, batch: Any) -> npt.NDArray[np.float32]:
    return np.asarray(load_keras().ops.convert_to_numpy(model(batch)))


def kernels(model: Any) -> list[npt.NDArray[np.float32]]:
    """Every weight but biases."""
    return [weight for weight in model.get_weights() if weight.ndim > 1]


def layers(model: Any) -> Iterator[Any]:
    """Every layer, those of sub-models included."""
    for layer in model.layers:
        yield layer
        if hasattr(layer, "layers"):
            yield from layers(layer)


def equal(first: Any, second: Any) -> bool:
    pairs = zip(first.get_weights(), second.get_weights(), strict=True)
    return all(np.array_equal(one, other) for one, other in pairs)


def test_there_are_architectures_in_alphabetical_order() -> None:
    assert len(ARCHITECTURES) > 1
    assert list(ARCHITECTURES) == sorted(ARCHITECTURES)


@every_architecture
@pytest.mark.parametrize("channels", [1, 3])
def test_images_keep_their_shape_type_and_range(architecture: Architecture, channels: int) -> None:
    shape = (28, 28, channels)
    model = built(architecture.name) if shape == SHAPE else architecture.build(shape, 0)
    denoised = output(model, images(shape))
    assert denoised.shape == (3, *shape)
    assert denoised.dtype == np.float32
    assert not architecture.bounded or np.all((denoised >= 0) & (denoised <= 1))


@every_architecture
def test_grey_becomes_colour_where_the_output_is_not_blended_with_the_input(
    architecture: Architecture,
) -> None:
    if architecture.bounded:
        assert output(architecture.build(SHAPE, 0, 3), images()).shape == (3, 28, 28, 3)
    else:
        with pytest.raises(ValueError, match="1 channels cannot become 3"):
            architecture.build(SHAPE, 0, 3)


@every_architecture
def test_any_size_is_built_or_refused(architecture: Architecture) -> None:
    """What needs a size says so, also to those who only ask."""
    architecture.check(SHAPE)
    if architecture.any_size:
        assert architecture.context is not None
        architecture.check((None, None, 1))
        model = architecture.build((None, None, 1), 0)
        for size in ((8, 24), (16, 8)):
            assert output(model, images((*size, 1))).shape == (3, *size, 1)
    else:
        for refused in (architecture.check, lambda shape: architecture.build(shape, 0)):
            with pytest.raises(ValueError, match="images of one size"):
                refused((None, None, 1))
        with pytest.raises(ValueError, match="height and width, or neither"):
            architecture.check((28, None, 1))


@every_architecture
def test_encoder_and_decoder_compose_to_the_model(architecture: Architecture) -> None:
    model = built(architecture.name)
    bottleneck = model.get_layer("encoder")(images())
    np.testing.assert_allclose(
        output(model.get_layer("decoder"), bottleneck), output(model, images()), atol=1e-6
    )


@every_architecture
def test_initial_weights_are_a_function_of_the_seed(architecture: Architecture) -> None:
    """Whatever was built in between, and without a draw from the global generator."""
    state = random.getstate()
    other, again = (architecture.build(SHAPE, seed) for seed in (1, 0))
    assert random.getstate() == state
    assert equal(built(architecture.name), again)
    for one, another in zip(kernels(again), kernels(other), strict=True):
        assert not np.array_equal(one, another)


@every_architecture
def test_no_two_kernels_start_equal(architecture: Architecture) -> None:
    for one, another in combinations(kernels(built(architecture.name)), 2):
        assert not np.array_equal(one, another)


@every_architecture
def test_the_network_is_data_and_has_no_lambda_layer(architecture: Architecture) -> None:
    types = {type(layer).__name__ for layer in layers(built(architecture.name))}
    assert len(types) > 1
    assert "Lambda" not in types


@every_architecture
def test_weights_survive_a_file(architecture: Architecture, tmp_path: Path) -> None:
    saved, loaded = built(architecture.name), architecture.build(SHAPE, 1)
    saved.save_weights(tmp_path / "denoiser.weights.h5")
    loaded.load_weights(tmp_path / "denoiser.weights.h5")
    assert equal(saved, loaded)
    np.testing.assert_array_equal(output(saved, images()), output(loaded, images()))


@every_architecture
def test_options_survive_json_and_build_the_same(architecture: Architecture) -> None:
    choice: TypeAdapter[Architecture] = TypeAdapter(ArchitectureChoice)
    restored = choice.validate_json(architecture.model_dump_json())
    assert restored == architecture
    assert equal(restored.build(SHAPE, 0), built(architecture.name))


@every_architecture
def test_a_name_is_enough_and_unknown_options_are_refused(architecture: Architecture) -> None:
    choice: TypeAdapter[Architecture] = TypeAdapter(ArchitectureChoice)
    assert choice.validate_python({"name": architecture.name}) == architecture
    with pytest.raises(ValidationError, match="no_such_option"):
        choice.validate_python({"name": architecture.name, "no_such_option": 1})


@every_architecture
def test_every_option_is_described(architecture: Architecture) -> None:
    fields = type(architecture).model_fields
    assert all(field.description for key, field in fields.items() if key != "name")


def test_chroma_makes_colours_and_keeps_the_lightness() -> None:
    colouring = Unet(widths=(4,), blocks=(1,), output="chroma")
    model = colouring.build((None, None, 1), 0, 3)
    kernels = [np.random.default_rng(0).normal(0, 0.2, w.shape) for w in model.get_weights()]
    model.set_weights(kernels)
    grey = images((16, 8, 1))
    found = output(model, grey)
    assert found.shape == (3, 16, 8, 3)
    assert np.ptp(found, axis=-1).max() > 0.1
    luma = found @ np.array([0.299, 0.587, 0.114], np.float32)
    np.testing.assert_allclose(luma, grey[..., 0], atol=1e-5)


@pytest.mark.parametrize(("channels", "out"), [(3, 3), (1, 1), (1, None)])
def test_chroma_is_of_a_grey_image_only(channels: int, out: int | None) -> None:
    with pytest.raises(ValueError, match=r"noise_injection\.name=greyscale"):
        Unet(output="chroma").build((None, None, channels), 0, out)
