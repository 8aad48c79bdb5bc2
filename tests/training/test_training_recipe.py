"""Step sizes, clipping and precision are what the parameters say."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from architectures import FOR_PICTURES

from denoising_pipeline.config import validate_parameters
from denoising_pipeline.core.backend import dtype_policy, has_bfloat16, load_keras
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.training import CleanExamples, train
from denoising_pipeline.training.optimizers import keras_optimizer, learning_rate_of
from denoising_pipeline.training.options import TrainingParameters

PEAK = 0.01
NARROW = {"widths": (4, 8), "blocks": (1, 1)}
MODELS: dict[str, dict[str, Any]] = {
    "residual_unet": NARROW,
    "stabilized": {"network": {"name": "unet", **NARROW}, "trained": "all"},
    "unet": NARROW,
}
"""Architectures that would take long to train as they are."""


def options(**changes: Any) -> TrainingParameters:
    model = {"name": "dense", "latent_dim": 3, "layers": 1, "nodes": 4}
    plain = {"model": model, "epochs": 1, "batch_size": 8, "learning_rate": PEAK}
    given = {**plain, "optimizer": "adam", **changes}
    return validate_parameters({"training": given}).training


def trained(**changes: Any) -> Denoiser:
    """Five steps per epoch, the last on fewer images."""

    def ignore(epoch: int, metrics: Mapping[str, float]) -> None:
        pass

    clean = np.full((36, 4, 4, 1), 0.4, np.float32)
    chosen = options(**changes)
    examples = CleanExamples.of(clean, Gaussian(), chosen, 0)
    return train(examples, (clean, clean), chosen, 0, ignore)[0]


def step_size(chosen: TrainingParameters, step: int, steps: int) -> float:
    rate = learning_rate_of(chosen, steps)
    return float(rate(step)) if callable(rate) else rate


@pytest.mark.parametrize("warmup", [0.0, 0.1, 0.5])
def test_the_cosine_rises_in_the_warm_up_and_falls_to_nothing(warmup: float) -> None:
    chosen, steps = options(schedule="cosine", warmup=warmup), 200
    top = round(warmup * steps)
    for step in range(top):
        assert step_size(chosen, step, steps) == pytest.approx(PEAK * step / top, abs=1e-8)
    for step in range(top, steps + 1):
        share = (step - top) / (steps - top)
        expected = PEAK * (1 + math.cos(math.pi * share)) / 2
        assert step_size(chosen, step, steps) == pytest.approx(expected, abs=1e-8)


def test_a_constant_step_size_has_no_warm_up() -> None:
    chosen = options(schedule="constant", warmup=0.5)
    assert {step_size(chosen, step, 10) for step in range(11)} == {PEAK}


def test_the_schedule_is_over_when_training_is_and_no_sooner() -> None:
    """It spans every step of every epoch: two of warm-up and eight of cosine."""
    chosen = {"optimizer": "muon", "gradient_clip": 0.5, "beta_2": 0.9}
    optimizer = trained(schedule="cosine", warmup=0.2, epochs=2, **chosen).model.optimizer
    schedule = optimizer.get_config()["learning_rate"]["config"]
    assert (schedule["warmup_steps"], schedule["decay_steps"]) == (2, 8)
    assert float(optimizer.learning_rate) == pytest.approx(0, abs=1e-9)
    assert (optimizer.global_clipnorm, optimizer.beta_2) == (0.5, 0.9)


@pytest.mark.parametrize("norm", [None, 0.5])
@pytest.mark.parametrize("name", ["adam", "muon"])
def test_gradients_are_clipped_as_asked(name: str, norm: float | None) -> None:
    chosen = options(optimizer=name, gradient_clip=norm)
    assert keras_optimizer(chosen, PEAK).global_clipnorm == norm


def check_precision(denoiser: Denoiser, computes: str) -> None:
    assert {layer.compute_dtype for layer in denoiser.encoder.layers} >= {computes}
    assert {weight.dtype for weight in denoiser.model.get_weights()} == {np.dtype(np.float32)}
    assert denoiser(np.full((2, 4, 4, 1), 0.4, np.float32)).dtype == np.float32
    assert load_keras().config.dtype_policy().name == "float32"


@pytest.mark.slow
@pytest.mark.parametrize("architecture", FOR_PICTURES)
def test_every_architecture_trains_in_mixed_precision(architecture: str) -> None:
    """Its images are float32 whatever its layers compute in: loss and metrics are exact.

    Nothing outlives the network: what is built next has the usual precision.
    """
    chosen = {"model": {"name": architecture, **MODELS.get(architecture, {})}, "loss": "log_mse"}
    denoiser = trained(**chosen, precision="mixed_bfloat16")
    denoised = denoiser(np.random.default_rng(0).random((2, 4, 4, 1), np.float32))
    assert denoiser.model.outputs[0].dtype == "float32"
    assert np.any(denoised.view(np.uint32) % 2**16), "rounded to bfloat16"
    check_precision(denoiser, "bfloat16")


@pytest.mark.parametrize(
    ("precision", "computes"),
    [("float32", "float32"), ("auto", "bfloat16" if has_bfloat16() else "float32")],
)
def test_layers_compute_as_asked_and_weights_stay_float32(precision: str, computes: str) -> None:
    check_precision(trained(precision=precision), computes)


def test_the_usual_precision_comes_back_after_a_fault() -> None:
    with pytest.raises(KeyboardInterrupt), dtype_policy("mixed_bfloat16"):
        assert load_keras().config.dtype_policy().name == "mixed_bfloat16"
        raise KeyboardInterrupt
    assert load_keras().config.dtype_policy().name == "float32"
