"""The noise of photographs: its level, its kinds, and what it leaves alone."""

import numpy as np
import numpy.typing as npt
import pytest
from skimage import data

from denoising_pipeline.degradations import Composed, camera
from denoising_pipeline.degradations.camera import Camera
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.degradations.jpeg import stored_as_jpeg
from denoising_pipeline.images.arrays import Images

GREY = np.full((1, 64, 64, 1), 0.5, np.float32)


def draw(clean: Images, seed: int = 0, **options: float) -> Images:
    return Camera(**options).apply(clean, np.random.default_rng(seed))  # type: ignore[arg-type]


def test_levels_are_uniform_up_to_the_highest() -> None:
    many = np.repeat(GREY, 400, axis=0)
    levels = (draw(many, sigma=0.2, rounded=0) - many).std(axis=(1, 2, 3))
    assert levels.max() <= 0.205
    np.testing.assert_allclose(np.quantile(levels, [0.25, 0.5, 0.75]), [0.05, 0.1, 0.15], atol=0.02)


def test_where_it_grows_with_the_signal_bright_pixels_have_more_and_the_mean_is_the_level() -> None:
    ramp = np.repeat(np.tile(np.linspace(0, 1, 256, dtype=np.float32), 256), 1)
    clean = np.broadcast_to(ramp.reshape(1, 256, 256, 1), (60, 256, 256, 1))
    noise = draw(clean, sigma=0.3, signal=1, rounded=0) - clean
    columns = noise.std(axis=(0, 1, 3))
    assert columns[-32:].mean() > 1.5 * columns[:32].mean()
    flat = draw(clean, sigma=0.3, signal=0, rounded=0) - clean
    assert np.square(noise).mean() == pytest.approx(np.square(flat).mean(), rel=0.02)


def test_rounded_images_are_those_of_8_bits_and_others_leave_the_range() -> None:
    clean = np.concatenate([np.zeros_like(GREY), 2 * GREY]).repeat(10, axis=0)
    rounded = draw(clean, rounded=1, jpeg=0)
    assert rounded.max() <= 1
    np.testing.assert_allclose(rounded * 255, np.rint(rounded * 255), atol=1e-4)
    unbounded = draw(clean, rounded=0)
    assert unbounded.max() > 1
    expected = np.rint(np.clip(unbounded, 0, 1) * 255) / 255
    np.testing.assert_allclose(rounded, expected, atol=1e-6)


def test_jpeg_is_of_every_quality_from_70_to_98(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()

    def stored(pixels: npt.NDArray[np.uint8], quality: int) -> npt.NDArray[np.uint8]:
        seen.add(quality)
        return stored_as_jpeg(pixels, quality)

    monkeypatch.setattr(camera, "stored_as_jpeg", stored)
    draw(np.full((600, 8, 8, 1), 0.5, np.float32), rounded=1, jpeg=1)
    assert seen == set(range(70, 99))


def test_it_says_its_highest_level_on_the_scale_of_8_bits() -> None:
    assert Camera(sigma=75 / 255).describe() == "camera up to 75/255"


def test_stored_as_jpeg_the_colour_of_neighbours_belongs_together() -> None:
    """JPEG keeps colour differences at half the resolution."""
    clean = np.broadcast_to(np.array([0.5, 0.45, 0.55], np.float32), (40, 64, 64, 3))

    def correlation(noisy: Images) -> float:
        noise = noisy[..., 0] - noisy[..., 1] - np.float32(0.05)
        return float((noise[:, :, 1:] * noise[:, :, :-1]).mean() / np.square(noise).mean())

    assert abs(correlation(draw(clean, rounded=1, jpeg=0))) < 0.01
    assert correlation(draw(clean, rounded=1, jpeg=1)) > 0.3


@pytest.mark.parametrize("jpeg", [0, 1])
def test_a_grey_image_of_three_channels_stays_grey(jpeg: float) -> None:
    clean = np.repeat(data.brick()[np.newaxis, :64, :64, np.newaxis] / np.float32(255), 3, axis=3)
    noisy = draw(clean.astype(np.float32), rounded=jpeg, jpeg=jpeg)
    assert (noisy == noisy[..., :1]).all()
    assert (noisy != clean).any()


def test_what_happens_to_an_image_does_not_depend_on_those_that_follow() -> None:
    clean = np.repeat(GREY, 5, axis=0)
    np.testing.assert_array_equal(draw(clean)[:2], draw(clean[:2]))


def test_level_0_is_the_image_itself_and_none_are_none() -> None:
    np.testing.assert_array_equal(draw(GREY, sigma=0), GREY)
    assert draw(GREY[:0]).shape == (0, 64, 64, 1)


def test_a_list_says_whether_its_last_step_is_clipped() -> None:
    assert not Composed.of([Gaussian(), Camera()]).clipped
    assert Composed.of([Camera(), Gaussian()]).clipped
