"""Without clean images, the risk tells which denoiser is better, and by how much."""

from pathlib import Path

import numpy as np
import pytest
from skimage import data
from small_denoiser import write_denoiser

from denoising_pipeline.baselines import Known
from denoising_pipeline.degradations.recorded import Recorded
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.denoiser.picture import denoise_page
from denoising_pipeline.evaluation.without_clean import FILTERS
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.training.objectives import Objective
from denoising_pipeline.training.objectives.blind_spot import BlindSpot
from denoising_pipeline.training.objectives.neighbor2neighbor import Neighbor2Neighbor
from denoising_pipeline.training.objectives.noise2noise import Noise2Noise
from denoising_pipeline.training.objectives.recorrupted import Recorrupted
from denoising_pipeline.training.risk import (
    SIDE,
    Filter,
    calibrated_filters,
    predictions,
    risks,
)

SIGMA = 0.1
CLEAN: Images = 0.25 + (data.astronaut()[:96, 160:288] / 510).astype(np.float32)


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


@pytest.mark.parametrize("objective", [Neighbor2Neighbor(), Noise2Noise()])
def test_filters_are_calibrated_and_scored_by_the_risk_alone(objective: Objective) -> None:
    """By shots that are compared, the best options by the risk are nearly those by the truth."""
    known = Known(shot(1)[np.newaxis], Recorded(), 0)
    one, other = (ImageSet.of(shot(seed)[np.newaxis]) for seed in (1, 2))
    others = other if objective.second_shot else None
    found = calibrated_filters(objective, one, others, known)
    assert {key: each.name for key, each in found.items()} == FILTERS
    measured = risks({**found, "none": None}, objective, one, others, seed=0)
    none = measured.pop("none")
    assert all(values[0] < 0.85 * none[0] for values in measured.values())
    if objective.second_shot:
        noisy = shot(1)[np.newaxis]
        best, chosen = (
            min(float(np.square(each(noisy, SIGMA)[0] - CLEAN).mean()) for each in candidates)
            for candidates in (
                [Filter("total variation", {"weight": w / 4}, known) for w in (0.2, 0.4, 0.8, 1.6)],
                [found["total_variation"]],
            )
        )
        assert chosen < 1.1 * best


def test_a_filter_is_told_the_level_and_takes_equal_channels_for_one() -> None:
    filtered = Filter("total variation", {"weight": 0.2}, Known(CLEAN[np.newaxis], Recorded(), 0))
    grey = shot(1)[np.newaxis, ..., :1]
    much, little = (filtered(grey, level) for level in (0.2, 0.02))
    assert much.std() < little.std() < grey.std()
    np.testing.assert_array_equal(filtered(np.repeat(grey, 3, 3), 0.2), np.repeat(much, 3, 3))


def test_of_large_images_the_middle_is_measured() -> None:
    whole = np.random.default_rng(0).random((1, 40, SIDE + 100, 1), np.float32)
    part = whole[:, :, 50 : SIDE + 50]
    found = [
        risks({"none": None}, Neighbor2Neighbor(), images, None, 0)["none"][0]
        for images in (whole, part)
    ]
    assert found[0] == found[1]


def test_the_predicted_psnr_is_that_of_denoise_and_holds_the_true_one() -> None:
    noisy = np.clip(shot(1), 0, 1)
    denoiser = Denoiser.load()
    (row,) = predictions(noisy[np.newaxis], denoiser).to_dict("records")
    denoised, page = denoise_page(noisy, denoiser)
    assert page.predicted
    assert row["predicted"] == page.predicted.psnr
    true = -10 * np.log10(np.square(denoised - CLEAN).mean())
    assert row["predicted_low"] < true < row["predicted_high"]
    assert row["not_predicted"] == ""


def test_grey_images_in_three_channels_are_predicted_as_grey_ones() -> None:
    noisy, denoiser = np.clip(shot(1), 0, 1)[np.newaxis, ..., :1], Denoiser.load()
    one, three = (predictions(each, denoiser) for each in (noisy, np.repeat(noisy, 3, 3)))
    assert one.equals(three)


def test_where_the_calibration_does_not_hold_nothing_is_predicted_and_why_is_said(
    tmp_path: Path,
) -> None:
    """Noise that grows with brightness, as micrographs have it."""
    draws = np.random.default_rng(0)
    grown = np.clip(draws.poisson(CLEAN / 0.03) * 0.03, 0, 1).astype(np.float32)
    (row,) = predictions(grown[np.newaxis], Denoiser.load()).to_dict("records")
    assert np.isnan([row[key] for key in row if key != "not_predicted"]).all()
    assert "grows with brightness" in row["not_predicted"]
    assert predictions(CLEAN[np.newaxis], Denoiser.load())["not_predicted"].all()
    small = Denoiser.load(write_denoiser(tmp_path / "small.zip"))
    assert predictions(grown[np.newaxis], small).empty
