"""Every shift is what its name says, and the one that is none is the noise of the training."""

import numpy as np
import pytest

from denoising_pipeline.degradations import DEGRADATIONS, NOISES, Noise, draw_degraded, draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.degradations.salt_and_pepper import SaltAndPepper
from denoising_pipeline.evaluation.shifts import Shift, every_shift, source_images
from denoising_pipeline.images.arrays import Bytes, Images

CLEAN = np.random.default_rng(0).random((3, 12, 12, 1), dtype=np.float32)
OTHER = np.random.default_rng(1).random((2, 12, 12, 1), dtype=np.float32)


def shifts(
    trained: Noise, levels: list[float], others: dict[str, Images] | None = None
) -> dict[Shift, tuple[Images, Images]]:
    found = every_shift(CLEAN, others or {}, trained, levels, [1.0], seed=0)
    return {shift: (clean, given) for shift, clean, given in found}


def noisy(images: Images, noise: Noise) -> Images:
    return draw_noisy(images, noise, seed=0, split="test", epoch=0)


@pytest.mark.parametrize("sigma", [0.5, 0.35, 2.0])
def test_the_level_of_the_training_is_there_once_whether_asked_for_or_not(sigma: float) -> None:
    """It has the pixels of the noisy test images."""
    found = shifts(Gaussian(sigma=sigma), [0.0, 0.5])
    trained = [shift for shift in found if shift.trained]
    assert trained == [("noise", "gaussian", sigma, True)]
    np.testing.assert_array_equal(found[trained[0]][1], noisy(CLEAN, Gaussian(sigma=sigma)))


def test_every_noise_model_has_every_level() -> None:
    found = shifts(Gaussian(), [0.0, 0.3])
    for name, model in NOISES.items():
        levels = [shift.level for shift in found if shift[:2] == ("noise", name)]
        assert levels == ([0.0, 0.3, 0.5] if name == "gaussian" else [0.0, 0.3])
        expected = noisy(CLEAN, model.model_validate({model.level: 0.3}))
        np.testing.assert_array_equal(found[Shift("noise", name, 0.3)][1], expected)


def test_other_options_of_the_training_are_kept_at_other_levels() -> None:
    """All salt and no pepper stays so."""
    found = shifts(SaltAndPepper(amount=0.2, salt=1.0), [0.6])
    expected = noisy(CLEAN, SaltAndPepper(amount=0.6, salt=1.0))
    np.testing.assert_array_equal(found[Shift("noise", "salt_and_pepper", 0.6)][1], expected)


@pytest.mark.parametrize("name", DEGRADATIONS)
def test_every_corruption_comes_alone_and_under_the_noise_of_the_training(name: str) -> None:
    found = shifts(Gaussian(sigma=0.2), [0.0])
    corrupted = draw_degraded(CLEAN, name, 1.0, seed=0, split="test")
    np.testing.assert_array_equal(found[Shift("corruption", name, 1.0)][1], corrupted)
    both = found[Shift("corruption and noise", name, 1.0)][1]
    np.testing.assert_array_equal(both, noisy(corrupted, Gaussian(sigma=0.2)))


def test_another_source_is_judged_by_its_own_clean_images() -> None:
    clean, given = shifts(Gaussian(), [0.0], {"other": OTHER})[Shift("source", "other", 0.5)]
    np.testing.assert_array_equal(clean, OTHER)
    np.testing.assert_array_equal(given, noisy(OTHER, Gaussian()))


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_images_of_a_source_are_its_test_file_scaled(ending: str) -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    found = source_images({f"letters/t10k-images-idx3-ubyte{ending}": lambda: pixels}, "letters")
    np.testing.assert_array_equal(found, (pixels / 255).astype(np.float32)[..., np.newaxis])


@pytest.mark.parametrize("pixels", [np.zeros(3, np.uint8), np.zeros((1, 8, 8), np.int32)])
def test_a_source_that_is_no_grey_images_is_refused(pixels: Bytes) -> None:
    with pytest.raises(ValueError, match=r"letters/.*grey images"):
        source_images({"letters/t10k-images-idx3-ubyte": lambda: pixels}, "letters")


def test_a_source_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match=r"no letters/t10k.*robustness\.other_source"):
        source_images({"mnist/t10k-images-idx3-ubyte.gz": lambda: np.zeros(1, np.uint8)}, "letters")
