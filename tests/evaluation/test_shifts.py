"""Every shift is what its name says, and the one that is none is the noise of the training."""

import logging
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from fsspec.implementations.local import LocalFileSystem
from PIL import Image

from denoising_pipeline.degradations import DEGRADATIONS, NOISES, Composed, Degradation, draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.degradations.motion_blur import MotionBlur
from denoising_pipeline.degradations.salt_and_pepper import SaltAndPepper
from denoising_pipeline.evaluation.shifts import Shift, every_shift, source_images
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.idx import Array
from denoising_pipeline.images.source import Source, open_source

CLEAN = np.random.default_rng(0).random((3, 12, 12, 1), dtype=np.float32)
OTHER = np.random.default_rng(1).random((2, 12, 12, 1), dtype=np.float32)


def shifts(
    trained: Degradation,
    levels: list[float],
    others: dict[str, Images] | None = None,
    noises: tuple[str, ...] = tuple(NOISES),
    degradations: tuple[str, ...] = ("fog",),
) -> dict[Shift, tuple[Images, Images]]:
    names = {"noises": noises, "degradations": degradations}
    found = every_shift(CLEAN, others or {}, trained, 0, levels=levels, severities=[1.0], **names)
    return {shift: (clean, given) for shift, clean, given in found}


def noisy(images: Images, noise: Degradation) -> Images:
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


@pytest.mark.parametrize("name", ["fog", "motion_blur", "impulse", "masking"])
def test_every_degradation_comes_alone_and_under_the_noise_of_the_training(name: str) -> None:
    """Its draws are not those of the noise."""
    found = shifts(Gaussian(sigma=0.2), [0.0], degradations=(name, name))
    degradation = DEGRADATIONS[name].model_validate({}).at(1)
    purpose = f"degradation {name}"
    degraded = draw_noisy(CLEAN, degradation, seed=0, split="test", epoch=0, purpose=purpose)
    np.testing.assert_array_equal(found[Shift("degradation", name, 1.0)][1], degraded)
    both = found[Shift("degradation and noise", name, 1.0)][1]
    np.testing.assert_array_equal(both, noisy(degraded, Gaussian(sigma=0.2)))


def test_what_is_tried_is_what_was_asked_for_and_the_noise_of_the_training() -> None:
    found = shifts(Gaussian(), [0.25], noises=("poisson",))
    assert {shift[:2] for shift in found} == {
        ("noise", "poisson"),
        ("noise", "gaussian"),
        ("degradation", "fog"),
        ("degradation and noise", "fog"),
    }


def test_a_level_that_a_noise_model_does_not_have_is_left_out_with_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Poisson noise of so small a gain would count more photons than an integer holds."""
    with caplog.at_level(logging.WARNING):
        found = shifts(Gaussian(), [1e-20, 0.5], noises=("gaussian", "poisson"))
    levels = {shift[1:3] for shift in found if shift.kind == "noise"}
    assert levels == {("gaussian", 1e-20), ("gaussian", 0.5), ("poisson", 0.5)}
    assert caplog.messages == ["poisson does not have the level 1e-20, which is left out"]


def test_a_composed_training_is_swept_by_its_last_level() -> None:
    trained = Composed.of([MotionBlur(), Gaussian(sigma=0.1)])
    found = shifts(trained, [0.3], noises=())
    own = [shift for shift in found if shift.kind == "noise"]
    name = "motion_blur + gaussian"
    assert own == [("noise", name, 0.1, True), ("noise", name, 0.3, False)]
    np.testing.assert_array_equal(found[own[0]][1], noisy(CLEAN, trained))
    np.testing.assert_array_equal(found[own[1]][1], noisy(CLEAN, trained.at(0.3)))


class Grey(Degradation):
    """The mean of the channels: it has no level."""

    name: str = "grey"

    def apply(self, clean: Images, generator: np.random.Generator) -> Images:
        """Average."""
        grey: Images = clean.mean(-1, keepdims=True)
        return grey

    def out_channels(self, channels: int) -> int:
        """Return one."""
        return 1


def test_a_training_without_a_level_is_tried_as_it_is() -> None:
    found = [shift for shift in shifts(Grey(), [0.0, 0.5], noises=()) if shift.kind == "noise"]
    assert found == [("noise", "grey", 1.0, True)]


def test_a_changed_number_of_channels_is_refused_before_anything_is_drawn() -> None:
    options = {"levels": [0.0], "severities": [1.0], "noises": (), "degradations": ("fog",)}
    colours = np.repeat(CLEAN, 3, axis=-1)
    with pytest.raises(ValueError, match="grey changes the number of channels"):
        next(every_shift(colours, {}, Grey(), 0, **options))  # type: ignore[arg-type]


def test_another_source_is_judged_by_its_own_clean_images() -> None:
    clean, given = shifts(Gaussian(), [0.0], {"other": OTHER})[Shift("source", "other", 0.5)]
    np.testing.assert_array_equal(clean, OTHER)
    np.testing.assert_array_equal(given, noisy(OTHER, Gaussian()))


def idx_source(pixels: Array) -> Source:
    arrays = {"test_images": pixels}
    return Source("letters", None, {}, lambda path: BytesIO(), arrays)


def test_images_of_an_idx_source_are_the_first_of_its_test_file_scaled() -> None:
    pixels = np.arange(512, dtype=np.uint8).reshape(2, 16, 16)
    found = source_images(idx_source(pixels), (16, 16, 1), 1)
    np.testing.assert_array_equal(found, (pixels[:1] / 255).astype(np.float32)[..., np.newaxis])
    colours = source_images(idx_source(pixels), (16, 16, 3), 2)
    np.testing.assert_array_equal(colours[..., :1], colours[..., 1:2])


@pytest.mark.parametrize("test", ["test/", ""])
def test_images_of_a_folder_are_those_that_ingestion_tests_with(tmp_path: Path, test: str) -> None:
    """The subfolder, or a sixth; in colour or grey as they are compared with."""
    for number in range(6):
        folder = "train/" if test and number < 5 else test
        (tmp_path / folder).mkdir(exist_ok=True)
        Image.new("RGB", (7, 9), (number, 0, 255)).save(tmp_path / f"{folder}{number}.png")
    source = open_source(LocalFileSystem(), str(tmp_path))
    found = source_images(source, (9, 7, 3), 4)
    assert found.shape == (1, 9, 7, 3) and found.dtype == np.float32
    assert found[0, 0, 0, 2] == 1
    if test:
        assert found[0, 0, 0, 0] == np.float32(5 / 255)
    luma = source_images(source, (9, 7, 1), 4)
    assert luma.shape == (1, 9, 7, 1) and 0.1 < luma.max() < 0.2


@pytest.mark.parametrize("pixels", [np.zeros(3, np.uint8), np.zeros((1, 8, 8), np.int32)])
def test_a_source_that_is_no_images_is_refused(pixels: Array) -> None:
    with pytest.raises(ValueError, match=r"letters are .*of images"):
        source_images(idx_source(pixels), (8, 8, 1), 5)


def test_a_source_of_another_size_is_refused_with_both() -> None:
    with pytest.raises(ValueError, match=r"letters are 8x8, those of the test 9x8\..*other_source"):
        source_images(idx_source(np.zeros((1, 8, 8), np.uint8)), (9, 8, 1), 5)
