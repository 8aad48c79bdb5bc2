"""Which denoisers have a code, and what it is."""

from pathlib import Path

import numpy as np
import pytest
from small_denoiser import write_denoiser

from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.codes import code_values, decode, encode, has_code
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.models import ARCHITECTURES
from denoising_pipeline.models.dense import Dense

SHAPE = (8, 8, 1)
UNET: dict[str, object] = {"widths": [4, 8], "blocks": [1, 1]}
IMAGES = np.random.default_rng(0).random((600, *SHAPE), dtype=np.float32)


def untrained(name: str, **options: object) -> Denoiser:
    architecture = ARCHITECTURES[name].model_validate(options)
    return Denoiser(architecture, SHAPE, architecture.build(SHAPE, 0))


def of_any_size(name: str) -> Denoiser:
    architecture, shape = ARCHITECTURES[name].model_validate({}), (None, None, 1)
    return Denoiser(architecture, shape, architecture.build(shape, 0))


@pytest.mark.parametrize(
    ("denoiser", "values"),
    [
        (untrained("dense", latent_dim=3), 3),
        (untrained("convolutional", filters=2), 2 * 2 * 2),
        (untrained("residual_unet", widths=[4], blocks=[1], latent_dim=5), 5),
    ],
    ids=["dense", "convolutional", "residual_unet"],
)
def test_a_code_has_a_size_that_is_known(denoiser: Denoiser, values: int) -> None:
    codes = encode(denoiser, IMAGES)
    assert codes.shape == (600, values)
    assert codes.dtype == np.float32
    assert code_values(denoiser) == values
    assert has_code(denoiser)
    np.testing.assert_array_equal(encode(denoiser, ImageSet.of(IMAGES)), codes)


def test_a_decoded_code_is_what_the_denoiser_makes_of_the_image() -> None:
    for denoiser in (untrained("dense"), untrained("convolutional", filters=2)):
        decoded = decode(denoiser, encode(denoiser, IMAGES[:9]))
        np.testing.assert_allclose(decoded, denoiser(IMAGES[:9]), atol=1e-6)


@pytest.mark.parametrize(
    "denoiser",
    [
        untrained("unet", **UNET),
        untrained("stabilized", network={"name": "unet", **UNET}, pieces=16),
        of_any_size("convolutional"),
    ],
    ids=["unet", "stabilized", "any size"],
)
def test_a_network_without_a_code_of_fixed_size_is_refused(denoiser: Denoiser) -> None:
    """What it learnt of noise is no code of an image."""
    assert not has_code(denoiser)
    with pytest.raises(ValueError, match=r"no code of fixed size.*training\.model\.name=dense"):
        encode(denoiser, IMAGES)


def test_a_denoiser_that_runs_without_keras_is_refused(tmp_path: Path) -> None:
    portable = Denoiser.load(write_denoiser(tmp_path / "averages.zip"))
    assert not has_code(portable)
    with pytest.raises(ValueError, match="runs without Keras and has no encoder"):
        code_values(portable)


def test_a_code_that_is_not_all_of_the_image_is_not_decoded() -> None:
    skipping = untrained("residual_unet", widths=[4], blocks=[1], latent_dim=5)
    with pytest.raises(ValueError, match="what went past the code"):
        decode(skipping, encode(skipping, IMAGES[:2]))


def test_images_of_another_size_are_refused() -> None:
    network = Denoiser(Dense(), SHAPE, Dense().build(SHAPE, 0))
    with pytest.raises(ValueError, match="the denoiser takes"):
        encode(network, IMAGES[:, :4])
