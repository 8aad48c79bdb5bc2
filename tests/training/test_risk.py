"""Without clean images, the risk tells which denoiser is better, and by how much."""

from pathlib import Path

import numpy as np
import pytest
from skimage import data
from small_denoiser import write_denoiser

from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.training.objectives import Objective
from denoising_pipeline.training.objectives.blind_spot import BlindSpot
from denoising_pipeline.training.objectives.neighbor2neighbor import Neighbor2Neighbor
from denoising_pipeline.training.objectives.noise2noise import Noise2Noise
from denoising_pipeline.training.objectives.recorrupted import Recorrupted
from denoising_pipeline.training.risk import risks

SIGMA = 0.1
CLEAN = 0.25 + 0.5 * np.float32(data.astronaut()[:96, 160:288] / 255)


def shot(seed: int) -> Images:
    """A noisy image that is not clipped."""
    noise = np.random.default_rng(seed).standard_normal(CLEAN.shape, np.float32)
    return CLEAN + np.float32(SIGMA) * noise


def measured(objective: Objective) -> tuple[float, float]:
    """The risk of the shipped denoiser, and of doing nothing."""
    one, other = (ImageSet.of(shot(seed)[np.newaxis]) for seed in (1, 2))
    others = other if objective.second_shot else None
    found = risks({"its": Denoiser.load(), "none": None}, objective, one, others, seed=0)
    return float(found["its"][0]), float(found["none"][0])


def test_the_difference_of_two_risks_is_that_of_the_errors() -> None:
    """Of two shots, the target's noise is in both risks, and cancels out."""
    its, none = measured(Noise2Noise(swap=False))
    denoised = Denoiser.load()(shot(1)[np.newaxis], sigma=SIGMA)[0]
    error = float(np.square(denoised - CLEAN).mean())
    assert none - its == pytest.approx(SIGMA**2 - error, rel=0.03)
    assert its == pytest.approx(SIGMA**2 + error, rel=0.03)


@pytest.mark.parametrize("objective", [BlindSpot(), Neighbor2Neighbor()])
def test_every_objective_prefers_the_denoiser_to_doing_nothing(objective: Objective) -> None:
    its, none = measured(objective)
    assert SIGMA**2 < its < 0.8 * none


def test_an_objective_may_lead_out_of_the_range_of_images(tmp_path: Path) -> None:
    """What is measured by `recorrupted` has more noise than the denoiser is given by others."""
    denoiser = Denoiser.load(write_denoiser(tmp_path / "small.zip"))
    noisy = np.clip(shot(1), 0, 1)[np.newaxis]
    noisy[:, :40] = 0
    assert denoiser.clipped
    found = risks({"its": denoiser, "none": None}, Recorrupted(), noisy, None, seed=0)
    assert 0 < found["its"][0] < found["none"][0]


def test_the_same_seed_gives_the_same_risk() -> None:
    assert measured(BlindSpot()) == measured(BlindSpot())
