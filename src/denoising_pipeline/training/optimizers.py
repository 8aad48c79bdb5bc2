"""The optimizers that training can use: Keras's Adam, and Muon for every kernel."""

import math
from typing import Any

from denoising_pipeline.core.backend import load_keras
from denoising_pipeline.training.options import FitOptions

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""Coefficients of x, x³ and x⁵ that raise small singular values fastest (Jordan, 2024)."""

NEWTON_SCHULZ_STEPS = 3

STEP_RMS = 0.2
"""Root mean square of the step of a kernel, of the learning rate: about that of Adam's steps."""


def keras_optimizer(options: FitOptions, learning_rate: Any) -> Any:
    """Return the optimizer that the options name.

    Args:
        options: `optimizer`, `beta_2`, `weight_decay` and `gradient_clip` are read.
        learning_rate: A number, or a schedule of Keras.

    Returns:
        A `keras.optimizers.Optimizer`. Before each step, kernels shrink by `weight_decay` times the
        learning rate (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019).
    """
    choices = {"adam": load_keras().optimizers.Adam, "muon": _muon()}
    optimizer = choices[options.optimizer](
        learning_rate,
        beta_2=options.beta_2,
        weight_decay=options.weight_decay or None,
        global_clipnorm=options.gradient_clip,
    )
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


def learning_rate_of(options: FitOptions, steps: int) -> Any:
    """Return what Keras takes as learning rate: a number, or warm-up and cosine over all steps.

    The cosine of Loshchilov and Hutter, "SGDR" (2017), without restarts, down to 0.
    """
    if options.schedule == "constant":
        return options.learning_rate
    warmup_steps = round(options.warmup * steps)
    return load_keras().optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup_steps else options.learning_rate,
        decay_steps=max(steps - warmup_steps, 1),
        warmup_target=options.learning_rate if warmup_steps else None,
        warmup_steps=warmup_steps,
    )


def orthogonalized(matrix: Any) -> Any:
    """Bring the singular values of a matrix near to 1, and keep its singular vectors.

    Three steps of the Newton-Schulz iteration with the coefficients of K. Jordan, "Muon: An
    optimizer for hidden layers in neural networks" (2024). Every step is a polynomial in the matrix
    of inner products, so all of them are taken on that small one and applied at the end.

    Args:
        matrix: Keras tensor, float32 (N, M).

    Returns:
        The same shape; all zeros for all zeros.
    """
    ops = load_keras().ops
    wide = matrix.shape[0] < matrix.shape[1]
    tall = ops.transpose(matrix) if wide else matrix
    products = ops.matmul(ops.transpose(tall), tall)
    squared_norm = ops.trace(products) + 1e-14
    products = products / squared_norm
    one = ops.eye(products.shape[0], dtype=products.dtype)
    linear, cubic, quintic = NEWTON_SCHULZ
    factor = one / ops.sqrt(squared_norm)
    for _ in range(NEWTON_SCHULZ_STEPS):
        square = ops.matmul(products, products)
        polynomial = linear * one + cubic * products + quintic * square
        factor = ops.matmul(factor, polynomial)
        products = ops.matmul(polynomial, ops.matmul(products, polynomial))
    result = ops.matmul(tall, factor)
    return ops.transpose(result) if wide else result


def _muon() -> Any:
    """Return Adam with another step for kernels: that of Muon.

    A kernel is a matrix of all its inputs by its outputs. Its averaged gradient (Nesterov's) is
    made orthogonal, so that no direction rules the others, and is scaled to the size of Adam's
    steps (Liu et al., "Muon is Scalable for LLM Training", 2025). Biases keep Adam. Keras's own
    Muon leaves the kernels of convolutions to Adam as well.
    """
    keras = load_keras()
    ops = keras.ops

    class Muon(keras.optimizers.Adam):  # type: ignore[misc, name-defined]
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            if len(variable.shape) <= 1:
                super().update_step(gradient, variable, learning_rate)
                return
            momentum = self._momentums[self._get_variable_index(variable)]
            self.assign_add(momentum, (gradient - momentum) * (1 - self.beta_1))
            ahead = momentum * self.beta_1 + gradient * (1 - self.beta_1)
            matrix = ops.reshape(ahead, (-1, variable.shape[-1]))
            scale = learning_rate * STEP_RMS * math.sqrt(max(matrix.shape))
            step = ops.reshape(orthogonalized(matrix) * scale, variable.shape)
            self.assign_sub(variable, step)

    return Muon
