"""The noise that is another one for each image."""

import numpy as np
import pytest

from denoising_pipeline.core.seeding import generator
from denoising_pipeline.degradations.blind import Blind
from denoising_pipeline.images.arrays import array_digest


def noisy_grey(
    noise: Blind, images: int = 400
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    clean = np.full((images, 24, 24, 1), 0.5, np.float32)
    noisy = noise.apply(clean, np.random.default_rng(0))
    return noisy.reshape(images, -1).astype(np.float64)


def test_levels_are_uniform_up_to_twice_the_default() -> None:
    """For small Gaussian noise on grey the spread of an image is its sigma, clipping aside."""
    spread = noisy_grey(Blind(gaussian=1, strength=0.2)).std(axis=1)
    assert spread.mean() == pytest.approx(0.1, abs=5 * 0.2 / np.sqrt(12 * len(spread)))
    assert 0 < spread.min() < 0.01
    assert 0.19 < spread.max() < 0.2 * (1 + 5 / np.sqrt(2 * 24**2))


def test_each_part_of_the_gaussian_levels_is_drawn_as_often_as_its_share() -> None:
    """Within a part levels are uniform: its mean is the middle."""
    noise = Blind(gaussian=1, strength=0.2, edges=(0, 0.2, 0.8, 1), shares=(5, 3, 2))
    spread = noisy_grey(noise).std(axis=1)
    between = (0, 0.04), (0.04, 0.16), (0.16, 0.21)
    for (start, end), share, middle, width in zip(
        between, (0.5, 0.3, 0.2), (0.02, 0.1, 0.18), (0.04, 0.12, 0.04), strict=True
    ):
        inside = spread[(start <= spread) & (spread < end)]
        error = 5 * np.sqrt(share * (1 - share) / len(spread))
        assert len(inside) / len(spread) == pytest.approx(share, abs=error)
        assert inside.mean() == pytest.approx(middle, abs=5 * width / np.sqrt(12 * len(inside)))


@pytest.mark.parametrize(
    ("edges", "shares", "smallest", "largest"),
    [
        ((0, 0.2, 0.8, 1), (0, 6, 2), 0.04, 0.2),
        ((0, 0.2, 0.8, 1), (1, 0, 0), 0, 0.04),
        ((0, 0.2, 0.8, 1), (0, 1, 0), 0.04, 0.16),
        ((0, 0.2, 0.8, 1), (0, 0, 1), 0.16, 0.2),
        ((0.3, 0.5), (1,), 0.06, 0.1),
    ],
)
def test_parts_without_a_share_and_what_is_outside_are_never_drawn(
    edges: tuple[float, ...], shares: tuple[float, ...], smallest: float, largest: float
) -> None:
    noise = Blind(gaussian=1, strength=0.2, edges=edges, shares=shares)
    spread = noisy_grey(noise).std(axis=1)
    tolerance = 1 + 5 / np.sqrt(2 * 24**2)
    assert smallest / tolerance < spread.min() < spread.max() < largest * tolerance


def test_the_share_of_gaussian_images_is_the_option() -> None:
    """No other noise model gives more than 200 different values on grey."""
    images = noisy_grey(Blind(gaussian=0.3))
    gaussian_or_speckle = np.mean([len(np.unique(image)) > 50 for image in images])
    speckle = 0.7 / 4
    expected = 0.3 + speckle
    error = 5 * np.sqrt(expected * (1 - expected) / len(images))
    assert gaussian_or_speckle == pytest.approx(expected, abs=error)


def test_every_other_noise_model_takes_part() -> None:
    """Masking alone leaves 0 and grey only; salt and pepper adds white; Poisson is a grid."""
    kinds = {tuple(np.unique(image)[:2]) for image in noisy_grey(Blind(gaussian=0)) if image.any()}
    assert (0.0, 0.5) in kinds
    images = noisy_grey(Blind(gaussian=0))
    assert any(set(np.unique(image)) == {0, 0.5, 1} for image in images)
    assert any(len(np.unique(image)) > 200 for image in images)


def test_only_the_noise_models_that_it_names_take_part() -> None:
    images = noisy_grey(Blind(gaussian=0, others=("masking",)))
    assert {*np.unique(images)} == {0, 0.5}


def test_its_draws_do_not_change_with_the_version() -> None:
    """Trained denoisers and published scores hang on them, whatever noise models are added."""
    noisy = Blind().apply(np.full((6, 3, 3, 1), 0.5, np.float32), generator(0, "noise", "train"))
    assert array_digest(noisy) == "3b362e479d4bf35c6efd523c32442394"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"edges": [0, 0.5, 1]}, "edges lists 3 numbers and shares 1.*one edge more"),
        ({"edges": [0, 0.5, 0.5], "shares": [1, 1]}, "edges do not ascend.*in order"),
        ({"edges": [1, 0]}, "edges do not ascend"),
        ({"edges": [0, 2]}, "less than or equal to 1"),
        ({"edges": [0, 0.5, 1], "shares": [0, 0]}, "no part to draw from.*more than 0"),
        ({"others": []}, "at least 1 item"),
        ({"others": ["speckel"]}, "'speckel' is unknown; did you mean 'speckle'"),
        ({"others": ["gaussian"]}, "'gaussian' is unknown; allowed: masking"),
        ({"others": ["fog"]}, "'fog' is unknown"),
        ({"shares": [-1]}, "greater than or equal to 0"),
        ({"shares": [float("inf")]}, "finite"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, object], message: str) -> None:
    """The message says which option it is and what it may be."""
    with pytest.raises(ValueError, match=message):
        Blind.model_validate(options)
