"""Without clean images, images held out are compared as the objective compares in training."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from denoising_pipeline.config import validate_parameters
from denoising_pipeline.core.seeding import generator
from denoising_pipeline.degradations import draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.noise_level import estimate_noise
from denoising_pipeline.images.sets import ImageSet
from denoising_pipeline.training import Batch, Examples, NoisyExamples, PairExamples, train
from denoising_pipeline.training.levels import residual_level
from denoising_pipeline.training.options import TrainingParameters
from denoising_pipeline.training.validation import validation_data

NOISE = Gaussian(sigma=0.1)
CLEAN: Images = np.broadcast_to(
    np.linspace(0.3, 0.7, 12, dtype=np.float32)[:, None, None, None], (12, 32, 32, 1)
)


def noisy(seed: int) -> Images:
    return draw_noisy(CLEAN, NOISE, seed=seed, split="val", epoch=0)


def options(name: str, told: bool = False, **changes: Any) -> TrainingParameters:
    given = {
        "model": {"name": "unet", "widths": [4], "blocks": [1], "noise_level": told},
        "objective": {"name": name},
        "loss": "mse",
        "patch": 32,
        "epochs": 2,
        "batch_size": 4,
        "precision": "float32",
        "keep": "last",
        **changes,
    }
    return validate_parameters({"training": given}).training


def ignore(epoch: int, metrics: Mapping[str, float]) -> None:
    pass


@pytest.mark.parametrize(
    "name",
    [
        "noise2noise",
        pytest.param("neighbor2neighbor", marks=pytest.mark.slow),
        pytest.param("blind_spot", marks=pytest.mark.slow),
    ],
)
def test_a_self_supervised_objective_is_validated_by_its_own_loss(name: str) -> None:
    """No score that needs clean images is among what is reported."""
    chosen = options(name)
    examples: Examples = NoisyExamples(noisy(0), seed=0, patch=32)
    second: Images | None = None
    if name == "noise2noise":
        examples = PairExamples(noisy(0), noisy(2), seed=0, patch=32)
        second = noisy(3)
    denoiser, history = train(examples, (noisy(1), second), chosen, 5, ignore)
    columns = {"epoch", "loss", "risk", "val_loss", "val_risk", "seconds"}
    assert {*history.columns} == columns
    ready = chosen.objective.prepare(Batch(noisy(1), second), generator(5, "objective", "val"))
    squares = np.square(denoiser.model.predict(ready.input, verbose=0) - ready.target)
    weights = np.ones(squares.shape) if ready.mask is None else ready.mask
    risk = (squares * weights).sum(axis=(1, 2, 3)) / weights.sum(axis=(1, 2, 3))
    assert history["val_risk"].iloc[-1] == pytest.approx(risk.mean(), rel=1e-4)
    assert history["val_loss"].iloc[-1] == pytest.approx(risk.mean(), rel=1e-4)


@pytest.mark.parametrize("name", ["neighbor2neighbor", "blind_spot"])
def test_clean_images_that_are_there_are_not_looked_at(name: str) -> None:
    alone = validation_data((noisy(1), None), options(name), 0, recorded=True)
    beside = validation_data((noisy(1), CLEAN), options(name), 0, recorded=False)
    for one, other in zip(alone, beside, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_supervised_objective_needs_clean_images_and_compares_with_them() -> None:
    found = validation_data((noisy(1), CLEAN), options("relative"), 0, recorded=False)
    np.testing.assert_array_equal(found[0], noisy(1))
    np.testing.assert_array_equal(found[1], CLEAN)
    with pytest.raises(ValueError, match=r"`relative` is validated on clean images"):
        validation_data((noisy(1), None), options("relative"), 0, recorded=True)


@pytest.mark.parametrize(
    ("name", "recorded"), [("supervised", True), ("blind_spot", True), ("blind_spot", False)]
)
def test_the_level_told_is_the_estimate_of_the_whole_image(name: str, recorded: bool) -> None:
    chosen = options(name, told=True, patch=16)
    seen, _ = validation_data(
        (ImageSet.of(noisy(1)), ImageSet.of(CLEAN.copy())), chosen, 0, recorded=recorded
    )
    assert seen.shape == (12, 16, 16, 2)
    expected = [estimate_noise(image).sigma for image in noisy(1)]
    np.testing.assert_allclose(seen[:, 3, 3, 1], expected, rtol=1e-6)


def test_of_noise_that_was_drawn_supervised_validation_is_told_what_was_drawn() -> None:
    chosen = options("supervised", told=True)
    seen, _ = validation_data((noisy(1), CLEAN), chosen, 0, recorded=False)
    np.testing.assert_allclose(seen[:, 0, 0, 1], residual_level(noisy(1), CLEAN), rtol=1e-6)
