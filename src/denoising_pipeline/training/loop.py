"""The training loop: Keras's own `fit`, what it is given, and what it leaves behind."""

import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from denoising_pipeline.core.backend import batches_to_fit, dtype_policy, load_keras
from denoising_pipeline.degradations import Degradation
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.training.batches import Targets, noisy_batches
from denoising_pipeline.training.checkpoints import Checkpoints
from denoising_pipeline.training.losses import keras_loss, mean_psnr
from denoising_pipeline.training.optimizers import keras_optimizer
from denoising_pipeline.training.options import TrainingParameters
from denoising_pipeline.training.resume import ResumableTraining, Rows, training_identity

EpochLogger = Callable[[int, Mapping[str, float]], None]
"""Takes an epoch, from 1, and its metrics, as soon as the epoch is over."""

MOST_STEPS_AT_ONCE = 16


class TrainingDivergedError(RuntimeError):
    """The loss is no longer a finite number."""


def train(
    clean: Images,
    noise: Degradation,
    validation: tuple[Images, Images],
    options: TrainingParameters,
    seed: int,
    log_epoch: EpochLogger,
    checkpoints: Checkpoints | None = None,
) -> tuple[Denoiser, pd.DataFrame]:
    """Train a denoiser; show a progress bar per epoch on a terminal, else a line per epoch.

    Args:
        clean: Training images, float32 (N, H, W, C) in [0, 1].
        noise: The noise model to train against.
        validation: (noisy, clean) validation images. They choose the weights that are kept and
            decide when training stops early.
        options: Architecture, loss, epochs and so on.
        seed: Root seed of the initial weights, the order and the noise.
        log_epoch: Called after every epoch, and again for those that are resumed from.
        checkpoints: Where the state of each epoch is kept until training is done; a training of
            the same images and parameters that finds one goes on there and ends with the weights
            that it would have had without the interruption. None: nowhere.

    Returns:
        The denoiser and its history, a row per epoch: `epoch` (from 1), `loss`, `psnr` (dB),
        `val_loss`, `val_psnr` (dB), `seconds`.

    Raises:
        TrainingDivergedError: The loss became NaN or infinite.
        ValueError: The architecture cannot process images of that size.
    """
    keras = load_keras()
    image_shape = (clean.shape[1], clean.shape[2], clean.shape[3])
    steps_per_epoch = math.ceil(len(clean) / options.batch_size)
    with dtype_policy(options.precision):
        model = options.model.build(image_shape, seed)
    loss = keras_loss(options.loss, options.mse_floor)
    psnr = keras.metrics.MeanMetricWrapper(mean_psnr, name="psnr")
    _compile(model, options, steps_per_epoch, seed, loss, [psnr])
    stopping = keras.callbacks.EarlyStopping(
        monitor="val_loss",
        mode="min",
        patience=options.early_stopping_patience or options.epochs,
        restore_best_weights=options.keep == "best",
    )
    rows: Rows = []
    callbacks = [_epoch_callback(rows, log_epoch), stopping]
    if checkpoints:
        identity = training_identity(clean, validation, noise, options, seed)
        resumable = ResumableTraining(model, stopping, rows, options, checkpoints, identity)
        callbacks.append(resumable.callback())
        for row in rows:
            log_epoch(int(row["epoch"]), {k: value for k, value in row.items() if k != "epoch"})
    batches = noisy_batches(clean, noise, options, seed, first_epoch=len(rows))
    _fit(model, batches, steps_per_epoch, validation, options, callbacks, len(rows))
    if checkpoints:
        checkpoints.clear(identity)
    return Denoiser(options.model, image_shape, model), pd.DataFrame(rows)


def fit_best(
    model: Any,
    batches: Iterator[tuple[Images, Targets]],
    steps_per_epoch: int,
    validation: tuple[Images, Targets],
    options: TrainingParameters,
    seed: int,
    loss: Any,
    metrics: Sequence[Any] = (),
) -> None:
    """Train a network as denoisers are trained, and keep its best weights by validation loss.

    Args:
        model: The `keras.Model`, not compiled.
        batches: (images, targets) of every step of every epoch.
        steps_per_epoch: Batches in an epoch.
        validation: (images, targets) that choose the weights.
        options: `epochs`, `learning_rate`, `schedule` and the other settings of the optimizer.
        seed: Root seed of what Keras draws.
        loss: As `keras.Model.compile` takes it.
        metrics: Likewise.

    Raises:
        TrainingDivergedError: The loss became NaN or infinite.
    """
    keep_best = load_keras().callbacks.EarlyStopping(
        monitor="val_loss", mode="min", patience=options.epochs, restore_best_weights=True
    )
    callbacks = [_epoch_callback([], lambda epoch, metrics: None), keep_best]
    _compile(model, options, steps_per_epoch, seed, loss, metrics)
    _fit(model, batches, steps_per_epoch, validation, options, callbacks)


def _compile(
    model: Any,
    options: TrainingParameters,
    steps_per_epoch: int,
    seed: int,
    loss: Any,
    metrics: Sequence[Any],
) -> None:
    """Make a network ready for all of its steps."""
    load_keras().utils.set_random_seed(seed % 2**32)
    model.compile(
        optimizer=keras_optimizer(
            options, _learning_rate(options, options.epochs * steps_per_epoch)
        ),
        loss=loss,
        metrics=list(metrics),
        steps_per_execution=_steps_at_once(steps_per_epoch),
    )


def _steps_at_once(steps_per_epoch: int) -> int:
    """Return how many steps Keras takes before it comes back to Python: a divisor of an epoch's.

    Where there is a rest, Keras takes it from the next epoch's batches.
    """
    return max(n for n in range(1, MOST_STEPS_AT_ONCE + 1) if steps_per_epoch % n == 0)


def _fit(
    model: Any,
    batches: Iterator[tuple[Images, Targets]],
    steps_per_epoch: int,
    validation: tuple[Images, Targets],
    options: TrainingParameters,
    callbacks: list[Any],
    first_epoch: int = 0,
) -> None:
    """Go through the batches; show a progress bar per epoch on a terminal, else a line."""
    model.fit(
        batches_to_fit(batches),
        shuffle=False,
        steps_per_epoch=steps_per_epoch,
        initial_epoch=first_epoch,
        epochs=options.epochs,
        validation_data=validation,
        validation_batch_size=500,
        verbose=1 if sys.stdout.isatty() else 2,
        callbacks=callbacks,
    )


def _learning_rate(options: TrainingParameters, steps: int) -> Any:
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


def _epoch_callback(rows: Rows, log_epoch: EpochLogger) -> Any:
    """Return the callback that collects the history, reports it, and stops at a lost cause."""
    started = time.perf_counter()

    def on_epoch_end(epoch: int, logs: Mapping[str, float]) -> None:
        nonlocal started
        if not all(map(math.isfinite, logs.values())):
            raise TrainingDivergedError(
                f"The loss is not a finite number after epoch {epoch + 1} ({dict(logs)}). "
                "Lower training.learning_rate, or look at the images."
            )
        metrics = {key: float(value) for key, value in logs.items()}
        metrics["seconds"] = time.perf_counter() - started
        started = time.perf_counter()
        rows.append({"epoch": epoch + 1, **metrics})
        log_epoch(epoch + 1, metrics)

    return load_keras().callbacks.LambdaCallback(on_epoch_end=on_epoch_end)
