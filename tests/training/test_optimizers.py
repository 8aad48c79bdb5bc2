"""Muon's step for kernels is what the papers say; biases and the other choice have Adam's."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from denoising_pipeline.config import validate_parameters
from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.training.optimizers import keras_optimizer, orthogonalized
from denoising_pipeline.training.options import TrainingParameters

RATE = 0.01

Matrix = NDArray[np.float32]


def options(**changes: Any) -> TrainingParameters:
    return validate_parameters({"training": {"weight_decay": 0.0, **changes}}).training


def drawn(*shape: int) -> Matrix:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def orthogonal(matrix: Matrix) -> Matrix:
    ops = load_keras().ops
    result: Matrix = ops.convert_to_numpy(orthogonalized(ops.convert_to_tensor(matrix)))
    return result


def textbook(matrix: Matrix) -> NDArray[np.float64]:
    """The iteration as it is written: X <- 3.4445 X - 4.775 (X X') X + 2.0315 (X X')² X."""
    x = matrix.astype(np.float64) / np.linalg.norm(matrix)
    for _ in range(3):
        square = x @ x.T
        x = 3.4445 * x - 4.775 * square @ x + 2.0315 * square @ square @ x
    return x


def steps_of(optimizer: Any, start: Matrix, gradients: list[Matrix]) -> list[Matrix]:
    """The values of a variable after each gradient."""
    variable = load_keras().Variable(start)
    values = []
    for gradient in gradients:
        optimizer.apply([load_keras().ops.convert_to_tensor(gradient)], [variable])
        values.append(np.array(variable))
    return values


@pytest.mark.parametrize("shape", [(5, 5), (40, 6), (6, 40), (7, 1), (1, 1)])
def test_it_is_the_newton_schulz_iteration(shape: tuple[int, int]) -> None:
    matrix = drawn(*shape)
    np.testing.assert_allclose(orthogonal(matrix), textbook(matrix), atol=2e-5)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_singular_values_come_near_to_one_whatever_the_size_of_the_gradient(scale: float) -> None:
    result = orthogonal(scale * drawn(200, 8))
    values = np.linalg.svd(result, compute_uv=False)
    assert np.all((values > 0.6) & (values < 1.3))


def test_no_gradient_is_no_step() -> None:
    assert not orthogonal(np.zeros((6, 4), np.float32)).any()


def test_a_kernel_moves_by_its_orthogonalized_average_gradient() -> None:
    """Nesterov's average with 0.9, all inputs by outputs, scaled as Liu et al. scale it."""
    start, gradients = drawn(3, 3, 2, 4), [drawn(3, 3, 2, 4) * factor for factor in (1, -2, 3)]
    expected, average = start.astype(np.float64), np.zeros_like(start)
    values = steps_of(keras_optimizer(options(gradient_clip=None), RATE), start, gradients)
    for value, gradient in zip(values, gradients, strict=True):
        average = 0.9 * average + 0.1 * gradient
        ahead = (0.9 * average + 0.1 * gradient).reshape(18, 4)
        expected -= RATE * 0.2 * np.sqrt(18) * textbook(ahead).reshape(start.shape)
        np.testing.assert_allclose(value, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("optimizer", "shape", "adam"),
    [("muon", (4,), True), ("muon", (6, 4), False), ("adam", (4,), True), ("adam", (6, 4), True)],
)
def test_biases_and_adam_have_the_steps_of_keras(
    optimizer: str, shape: tuple[int, ...], adam: bool
) -> None:
    start, gradients = drawn(*shape), [drawn(*shape), 2 * drawn(*shape)]
    chosen = options(optimizer=optimizer, beta_2=0.9, gradient_clip=0.5)
    reference = load_keras().optimizers.Adam(RATE, beta_2=0.9, global_clipnorm=0.5)
    values = steps_of(keras_optimizer(chosen, RATE), start, gradients)
    assert np.allclose(values, steps_of(reference, start, gradients), atol=1e-7) == adam


@pytest.mark.parametrize("optimizer", ["muon", "adam"])
def test_weight_decay_shrinks_kernels_by_its_share_and_leaves_biases(optimizer: str) -> None:
    """Without a gradient there is no other step."""
    keras = load_keras()
    kernel, bias = keras.Variable(drawn(6, 4), name="kernel"), keras.Variable(drawn(4), name="bias")
    chosen = keras_optimizer(options(optimizer=optimizer, weight_decay=0.5), RATE)
    zeros = [keras.ops.zeros((6, 4)), keras.ops.zeros((4,))]
    for _ in range(2):
        chosen.apply(zeros, [kernel, bias])
    np.testing.assert_allclose(np.array(kernel), drawn(6, 4) * (1 - 0.5 * RATE) ** 2, rtol=1e-6)
    np.testing.assert_array_equal(np.array(bias), drawn(4))
