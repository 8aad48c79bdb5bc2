"""What learning from noisy images takes for granted is told, and what speaks against it is seen."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage import data

from denoising_pipeline.images.arrays import Images
from denoising_pipeline.training.assumptions import assumed, caveats, look_at_noise
from denoising_pipeline.training.objectives import OBJECTIVES, Objective

CLEAN: Images = 0.25 + (data.astronaut()[:96, 160:288] / 510).astype(np.float32)
SELF_SUPERVISED = sorted(name for name, found in OBJECTIVES.items() if found.self_supervised)


def objective(name: str) -> Objective:
    return OBJECTIVES[name].model_validate({"name": name})


def shots(clean: Images = CLEAN, *, blur: float = 0, growing: bool = False) -> Images:
    """Three noisy images, clipped."""
    noise = np.random.default_rng(0).standard_normal((3, *clean.shape), np.float32)
    if blur:
        noise = gaussian_filter(noise, (0, blur, blur, 0))
        noise /= noise.std()
    level = np.sqrt(clean * np.float32(0.03)) if growing else np.float32(0.1)
    return np.clip(clean + level * noise, 0, 1)


@pytest.mark.parametrize("name", sorted(OBJECTIVES))
def test_who_learns_from_noisy_images_says_what_is_assumed_and_by_whom(name: str) -> None:
    said = assumed(objective(name), look_at_noise(shots()))
    assert bool(said) is (name in SELF_SUPERVISED)
    if said:
        assert said.startswith(f"{name} assumes ")
        assert "), 20" in said or "20" in said.split("(")[1]
        assert "Of the values of the 3 noisy images looked at, 0.0% are black or white." in said


@pytest.mark.parametrize("name", SELF_SUPERVISED)
def test_nothing_speaks_against_independent_noise_that_is_not_cut_off(name: str) -> None:
    assert caveats(objective(name), look_at_noise(shots())) == ()


@pytest.mark.parametrize("name", SELF_SUPERVISED)
@pytest.mark.parametrize("size", [(96, 96), (6, 6)])
def test_noise_that_is_cut_off_is_told_by_the_histogram(name: str, size: tuple[int, int]) -> None:
    """Of images that are too small for their level to be told, as well."""
    seen = look_at_noise(shots(np.full((*size, 1), 0.1, np.float32)))
    assert seen.clipped > 0.05
    (said,) = caveats(objective(name), seen)
    assert said.startswith("The noise of 3 of 3 images is cut off at black or white")
    assert f"{seen.clipped:.1%} are black or white" in assumed(objective(name), seen)


@pytest.mark.parametrize("name", SELF_SUPERVISED)
def test_noise_of_neighbours_in_common_matters_unless_shots_are_compared(name: str) -> None:
    said = " ".join(caveats(objective(name), look_at_noise(shots(blur=0.7))))
    assert ("correlated between neighbours: 3" in said) is (name != "noise2noise")


@pytest.mark.parametrize("name", SELF_SUPERVISED)
def test_noise_that_grows_with_brightness_matters_where_one_level_is_assumed(name: str) -> None:
    said = " ".join(caveats(objective(name), look_at_noise(shots(growing=True))))
    assert ("grows with brightness" in said) is (name == "recorrupted")
