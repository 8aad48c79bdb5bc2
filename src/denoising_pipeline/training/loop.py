"""The training loop: Keras's own `fit`, what it is given, and what it leaves behind."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from denoising_pipeline.core.backend import batches_to_fit, dtype_policy, load_keras
from denoising_pipeline.core.workers import Workers
from denoising_pipeline.denoiser import Denoiser
from denoising_pipeline.images.arrays import Images
from denoising_pipeline.models import Architecture
from denoising_pipeline.models.base import ImageShape
from denoising_pipeline.training.batches import Targets
from denoising_pipeline.training.checkpoints import Checkpoints
from denoising_pipeline.training.ending import kept_if_interrupted, time_limit
from denoising_pipeline.training.examples import Examples
from denoising_pipeline.training.history import EpochLogger, epoch_callback, log_row
from denoising_pipeline.training.levels import Prepare, telling_level
from denoising_pipeline.training.losses import loss_by_name, unpacked
from denoising_pipeline.training.optimizers import keras_optimizer, learning_rate_of
from denoising_pipeline.training.options import FitOptions, TrainingParameters
from denoising_pipeline.training.progress_pictures import PictureLogger, picture_callback
from denoising_pipeline.training.resume import ResumableTraining, Rows, training_identity
from denoising_pipeline.training.shards import Shards
from denoising_pipeline.training.shown_epochs import shown_epochs
from denoising_pipeline.training.start import starting_weights
from denoising_pipeline.training.validation import Validation, shown_metric, validation_data

MOST_STEPS_AT_ONCE = 16

VALIDATION_PIXELS = 500 * 28 * 28
"""Pixels of the validation images that are denoised at once."""


def train(
    examples: Examples,
    validation: Validation,
    options: TrainingParameters,
    seed: int,
    log_epoch: EpochLogger,
    checkpoints: Checkpoints | None = None,
    start: Denoiser | None = None,
    show: PictureLogger | None = None,
) -> tuple[Denoiser, pd.DataFrame]:
    """Train a denoiser; show a line per epoch.

    Args:
        examples: What is learnt from.
        validation: (noisy, clean) validation images; for an objective that is self-supervised
            (noisy, second shot) or (noisy, None). They choose the weights that are kept and
            decide when training stops early; see `validation_data`. Of sets, the patch in the
            middle of every image is compared: Keras takes arrays of one size.
        options: Architecture, objective, loss, epochs and so on.
        seed: Root seed of the initial weights and of what the objective draws.
        log_epoch: Called after every epoch, and again for those that are resumed from.
        checkpoints: Where the state of each epoch is kept until training is done; a training of
            the same images and parameters that finds one goes on there and ends with the weights
            that it would have had without the interruption. None: nowhere.
        start: A denoiser whose weights are learnt on; None: they are drawn.
        show: Called after every epoch with the first validation images, noisy and denoised; not
            where several workers train, which only compute together.

    Returns:
        The denoiser, without a card, and its history, a row per epoch: `epoch` (from 1), `loss`,
        `psnr` (dB), `val_loss`, `val_psnr` (dB), `seconds`. Where the objective is self-supervised,
        `risk` and `val_risk` stand in place of `psnr` and `val_psnr`.

    Raises:
        TrainingDivergedError: The loss became NaN or infinite.
        ValueError: The architecture cannot process images of that size, or the objective needs
            what the examples lack, or `start` is of another architecture, or missing where most
            of the network is not trained.
    """
    workers = Workers.here()
    if workers.world > 1 and options.interrupt == "keep":
        raise ValueError(
            "training.interrupt=keep is for one process: several are not interrupted in the same "
            "step. Set it to stop; the last checkpoint is kept in any case."
        )
    image_shape = network_shape(options.model, examples)
    weights = starting_weights(start, options.model, image_shape)
    held_out = validation_data(validation, options, seed, recorded=examples.recorded)
    if options.model.told_level:
        examples = replace(examples, told=True)

    def built() -> Any:
        with dtype_policy(options.precision):
            return options.model.build(image_shape, seed, examples.channels[1])

    rows: Rows = []
    with workers.training(load_keras()):
        model, identity = built(), ""
        if weights:
            model.set_weights(weights)
        if checkpoints:
            given = (examples, held_out, options, seed, weights or ())
            identity = training_identity(*given, workers)
        keep = (checkpoints, identity) if checkpoints else None
        shown = show if workers.world == 1 else None
        _learn(model, examples, held_out, options, seed, log_epoch, shown, rows, keep, workers)
        learnt = model.get_weights()
    if workers.world > 1:
        model = built()
        model.set_weights(learnt)
    if checkpoints and workers.leads:
        checkpoints.clear(identity)
    return Denoiser(options.model, image_shape, model), pd.DataFrame(rows)


def _learn(
    model: Any,
    examples: Examples,
    held_out: tuple[Images, Targets],
    options: TrainingParameters,
    seed: int,
    log_epoch: EpochLogger,
    show: PictureLogger | None,
    rows: Rows,
    keep: tuple[Checkpoints, str] | None,
    workers: Workers,
) -> None:
    """Train a network, going on from where it was; put its history into `rows`."""
    shards = Shards(options.distribution.shards, workers)
    prepare: Prepare = options.objective.prepare
    if options.model.told_level:
        prepare = telling_level(prepare)
    steps_per_epoch = shards.steps(examples, options.batch_size)
    loss = unpacked(options.objective.loss(loss_by_name(options.loss, options.mse_floor)))
    metrics = [shown_metric(options.objective)]
    compile_network(model, options, steps_per_epoch, seed, loss, metrics)
    callbacks_of = load_keras().callbacks
    stopping = callbacks_of.EarlyStopping(
        monitor="val_loss",
        mode="min",
        patience=options.early_stopping_patience or options.epochs,
        restore_best_weights=options.keep == "best",
    )
    callbacks = [stopping, epoch_callback(rows, options.section)]
    if options.minutes:
        callbacks.append(time_limit(rows, options.minutes, workers))
    if keep:
        resumable = ResumableTraining(model, stopping, rows, options, *keep, workers)
        callbacks.append(resumable.callback())
        for row in rows:
            log_row(log_epoch, row)
    logging = {"on_epoch_end": lambda epoch, logs: log_row(log_epoch, rows[-1])}
    callbacks.append(callbacks_of.LambdaCallback(**logging))
    if show:
        channels = examples.channels[0]
        callbacks.append(picture_callback(model, held_out[0], channels, options.epochs, show))
    batches = shards.batches(examples, prepare, options, seed, len(rows))
    mine = (shards.part_of(held_out[0]), shards.part_of(held_out[1]))
    given = (batches, steps_per_epoch, mine, options, callbacks, len(rows))
    with kept_if_interrupted(options.interrupt == "keep", rows, stopping):
        _fit(model, *given, quiet=not workers.leads)


def network_shape(architecture: Architecture, examples: Examples) -> ImageShape:
    """Return the (H, W, C) of the inputs that a network is built for; H and W None: of any size.

    Args:
        architecture: A network of any size is built for any where patches are learnt from; every
            other one for the size of the images.
        examples: What it learns from.

    Raises:
        ValueError: The images differ in size, or patches are asked for, and the architecture needs
            one size.
    """
    height, width, _ = examples.image_shape
    channels, _ = examples.channels
    if architecture.any_size:
        return (None, None, channels) if examples.patch else (height, width, channels)
    if examples.patch:
        raise ValueError(
            f"The network {architecture.name!r} is built for images of one size, and patches are "
            "learnt from here (training.patch). Set training.model.name=unet, which takes images "
            "of any size."
        )
    return height, width, channels


def fit_best(
    model: Any,
    examples: Examples,
    prepare: Prepare,
    validation: tuple[Images, Targets],
    options: FitOptions,
    seed: int,
    loss: Any,
    metrics: Sequence[Any] = (),
    *,
    quiet: bool = False,
) -> None:
    """Train a network as denoisers are trained, and keep its best weights by validation loss.

    Args:
        model: The `keras.Model`, not compiled.
        examples: What is learnt from.
        prepare: Makes of them what is compared.
        validation: (images, targets) that choose the weights.
        options: Of this network.
        seed: Root seed of what Keras draws.
        loss: As `keras.Model.compile` takes it.
        metrics: Likewise.
        quiet: Print nothing.

    Raises:
        TrainingDivergedError: The loss became NaN or infinite.
    """
    keep_best = load_keras().callbacks.EarlyStopping(
        monitor="val_loss", mode="min", patience=options.epochs, restore_best_weights=True
    )
    callbacks = [epoch_callback([], options.section), keep_best]
    steps_per_epoch = examples.steps(options.batch_size)
    compile_network(model, options, steps_per_epoch, seed, loss, metrics)
    batches = Shards().batches(examples, prepare, options, seed)
    _fit(model, batches, steps_per_epoch, validation, options, callbacks, quiet=quiet)


def compile_network(
    model: Any,
    options: FitOptions,
    steps_per_epoch: int,
    seed: int,
    loss: Any,
    metrics: Sequence[Any],
) -> None:
    """Make a network ready for all of its steps."""
    load_keras().utils.set_random_seed(seed % 2**32)
    model.compile(
        optimizer=keras_optimizer(
            options, learning_rate_of(options, options.epochs * steps_per_epoch)
        ),
        loss=loss,
        metrics=list(metrics),
        steps_per_execution=_steps_at_once(steps_per_epoch),
    )
    # Else TensorFlow traces a step twice: once more for the variables that the first trace made.
    model.optimizer.build(model.trainable_variables)


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
    options: FitOptions,
    callbacks: list[Any],
    first_epoch: int = 0,
    *,
    quiet: bool = False,
) -> None:
    """Go through the batches, and show a line per epoch."""
    model.fit(
        batches_to_fit(batches),
        shuffle=False,
        steps_per_epoch=steps_per_epoch,
        initial_epoch=first_epoch,
        epochs=options.epochs,
        validation_data=validation,
        validation_batch_size=max(1, VALIDATION_PIXELS // math.prod(validation[0].shape[1:3])),
        verbose=0,
        callbacks=[*callbacks, *([] if quiet else [shown_epochs(options.epochs, steps_per_epoch)])],
    )
