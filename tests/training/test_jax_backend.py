"""`KERAS_BACKEND=jax` runs the same files: what TensorFlow and JAX make of them is the same.

Run as a script, in a process of its own, this file does its part under the other backend.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from denoising_pipeline.config import validate_parameters
from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.datasets import DenoiserDataset
from denoising_pipeline.degradations import draw_noisy
from denoising_pipeline.degradations.gaussian import Gaussian
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.images.idx import read_idx
from denoising_pipeline.training import CleanExamples, train
from denoising_pipeline.training.losses import cross_entropy, loss_by_name, unpacked

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="needs the extra `jax`"),
]

MNIST = Path(__file__).parents[2] / "data/01_raw/mnist/t10k-images-idx3-ubyte.gz"
NOISE = Gaussian(sigma=0.5)
OPTIONS = validate_parameters(
    {
        "training": {
            "model": {
                "name": "residual_unet",
                "widths": [4, 8],
                "blocks": [1, 1],
                "conditioning": 2,
            },
            "epochs": 2,
            "batch_size": 16,
            "precision": "float32",
        }
    }
).training
STEPS = 6

Outcome = dict[str, Any]


def digits() -> tuple[Images, Images]:
    """(noisy, clean) real digits."""
    with MNIST.open("rb") as file:
        clean = (read_idx(file)[:64, ..., np.newaxis] / 255).astype(np.float32)
    return draw_noisy(clean, NOISE, seed=0, split="val", epoch=0), clean


def denoiser_file(folder: Path, backend: str) -> DenoiserDataset:
    return DenoiserDataset(filepath=folder / f"{backend}.zip")


def outcome(folder: Path) -> Outcome:
    """Load the denoiser that TensorFlow wrote, use it, and train it for some steps."""
    keras = load_keras()
    noisy, clean = digits()
    denoiser = denoiser_file(folder, "tensorflow").load()
    found: Outcome = {"denoised": denoiser(noisy)}
    denoiser.model.compile(
        optimizer=keras.optimizers.Adam(1e-3), loss=unpacked(loss_by_name("psnr", 1e-5))
    )
    batches = [(noisy[i::STEPS], clean[i::STEPS]) for i in range(STEPS)]
    found["losses"] = [float(denoiser.model.train_on_batch(*batch)) for batch in batches]
    return found | {"trained": denoiser(noisy), "bias": bias_after_a_step()}


def bias_after_a_step() -> float:
    """One step of gradient descent where the sigmoid of -40, in float32, is all but 0."""
    keras = load_keras()
    start = keras.initializers.Constant(-40)
    layer = keras.layers.Dense(1, "sigmoid", kernel_initializer="zeros", bias_initializer=start)
    model = keras.Sequential([keras.Input((1, 1, 1)), layer])
    model.compile(optimizer=keras.optimizers.SGD(1.0), loss=cross_entropy)
    white = np.ones((2, 1, 1, 1), np.float32)
    model.train_on_batch(white, white)
    return float(model.get_weights()[1][0])


@pytest.fixture(scope="module")
def tensorflow(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    folder = tmp_path_factory.mktemp("backends")
    model = OPTIONS.model.build((28, 28, 1), seed=0)
    denoiser_file(folder, "tensorflow").save(Denoiser(OPTIONS.model, (28, 28, 1), model))
    return folder, outcome(folder)


@pytest.fixture(scope="module")
def jax(tensorflow: tuple[Path, Outcome]) -> Outcome:
    folder, _ = tensorflow
    variables = os.environ | {"KERAS_BACKEND": "jax"}
    subprocess.run([sys.executable, __file__, folder], env=variables, timeout=1200, check=True)
    with np.load(folder / "jax.npz") as arrays:
        return dict(arrays)


def test_a_denoiser_of_tensorflow_denoises_the_same(
    tensorflow: tuple[Path, Outcome], jax: Outcome
) -> None:
    assert np.ptp(jax["denoised"]) > 0.01
    np.testing.assert_allclose(jax["denoised"], tensorflow[1]["denoised"], rtol=0, atol=1e-4)


def test_steps_of_training_come_to_the_same(tensorflow: tuple[Path, Outcome], jax: Outcome) -> None:
    assert jax["losses"][-1] < jax["losses"][0]
    np.testing.assert_allclose(jax["losses"], tensorflow[1]["losses"], rtol=0, atol=1e-4)
    np.testing.assert_allclose(jax["trained"], tensorflow[1]["trained"], rtol=0, atol=1e-4)


def test_a_black_output_still_learns(tensorflow: tuple[Path, Outcome], jax: Outcome) -> None:
    """The cross-entropy's gradient by what is before the sigmoid is sigmoid(-40) - 1."""
    assert tensorflow[1]["bias"] == pytest.approx(-39)
    assert jax["bias"] == pytest.approx(-39)


def test_a_denoiser_trained_by_jax_denoises_the_same_in_tensorflow(
    tensorflow: tuple[Path, Outcome], jax: Outcome
) -> None:
    noisy, _ = digits()
    denoised = denoiser_file(tensorflow[0], "jax").load()(noisy)
    np.testing.assert_allclose(denoised, jax["own"], rtol=0, atol=1e-4)


def main(folder: Path) -> None:
    """Do what the tests compare, and train a denoiser from the start."""
    backend = load_keras().config.backend()
    noisy, clean = digits()
    examples = CleanExamples.of(clean, NOISE, OPTIONS, 0)
    denoiser, _ = train(examples, (noisy, clean), OPTIONS, 0, lambda epoch, metrics: None)
    denoiser_file(folder, backend).save(denoiser)
    np.savez(folder / f"{backend}.npz", own=denoiser(noisy), **outcome(folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
