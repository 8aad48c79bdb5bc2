"""The noise that is another one for each image."""

import numpy as np
import pytest

from denoising_pipeline.noise import NOISES
from denoising_pipeline.noise.blind import Blind


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


def test_the_shares_of_low_and_high_gaussian_levels_are_the_options() -> None:
    """In the lowest fifth, the highest and between, levels are uniform: means are the middles."""
    spread = noisy_grey(Blind(gaussian=1, strength=0.2, low=0.5, high=0.2)).std(axis=1)
    between = (0, 0.04), (0.04, 0.16), (0.16, 0.21)
    for (start, end), share, middle, width in zip(
        between, (0.5, 0.3, 0.2), (0.02, 0.1, 0.18), (0.04, 0.12, 0.04), strict=True
    ):
        inside = spread[(start <= spread) & (spread < end)]
        error = 5 * np.sqrt(share * (1 - share) / len(spread))
        assert len(inside) / len(spread) == pytest.approx(share, abs=error)
        assert inside.mean() == pytest.approx(middle, abs=5 * width / np.sqrt(12 * len(inside)))


@pytest.mark.parametrize(
    ("low", "high", "smallest", "largest"),
    [(0, 0.2, 0.04, 0.2), (1, 0, 0, 0.04), (0.2, 0, 0, 0.16), (0, 1, 0.16, 0.2)],
)
def test_low_and_high_levels_can_be_all_or_none(
    low: float, high: float, smallest: float, largest: float
) -> None:
    """With all or none of them in a fifth, no level is on the other side of its end."""
    spread = noisy_grey(Blind(gaussian=1, strength=0.2, low=low, high=high)).std(axis=1)
    tolerance = 1 + 5 / np.sqrt(2 * 24**2)
    assert smallest / tolerance < spread.min() < spread.max() < largest * tolerance


def test_the_share_of_gaussian_images_is_the_option() -> None:
    """No other noise model gives more than 200 different values on grey."""
    images = noisy_grey(Blind(gaussian=0.3))
    gaussian_or_speckle = np.mean([len(np.unique(image)) > 50 for image in images])
    speckle = 0.7 / (len(NOISES) - 2)
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


def test_other_noise_models_are_as_likely_as_their_weights() -> None:
    """Only masking leaves 0 and grey alone, only Poisson a few values without grey."""
    noise = Blind(gaussian=0, others={"masking": 3, "poisson": 0})
    images = [set(np.unique(image)) for image in noisy_grey(noise)]
    error = 5 * np.sqrt(0.6 * 0.4 / len(images))
    masked = np.mean([found <= {0, 0.5} for found in images])
    assert masked == pytest.approx(3 / (3 + 1 + 1), abs=error)
    assert not any(0.5 not in found and len(found) < 50 for found in images)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"low": 0.6, "high": 0.5}, r"low \(0.6\) and high \(0.5\).*sum to 1 or less"),
        ({"others": {"rain": 1}}, "others names rain. Give weights to masking, .*speckle alone"),
        ({"others": {"gaussian": 1}}, "others names gaussian"),
        (
            {"others": dict.fromkeys(("masking", "poisson", "salt_and_pepper", "speckle"), 0)},
            "no noise model",
        ),
        ({"others": {"masking": -1}}, "greater than or equal to 0"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, object], message: str) -> None:
    """The message says which option it is and what it may be."""
    with pytest.raises(ValueError, match=message):
        Blind.model_validate(options)
