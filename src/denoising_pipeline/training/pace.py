"""How fast a network learns on this machine."""

import statistics
import time
from collections.abc import Callable

import numpy as np

from denoising_pipeline.core.backend import dtype_policy
from denoising_pipeline.training.loop import compile_network
from denoising_pipeline.training.losses import loss_by_name, unpacked
from denoising_pipeline.training.options import TrainingParameters

WARM_UP, TIMED = 1, 3
"""Steps that are not timed, and that are."""


def seconds_per_step(
    options: TrainingParameters, channels: int, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Measure a step of training on patches of grey: the median of a few.

    Args:
        options: How the network is trained, on patches.
        channels: Of the images.
        clock: Tells seconds.

    Raises:
        ValueError: It is not trained on patches.
    """
    if options.patch is None:
        raise ValueError("training.patch is null: the pace is that of a training on patches.")
    side = options.patch // options.objective.shrink
    with dtype_policy(options.precision):
        network = options.model.build((None, None, channels), 0, channels)
    loss = options.objective.loss(loss_by_name(options.loss, options.mse_floor))
    compile_network(network, options, WARM_UP + TIMED, 0, unpacked(loss), [])
    shape = (options.batch_size, side, side, channels)
    seen = np.full((*shape[:3], channels + options.model.told_level), 0.5, np.float32)
    target = np.full(shape, 0.4, np.float32)
    seconds = []
    for _ in range(WARM_UP + TIMED):
        started = clock()
        network.train_on_batch(seen, target)
        seconds.append(clock() - started)
    return statistics.median(seconds[WARM_UP:])
