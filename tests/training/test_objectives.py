"""What is compared with what: another objective trains without a change to the loop."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pytest

from denoising_pipeline.config import validate_parameters
from denoising_pipeline.degradations import draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.evaluation.metrics import psnr
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.noise_level import estimate_noise
from denoising_pipeline.training import (
    Batch,
    CleanExamples,
    NoisyExamples,
    Objective,
    PairExamples,
    train,
)
from denoising_pipeline.training.examples import Examples
from denoising_pipeline.training.levels import telling_level
from denoising_pipeline.training.objectives import OBJECTIVES
from denoising_pipeline.training.objectives.relative import Relative
from denoising_pipeline.training.objectives.supervised import Supervised
from denoising_pipeline.training.options import TrainingParameters

NOISE = Gaussian(sigma=0.2)


class HiddenPixels(Objective):
    """Made up: some pixels are blackened, and have to be told from those around them."""

    name: Literal["hidden_pixels"] = "hidden_pixels"
    share: float = 0.2

    def prepare(self, examples: Batch, draws: np.random.Generator) -> Batch:
        """Return blackened images, the noisy ones as targets, and where they were blackened."""
        hidden = (draws.random((*examples.input.shape[:3], 1)) < self.share).astype(np.float32)
        return Batch(examples.input * (1 - hidden), examples.input, hidden)


def options(**changes: Any) -> TrainingParameters:
    plain = {
        "model": {"name": "dense", "latent_dim": 4, "layers": 1, "nodes": 24},
        "loss": "mse",
        "epochs": 12,
        "optimizer": "adam",
        "learning_rate": 0.02,
        "batch_size": 20,
        "weight_decay": 0.0,
        "precision": "float32",
    }
    return validate_parameters({"training": {**plain, **changes}}).training


def halves(count: int) -> Images:
    """Images of which one half is bright."""
    sides = np.random.default_rng(count).integers(0, 2, count)
    images = np.full((count, 8, 8, 1), 0.2, np.float32)
    for image, side in zip(images, sides, strict=True):
        image[:, 4 * side : 4 * side + 4] = 0.8
    return images


def noisy(clean: Images, split: str) -> Images:
    return draw_noisy(clean, NOISE, seed=0, split=split, epoch=0)


def trained(examples: Examples, chosen: TrainingParameters) -> tuple[Denoiser, float]:
    """Return the denoiser and what it gains on validation, in dB."""

    def ignore(epoch: int, metrics: Mapping[str, float]) -> None:
        pass

    clean = halves(30)
    denoiser, _ = train(examples, (noisy(clean, "val"), clean), chosen, 0, ignore)
    gain = psnr(clean, denoiser(noisy(clean, "val"))) - psnr(clean, noisy(clean, "val"))
    return denoiser, float(gain.mean())


def test_supervised_is_the_default_and_found_by_name() -> None:
    assert OBJECTIVES["supervised"] is Supervised
    assert OBJECTIVES["relative"] is Relative
    chosen = validate_parameters({"training": {"objective": {"name": "supervised"}}}).training
    assert chosen.objective == TrainingParameters().objective == Supervised()


def test_an_objective_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"training\.objective\.name: 'supervized'.*supervised"):
        validate_parameters({"training": {"objective": {"name": "supervized"}}})


def test_a_masked_objective_of_noisy_images_alone_trains_by_the_same_loop() -> None:
    chosen = options().model_copy(update={"objective": HiddenPixels()})
    examples = NoisyExamples(noisy(halves(200), "train"), seed=0)
    denoiser, gain = trained(examples, chosen)
    assert gain > 3
    again, _ = trained(examples, chosen)
    np.testing.assert_array_equal(again(halves(3)), denoiser(halves(3)))


def test_another_shot_will_do_for_the_clean_image() -> None:
    clean = halves(200)
    second = draw_noisy(clean, NOISE, seed=1, split="train", epoch=0)
    _, gain = trained(PairExamples(noisy(clean, "train"), second, seed=0), options())
    assert gain > 3


@pytest.mark.slow
def test_the_clean_images_of_pairs_are_learnt_as_those_of_fresh_noise_are() -> None:
    """The same images and noise, once drawn by training and once before it."""
    clean, chosen = halves(100), options(fresh_noise=False, epochs=2)
    drawn, _ = trained(CleanExamples.of(clean, NOISE, chosen, 0), chosen)
    given, _ = trained(PairExamples(noisy(clean, "train"), clean, seed=0), chosen)
    np.testing.assert_array_equal(drawn(clean), given(clean))


def test_supervised_training_needs_something_to_compare_with() -> None:
    examples = NoisyExamples(noisy(halves(20), "train"), seed=0)
    with pytest.raises(ValueError, match=r"Train on pairs, or choose another training\.objective"):
        trained(examples, options())


def test_relative_to_the_noise_every_level_counts_alike() -> None:
    """The weighted error of the noisy images themselves grows with the level, not its square."""
    clean = np.full((3, 32, 32, 1), 0.5, np.float32)
    noise = np.random.default_rng(0).standard_normal(clean.shape).astype(np.float32)
    noisy = clean + np.array([0.05, 0.1, 0.2], np.float32)[:, None, None, None] * noise
    objective = Relative(added=1e-6)
    ready = objective.prepare(Batch(noisy, clean), np.random.default_rng(0))
    weighted = np.asarray(objective.loss(lambda *_: None)(clean, noisy, ready.mask))
    np.testing.assert_allclose(weighted.mean(axis=(1, 2, 3)), [0.05, 0.1, 0.2], rtol=0.05)
    with pytest.raises(ValueError, match="noisy ones only"):
        objective.prepare(Batch(noisy, None), np.random.default_rng(0))


def test_a_network_is_told_about_how_noisy_each_example_is() -> None:
    clean = np.full((200, 16, 16, 3), 0.5, np.float32)
    noise = np.random.default_rng(0).standard_normal(clean.shape).astype(np.float32)
    batch = Batch(clean + np.float32(0.1) * noise, clean)
    told = telling_level(Supervised().prepare)(batch, np.random.default_rng(1))
    np.testing.assert_array_equal(told.input[..., :3], batch.input)
    levels = told.input[:, 0, 0, 3]
    assert levels.mean() == pytest.approx(0.1, rel=0.02)
    assert np.log(levels).std() == pytest.approx(0.05, rel=0.4)


def test_a_told_network_trains_and_denoises_by_its_own_estimate() -> None:
    chosen = options(
        model={"name": "unet", "widths": [4], "blocks": [1], "noise_level": True},
        objective={"name": "relative"},
        epochs=2,
        patch=8,
    )
    clean = halves(60)
    examples = CleanExamples.of(clean, NOISE, chosen, 0)
    denoiser, _ = trained(examples, chosen)
    pixels = noisy(clean[:1], "test")
    sigma = estimate_noise(pixels[0]).sigma
    np.testing.assert_array_equal(denoiser(pixels), denoiser(pixels, sigma=sigma))
    assert not np.array_equal(denoiser(pixels), denoiser(pixels, sigma=sigma + 0.2))
